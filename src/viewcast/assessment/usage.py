"""How a holdout was used, in numbers: by its runs, and row by row."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from viewcast.assessment.result import Usage
from viewcast.assessment.rounds import scored_rounds
from viewcast.assessment.row_losses import KEYS
from viewcast.assessment.study import Study
from viewcast.holdout.looks import by_row
from viewcast.selection.information import bits_budget, bits_spent


def usage(study: Study, openings: int, independent: float | None, tolerance: float) -> Usage:
    """Runs, scores, rounds, uses and bits of a holdout.

    ``openings``: of the sealed test; ``independent``: rows that count as independent ones, None
    where rows are not known; ``tolerance``: see ``bits_budget``.
    """
    rounds = scored_rounds(study)
    purposes: Counter[str] = Counter(use.purpose for look in study.looks for use in look.uses)
    purposes["test"] += openings
    users: Counter[str] = Counter()
    for look in study.looks:
        users[look.user] += look.scores
    return Usage(
        runs=sum(len(looks) for looks in rounds),
        scores=sum(look.scores for look in study.looks),
        distinct=distinct_losses(study),
        rounds=len(rounds),
        by_purpose=_most_first(purposes),
        by_user=_most_first(users),
        bits_spent=bits_spent(sum(look.scores for look in looks) for looks in rounds),
        bits_budget=None if independent is None else bits_budget(independent, tolerance),
        tolerance=tolerance,
    )


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    """Those that are not 0; equal ones by name, so that the order of runs changes nothing."""
    found = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {name: count for name, count in found if count}


def distinct_losses(study: Study) -> int:
    """How many runs differ in their losses."""
    vectors = {run.rows.final.astype(np.float32).tobytes() for run in study.runs if run.rows}
    scalars = {run.shown for run in study.runs if run.rows is None and run.shown is not None}
    return len(vectors) + len(scalars)


def row_usage(studies: Sequence[Study]) -> pd.DataFrame:
    """How often each row was used: data, entity, time, row, holdout, runs, scores.

    Holdouts of the same data that overlap share rows; such a row has the looks at all of them.
    """
    tables = []
    named: dict[str, list[Study]] = {}
    for study in studies:
        if study.keys is not None:
            named.setdefault(study.runs[0].facts.data or study.holdout, []).append(study)
    for data, of_data in named.items():
        rows = {study.holdout: _whole(study.keys) for study in of_data}
        counted = by_row(rows, [look for study in of_data for look in study.looks])
        for holdout, keys in rows.items():
            own = keys[list(KEYS)].merge(counted, on=list(KEYS), how="left")
            own.insert(0, "data", data)
            own.insert(4, "holdout", holdout)
            tables.append(own)
    columns = ["data", *KEYS, "holdout", "runs", "scores"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def _whole(keys: pd.DataFrame | None) -> pd.DataFrame:
    assert keys is not None
    missing = {name: "" for name in KEYS if name not in keys}
    target = {} if "target" in keys else {"target": np.nan}
    return keys.assign(**missing, **target)
