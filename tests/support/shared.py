"""Tables of other people that lie beside the project on some machines; elsewhere tests skip."""

import os
import shutil
from pathlib import Path

import pytest

from support.clone import REPOSITORY

FOLDER = REPOSITORY.parent / "shared"
LONG_AGO = 1_700_000_000  # seconds since 1970


def shared(name: str) -> Path:
    """A folder of the shared ones; skips the test where there is none."""
    if not (FOLDER / name).is_dir():
        pytest.skip(f"the real data are absent: no folder `shared/{name}` beside the repository")
    return FOLDER / name


def laid(name: str, into: Path) -> Path:
    """A copy of a shared folder, whose files were changed long ago, in the order of their names and
    a minute apart. The times in the folder itself only say when somebody fetched it.
    """
    folder = shared(name)
    for minute, file in enumerate(sorted(file for file in folder.rglob("*") if file.is_file())):
        copy = into / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
        os.utime(copy, (LONG_AGO + 60 * minute,) * 2)
    return into
