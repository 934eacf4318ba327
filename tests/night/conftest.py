"""A project after its first night, and nights that draw no page."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import pandas as pd

    from support.nights import Nights


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is drawn by other tests: it would take half of a night here."""
    monkeypatch.setattr("viewcast.report.nights_page.write_page", lambda root: None)


@pytest.fixture
def second(first_night: "Nights", tmp_path: Path, channel: "pd.Series") -> "Nights":
    """A copy of a project after its first night."""
    from support.nights import Diary, copied  # noqa: PLC0415

    return copied(first_night, tmp_path / "project", Diary(channel))
