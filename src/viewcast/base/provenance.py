"""Where a result comes from: hashes of files and of the code that trains, the commit, the user."""

import getpass
import hashlib
import subprocess
from pathlib import Path

from viewcast.base.settings import digest

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


def git_commit(root: Path) -> str:
    """The commit of the working tree, marked where files differ from it."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "none"


def user() -> str:
    """Who runs this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "unknown"
