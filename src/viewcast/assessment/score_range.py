"""What one score of each run, or its scores by fold, allow to say of the winner.

Nothing is said where the noise is not known: without folds, of a score that is no share of rows.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from viewcast.assessment.choice import ScoreRange
from viewcast.assessment.seed_share import settings
from viewcast.assessment.study import Scored, Study
from viewcast.selection.error_rates import error_rates
from viewcast.selection.folds import FEWEST, of_folds
from viewcast.selection.seeds import of_seeds

LEAST = {"accuracy": -1.0, "zero_one": 0.0}  # the lowest loss of metrics that are shares of rows


def score_range(study: Study) -> ScoreRange | None:
    """From folds, else from seeds, else from the number of rows; None where the noise is unknown.

    Runs that are excluded take no part.
    """
    runs = [run for run in study.runs if run.excluded is None and run.rows is None]
    for known in (_from_folds, _from_seeds, _from_rows):
        found = known(runs)
        if found is not None:
            return found
    return None


def _from_folds(runs: Sequence[Scored]) -> ScoreRange | None:
    counts = Counter(len(run.folds) for run in runs if run.folds is not None)
    folds = counts.most_common(1)[0][0] if counts else 0
    if folds < FEWEST:
        return None
    scores = [run.folds for run in runs if run.folds is not None and len(run.folds) == folds]
    finite = [own for own in scores if np.isfinite(own).all()]
    if not finite:
        return None
    found = of_folds(np.stack(finite))
    return ScoreRange(
        basis="folds",
        count=len(finite),
        size=folds,
        shown=found.shown,
        low=found.expected,
        high=found.expected,
        bound95=found.upper95,
        noise=found.noise,
        tied=int(found.tied.sum()),
    )


def _from_seeds(runs: Sequence[Scored]) -> ScoreRange | None:
    """Where most runs are settings trained with several seeds, and the rows' noise is known."""
    known = _shares(runs)
    if known is None:
        return None
    rates, rows, back = known
    of_setting: dict[str, list[float]] = defaultdict(list)
    for setting, rate in zip(settings(runs), rates, strict=True):
        if setting is not None:
            of_setting[setting].append(rate)
    repeated = [own for own in of_setting.values() if len(own) > 1]
    if 2 * sum(map(len, repeated)) <= len(runs):
        return None
    lowest = min(float(np.mean(own)) for own in repeated)
    found = of_seeds(repeated, rows, lowest * (1 - lowest))
    return ScoreRange(
        basis="seeds",
        count=len(repeated),
        size=len(repeated[found.best]),
        shown=back(found.low),
        low=back(found.low),
        high=back(found.high),
        bound95=back(min(found.upper95, 1.0)),
        noise=None if found.noise is None else back(found.noise) - back(0.0),
        tied=int(found.tied.sum()),
    )


def _from_rows(runs: Sequence[Scored]) -> ScoreRange | None:
    known = _shares(runs)
    if known is None:
        return None
    rates, rows, back = known
    found = error_rates(rates, rows)
    return ScoreRange(
        basis="rows",
        count=len(rates),
        size=rows,
        shown=back(found.low),
        low=back(found.low),
        high=back(found.high),
        bound95=back(found.upper95),
        noise=None if found.noise is None else back(found.noise) - back(0.0),
        tied=int(found.tied.sum()),
    )


def _shares(
    runs: Sequence[Scored],
) -> tuple[list[float], int, Callable[[float], float]] | None:
    """Error rates of the runs, the rows that they are shares of, and from a rate to a loss.

    A metric above 1 is taken for a percentage.
    """
    measures = {run.facts.measure.removesuffix("_percent") for run in runs}
    sizes = {run.row_count for run in runs}
    losses = [run.shown for run in runs if run.shown is not None]
    if len(measures) != 1 or len(sizes) != 1 or len(losses) != len(runs):
        return None
    (measure,), (rows,) = measures, sizes
    if measure not in LEAST or rows is None or rows < 2:
        return None
    scale = 100.0 if max(map(abs, losses)) > 1 else 1.0
    least = LEAST[measure]
    rates = [loss / scale - least for loss in losses]
    if not all(0 <= rate <= 1 for rate in rates):
        return None
    return rates, rows, lambda rate: (rate + least) * scale
