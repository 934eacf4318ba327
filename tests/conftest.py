"""Fixtures of all tests."""

from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# The time of one example says how busy the machine is, not whether the code is right.
settings.register_profile("viewcast", deadline=None)
settings.load_profile("viewcast")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the repository; it may not be copied into the repository."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the real data are absent: no folder `shared` beside the repository")
    return folder
