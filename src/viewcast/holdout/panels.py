"""Several series on one clock: rows that are alike by entity and by time.

A standard error that takes rows as one series lets a row depend on the rows just before it, and on
nothing else. In a panel, rows of different entities that share a time also share what happened at
that time, and rows of one entity what it is like. Their losses are correlated, and an error that
ignores this is too small, by up to the square root of the number of entities. So the rows of a
panel are clustered (``viewcast.selection.clusters``).
"""

import pandas as pd

from viewcast.base.errors import DataError
from viewcast.selection.clusters import Cluster
from viewcast.selection.sample_size import ESTIMATE_ROWS


def panel(rows: pd.DataFrame, block: float = 1.0) -> str | None:
    """What makes the rows a panel, in words; None where they may be taken as one series.

    ``rows``: ``entity`` and ``time`` of each, if known; ``block``: least dependence length in rows.
    A panel has rows of different entities with the same time. Days are such times: they are of one
    clock for all entities. Numbers (``viewcast.data.table``: the third lecture of a course) count
    the rows of their entity and nothing happens at a number, so they only make a panel where rows
    are said to depend on their neighbours (``block`` above 1), which have no order between series.
    """
    if "entity" not in rows or "time" not in rows or rows["entity"].nunique() < 2:
        return None
    if block <= 1 and _numbered(rows):
        return None
    entities = rows.groupby("time", sort=True)["entity"].nunique()
    shared = entities[entities > 1]
    if shared.empty:
        return None
    first = shared.index[0]
    names = [str(name) for name in rows.loc[rows["time"] == first, "entity"].unique()[:2]]
    return (
        f"{rows['entity'].nunique():,} entities share {len(shared):,} of {len(entities):,} times "
        f"(at {_moment(first)}: {' and '.join(names)}"
        f"{'' if shared.iloc[0] == 2 else f' and {shared.iloc[0] - 2:,} more'}), so their losses "
        "are not one series: a standard error that takes them as one would be too small"
    )


def usual_cluster(rows: pd.DataFrame) -> Cluster | None:
    """Which rows of a panel are alike where nobody says: ``both`` where there are entities and
    times enough for it, else ``entity``; None where there are too few entities as well.

    Both ways claim the least: new entities, and new times.
    """
    entities, times = rows["entity"].nunique(), rows["time"].nunique()
    if entities >= ESTIMATE_ROWS and times >= ESTIMATE_ROWS:
        return "both"
    return "entity" if entities >= ESTIMATE_ROWS else None


def refuse_panel(rows: pd.DataFrame, block: float, where: str) -> None:
    """Refuse (DataError) rows that are a panel where the data do not say which are alike.

    ``where``: what the rows are, to begin the message.
    """
    found = panel(rows, block)
    if found is not None:
        raise DataError(
            f"{where}: {found}; say which rows are alike (cluster: entity, time or both), or take "
            "the rows of one entity"
        )


def refuse_unnamed_series(rows: pd.DataFrame, block: float, where: str) -> None:
    """Refuse (DataError) rows of one entity of which most share their time with another one.

    They look like a panel whose series nobody names. A few that coincide are neighbours of one
    series, and numbers (as in ``panel``) are no times. ``where``: begins the message.
    """
    if rows["entity"].nunique() > 1 or (block <= 1 and _numbered(rows)):
        return
    shared = rows["time"].duplicated(keep=False)
    if 2 * int(shared.sum()) <= len(rows):
        return
    counts = rows["time"].value_counts()
    most = f"at {_moment(counts.index[0])} there are {counts.iloc[0]:,}"
    raise DataError(
        f"{where}: {int(shared.sum()):,} of {len(rows):,} share their time with another ({most}), "
        "and no entity tells them apart: several series would pass for one, whose standard error "
        'is too small; name the series of each row (entity), or say cluster="time" where there are '
        "none"
    )


def _numbered(rows: pd.DataFrame) -> bool:
    return bool(pd.to_numeric(rows["time"].astype(str), errors="coerce").notna().all())


def _moment(time: object) -> str:
    return str(time).removesuffix(" 00:00:00")
