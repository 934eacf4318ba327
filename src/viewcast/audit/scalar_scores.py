"""What a study says that knows one score of each run, and no rows: counts and order statistics."""

from typing import Any

import numpy as np

from viewcast.audit.study import Study
from viewcast.selection.order_statistics import AllLuck, all_luck, shown

POINTS = 60


def scores(study: Study) -> list[float]:
    """The finite scores of the runs that can be compared."""
    return [run.shown for run in study.runs if run.excluded is None and run.shown is not None]


def best_of(study: Study) -> list[dict[str, Any]]:
    """The best-of-k curve of what is shown; without row losses there is no honest one."""
    found = scores(study)
    if not found:
        return []
    points = np.unique(np.geomspace(1, len(found), min(POINTS, len(found))).round().astype(int))
    pairs = zip(points.tolist(), shown(found, points.tolist()), strict=True)
    nothing = dict.fromkeys(("honest", "honest_low", "honest_high"))
    return [{"k": k, "shown": float(value), **nothing} for k, value in pairs]


def of_all(study: Study) -> AllLuck | None:
    """The scores as they would be read if all runs were equally good."""
    found = scores(study)
    return all_luck(found) if found else None
