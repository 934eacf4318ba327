"""Missing days: single ones are bridged, longer gaps refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import DataError
from viewcast.data.gaps import bridge


def series(*views: float) -> pd.Series:
    """Consecutive days; NaN is missing."""
    return pd.Series([*views], pd.date_range("2021-01-01", periods=len(views), name="date"))


@given(st.lists(st.integers(0, 10**9), min_size=3, max_size=60), st.data())
def test_a_bridged_day_lies_between_its_neighbours_and_the_others_stay(
    views: list[int], data: st.DataObject
) -> None:
    whole = series(*views)
    place = data.draw(st.integers(1, len(views) - 2))
    filled = bridge(whole.drop(whole.index[place]), "here")
    assert filled.days.tolist() == [whole.index[place]]
    assert filled.series.index.equals(whole.index)
    assert filled.series.drop(whole.index[place]).equals(
        whole.drop(whole.index[place]).astype("float64")
    )
    beside = views[place - 1], views[place + 1]
    assert min(beside) <= filled.series.iloc[place] <= max(beside)


def test_the_rule_is_the_geometric_mean_of_one_more_than_the_views() -> None:
    assert bridge(series(3, np.nan, 15), "here").series.tolist() == [3, 7, 15]
    assert bridge(series(1.5, np.nan, 2), "here", whole=False).series.iloc[1] == pytest.approx(
        7.5**0.5 - 1
    )


def test_two_missing_days_in_a_row_are_refused_with_all_that_are_missing() -> None:
    views = series(1, np.nan, 2, 3, np.nan, np.nan, 4)
    with pytest.raises(
        DataError, match=r"3 days are .* \(2021-01-02 and 2021-01-05 to 2021-01-06\)"
    ):
        bridge(views, "here")


def test_many_single_missing_days_are_refused() -> None:
    with pytest.raises(DataError, match=r"3 of 7 days are missing .* at most 5%"):
        bridge(series(1, np.nan, 2, np.nan, 3, np.nan, 4), "here")
