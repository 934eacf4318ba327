"""Days of an export that have no figure yet, or none any more: left out, and told.

Shape letters: R rows of a file, with a date and a figure each.
"""

import pandas as pd

from viewcast.data.gaps import spans

WEEK = 7
QUIET = 28  # days without a 0 before newest days that are 0: so these are not counted yet
MANY = 100  # views a day, from which on no day has 0 by chance, whatever happened on another day


def counted(rows: pd.DataFrame, cumulative: bool) -> tuple[pd.DataFrame, list[str]]:
    """The rows whose figures are those of a whole day, and sentences on the others.

    ``rows``: R rows with ``date`` and ``figure``, indexed by line. ``cumulative``: whether the
    figures are readings of a counter, which is never 0 by delay.

    Left out are empty figures (days before a channel began, days not counted yet), newest days with
    0 after weeks without one or on a channel of many views, and figures below 0, where views were
    taken back. A single day that is left out between others is bridged later.
    """
    told: list[str] = []
    empty = rows["figure"].isna()
    if empty.any():
        told.append(f"days without a figure were left out: {spans(_days(rows[empty]))}")
        rows = rows[~empty]
    below = rows["figure"] < 0
    if below.any():
        told.append(taken_back_note(_days(rows[below])))
        rows = rows[~below]
    if not cumulative and len(rows) and rows["figure"].iloc[rows["date"].argmax()] == 0:
        late = newest_zeros(rows.sort_values("date")["figure"]).reindex(rows.index)
        if late.any():
            told.append(not_counted_note(_days(rows[late])))
        rows = rows[~late]
    return rows, told


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


def taken_back_note(days: pd.DatetimeIndex) -> str:
    """What is told of days with figures below 0."""
    return f"figures below 0 count as missing, views were taken back: {spans(days)}"


def not_counted_note(days: pd.DatetimeIndex) -> str:
    """What is told of newest days with 0."""
    return f"newest days with 0 are not counted yet: {spans(days)}"


def _days(rows: pd.DataFrame) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(rows["date"].sort_values())
