"""The ledger: forecasts are kept before their days exist, once, and never changed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from viewcast.forecast import ledger
from viewcast.forecast.ledger import COMBINATION, SERVED, Kept

BARE = Kept(date(2026, 1, 1), "theta", (1.5, 2.0), None, None, None, "code", "data", 3, False)
WHOLE = replace(
    BARE,
    recipe=SERVED,
    low=(1.0, 1.0),
    high=(2.0, 3.0),
    total=(2.5, 3.5, 4.5),
    habit=date(2025, 12, 24),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nights" / "live" / "ledger.jsonl"


def test_lines_are_read_back_as_they_were_kept(path: Path) -> None:
    assert ledger.read(path) == []
    ledger.append(path, [BARE, WHOLE])
    assert ledger.read(path) == [BARE, WHOLE]


def test_a_forecast_is_kept_once_whatever_a_later_one_says(path: Path) -> None:
    ledger.append(path, [BARE])
    text = path.read_bytes()
    ledger.append(path, [replace(BARE, views=(9.0, 9.0), code="other")])
    assert path.read_bytes() == text
    ledger.append(path, [replace(BARE, recipe=COMBINATION), replace(BARE, origin=date(2026, 1, 2))])
    assert path.read_bytes().startswith(text)
    assert len(ledger.read(path)) == 3


def test_a_kill_in_the_middle_of_a_night_leaves_lines_that_are_completed(path: Path) -> None:
    lines = [BARE, replace(BARE, recipe=COMBINATION), WHOLE]
    ledger.append(path, lines)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 37):
        path.write_bytes(whole[:cut])
        ledger.append(path, lines)
        assert path.read_bytes() == whole
