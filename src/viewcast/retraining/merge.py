"""The merge: what a delivery adds to the live series, what it corrects, and what is refused.

The days of a source may come twice, in any order, corrected, or partial. The series holds one row
per day without gaps. A single missing day is bridged (``viewcast.data.gaps``) and marked in the
column ``bridged``, until the source delivers it. Every change of a known day is recorded as a
correction; a delivery that changes most of them by more than a correction is refused.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from viewcast.base.errors import DataError
from viewcast.data.gaps import bridge, bridged_note, missing
from viewcast.data.live import BRIDGED
from viewcast.data.not_counted import LEFT_OUT, Policies, counted_days
from viewcast.data.several import differ
from viewcast.data.sources.source import notes_of, with_notes

SHOWN = 5  # days that a message names; fewer known days are too few to recognise another channel
MAX_CORRECTED = 0.5  # share of the known days that a delivery may correct


@dataclass(frozen=True)
class Correction:
    """A past day whose figure changed at the source."""

    day: str
    metric: str
    before: float
    after: float


@dataclass(frozen=True)
class Merged:
    """The series after a delivery (by day, as ``viewcast.data.live.read``), and what changed.

    ``bridged``: the days that were bridged now. ``notes``: sentences about the delivery that a
    reader should see, those of bridged days among them.
    """

    series: pd.DataFrame
    added: list[str]
    corrected: list[Correction]
    bridged: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether the delivery adds or corrects a day."""
        return bool(self.added or self.corrected)


def settled(
    delivery: pd.DataFrame,
    today: date,
    settle_days: int,
    whole: bool = True,
    policies: Policies = LEFT_OUT,
) -> pd.DataFrame:
    """The days of a delivery that ended ``settle_days`` days ago or earlier, in order, each once.

    ``today`` has not ended, so its figures are partial. ``settle_days``: by default the ``Source``
    knows how late its figures are final. ``whole``: whether the metric is a count. Figures below 0,
    of views that were taken back, count as missing, and so do the newest days with 0 after weeks
    without one, which are not counted yet, unless ``policies`` say otherwise; both are told.
    Refuses (DataError) an index that is not whole days, days without views, and a day that occurs
    twice with different figures.
    """
    if not isinstance(delivery.index, pd.DatetimeIndex) or "views" not in delivery:
        raise DataError("the delivery has no days or no views; expected one row per day")
    if delivery.index.isna().any() or (delivery.index != delivery.index.normalize()).any():
        raise DataError("the delivery holds rows that are no days; expected whole days")
    days = delivery[~delivery.reset_index().duplicated().to_numpy()].sort_index()
    days = days.loc[: pd.Timestamp(today - timedelta(days=1 + settle_days))]
    twice = days.index[days.index.duplicated()]
    if len(twice):
        figures = ", ".join(f"{value:g}" for value in days.loc[twice[:1], "views"])
        raise DataError(
            f"the delivery holds {twice[0]:%Y-%m-%d} {len(days.loc[twice[:1]])} times with "
            f"different figures ({figures} views); expected one figure per day"
        )
    days, notes = counted_days(days, whole, policies, SHOWN)
    views = days["views"]
    number = views.ge(0) & views.le(2**53)
    wrong = views[~(number & (views.eq(views.round()) | (not whole)))]
    if len(wrong):
        raise DataError(
            f"the delivery holds {wrong.iloc[0]:g} views on {wrong.index[0]:%Y-%m-%d}; "
            f"expected a {'whole number' if whole else 'number'} of at least 0"
        )
    return with_notes(days, [*notes_of(delivery), *notes])


