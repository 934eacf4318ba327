"""The Diebold-Mariano test: the losses of champion and challenger on the same days, compared.

Losses are paired day by day, and the mean of their differences is tested: Diebold & Mariano (1995),
J. Business & Economic Statistics 13:253. The difficult part is its standard error. Neighbouring
days are dependent, and 7 or 14 days are few; the usual estimates of the long-run variance are too
small for so few days. This module takes the mean square of the first K projections of the series
on cosines, with Student's t of K degrees of freedom: the equal-weighted cosine estimate of Lazarus,
Lewis, Stock & Watson (2018), J. Business & Economic Statistics 36:541. Coroneo & Iacone (2020), J.
Applied Econometrics 35:391, recommend it, in its Fourier form, for forecast comparisons in short
samples. For independent normal differences the test is exact for any K. With all K = D - 1 cosines
it is the t test of Harvey, Leybourne & Newbold (1997), Int. J. Forecasting 13:281, for one step
ahead.

K is D^(2/3) rounded down: 3, 5 and 9 for 7, 14 and 28 days. ``benchmarks/calibrate_dm_test.py``
measured how often a challenger that is equally good is called better (percent, nominal 5 at level
0.9) and how often one that is better by 2.5 standard errors is found (power; at most 80)::

    7 days; 14 days; 28 days  K = D^(2/3)        HLN, 1 step        K = 0.4 D^(2/3)
    independent, normal        4.9  5.0  4.9      5.0  4.9  4.9      4.9  5.0  5.0
    independent, Student t3    4.6  4.7  4.7      4.5  4.6  4.7      5.1  4.6  4.7
    AR(0.3)                    7.4  7.0  6.5     10.5 11.1 11.2      5.3  5.5  5.1
    AR(0.5)                   10.7  9.8  9.0     16.3 17.1 17.3      6.1  6.3  5.8
    lines, worst of 8 pairs    6.0  6.4  8.5      7.5  7.2  8.3      5.5  5.4  6.8
    power                     60.5 69.3 74.6     71.1 76.5 78.7     30.5 49.9 60.7

Fewer cosines (0.4 D^(2/3), as Lazarus et al. advise) tolerate more dependence and have little power
in a week. Bartlett weights, the periodogram and batch means were measured too and lie between. The
losses of real forecasters differ with little dependence (first autocorrelation 0.13 for lines of 7
and of 28 lags, 0.04 for a line and the same line trained 60 days later), so this K favours power.
Where the autocorrelation is 0.3 or more, "5 %" means 7 to 11 %: use a higher level. The 8.5 % come
from the four weeks around Lunar New Year (63 % there, 4 % in other weeks). In those weeks one of
two lines that are equal over the year is truly better: a result holds for days like the compared
ones.

Shape letter: D days, in order of time.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from viewcast.base.errors import DataError

Vector = NDArray[np.float64]
MIN_DAYS = 3
ROUNDING = 1e-12  # smaller differences, as a share of the losses, are rounding errors
LARGEST = 1e100  # squares of larger losses overflow


@dataclass(frozen=True)
class Comparison:
    """The result of the test on D days; losses per day, in the unit of the loss.

    ``mean``: of challenger minus champion, below 0 where the challenger is better; ``low``,
    ``high``: its interval at ``level``; ``p``: one-sided p-value of "the challenger is no better".
    ``champion``, ``challenger``: mean losses. ``error``, ``champion_error``: standard errors of
    ``mean`` and of ``champion``; ``covariance``: of these two. If the challenger's loss is not
    finite, every figure that depends on it is infinite (``covariance`` 0) and p is 1.
    """

    days: int
    mean: float
    low: float
    high: float
    p: float
    champion: float
    challenger: float
    level: float
    error: float
    champion_error: float
    covariance: float

    def excess(self, margin: float) -> float:
        """Upper end of the interval of challenger - (1 + margin) · champion, at ``level``.

        Below 0: the challenger is worse by less than ``margin``. The champion's mean loss is an
        estimate too. If it were taken as known, a challenger worse by a margin of 5 % would pass
        in 8 % of evaluations instead of 4 (nominal 5; a line and one trained 60 days later).
        """
        variance = self.error**2 + (margin * self.champion_error) ** 2
        variance -= 2 * margin * self.covariance
        half = _t_quantile(self.days, self.level) * math.sqrt(max(variance, 0.0))
        return self.mean - margin * self.champion + half


def terms(days: int) -> int:
    """K, the number of cosines in the estimate of the long-run variance: D^(2/3) rounded down."""
    count = round(np.cbrt(days**2))
    return int(count - (count**3 > days**2))


def covariances(series: Vector) -> Vector:
    """Long-run covariance matrix (S, S) of the means of S series (..., S, D) of paired days.

    Element i, j: the mean over k = 1 .. K of Λ_ik Λ_jk / D, where
    Λ_ik = √(2/D) Σ_t x_it cos(π k (t - 1/2) / D), t = 1 .. D.
    """
    days = series.shape[-1]
    centred = series - series.mean(axis=-1, keepdims=True)  # a large mean would leave its rounding
    projected = centred @ _cosines(days)
    return np.asarray(projected @ np.swapaxes(projected, -1, -2) / (terms(days) * days))


def compare(
    champion: Vector, challenger: Vector, level: float, reference: str = "champion"
) -> Comparison:
    """Compare losses (D,) of the champion and the challenger on the same days in order of time.

    ``reference``: the name of the first series in error messages. Differences that are only
    rounding errors count as 0. If the difference is the same on every day, the interval is one
    point and p is 0 or 1 (1 where all differences are 0).

    A challenger with a loss that is not finite (or above 1e100) counts as infinitely worse: it
    diverged, and the night goes on. Raises DataError for such a loss of the champion, since its
    data or its model is damaged; for fewer than 3 days; for series of unequal length.
    """
    champion, challenger = (np.asarray(x, np.float64) for x in (champion, challenger))
    if champion.shape != challenger.shape:
        raise DataError(
            f"found losses of shape {champion.shape} of the {reference} and {challenger.shape} of "
            "the challenger; expected one loss of each for the same days"
        )
    _check_days(champion, f"losses of {reference} and challenger")
    _check_finite(champion, reference)
    days, mean = len(champion), float(champion.mean())
    if not _usable(challenger).all():
        own, inf = _error(champion), math.inf
        return Comparison(days, inf, inf, inf, 1.0, mean, inf, level, inf, own, covariance=0.0)
    differences = challenger - champion
    if np.abs(differences).max() <= ROUNDING * max(
        np.abs(champion).max(), np.abs(challenger).max()
    ):
        differences = np.zeros(days)
    matrix = covariances(np.stack([differences, champion]))
    difference, error = float(differences.mean()), math.sqrt(matrix[0, 0])
    half = _t_quantile(days, level) * error
    return Comparison(
        days,
        difference,
        difference - half,
        difference + half,
        _p(difference, error, days),
        mean,
        float(challenger.mean()),
        level,
        error,
        math.sqrt(matrix[1, 1]),
        float(matrix[0, 1]),
    )


def interval(losses: Vector, level: float) -> tuple[float, float, float]:
    """Mean of daily losses (D,) in order of time, and its interval at ``level``, not below 0.

    Its true coverage is lower than ``level``, because losses are skewed and have seasons that a few
    days do not show: 90 % intervals for a line's mean loss in a year covered 84 % with 7 or 14
    days and 81 % with 28.

    All three are infinite where a loss is not finite (or above 1e100): the model has diverged.
    Raises DataError for fewer than 3 days.
    """
    losses = np.asarray(losses, np.float64)
    _check_days(losses, "losses")
    if not _usable(losses).all():
        return math.inf, math.inf, math.inf
    mean, half = float(losses.mean()), _t_quantile(len(losses), level) * _error(losses)
    return mean, max(0.0, mean - half), mean + half


def _error(series: Vector) -> float:
    return math.sqrt(covariances(series[np.newaxis])[0, 0])


def _p(mean: float, error: float, days: int) -> float:
    if error == 0:
        return 0.0 if mean < 0 else 1.0
    return float(stdtr(terms(days), mean / error))


def _t_quantile(days: int, level: float) -> float:
    return float(stdtrit(terms(days), (1 + level) / 2))


@lru_cache(maxsize=64)
def _cosines(days: int) -> Vector:
    """The first K cosines (D, K), of unit length and orthogonal to each other and to a constant."""
    middle = (np.arange(days) + 0.5) / days
    angles = np.pi * np.outer(middle, 1 + np.arange(terms(days)))
    return np.asarray(np.sqrt(2 / days) * np.cos(angles))


def _usable(losses: Vector) -> NDArray[np.bool_]:
    return np.asarray(np.abs(losses) <= LARGEST)  # NaN is not


def _check_days(losses: Vector, name: str) -> None:
    if losses.ndim != 1 or len(losses) < MIN_DAYS:
        found = f"{len(losses)} days" if losses.ndim == 1 else f"shape {losses.shape}"
        raise DataError(
            f"{name}: found {found}, expected one number a day and at least {MIN_DAYS} days; wait "
            "for more fresh days"
        )


def _check_finite(losses: Vector, name: str) -> None:
    wrong = np.flatnonzero(~_usable(losses))
    if len(wrong):
        raise DataError(
            f"loss of the {name}, day {wrong[0] + 1} of {len(losses)}: found {losses[wrong[0]]}, "
            "expected a finite number; check the views of that day, and the model if they are right"
        )
