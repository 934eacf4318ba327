"""Where a result comes from, as hashes: of files, and of the code that trains."""

import hashlib
from pathlib import Path

from viewcast.config import digest

PACKAGE = Path(__file__).parent
NOT_TRAINING = ("report", "data")  # their effect on a run is in the prepared table, or is none


def files_digest(*files: Path) -> str:
    """Hash of the content of files, in the order given (16 hex)."""
    return digest([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])


def code_digest() -> str:
    """Hash of all code that can change what a run leaves behind (16 hex)."""
    files = sorted(PACKAGE.rglob("*.py"))
    parts = [file for file in files if file.relative_to(PACKAGE).parts[0] not in NOT_TRAINING]
    return files_digest(*parts)
