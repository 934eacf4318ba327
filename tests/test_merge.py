"""What a delivery does to the series that is kept."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import DataError
from viewcast.data.sources.source import notes_of, with_notes
from viewcast.retraining.merge import Correction, merge, settled

TODAY = date(2021, 1, 21)


def days(*views: float | None, first: str = "2021-01-01") -> pd.DataFrame:
    """Consecutive days; None leaves one out."""
    index = pd.date_range(first, periods=len(views), name="date")
    frame = pd.DataFrame({"views": [np.nan if v is None else float(v) for v in views]}, index=index)
    return frame.dropna()


def test_the_first_delivery_is_the_series() -> None:
    merged = merge(None, days(5, 6, 7))
    assert merged.series["views"].tolist() == [5, 6, 7]
    assert merged.added == ["2021-01-01", "2021-01-02", "2021-01-03"]
    assert merged.corrected == []


@given(st.permutations(range(12)), st.integers(0, 12))
def test_days_may_come_in_any_order_and_twice(order: list[int], again: int) -> None:
    whole = days(*range(100, 112))
    shuffled = pd.concat([whole.iloc[order], whole.iloc[order[:again]]])
    assert merge(None, settled(shuffled, TODAY, 0)).series.equals(whole)


@given(st.integers(1, 11), st.integers(0, 11))
def test_in_two_deliveries_that_overlap_or_in_one_the_series_is_the_same(
    cut: int, overlap: int
) -> None:
    whole = days(*range(100, 112))
    first = merge(None, whole.iloc[:cut]).series
    merged = merge(first, whole.iloc[max(0, cut - overlap) :])
    assert merged.series.equals(whole)
    assert len(merged.added) == 12 - cut
    assert merged.corrected == []


def test_a_delivery_of_known_days_changes_nothing() -> None:
    known = days(5, 6, 7)
    assert not merge(known, known).changed
    assert not merge(known, days()).changed


def test_today_has_not_ended_and_is_left_out() -> None:
    delivery = days(*range(100, 125))
    assert settled(delivery, TODAY, 0).index[-1] == pd.Timestamp("2021-01-20")


def test_days_that_are_not_final_yet_are_left_out() -> None:
    delivery = days(*range(100, 125))
    assert settled(delivery, TODAY, 2).index[-1] == pd.Timestamp("2021-01-18")


def test_a_corrected_day_is_updated_and_reported() -> None:
    known = days(*range(100, 112))
    new = known.copy()
    new.loc["2021-01-05", "views"] = 99.0
    merged = merge(known, new)
    assert merged.series.loc["2021-01-05", "views"] == 99
    assert merged.corrected == [Correction("2021-01-05", "views", 104.0, 99.0)]
    assert merged.added == []


@pytest.mark.parametrize("now", [0, None])
def test_a_day_that_shrank_to_nothing_is_refused(now: float | None) -> None:
    known = days(100, 101, 102, 103)
    delivery = days(100, now, 102, 103)
    with pytest.raises(DataError, match=r"has lost the views .*2021-01-02 \(101 views before"):
        merge(known, delivery)


@pytest.mark.parametrize("now", [0, None])
def test_so_many_lost_days_as_are_allowed_keep_their_views_and_are_told(now: float | None) -> None:
    known = days(100, 101, 102, 103)
    merged = merge(known, days(100, now, 102, 104, 105), max_lost=1)
    assert merged.series["views"].tolist() == [100, 101, 102, 104, 105]
    assert merged.notes == [
        "the source has lost the views of 2021-01-02 (101); the figures known before stay"
    ]
    with pytest.raises(DataError, match="has lost the views of known days"):
        merge(known, days(100, now, now, 103), max_lost=1)


def test_a_day_below_0_counts_as_missing_and_is_bridged_or_stays_as_it_is_known() -> None:
    taken_back = settled(days(99, -5, 399), TODAY, 0)
    assert notes_of(taken_back) == [
        "figures below 0 count as missing, views were taken back: 2021-01-02"
    ]
    assert merge(None, taken_back).series["views"].tolist() == [99, 199, 399]
    assert merge(days(99, 100), taken_back, max_lost=1).series["views"].tolist() == [99, 100, 399]
    with pytest.raises(DataError, match=r"holds -1 views on 2021-01-01"):
        settled(days(*[-1] * 8), TODAY, 0)


def test_newest_days_with_0_after_weeks_without_are_not_counted_yet() -> None:
    late = settled(days(*range(100, 115), 0, 0), TODAY, 0)
    assert len(late) == 15
    assert notes_of(late) == ["newest days with 0 are not counted yet: 2021-01-16 to 2021-01-17"]


def test_a_day_without_views_may_stay_so() -> None:
    known = days(0, 3, 0, 2)
    assert merge(known, days(0, 3, 0, 2, 0)).added == ["2021-01-05"]


def test_a_long_gap_is_refused_with_its_days() -> None:
    with pytest.raises(DataError, match=r"2 days are missing \(2021-01-04 to 2021-01-05\)"):
        merge(days(5, 6, 7), days(8, first="2021-01-06"))


def test_a_single_missing_day_is_bridged_and_told() -> None:
    merged = merge(days(5, 6, 99), days(399, first="2021-01-05"))
    assert merged.series["views"].tolist() == [5, 6, 99, 199, 399]
    assert merged.bridged == ["2021-01-04"]
    assert merged.added == ["2021-01-05"]
    assert merged.notes == [
        "1 missing day was bridged by the geometric mean of the days beside it: 2021-01-04"
    ]


def test_a_bridged_day_may_stay_missing_and_is_replaced_when_it_comes() -> None:
    known = merge(None, days(5, 6, None, 8)).series
    assert known["bridged"].tolist() == pytest.approx([np.nan, np.nan, 1, np.nan], nan_ok=True)
    again = merge(known, days(5, 6, None, 8, 9))
    assert (again.bridged, again.added) == ([], ["2021-01-05"])
    came = merge(again.series, days(5, 6, 3, 8, 9))
    assert came.series["views"].tolist() == [5, 6, 3, 8, 9]
    assert came.series["bridged"].isna().all()
    assert came.corrected == [Correction("2021-01-03", "views", 7.0, 3.0)]


def test_what_a_source_tells_goes_with_its_days() -> None:
    told = with_notes(days(*range(100, 125)), ["b.zip was left out"])
    assert merge(None, settled(told, TODAY, 2)).notes == ["b.zip was left out"]


def test_a_metric_that_is_no_count_may_have_fractions() -> None:
    merged = merge(None, settled(days(1.5, None, 2.5), TODAY, 0, whole=False), whole=False)
    assert merged.series["views"].tolist() == pytest.approx([1.5, (2.5 * 3.5) ** 0.5 - 1, 2.5])


def test_days_before_the_first_known_one_are_left_out() -> None:
    known = days(5, 6, first="2021-01-03")
    merged = merge(known, days(1, 2, 5, 6, 7))
    assert merged.series["views"].tolist() == [5, 6, 7]


def test_another_channel_is_refused() -> None:
    known = days(*range(100, 112))
    with pytest.raises(DataError, match=r"changes 12 of 12 known days .* another channel"):
        merge(known, known * 3)


def test_small_corrections_of_every_day_are_no_other_channel() -> None:
    known = days(*range(100, 112))
    assert len(merge(known, known + 1).corrected) == 12


def test_a_day_with_two_different_figures_is_refused() -> None:
    delivery = pd.concat([days(5, 6), days(7, first="2021-01-02")])
    with pytest.raises(DataError, match=r"2021-01-02 2 times with different figures \(6, 7 views"):
        settled(delivery, TODAY, 0)


@pytest.mark.parametrize("views", [1.5, np.nan, np.inf])
def test_what_is_no_count_is_refused(views: float) -> None:
    delivery = days(5, 6)
    delivery.loc["2021-01-02", "views"] = views
    with pytest.raises(DataError, match="on 2021-01-02; expected a whole number of at least 0"):
        settled(delivery, TODAY, 0)


def test_what_is_no_day_is_refused() -> None:
    delivery = days(5, 6)
    delivery.index += pd.Timedelta(hours=1)
    with pytest.raises(DataError, match="rows that are no days"):
        settled(delivery, TODAY, 0)
    with pytest.raises(DataError, match="no days or no views"):
        settled(days(5).rename(columns={"views": "likes"}), TODAY, 0)


def test_further_metrics_are_kept_beside_the_views_and_corrected_with_them() -> None:
    known = days(*range(100, 112)).assign(likes=3.0)
    new = known.copy()
    new.loc["2021-01-05", "likes"] = 4.0
    merged = merge(known, new)
    assert merged.corrected == [Correction("2021-01-05", "likes", 3.0, 4.0)]
    assert list(merged.series) == ["views", "likes"]


def test_a_metric_that_is_no_longer_delivered_stays_as_it_was() -> None:
    known = days(1, 2).assign(likes=3.0)
    merged = merge(known, days(1, 2, 3))
    assert merged.series["likes"].isna().tolist() == [False, False, True]
