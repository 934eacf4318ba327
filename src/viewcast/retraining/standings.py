"""How each recipe has done over the judged weeks: its errors, and what its evidence means.

Shape letter: W weeks.
"""

import math
from collections.abc import Iterable

import numpy as np

from viewcast.report.nights_record import RecipeErrors
from viewcast.retraining.gate import Evidence, sentence_of
from viewcast.retraining.judgement import Judgement
from viewcast.selection.e_process import Array

ROUNDING = 1e-12  # a smaller error is one of arithmetic: the recipe is the naive forecast itself


def standings(judgements: Iterable[Judgement], found: Evidence) -> list[RecipeErrors]:
    """The champion and its challengers, the lowest MASE first; recipes without a week left out.

    MASE: mean loss over the mean loss of the seasonal naive forecast on the same weeks, kept weeks
    and backtests together.
    """
    made = list(judgements)
    rows = [
        _row(name, [week for week in made if name in week.losses], found)
        for name in (found.champion, *found.challengers)
    ]
    return sorted((row for row in rows if row is not None), key=lambda row: row.mase)


def mase(losses: Array, naive: Array) -> tuple[float, float | None]:
    """Σ losses / Σ naive of W weeks and its standard error; the latter None below two weeks.

    The error is that of a ratio of means of independent weeks: the standard error of the mean of
    losses − ratio · naive, divided by the mean of naive (Cochran 1977, Sampling Techniques, 6.4).
    """
    ratio = float(losses.mean() / naive.mean())
    if len(losses) < 2:
        return ratio, None
    rest = losses - ratio * naive
    error = float(rest.std(ddof=1) / math.sqrt(len(rest)) / naive.mean())
    return ratio, error if error > ROUNDING else 0.0


def _row(name: str, weeks: list[Judgement], found: Evidence) -> RecipeErrors | None:
    pairs = [(week.losses[name], week.naive) for week in weeks if week.naive is not None]
    losses, naive = np.array(pairs, np.float64).reshape(-1, 2).T
    if not naive.any():
        return None
    ratio, error = mase(losses, naive)
    challenger = name in found.challengers and len(found.lasts) > 0
    place = found.challengers.index(name) if challenger else None
    return RecipeErrors(
        name=name,
        mase=ratio,
        mase_error=error,
        loss=float(losses.mean()),
        weeks=len(losses),
        backtest_weeks=sum(week.backtest for week in weeks if week.naive is not None),
        e=None if place is None else float(found.e[place, -1]),
        in_set=name in found.in_set,
        sentence=sentence_of(found, name),
    )
