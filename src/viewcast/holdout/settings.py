"""The holdout's settings: a hidden holdout nobody sees, a filter before the score, a budget of looks.

A holdout is the set of rows that validate. Every score on it that somebody acts on uses it up; the
settings here say what is done against that. The record of the uses is kept in MLflow.
"""

import math
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class Holdout:
    """How the validation rows are guarded.

    ``hidden_holdout``: share of the validation rows that every run scores and nobody is shown; 0 for none.
    ``release``: the filter between the raw validation score and a run, null for none. The budget:
    ``looks`` (how many looks the rows may serve) and ``optimism`` (how much a choice among them may
    flatter, in units of the loss), null for no limit; when it is spent, the next run is refused.
    The budget decides no result and is no part of a run's identity.
    """

    hidden: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
    release: Any
    looks: Annotated[int, Field(ge=1)] | None
    optimism: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None


def divide(rows: pd.DataFrame, share: float, block: int) -> pd.Series:
    """Which of M validation rows are shown: ``validation``, ``hidden_holdout`` or ``unused`` by index (M,).

    ``rows``: their entity and time; ``share``: of the rows in use that are the hidden holdout, above 0;
    ``block``: rows that belong together. In order of time, hidden blocks lie evenly between shown
    ones, each ``2 · block`` rows or longer, and ``block`` unused rows lie between the two, because
    a row tells of its neighbours; rows that do not belong together (``block`` 1) take turns one by
    one. Nothing is drawn: all runs with the same validation rows have the same hidden_holdout.

    The gap parts the losses, not the features: a lag longer than the gap still shows a model the
    target of a hidden row, as a past value. Refuses (DataError) fewer rows than two hidden blocks,
    the gaps and their shown rows need.
    """
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
