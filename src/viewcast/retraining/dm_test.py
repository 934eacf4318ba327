"""Champion against challenger on the same fresh days: is the challenger better, or not worse?

Losses are paired day by day, and the mean of their differences is tested: Diebold & Mariano (1995),
J. Business & Economic Statistics 13:253. What matters is its standard error. Neighbouring days are
alike, and 7 or 14 of them are few, which the usual estimates of the long-run variance forget. Here
it is the mean square of the first K projections of the series on cosines, with Student's t of K
degrees of freedom: the equal-weighted cosine estimate of Lazarus, Lewis, Stock & Watson (2018), J.
Business & Economic Statistics 36:541, recommended for forecast comparisons in short samples, in its
Fourier form, by Coroneo & Iacone (2020), J. Applied Econometrics 35:391. Normal differences that do
not depend on each other get an exact test for any K; all K = D - 1 cosines give the t test of
Harvey, Leybourne & Newbold (1997), Int. J. Forecasting 13:281, for one step ahead.

K is D^(2/3) rounded down: 3, 5 and 9 for 7, 14 and 28 days. ``benchmarks/calibrate_judge.py``
measured how often an equally good challenger is called better (percent, nominal 5 at level 0.9) and
how often one that is better by 2.5 standard errors is found (power; at most 80)::

    7 days; 14 days; 28 days  K = D^(2/3)        HLN, 1 step        K = 0.4 D^(2/3)
    independent, normal        4.9  5.0  4.9      5.0  4.9  4.9      4.9  5.0  5.0
    independent, Student t3    4.6  4.7  4.7      4.5  4.6  4.7      5.1  4.6  4.7
    AR(0.3)                    7.4  7.0  6.5     10.5 11.1 11.2      5.3  5.5  5.1
    AR(0.5)                   10.7  9.8  9.0     16.3 17.1 17.3      6.1  6.3  5.8
    lines, worst of 8 pairs    6.0  6.4  8.5      7.5  7.2  8.3      5.5  5.4  6.8
    power                     60.5 69.3 74.6     71.1 76.5 78.7     30.5 49.9 60.7

Fewer cosines (0.4 D^(2/3), as Lazarus et al. advise) withstand more dependence and find little in a
week; Bartlett weights, the periodogram and batch means, measured there too, lie between. Losses of
real forecasters differ with little dependence (first autocorrelation 0.13 for lines of 7 and of 28
lags, 0.04 for a line and the same line trained 60 days later), so K leans to power. Where it is
AR(0.3) or more, "5 %" means 7 to 11 %: ask for a higher level. The 8.5 % come from the four weeks
around Lunar New Year (63 % there, 4 % in other weeks), when one of two lines that are equal over
the year is in truth better: a judgement holds for days like those it saw.

Shape letter: D days, in order of time.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked
from scipy.special import stdtr, stdtrit

from viewcast.base.errors import DataError
from viewcast.base.numbers import rounded

Vector = NDArray[np.float64]
FEWEST = 3  # days below which nothing is judged
NOTHING = 1e-12  # differences smaller than this share of the losses are rounding
LARGEST = 1e100  # squares of larger losses would leave the floating-point numbers


@checked(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Rule:
    """When a challenger replaces the champion.

    ``level``: of the two-sided interval of the difference; a challenger that is no better is called
    better in about (1 - level)/2 of judgements. ``margin``: share of the champion's mean loss by
    which a challenger may be worse and still count as not worse; 0 asks that it be better.
    ``age``: days after which the champion is old, so that "not worse" is enough to replace it.
    """

    level: Annotated[float, Field(ge=0.5, lt=1)]
    margin: Annotated[float, Field(ge=0, lt=1)]
    age: Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Comparison:
    """What D days say; losses in the unit of the loss, per day.

    ``mean``: of challenger minus champion, below 0 where the challenger is better; ``low``,
    ``high``: its interval at ``level``; ``p``: one-sided p-value of "the challenger is no better".
    ``champion``, ``challenger``: mean losses. ``error``, ``champion_error``: standard errors of
    ``mean`` and of ``champion``; ``covariance``: of these two. Of a challenger whose loss is not
    finite, all that depends on it is infinite (``covariance`` 0) and p is 1.
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

        Below 0: worse by less than ``margin``. The champion's mean loss is as uncertain as theirs
        who are compared with it: counted as known, it lets a challenger worse by a margin of 5 %
        pass in 8 % of judgements instead of 4 (nominal 5; a line and one trained 60 days later).
        """
        variance = self.error**2 + (margin * self.champion_error) ** 2
        variance -= 2 * margin * self.covariance
        half = _quantile(self.days, self.level) * math.sqrt(max(variance, 0.0))
        return self.mean - margin * self.champion + half


@dataclass(frozen=True)
class Decision:
    """Whether to promote the challenger, by which rule, and why: one sentence for people."""

    promote: bool
    why: Literal["first", "better", "refresh", "kept"]
    reason: str


def terms(days: int) -> int:
    """K, cosines that the long-run variance is taken from: D^(2/3) rounded down."""
    count = round(np.cbrt(days**2))
    return int(count - (count**3 > days**2))


def covariances(series: Vector) -> Vector:
    """Long-run covariance matrix (S, S) of the means of S series (..., S, D) of paired days.

    Element i, j: the mean over k = 1 .. K of Λ_ik Λ_jk / D, where
    Λ_ik = √(2/D) Σ_t x_it cos(π k (t - 1/2) / D), t = 1 .. D.
    """
    days = series.shape[-1]
    centred = series - series.mean(axis=-1, keepdims=True)  # or a large mean leaves its rounding
    projected = centred @ _cosines(days)
    return np.asarray(projected @ np.swapaxes(projected, -1, -2) / (terms(days) * days))


def compare(champion: Vector, challenger: Vector, level: float) -> Comparison:
    """Compare losses (D,) of the champion and the challenger on the same days in order of time.

    Differences that are nothing but rounding count as 0. The same difference on every day leaves no
    doubt: an interval of one point, p 0 or 1 (1 where all are 0).

    A challenger with a loss that is not finite (or above 1e100) is infinitely worse: a night goes
    on when its challenger diverged. Raises DataError for such a loss of the champion, which is a
    matter of damaged data or a damaged model; for fewer than 3 days; for series of unequal length.
    """
    return _compare(champion, challenger, level, ("champion", "challenger"))


def interval(losses: Vector, level: float) -> tuple[float, float, float]:
    """Mean of daily losses (D,) in order of time, and its interval at ``level``, not below 0.

    It covers less than promised, because losses are skewed and have seasons that a few days do not
    show: of 90 % intervals for a line's mean loss in a year, 84 % with 7 or 14 days, 81 % with 28.

    All three are infinite where a loss is not finite (or above 1e100): the model has diverged.
    Raises DataError for fewer than 3 days.
    """
    losses = np.asarray(losses, np.float64)
    _check_days(losses, "losses")
    if not _usable(losses).all():
        return math.inf, math.inf, math.inf
    mean, half = float(losses.mean()), _quantile(len(losses), level) * _error(losses)
    return mean, max(0.0, mean - half), mean + half


def decide(found: Comparison, age: int, rule: Rule, unit: str) -> Decision:
    """Promote or keep, by a comparison at ``rule.level`` and the champion's ``age`` in days.

    "better": the whole interval lies below 0. "refresh": the champion is older than ``rule.age``
    and the challenger not worse, which is a test of non-inferiority: the upper end of the interval
    of challenger - (1 + margin) · champion lies below 0. ``unit``: of the loss.
    """
    if not math.isfinite(found.challenger):
        return Decision(False, "kept", "the challenger's loss is not finite: it has diverged")
    shown, half = _difference(found, unit), _digits(found)
    ours, theirs = rounded(found.challenger, half), rounded(found.champion, half)
    losses = f"mean loss {ours} against {theirs} {unit}"
    if found.high < 0:
        return Decision(True, "better", f"better than the champion: {shown}; {losses}")
    old, allowed = age > rule.age, f"{100 * rule.margin:g} % of the champion's loss"
    aged = f"the champion is {_days(age)} old ({'' if old else 'not '}above {rule.age})"
    if old and found.excess(rule.margin) < 0:
        told = f"{aged} and the challenger not worse by {allowed}: {shown}; {losses}"
        return Decision(True, "refresh", told)
    if found.low > 0:
        told = f"worse than the champion: {shown}; {losses}"
    elif found.mean == found.error == 0:
        told = f"the same loss as the champion's on each of {_days(found.days)}; {aged}"
    else:
        told = f"not clearly better than the champion: {shown}; {losses}; {aged}"
        told += f", but the challenger may be worse by more than {allowed}" if old else ""
    return Decision(False, "kept", told)


def first(challenger: Vector, naive: Vector, level: float, unit: str) -> Decision:
    """Promote a challenger where there is no champion, unless it is clearly worse than ``naive``.

    Losses (D,) of the challenger and of the naive forecast (same weekday last week) on the same
    days, in order of time; ``unit`` of the loss. Clearly worse: the whole interval of the
    difference lies above 0. Raises DataError as ``compare`` does, for the naive forecast in place
    of the champion.
    """
    found = _compare(naive, challenger, level, ("naive forecast", "challenger"))
    if not math.isfinite(found.challenger):
        return Decision(False, "kept", "no champion yet, and the challenger's loss is not finite")
    mean, low, high = interval(challenger, level)
    half = (high - low) / 2
    shown, *ends = (rounded(x, half) for x in (mean, low, high))
    loss = f"mean loss {shown} {unit} ({100 * level:g} % interval {' to '.join(ends)})"
    worse, better = found.low > 0, found.high < 0
    beside = "worse than" if worse else "better than" if better else "not clearly apart from"
    told = f"no champion yet; {loss}, {beside} the naive forecast: {_difference(found, unit)}"
    return Decision(not worse, "kept" if worse else "first", told)


def _compare(
    champion: Vector, challenger: Vector, level: float, who: tuple[str, str]
) -> Comparison:
    champion, challenger = (np.asarray(x, np.float64) for x in (champion, challenger))
    if champion.shape != challenger.shape:
        raise DataError(
            f"found losses of shape {champion.shape} of the {who[0]} and {challenger.shape} of the "
            f"{who[1]}; expected one loss of each for the same days"
        )
    _check_days(champion, f"losses of {who[0]} and {who[1]}")
    _check_finite(champion, who[0])
    days, mean = len(champion), float(champion.mean())
    if not _usable(challenger).all():
        own, inf = _error(champion), math.inf
        return Comparison(days, inf, inf, inf, 1.0, mean, inf, level, inf, own, covariance=0.0)
    differences = challenger - champion
    if np.abs(differences).max() <= NOTHING * max(np.abs(champion).max(), np.abs(challenger).max()):
        differences = np.zeros(days)
    matrix = covariances(np.stack([differences, champion]))
    difference, error = float(differences.mean()), math.sqrt(matrix[0, 0])
    half = _quantile(days, level) * error
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


def _error(series: Vector) -> float:
    return math.sqrt(covariances(series[np.newaxis])[0, 0])


def _p(mean: float, error: float, days: int) -> float:
    if error == 0:
        return 0.0 if mean < 0 else 1.0
    return float(stdtr(terms(days), mean / error))


def _quantile(days: int, level: float) -> float:
    return float(stdtrit(terms(days), (1 + level) / 2))


@lru_cache(maxsize=64)
def _cosines(days: int) -> Vector:
    """The first K cosines (D, K), of unit length and orthogonal to each other and to a constant."""
    middle = (np.arange(days) + 0.5) / days
    rounds = np.pi * np.outer(middle, 1 + np.arange(terms(days)))
    return np.asarray(np.sqrt(2 / days) * np.cos(rounds))


def _usable(losses: Vector) -> NDArray[np.bool_]:
    return np.asarray(np.abs(losses) <= LARGEST)  # NaN is not


def _check_days(losses: Vector, what: str) -> None:
    if losses.ndim != 1 or len(losses) < FEWEST:
        found = f"{len(losses)} days" if losses.ndim == 1 else f"shape {losses.shape}"
        raise DataError(
            f"{what}: found {found}, expected one number a day and at least {FEWEST} days; wait "
            "for more fresh days"
        )


def _check_finite(losses: Vector, who: str) -> None:
    wrong = np.flatnonzero(~_usable(losses))
    if len(wrong):
        raise DataError(
            f"loss of the {who}, day {wrong[0] + 1} of {len(losses)}: found {losses[wrong[0]]}, "
            "expected a finite number; check the views of that day, and the model if they are right"
        )


def _digits(found: Comparison) -> float:
    """What decides the decimals: half of the interval, or where that is rounding, of the losses."""
    return max((found.high - found.low) / 2, 1e-3 * found.champion)


def _difference(found: Comparison, unit: str) -> str:
    mean, low, high = (rounded(x, _digits(found)) for x in (found.mean, found.low, found.high))
    interval_ = f"{100 * found.level:g} % interval {low} to {high}"
    return f"difference {mean} {unit} ({interval_}; {_days(found.days)})"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
