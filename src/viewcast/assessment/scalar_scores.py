"""The figures of a study where one score of each run is known and no rows: order statistics."""

import numpy as np

from viewcast.assessment.choice import BestOf, ScalarScores
from viewcast.assessment.study import Study
from viewcast.selection.order_statistics import all_luck, shown

POINTS = 60


def best_of(study: Study) -> tuple[BestOf, ...]:
    """The curve of the best of k runs as shown; without row losses there is no honest one."""
    scores = _scores(study)
    if not scores:
        return ()
    points = np.unique(np.geomspace(1, len(scores), min(POINTS, len(scores))).round().astype(int))
    values = shown(scores, points.tolist())
    return tuple(
        BestOf(k, value, None, None, None) for k, value in zip(points.tolist(), values, strict=True)
    )


def of_all(study: Study) -> ScalarScores | None:
    """The scores as they would be read if all runs were equally good; None without a score."""
    scores = _scores(study)
    return ScalarScores(count=len(scores), **vars(all_luck(scores))) if scores else None


def _scores(study: Study) -> list[float]:
    """The scores of the runs that can be compared."""
    return [run.shown for run in study.runs if run.excluded is None and run.shown is not None]
