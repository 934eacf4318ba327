"""Real files that lie beside the project on some machines; elsewhere there are none."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2].parent / "shared"
LARGEST = 200_000  # bytes


@cache
def exports() -> tuple[Path, ...]:
    """CSV files of one channel."""
    folders = (FOLDER / "cases", FOLDER / "data" / "studio")
    return tuple(file for folder in folders for file in _below(folder, ".csv"))


@cache
def archives() -> tuple[Path, ...]:
    """Zips with exports."""
    return tuple(_below(FOLDER / "cases", ".zip"))


def _below(folder: Path, suffix: str) -> list[Path]:
    files = sorted(folder.rglob(f"*{suffix}")) if folder.is_dir() else []
    return [file for file in files if file.is_file() and file.stat().st_size <= LARGEST]
