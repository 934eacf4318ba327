"""Whether a tracking store answers, asked without MLflow, whose import takes two seconds."""

from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

SECONDS = 5.0  # to wait for a server
SQLITE, HEADER = "sqlite:///", b"SQLite format 3\0"


def reachable(uri: str) -> bool:
    """Whether the store answers for sure: a server, or an SQLite file. False: ask MLflow itself."""
    if uri.startswith(SQLITE):
        return _is_database(Path(uri.removeprefix(SQLITE)))
    if not uri.startswith(("http://", "https://")):
        return False
    try:
        with urlopen(f"{uri.rstrip('/')}/health", timeout=SECONDS):
            return True
    except HTTPError:  # it answers, if only that it knows no such page
        return True
    except (OSError, ValueError):
        return False


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(HEADER)) == HEADER
    except OSError:
        return False
