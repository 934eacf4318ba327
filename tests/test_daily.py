from datetime import date
from pathlib import Path

import holidays
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import ConfigError, DataError
from viewcast.data.daily import check_daily, windows
from viewcast.data.dates import parse_dates

SOURCE = Path("Totals.csv")


def lines(values: list[object], name: str, **options: object) -> pd.Series:
    return pd.Series(values, index=range(2, len(values) + 2), name=name, **options)


def checked(days: list[str], views: list[float]) -> pd.Series:
    dates = pd.to_datetime(lines(days, "Datum"), format="ISO8601")
    return check_daily(dates, lines(views, "Aufrufe", dtype="float64"), SOURCE)


def refused(days: list[str], views: list[float]) -> str:
    with pytest.raises(DataError) as caught:
        checked(days, views)
    return str(caught.value)


def daily(views: list[float], start: str = "2021-01-01") -> pd.Series:
    index = pd.date_range(start, periods=len(views), freq="D")
    return pd.Series(views, index=index, name="views", dtype="float64")


def test_daily_series_is_sorted_and_has_a_frequency() -> None:
    series = checked(["2021-01-03", "2021-01-01", "2021-01-02"], [3, 1, 0])
    assert series.tolist() == [1.0, 0.0, 3.0]
    assert series.name == "views"
    assert series.dtype == "float64"
    assert series.index.freq == "D"
    assert series.index[0] == pd.Timestamp("2021-01-01")


def test_one_day_is_a_series() -> None:
    assert checked(["2021-01-03"], [3]).index.freq == "D"


@pytest.mark.parametrize(
    ("count", "found", "expected"),
    [
        (-5.0, "-5.0", "a count of at least 0"),
        (np.nan, "nan", "a value (missing is not allowed)"),
        (1.5, "1.5", "a whole number"),
        (np.inf, "inf", "a whole number"),
    ],
)
def test_bad_counts_are_refused(count: float, found: str, expected: str) -> None:
    message = refused(["2021-01-01", "2021-01-02", "2021-01-03"], [1, count, 3])
    assert message == (
        f"Totals.csv: refused\n  line 3, column 'Aufrufe': found {found}, expected {expected}"
    )


def test_several_bad_cells_are_named_at_once() -> None:
    message = refused(["2021-01-01", "2021-01-02", "2021-01-03"], [-1, -2, np.nan])
    assert [f"line {line}" in message for line in (2, 3, 4)] == [True, True, True]


def test_repeated_day_is_refused() -> None:
    message = refused(["2021-01-01", "2021-01-02", "2021-01-02"], [1, 2, 3])
    assert "Totals.csv" in message
    assert "line 4, column 'Datum': found 2021-01-02, expected a value that occurs once" in message
    assert "line 3" not in message


def test_gap_names_the_first_missing_day_and_how_many() -> None:
    message = refused(["2021-01-01", "2021-01-04", "2021-01-05", "2021-01-07"], [1, 2, 3, 4])
    assert message == (
        "Totals.csv, line 3, column 'Datum': found 2021-01-04 next after 2021-01-01, "
        "expected consecutive days; first missing day 2021-01-02, 3 missing in all"
    )


def test_day_in_the_future_is_refused() -> None:
    today = pd.Timestamp.today().normalize()
    days = [f"{today + pd.Timedelta(days=ahead):%Y-%m-%d}" for ahead in (0, 1)]
    assert len(checked(days[:1], [1])) == 1
    message = refused(days, [1, 2])
    assert f"line 3, column 'Datum': found {days[1]}, expected a day not later than" in message


def test_time_of_day_and_missing_day_are_refused() -> None:
    dates = lines([pd.Timestamp("2021-01-01"), pd.Timestamp("2021-01-02 12:00"), pd.NaT], "Date")
    with pytest.raises(DataError) as caught:
        check_daily(dates, lines([1.0, 2.0, 3.0], "Views"), SOURCE)
    assert "line 3, column 'Date'" in str(caught.value)
    assert "expected a day without a time" in str(caught.value)
    assert "line 4, column 'Date': found NaT, expected a value (missing" in str(caught.value)


def test_no_days_are_refused() -> None:
    message = refused([], [])
    assert message == "Totals.csv, column 'Datum': found no days, expected at least one"


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d", "%d-%m-%Y", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%m/%d/%y"]
)
@pytest.mark.parametrize("periods", [3, 12, 400])
def test_dates_of_a_spreadsheet_are_read(form: str, periods: int) -> None:
    days = pd.date_range("2020-12-31", periods=periods)
    text = lines(list(days.strftime(form)), "Date", dtype="str")
    assert parse_dates(text, SOURCE).tolist() == days.tolist()


def test_dates_without_leading_zeros_are_read() -> None:
    text = lines(["1/30/2021", "1/31/2021", "2/1/2021"], "Date", dtype="str")
    assert parse_dates(text, SOURCE).tolist() == list(pd.date_range("2021-01-30", periods=3))


@given(st.dates(date(2005, 2, 14), date(2068, 1, 1)), st.integers(2, 60), st.sampled_from("-/."))
def test_consecutive_days_are_never_read_in_the_wrong_order(start, periods, separator) -> None:
    days = pd.DatetimeIndex([pd.Timestamp(start) + pd.Timedelta(days=n) for n in range(periods)])
    for order in ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y"):
        text = lines(list(days.strftime(order.format(separator))), "Date", dtype="str")
        assert parse_dates(text, SOURCE).tolist() == days.tolist()


