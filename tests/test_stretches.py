"""A set of rows of which only the identity is known, found in a longer table."""

import numpy as np
import pandas as pd
import pytest

from viewcast.data import stretches
from viewcast.data.stretches import has_stretch
from viewcast.data.table import holdout

ROWS = pd.DataFrame(
    {
        "entity": "channel",
        "time": pd.date_range("2025-01-01", periods=60),
        "target": np.random.default_rng(3).normal(size=60),
    }
)


@pytest.mark.parametrize("start", [0, 1, 17, 39, 40])
def test_a_stretch_is_found_wherever_it_lies_and_in_whatever_order(start: int) -> None:
    stretch = ROWS.iloc[start : start + 20].sample(frac=1, random_state=1)
    assert has_stretch(ROWS, 20, holdout(stretch))
    assert not has_stretch(ROWS, 21, holdout(stretch))


def test_other_rows_and_other_targets_are_not_found() -> None:
    stretch = ROWS.iloc[10:30]
    assert not has_stretch(ROWS, 19, holdout(stretch.drop(index=15)))
    assert not has_stretch(ROWS, 20, holdout(stretch.assign(target=stretch["target"] + 1)))
    assert not has_stretch(stretch, 20, holdout(stretch)), "it is no longer table"


def test_of_very_long_tables_both_ends_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "MOST", 100)
    ends = (ROWS.iloc[:20], ROWS.iloc[40:])
    assert all(has_stretch(ROWS, 20, holdout(end)) for end in ends)
    assert not has_stretch(ROWS, 20, holdout(ROWS.iloc[10:30]))
