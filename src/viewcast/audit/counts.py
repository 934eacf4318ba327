"""What was done with a holdout, in numbers: the ledger of its looks."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from viewcast.audit.rounds import scored_rounds
from viewcast.audit.row_losses import KEYS
from viewcast.audit.study import Study
from viewcast.holdout.looks import Look, by_row
from viewcast.selection.information import bits, budget_bits, hoeffding, log_class, rows_asked


def looks(study: Study, openings: int, independent: float | None, tolerance: float) -> Any:
    """Runs, scores, distinct predictions, rounds, uses by purpose, scores by user, and bits.

    ``independent``: rows that count as independent ones, None where rows are not known.
    """
    found = scored_rounds(study)
    purposes: Counter[str] = Counter(use.purpose for look in study.looks for use in look.uses)
    purposes["test"] += openings
    users: Counter[str] = Counter()
    for look in study.looks:
        users[look.user] += look.scores
    spent = log_class(sizes(found))
    return {
        "runs": sum(len(wave) for wave in found),
        "scores": sum(look.scores for look in study.looks),
        "distinct": distinct_losses(study),
        "rounds": len(found),
        "by_purpose": {purpose: count for purpose, count in purposes.items() if count},
        "by_user": dict(users.most_common()),
        "log_class": spent,
        "bits_used": bits(spent),
        "bits_budget": None if independent is None else budget_bits(independent, tolerance),
        "tolerance": tolerance,
    }


def bound(study: Study, independent: float | None, tolerance: float) -> dict[str, Any]:
    """Hoeffding's half-width for the whole tree of choices, and the rows that a promise takes."""
    spent = log_class(sizes(scored_rounds(study)))
    return {
        "half_width": None if independent is None else hoeffding(spent, independent),
        "rows_asked": rows_asked(spent, tolerance),
        "tolerance": tolerance,
    }


def sizes(rounds: Sequence[Sequence[Look]]) -> list[int]:
    """Scores in each wave."""
    return [sum(look.scores for look in wave) for wave in rounds]


def distinct_losses(study: Study) -> int:
    """How many runs predict differently, judged by what they lose."""
    vectors = {run.rows.final.astype(np.float32).tobytes() for run in study.runs if run.rows}
    scalars = {run.shown for run in study.runs if run.rows is None and run.shown is not None}
    return len(vectors) + len(scalars)


def uses(studies: Sequence[Study]) -> pd.DataFrame:
    """How often each row was used: data, entity, time, row, holdout, runs, scores.

    Holdouts of the same data that overlap share rows; such a row has the looks at all of them.
    """
    parts = []
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
            parts.append(own)
    columns = ["data", *KEYS, "holdout", "runs", "scores"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _whole(keys: pd.DataFrame | None) -> pd.DataFrame:
    assert keys is not None
    missing = {name: "" for name in KEYS if name not in keys}
    target = {} if "target" in keys else {"target": np.nan}
    return keys.assign(**missing, **target)