def merge(
    known: pd.DataFrame | None, days: pd.DataFrame, whole: bool = True, max_lost: int = 0
) -> Merged:
    """The series with the days of a delivery, as ``settled`` gives them.

    ``known``: the series so far, None for none. Days before its first day are left out, since they
    would change the age of every day. ``whole``: whether the metric is a count. ``max_lost``: known
    days whose views may have become 0 or be missing among the delivered ones; they keep the views
    that are known, which is told.

    Refuses (DataError) two or more missing days in a row, more than ``max_lost`` lost days, and a
    delivery that changes most of the known days: it probably comes from another channel.
    """
    notes = notes_of(days)
    if known is None:
        series, bridged = _bridged(days, whole)
        notes += [bridged_note(bridged)] if bridged else []
        return Merged(series, _names(days.index), [], bridged, notes)
    days = days.loc[known.index[0] :]
    if days.empty:
        return Merged(known, [], [], [], notes)
    lost = _lost(known, days.loc[: known.index[-1]], max_lost)
    notes += _kept(known, lost)
    days = days[~days.index.isin(lost)]
    past = days.loc[: known.index[-1]]
    corrected = _corrections(known, past)
    _refuse_another_channel(known.loc[past.index, "views"], past["views"])
    series = days.combine_first(known)[list(dict.fromkeys([*known.columns, *days.columns]))]
    if BRIDGED in series:
        series.loc[days.index, BRIDGED] = np.nan
    series, bridged = _bridged(series, whole)
    notes += [bridged_note(bridged)] if bridged else []
    added = _names(days.index[~days.index.isin(known.index)])
    return Merged(series, added, corrected, bridged, notes)


def _bridged(series: pd.DataFrame, whole: bool) -> tuple[pd.DataFrame, list[str]]:
    """The series with its single missing days; their other metrics stay unknown."""
    series = series.rename_axis("date")
    series.attrs = {}
    absent = missing(pd.DatetimeIndex(series.index))
    if len(absent) == 0:
        return series, []
    whole_days = bridge(series["views"], "the delivery", whole).series
    filled = series.reindex(whole_days.index).rename_axis("date").assign(views=whole_days)
    filled.loc[absent, BRIDGED] = 1.0
    return filled, _names(absent)


def _corrections(known: pd.DataFrame, past: pd.DataFrame) -> list[Correction]:
    shared = [column for column in past.columns if column in known.columns]
    before, after = known.loc[past.index, shared], past[shared]
    changed = (before != after) & after.notna() & before.notna()
    return [
        Correction(f"{day:%Y-%m-%d}", metric, float(before[metric][day]), float(after[metric][day]))
        for metric in shared
        for day in past.index[changed[metric]]
    ]


def _refuse_another_channel(before: pd.Series, after: pd.Series) -> None:
    """Small corrections of every day are those of a site that has counted anew."""
    changed = differ(before, after)
    if len(before) >= SHOWN and changed.sum() > MAX_CORRECTED * len(before):
        first = before.index[changed.to_numpy()][0]
        raise DataError(
            f"the delivery changes {changed.sum()} of {len(before)} known days "
            f"(first {first:%Y-%m-%d}: {before[first]:g} became {after[first]:g}); does it come "
            "from another channel? If not, let nights begin anew: retrain.channel=<name>"
        )


def _lost(known: pd.DataFrame, past: pd.DataFrame, most: int) -> pd.DatetimeIndex:
    """The known days whose views are gone from the source. Refuses more than ``most``."""
    if past.empty:
        return pd.DatetimeIndex([])
    before = known.loc[past.index[0] : past.index[-1], "views"]
    if BRIDGED in known:
        before = before[known.loc[before.index, BRIDGED].isna() | before.index.isin(past.index)]
    now = past["views"].reindex(before.index)
    lost = before.index[(now.isna() | ((now == 0) & (before > 0))).to_numpy()]
    if len(lost) > most:
        shown = [f"{day:%Y-%m-%d} ({before[day]:g} views before, now {now[day]:g})" for day in lost]
        more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
        raise DataError(
            f"the source has lost the views of known days: {', '.join(shown[:SHOWN])}{more}; "
            "expected corrections, not losses; look at the source and run again"
        )
    return pd.DatetimeIndex(lost)


def _kept(known: pd.DataFrame, lost: pd.DatetimeIndex) -> list[str]:
    """What is told of known days that the source has lost."""
    if len(lost) == 0:
        return []
    shown = ", ".join(f"{day:%Y-%m-%d} ({known['views'][day]:g})" for day in lost[:SHOWN])
    return [f"the source has lost the views of {shown}; the figures known before stay"]


def _names(days: pd.Index) -> list[str]:
    return [f"{day:%Y-%m-%d}" for day in days]
