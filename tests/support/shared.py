"""Tables of other people that lie beside the project on some machines; elsewhere tests skip."""

from pathlib import Path

import pytest

from support.clone import REPOSITORY

FOLDER = REPOSITORY.parent / "shared"


def shared(name: str) -> Path:
    """A folder of the shared ones; skips the test where there is none."""
    if not (FOLDER / name).is_dir():
        pytest.skip(f"the real data are absent: no folder `shared/{name}` beside the repository")
    return FOLDER / name
