"""Folders of somebody, and what they hold."""

from pathlib import Path


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, byte for byte."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def fill(folder: Path, *names: str) -> Path:
    """A folder of somebody else's."""
    for name in names or ("thesis.txt", "data/numbers.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"content of {name}")
    return folder
