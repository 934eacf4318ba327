"""A project whose test is sealed."""

from pathlib import Path

import pytest

from support.openings import copied
from support.project import Project


@pytest.fixture
def project(sealed_project: tuple[Project, str], tmp_path: Path) -> Project:
    return copied(sealed_project[0], tmp_path)


@pytest.fixture
def naive(sealed_project: tuple[Project, str]) -> str:
    """The naive forecast of the channel, trained."""
    return sealed_project[1]
