"""Evidence that one forecast is better than another, which may be looked at after every week.

A loss a week is known of each recipe, one column after another. A gambler starts with 1 and bets
each week that the challenger's loss will be lower than the champion's. If it is no better, the
capital is a supermartingale: that it ever reaches 1/α has a chance of at most α, however long one
looks and whenever one stops (Ville 1939; Waudby-Smith & Ramdas 2024, JRSS B 86:1). The capital is
the evidence E.

What "no better" means: the expected gain of a week, given all earlier weeks, is at most 0. So that
no week can ruin the gambler, each stake λ counts a gain above 1 as 1 and a loss of capital above
95 % as 95 %. The latter forgives: a challenger that is mostly better and seldom far worse can be
called better at the high stakes. The low stakes forgive less, since 95 % is far away for them.

Shape letters: R recipes, W weeks in order of time; ``...`` are any axes before them.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewcast.base.errors import DataError

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

STAKES = np.array([0.1, 0.25, 0.5, 0.75, 0.95])  # shares of the capital that are bet each week
MOST_LOST = 0.95  # share of the capital that one week can cost
BURN_IN = 26  # earlier weeks that a scale needs


def scales(losses: ArrayLike) -> Array:
    """The mean of the losses of all earlier weeks (..., W), as it was known before each week.

    ``losses`` (..., W): NaN where a recipe has none. NaN before ``BURN_IN`` earlier losses.
    """
    values = np.asarray(losses, np.float64)
    known = np.isfinite(values)
    count = known.cumsum(axis=-1) - known
    earlier = np.where(known, values, 0.0)
    total = earlier.cumsum(axis=-1) - earlier
    return np.where(count >= BURN_IN, total / np.maximum(count, 1), np.nan)


def gains(champion: ArrayLike, challenger: ArrayLike) -> Array:
    """What the challenger gains on the champion each week (..., W), at most 1.

    (champion − challenger) / s; s is the mean of both ``scales``, so it is known before the week.
    0, which is no bet, in a week without the loss of either or without a scale.
    """
    first, second = np.asarray(champion, np.float64), np.asarray(challenger, np.float64)
    scale = (scales(first) + scales(second)) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.minimum((first - second) / scale, 1.0)
    return np.where(np.isnan(gain), 0.0, gain)


def log_capital(gain: ArrayLike) -> Array:
    """log of the capital at each stake λ (stakes, ..., W) after each week.

    Σ log(1 + max(λ d, −0.95)) of the gains d. Raises DataError for a gain above 1 or NaN.
    """
    values = np.asarray(gain, np.float64)
    if not (values <= 1).all():
        raise DataError("gains of weeks: expected all at most 1, found a larger one or NaN")
    stakes = STAKES.reshape(-1, *(1,) * values.ndim)
    return np.asarray(np.log1p(np.maximum(stakes * values, -MOST_LOST)).cumsum(axis=-1))


def evidence(gain: ArrayLike) -> Array:
    """E (..., W) after each week: the mean of the capital over the stakes; 1 is no evidence.

    ``gain`` (..., W) as ``gains`` returns it. Raises DataError as ``log_capital`` does.
    """
    logs = log_capital(gain)
    return np.asarray(np.exp(np.logaddexp.reduce(logs, axis=0) - np.log(len(STAKES))))


def threshold(alpha: float, reign: int) -> float:
    """The evidence that ends the reign number ``reign`` (0, 1, …): 2^reign / α.

    A champion that is as good as any challenger ever loses its place with at most α / 2^reign. Over
    all reigns these shares add up to less than 2 α.
    """
    return float(2.0**reign / alpha)


def may_be_best(losses: ArrayLike, bets: ArrayLike, alpha: float) -> Flags:
    """The recipes (R,) that may still be the best, by all weeks so far.

    ``losses`` (R, W), NaN where a recipe has none. ``bets`` (W,): weeks that count; the others only
    give a scale. A recipe is dropped once and for all when the mean, over all others, of the
    evidence against it reaches 1/α. The best one is ever dropped with at most α.

    The sequential form of the model confidence set: Arnold et al. (2024), Sequential model
    confidence sets, arXiv:2404.18678.
    """
    values, counted = np.asarray(losses, np.float64), np.asarray(bets, bool)
    recipes = len(values)
    if recipes < 2:
        return np.ones(recipes, bool)
    gain = gains(values[:, np.newaxis], values[np.newaxis])[..., counted]
    against = evidence(gain)  # (R, R, W): that the second is better than the first
    mean = (against.sum(axis=1) - 1.0) / (recipes - 1)  # its evidence against itself is 1
    return np.asarray(~(mean >= 1 / alpha).any(axis=-1))
