"""The settings of the holdout: hidden rows, a filter before the score, a budget of looks.

A holdout is the set of validation rows. Every look at it (``viewcast.holdout.looks``) uses it up;
these settings say what is done against that. The record of looks is kept in MLflow.
"""

import hashlib
import math
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError
from viewcast.holdout.release_rule import Release
from viewcast.selection.clusters import Cluster

FEWEST = 8  # entities or times that are hidden, or shown


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Holdout:
    """How the validation rows are guarded.

    ``hidden``: share of the validation rows that form the hidden holdout: every run is scored on
    them and no score of them is shown; 0 for none. ``release``: the filter between the raw
    validation score and a run, null for none. The budget: ``looks`` (how many scores the rows may
    reveal) and ``optimism`` (how much a choice among the runs may flatter, in units of the loss),
    null for no limit; when it is spent, the next run is refused. The budget decides no result and
    is no part of a run's identity.
    """

    hidden: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
    release: Release | None
    looks: Annotated[int, Field(ge=1)] | None
    optimism: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None


def divide(
    rows: pd.DataFrame, share: float, block: int, cluster: Cluster | None = None
) -> pd.Series:
    """The part of each of M validation rows, by index (M,): ``validation``, ``hidden``, ``unused``.

    ``rows``: their entity and time; ``share``: of the rows in use that are hidden, above 0;
    ``block``: rows that belong together. In order of time, hidden blocks lie evenly between shown
    ones, each ``2 · block`` rows or longer, and ``block`` unused rows lie between the two, because
    a row depends on its neighbours; rows that do not belong together (``block`` 1) take turns one
    by one. Nothing is random: all runs with the same validation rows have the same hidden holdout.

    The gap separates the losses, not the features: a lag longer than the gap still shows a model
    the target of a hidden row, as a past value. Refuses (DataError) fewer rows than two hidden
    blocks, the gaps and their shown rows need.

    ``cluster``: which rows of a panel are alike. Whole entities are hidden then, or whole times
    where only times are new, by a hash of their names.
    """
    if cluster is not None:
        return _divide_clusters(rows, share, "time" if cluster == "time" else "entity")
    gap, least = (block, 2 * block) if block > 1 else (0, 1)
    period = 2 * gap + least / min(share, 1 - share)
    if len(rows) < math.ceil(2 * period):
        raise DataError(
            f"holdout.hidden = {share:g}: found {len(rows)} validation rows, expected at least "
            f"{math.ceil(2 * period)} for hidden blocks of {least} rows with gaps of {gap}; take "
            "more validation rows (data.split, data.splits) or set holdout.hidden=0"
        )
    count = int(len(rows) // period)
    period = len(rows) / count
    half = share * (period - 2 * gap) / 2
    part = np.full(len(rows), "validation", dtype=object)
    for centre in (np.arange(count) + 0.5) * period:
        start, stop = math.floor(centre - half + 0.5), math.floor(centre + half + 0.5)
        part[start - gap : stop + gap] = "unused"
        part[start:stop] = "hidden"
    in_time = rows.sort_values(["time", "entity"]).index
    return pd.Series(part, index=in_time, dtype="str").reindex(rows.index)


def _divide_clusters(rows: pd.DataFrame, share: float, key: str) -> pd.Series:
    """Hide the entities or times with the smallest hashes, so many as ``share`` says."""
    names = pd.Series(rows[key].astype(str).unique())
    count = round(share * len(names))
    if min(count, len(names) - count) < FEWEST:
        raise DataError(
            f"holdout.hidden = {share:g}: found {len(names)} different values of {key} in the "
            f"validation rows, expected {FEWEST} or more hidden and as many shown; take more "
            "validation rows (data.split, data.splits) or set holdout.hidden=0"
        )
    digests = names.map(lambda name: hashlib.sha256(name.encode()).hexdigest())
    hidden = set(names[digests.sort_values().index[:count]])
    part = np.where(rows[key].astype(str).isin(hidden), "hidden", "validation")
    return pd.Series(part, index=rows.index, dtype="str")
