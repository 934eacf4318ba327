"""Where a result comes from, as hashes: of files, and of the code that trains."""

import hashlib
from pathlib import Path

from viewcast.config import digest

PACKAGE = Path(__file__).parent
# Their effect on a run is in the prepared table, or is none.
NOT_TRAINING = ("report", "data", "audit", "price")
ALTHOUGH = Path("price", "release.py")  # decides what a run is shown of its score


def files_digest(*files: Path) -> str:
    """Hash of the content of files, in the order given (16 hex)."""
    return digest([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])


def code_digest() -> str:
    """Hash of all code that can change what a run leaves behind (16 hex)."""
    parts = sorted(file.relative_to(PACKAGE) for file in PACKAGE.rglob("*.py"))
    trains = [part for part in parts if part.parts[0] not in NOT_TRAINING or part == ALTHOUGH]
    return files_digest(*(PACKAGE / part for part in trains))
