"""The merge: what a delivery adds to the live series, what it corrects, and what is refused.

Days of a source may come twice, in any order, corrected, or partial. What is kept is one row per
day without gaps; whatever changes a kept day is told.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from viewcast.base.errors import DataError

SHOWN = 5  # days that a message names
FOREIGN = 0.5  # share of the known days that a correction may change


@dataclass(frozen=True)
class Correction:
    """A past day whose figure changed at the source."""

    day: str
    metric: str
    before: float
    after: float


@dataclass(frozen=True)
class Merged:
    """The series after a delivery (by day, as ``viewcast.data.live.read``), and what changed."""

    series: pd.DataFrame
    added: list[str]
    corrected: list[Correction]

    @property
    def changed(self) -> bool:
        """Whether there is anything new."""
        return bool(self.added or self.corrected)


def settled(delivery: pd.DataFrame, today: date, settle: int) -> pd.DataFrame:
    """The days of a delivery that have ended, and have done so ``settle`` days ago or longer.

    ``today`` has not ended: what a source tells of it is partial. The delivery in order of days,
    each once. Refuses (DataError) days that are no days, days without views, and a day told twice
    with different figures.
    """
    if not isinstance(delivery.index, pd.DatetimeIndex) or "views" not in delivery:
        raise DataError("the delivery has no days or no views; expected one row per day")
    if delivery.index.isna().any() or (delivery.index != delivery.index.normalize()).any():
        raise DataError("the delivery holds rows that are no days; expected whole days")
    days = delivery[~delivery.reset_index().duplicated().to_numpy()].sort_index()
    days = days.loc[: pd.Timestamp(today - timedelta(days=1 + settle))]
    twice = days.index[days.index.duplicated()]
    if len(twice):
        told = ", ".join(f"{value:g}" for value in days.loc[twice[:1], "views"])
        raise DataError(
            f"the delivery tells {twice[0]:%Y-%m-%d} {len(days.loc[twice[:1]])} times and "
            f"differently ({told} views); expected one figure per day"
        )
    views = days["views"]
    wrong = views[~(views.ge(0) & views.eq(views.round()) & views.le(2**53))]
    if len(wrong):
        raise DataError(
            f"the delivery tells {wrong.iloc[0]:g} views on {wrong.index[0]:%Y-%m-%d}; "
            "expected a whole number of at least 0"
        )
    return days


def merge(known: pd.DataFrame | None, days: pd.DataFrame) -> Merged:
    """The series with the days of a delivery, as ``settled`` gives them.

    ``known``: the series so far, None for none. Days before its first are left out: they would
    change the age of every day. Refuses (DataError) a gap, a day that shrank to nothing (0, or
    absent among days that are delivered), and a delivery that changes most of what is known, which
    is another channel's.
    """
    if known is None:
        series = days.rename_axis("date")
        _refuse_gaps(series)
        return Merged(series, _named(series.index), [])
    days = days.loc[known.index[0] :]
    if days.empty:
        return Merged(known, [], [])
    past = days.loc[: known.index[-1]]
    _refuse_shrunk(known, past)
    corrected = _corrections(known, past)
    if len(past) >= SHOWN and len({one.day for one in corrected}) > FOREIGN * len(past):
        first = corrected[0]
        raise DataError(
            f"the delivery changes {len({one.day for one in corrected})} of {len(past)} known days "
            f"(first {first.day}: {first.before:g} became {first.after:g}); is it another "
            "channel's? If not, remove data/live and start anew"
        )
    series = days.combine_first(known)[list(dict.fromkeys([*known.columns, *days.columns]))]
    _refuse_gaps(series)
    return Merged(
        series.rename_axis("date"), _named(days.index[~days.index.isin(known.index)]), corrected
    )


def _corrections(known: pd.DataFrame, past: pd.DataFrame) -> list[Correction]:
    shared = [column for column in past.columns if column in known.columns]
    before, after = known.loc[past.index, shared], past[shared]
    changed = (before != after) & after.notna() & before.notna()
    return [
        Correction(f"{day:%Y-%m-%d}", metric, float(before[metric][day]), float(after[metric][day]))
        for metric in shared
        for day in past.index[changed[metric]]
    ]


def _refuse_shrunk(known: pd.DataFrame, past: pd.DataFrame) -> None:
    if past.empty:
        return
    before = known.loc[past.index[0] : past.index[-1], "views"]
    now = past["views"].reindex(before.index)
    lost = before.index[(now.isna() | ((now == 0) & (before > 0))).to_numpy()]
    told = [f"{day:%Y-%m-%d} ({before[day]:g} views before, now {now[day]:g})" for day in lost]
    if told:
        more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
        raise DataError(
            f"days shrank to nothing at the source: {', '.join(told[:SHOWN])}{more}; "
            "expected corrections, not losses; look at the source and run again"
        )


def _refuse_gaps(series: pd.DataFrame) -> None:
    if series.empty:
        return
    whole = pd.date_range(series.index[0], series.index[-1])
    absent = whole[~whole.isin(series.index)]
    if len(absent):
        raise DataError(
            f"{len(absent)} days are missing, the first {absent[0]:%Y-%m-%d}: expected consecutive "
            "days; bring an export or a query that holds them"
        )


def _named(days: pd.Index) -> list[str]:
    return [f"{day:%Y-%m-%d}" for day in days]