def test_one_ambiguous_day_is_refused() -> None:
    with pytest.raises(DataError, match=r"line 2, column 'Date': found '03-04-2021', which reads"):
        parse_dates(lines(["03-04-2021"], "Date", dtype="str"), SOURCE)


def test_ambiguous_days_with_a_gap_are_refused() -> None:
    text = lines(["03/04/2021", "04/04/2021", "06/04/2021"], "Date", dtype="str")
    with pytest.raises(DataError, match="the days do not decide which, expected dates such as"):
        parse_dates(text, SOURCE)


@pytest.mark.parametrize("bad", ["2021-02-30", "2021-13-01", "", "yesterday", "02/01/2021"])
def test_wrong_date_is_refused_by_its_line(bad: str) -> None:
    text = lines(["2021-01-01", bad, "2021-01-03"], "Date", dtype="str")
    with pytest.raises(DataError) as caught:
        parse_dates(text, SOURCE)
    assert str(caught.value) == (
        f"Totals.csv, line 3, column 'Date': found {bad!r}, "
        "expected a date like '2021-01-01' (%Y-%m-%d) as in the other lines"
    )


def test_no_dates_at_all_are_refused() -> None:
    with pytest.raises(DataError, match="line 2, column 'Date': found 'soon', expected a date suc"):
        parse_dates(lines(["soon", "later"], "Date", dtype="str"), SOURCE)


def test_windows_hold_the_days_before() -> None:
    features = windows(daily([10, 11, 12, 13, 14]), lags=2, country=None)
    days = ["tue", "wed", "thu", "fri", "sat", "sun"]
    assert features.columns.tolist() == ["lag_1", "lag_2", *days, "age"]
    assert features["lag_1"].tolist() == [11, 12, 13]
    assert features["lag_2"].tolist() == [10, 11, 12]
    assert features.index.tolist() == list(pd.date_range("2021-01-03", periods=3))
    assert features.index.freq == "D"
    assert set(features.dtypes) == {np.dtype("float64")}
    assert features["age"].tolist() == pytest.approx([2 / 365.25, 3 / 365.25, 4 / 365.25])


def test_weekdays_are_indicators_with_monday_as_base() -> None:
    features = windows(daily([0.0] * 8, start="2021-01-03"), lags=1, country=None)
    indicators = features[["tue", "wed", "thu", "fri", "sat", "sun"]].to_numpy()
    np.testing.assert_array_equal(indicators, np.eye(7)[:, 1:])


def test_holidays_are_those_of_the_country() -> None:
    series = daily([0.0] * 400, start="2020-06-01")
    german, taiwanese = (windows(series, 1, country)["holiday"] for country in ("DE", "TW"))
    assert german["2020-10-03"] == 1.0
    assert taiwanese["2020-10-03"] == 0.0
    assert taiwanese["2020-10-10"] == 1.0
    known = holidays.country_holidays("DE", years=[2020, 2021])
    assert german.sum() == sum(day.date() in known for day in german.index)


@pytest.mark.parametrize("country", ["Germany", "XX", "HolidayBase", ""])
def test_unknown_country_is_refused(country: str) -> None:
    with pytest.raises(ConfigError, match=f"country={country!r}.* expected an ISO 3166 code"):
        windows(daily([1, 2, 3]), 1, country)


def test_namibia_is_a_country() -> None:
    # Independence Day fell on a Sunday, so the Monday after it was free as well.
    features = windows(daily([1, 2, 3, 4], start="2021-03-20"), 1, "NA")
    assert features["holiday"].tolist() == [1.0, 1.0, 0.0]


def test_series_shorter_than_the_window_is_refused() -> None:
    with pytest.raises(DataError, match="found 7 days, expected at least 8"):
        windows(daily([1.0] * 7), 7, None)
    assert len(windows(daily([1.0] * 8), 7, None)) == 1


def test_less_than_one_lag_is_refused() -> None:
    with pytest.raises(ConfigError, match="lags=0: expected at least 1"):
        windows(daily([1, 2, 3]), 0, None)


def test_windows_of_a_series_with_gaps_are_refused() -> None:
    with pytest.raises(DataError, match="has gaps"):
        windows(daily([1, 2, 3, 4]).drop(pd.Timestamp("2021-01-02")), 1, None)


@given(st.data())
def test_no_feature_knows_its_own_day_or_a_later_one(data: st.DataObject) -> None:
    views = data.draw(st.lists(st.integers(0, 10**9), min_size=3, max_size=40), label="views")
    lags = data.draw(st.integers(1, len(views) - 1), label="lags")
    changed = data.draw(st.integers(0, len(views) - 1), label="changed day")
    country = data.draw(st.sampled_from([None, "DE"]), label="country")
    before = daily(views)
    after = before.copy()
    after.iloc[changed] += 1 + data.draw(st.integers(0, 10**9), label="by")
    day = before.index[changed]
    old, new = windows(before, lags, country), windows(after, lags, country)
    pd.testing.assert_frame_equal(old[:day], new[:day])
    # Every later day within the window does see the change, so the property is not empty.
    differs = (old != new).any(axis="columns")
    within = (old.index > day) & (old.index <= day + pd.Timedelta(days=lags))
    assert differs.tolist() == within.tolist()
