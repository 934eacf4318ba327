"""Tables of other people that lie beside the project on some machines; elsewhere tests skip."""

from pathlib import Path

import pytest

from support.clone import REPOSITORY

PLACES = (REPOSITORY / "shared", Path("/work/shared"))


def shared(name: str) -> Path:
    """A folder of the shared ones; skips the test where there is none."""
    found = next((place / name for place in PLACES if (place / name).is_dir()), None)
    if found is None:
        pytest.skip(f"shared/{name} is not on this machine")
    return found
