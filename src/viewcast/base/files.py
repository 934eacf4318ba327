"""Files that a crash cannot tear: whole ones replaced in one step, logs that only grow."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any


def write(path: Path, text: str) -> None:
    """Replace a file; a reader, and whoever comes after a crash, finds the former or the new one.

    Where it cannot be written (OSError: disk full) the former is untouched and nothing is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file, if there is one, for good."""
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        _sync_folder(path.parent)


def append(path: Path, entry: dict[str, Any]) -> None:
    """Add a line of JSON to a log and wait until it is on the disk.

    A line that a crash has torn is cut off first: nobody has acted on it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n"
    with path.open("ab+") as file:
        file.seek(0)
        whole = file.read()
        if whole and not whole.endswith(b"\n"):
            file.truncate(whole.rfind(b"\n") + 1)
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def entries(path: Path) -> list[dict[str, Any]]:
    """The lines of a log, the oldest first, without one that a crash has torn; none without it."""
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def _sync_folder(folder: Path) -> None:
    """A rename is on the disk when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
