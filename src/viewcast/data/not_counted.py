"""Days of an export that have no figure yet, or none any more: left out, and told.

Shape letters: R rows of a file, with a date and a figure each.
"""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from viewcast.base.errors import DataError
from viewcast.data.gaps import spans
from viewcast.data.raw import first, refusal

WEEK = 7
QUIET = 28  # days without a 0 before newest days that are 0: so these are not counted yet
LATE = (
    "figures of days that are counted: the source may be late; run again later, or allow it by "
    "newest_zeros=missing or newest_zeros=zero"
)
MANY = 100  # views a day, from which on no day has 0 by chance, whatever happened on another day


Policy = Literal["missing", "zero", "refuse"]


@dataclass(frozen=True)
class Policies:
    """What becomes of days whose figures are no counts of a whole day.

    ``negative``: of figures below 0; ``newest_zeros``: of newest days with 0, as ``newest_zeros``
    finds them. ``missing``: the day has no figure. ``zero``: its figure is 0. ``refuse``: nothing
    is read until a person has looked.
    """

    negative: Policy = "missing"
    newest_zeros: Policy = "missing"


LEFT_OUT = Policies()


def counted(
    rows: pd.DataFrame,
    cumulative: bool,
    policies: Policies = LEFT_OUT,
    where: tuple[object, str] = ("the export", "figure"),
) -> tuple[pd.DataFrame, list[str]]:
    """The rows whose figures are those of a whole day, and sentences on the others.

    ``rows``: R rows with ``date`` and ``figure``, indexed by line. ``cumulative``: whether the
    figures are readings of a counter, which is never 0 by delay. ``where``: the file and the header
    of its column, for messages.

    Left out are empty figures (days before a channel began, days not counted yet) and, unless
    ``policies`` say otherwise, newest days with 0 after weeks without one or on a channel of many
    views, and figures below 0, where views were taken back. A single day that is left out between
    others is bridged later. Refuses (DataError) what ``policies`` say.
    """
    told: list[str] = []
    empty = rows["figure"].isna()
    if empty.any():
        told.append(f"days without a figure were left out: {spans(_days(rows[empty]))}")
        rows = rows[~empty]
    below = rows["figure"] < 0
    if below.any():
        if policies.negative == "refuse":
            line = first(below)
            expected = "a count of at least 0; negative=missing or negative=zero allow it"
            raise refusal(where[0], line, where[1], f"{rows['figure'][line]:g}", expected)
        told.append(taken_back_note(_days(rows[below]), policies))
        rows = _without(rows, below, policies.negative, "figure")
    newest = rows["figure"].iloc[rows["date"].argmax()] if len(rows) else None
    if not cumulative and newest == 0:
        late = newest_zeros(rows.sort_values("date")["figure"]).reindex(rows.index)
        if late.any():
            if policies.newest_zeros == "refuse":
                raise refusal(where[0], first(late), where[1], "0", LATE)
            told.append(not_counted_note(_days(rows[late]), policies))
        rows = _without(rows, late, policies.newest_zeros, "figure")
    return rows, told


def counted_days(
    days: pd.DataFrame, whole: bool, policies: Policies = LEFT_OUT, most: int = 5
) -> tuple[pd.DataFrame, list[str]]:
    """The days of a delivery that have a figure, and sentences on the others.

    ``days``: in order, indexed by day, with ``views``. ``whole``: whether these are counts. As
    ``counted`` decides; but more than ``most`` days below 0 are no views that were taken back, and
    are returned as they are. Refuses (DataError) what ``policies`` say.
    """
    told = []
    below = days["views"] < 0
    if 0 < below.sum() <= most and policies.negative != "refuse":
        told.append(taken_back_note(pd.DatetimeIndex(days.index[below]), policies))
        days = _without(days, below, policies.negative, "views")
    late = newest_zeros(days["views"]) if whole else days["views"].isna() & False
    if late.any():
        named = pd.DatetimeIndex(days.index[late])
        if policies.newest_zeros == "refuse":
            raise DataError(f"the delivery holds 0 views on {spans(named)}; expected {LATE}")
        told.append(not_counted_note(named, policies))
        days = _without(days, late, policies.newest_zeros, "views")
    return days, told


def newest_zeros(figures: pd.Series) -> pd.Series:
    """Which figures (R,), in the order of their days, are those of the newest days with 0 after
    weeks without one, or on a channel of many views: bool (R,).
    """
    newest = (figures == 0)[::-1].cummin()[::-1]
    before = figures[~newest].iloc[-QUIET:]
    usual = bool((before == 0).any()) and before.median() < MANY
    if newest.sum() > WEEK or len(before) < WEEK or usual:
        newest[:] = False
    return newest


def taken_back_note(days: pd.DatetimeIndex, policies: Policies = LEFT_OUT) -> str:
    """What is told of days with figures below 0."""
    return f"figures below 0 count as {policies.negative}, views were taken back: {spans(days)}"


def not_counted_note(days: pd.DatetimeIndex, policies: Policies = LEFT_OUT) -> str:
    """What is told of newest days with 0."""
    what = "are not counted yet" if policies.newest_zeros == "missing" else "count as days of 0"
    return f"newest days with 0 {what}: {spans(days)}"


def _without(rows: pd.DataFrame, which: pd.Series, policy: Policy, column: str) -> pd.DataFrame:
    """The rows without some of them, or with 0 in these."""
    if policy == "zero":
        return rows.assign(**{column: rows[column].mask(which, 0.0)})
    return rows[~which]


def _days(rows: pd.DataFrame) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(rows["date"].sort_values())
