"""A series of daily views: the check, and the features of each day."""

import holidays
import numpy as np
import pandas as pd

from viewcast.base.errors import ConfigError, DataError
from viewcast.data.dates import consecutive
from viewcast.data.raw import Check, first, refusal, refuse_cells

WEEKDAYS = ("tue", "wed", "thu", "fri", "sat", "sun")
WEEK = 7
DAYS_PER_YEAR = 365.25
FIRST = pd.Timestamp("1900-01-01")  # nothing that is read here was counted before


def check_daily(
    dates: pd.Series, views: pd.Series, source: object, whole: bool = True
) -> pd.Series:
    """The daily series of two parsed columns, or a refusal.

    ``dates`` (datetime64) and ``views`` (float64) hold one row per day in any order and share an
    index: the line in ``source``. Returns the views of D consecutive days as float64 named
    ``views``, on a DatetimeIndex of frequency ``D``.

    ``whole``: whether they are counts, and so whole numbers.

    Refuses (DataError) missing, negative, infinite or broken counts; missing, repeated or future
    days, and gaps between days. The message names file, line and column, and says what was found
    and what was expected.
    """
    series = check_days(dates, views, source, whole)
    _refuse_gaps(dates.rename(str(dates.name or "date")).sort_values(), source)
    return series.asfreq("D")


def check_days(dates: pd.Series, views: pd.Series, source: object, whole: bool = True) -> pd.Series:
    """As ``check_daily``, of D days in order that may have gaps between them."""
    date, count = str(dates.name or "date"), str(views.name or "views")
    if len(dates) == 0:
        raise DataError(f"{source}, column {date!r}: found no days, expected at least one")
    refuse_cells(_checks(date, dates, count, views, whole), source)
    frame = pd.DataFrame({"date": dates.to_numpy(), "views": views.to_numpy("float64")})
    if not frame["date"].is_monotonic_increasing:
        frame = frame.sort_values("date")
    index = pd.DatetimeIndex(frame["date"], name="date").as_unit("us")
    return pd.Series(frame["views"].to_numpy(), index=index, name="views")


def windows(series: pd.Series, lags: int, country: str | None) -> pd.DataFrame:
    """Features of each day that are known before the day begins, for days with a full window.

    ``series`` holds D consecutive days as ``check_daily`` gives them. Returns float64 of shape
    (D - lags, lags + 7 or 8), indexed by day t: ``lag_1`` .. ``lag_{lags}`` (views of day t - 1 ..
    t - lags), ``tue`` .. ``sun`` (0 or 1; Monday is the base), ``holiday`` (0 or 1, public holiday
    in ``country``; absent without a country) and ``age`` (years since the first day).

    Refuses a series without a full window or with gaps (DataError), and fewer than one lag or a
    country that the library `holidays` does not know (ConfigError).
    """
    if lags < 1:
        raise ConfigError(f"lags={lags}: expected at least 1")
    if len(series) < lags + 1:
        raise DataError(
            f"the series is shorter than the window: found {len(series)} days, expected at least "
            f"{lags + 1} ({lags} lags and the day itself); use fewer lags or a longer export"
        )
    if not consecutive(series.index.to_series()):
        raise DataError("the series has gaps or repeated days; expected consecutive days")
    index = pd.DatetimeIndex(series.index)
    days = index[lags:]
    views = series.to_numpy("float64")
    # The last window ends on the last day and would belong to the day after it.
    past = np.lib.stride_tricks.sliding_window_view(views, lags)[:-1, ::-1]
    return with_lags(past, calendar(days, country, index[0]))


def calendar(days: pd.DatetimeIndex, country: str | None, first: pd.Timestamp) -> pd.DataFrame:
    """The calendar features of D days: ``tue`` .. ``sun``, ``holiday``, ``age``, as ``windows``.

    ``first``: the day that ``age`` counts from. Refuses (ConfigError) an unknown country.
    """
    weekday = days.day_of_week.to_numpy()[:, None] == np.arange(1, 7)
    parts, names = [weekday], list(WEEKDAYS)
    if country is not None:
        names.append("holiday")
        parts.append(_holidays(days, country)[:, None])
    age = (days - first).days.to_numpy() / DAYS_PER_YEAR
    cells = np.hstack([*parts, age[:, None]]).astype("float64")
    return pd.DataFrame(cells, index=days, columns=[*names, "age"])


def with_lags(past: np.ndarray, calendar_features: pd.DataFrame) -> pd.DataFrame:
    """The features of D days: lags (D, L), newest first, then the calendar features."""
    names = [f"lag_{lag}" for lag in range(1, past.shape[1] + 1)]
    cells = np.hstack([past, calendar_features.to_numpy()])
    return pd.DataFrame(
        cells, index=calendar_features.index, columns=[*names, *calendar_features.columns]
    )


def _holidays(days: pd.DatetimeIndex, country: str) -> np.ndarray:
    if country not in holidays.list_supported_countries():
        raise ConfigError(
            f"country={country!r}: no public holidays are known; expected an ISO 3166 code such as "
            "'DE', 'TW' or 'US', or null for no holidays"
        )
    calendar = holidays.country_holidays(country, years=range(days[0].year, days[-1].year + 1))
    return days.isin(pd.to_datetime(list(calendar)))


def _refuse_gaps(dates: pd.Series, source: object) -> None:
    missing = dates.diff().dt.days.fillna(1).astype(int) - 1
    if not missing.any():
        return
    line = first(missing > 0)
    day = dates[line] - pd.Timedelta(days=int(missing[line]))
    raise refusal(
        source,
        line,
        dates.name,
        f"{dates[line]:%Y-%m-%d} next after {day - pd.Timedelta(days=1):%Y-%m-%d}",
        f"consecutive days; first missing day {day:%Y-%m-%d}, {missing.sum()} missing in all",
    )


def _checks(date: str, dates: pd.Series, count: str, views: pd.Series, whole: bool) -> list[Check]:
    """What is wrong with which cells of the two columns."""
    today = pd.Timestamp.today().normalize()
    absent = "a value (missing is not allowed)"
    day, figure = dates.to_numpy("datetime64[us]"), views.to_numpy(np.float64)
    known, in_order = ~np.isnat(day), np.sort(day)  # a search among a million takes much memory
    again = dates.duplicated() if (in_order[1:] == in_order[:-1]).any() else ~known & known
    begun = f"a day of {FIRST.year} or later; is its year whole?"
    past = f"a day not later than today ({today:%Y-%m-%d})"
    # float64 cannot hold every count beyond 2**53; no channel has so many views.
    number = np.abs(figure) <= 2**53
    if whole:
        number &= figure == np.round(figure)
    wrong_number = ~(number | np.isnan(figure))
    return [
        Check(date, dates, ~known, absent),
        Check(date, dates, np.asarray(again) & known, "a value that occurs once"),
        Check(date, dates, known & (day.astype("datetime64[D]") != day), "a day without a time"),
        Check(date, dates, day < np.datetime64(FIRST), begun),
        Check(date, dates, day > np.datetime64(today), past),
        Check(count, views, np.isnan(figure), absent),
        Check(count, views, figure < 0, "a count of at least 0"),
        Check(count, views, wrong_number, "a whole number" if whole else "a number"),
    ]
