"""What the lowest of several error rates is worth, where the number of rows behind them is known.

One rate of each run and n, and no rows: an error rate tells its own noise. Shape letters: R runs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from scipy.stats import beta

from viewcast.base.errors import DataError
from viewcast.selection.candidates import Flags, Vector

CONFIDENCE = 0.95


@dataclass(frozen=True)
class RateRange:
    """The rate that the winner is to have on new rows lies between ``low`` and ``high``.

    ``low``: the rate that is shown; ``upper95``: bound; ``noise``: how far a run must be above the
    winner to be told apart from it, None of one run; ``tied`` (R,): runs that cannot be.
    """

    low: float
    high: float
    upper95: float
    noise: float | None
    tied: Flags


def error_rates(rates: ArrayLike, rows: int) -> RateRange:
    """Range and bound of the lowest of ``rates`` (R,), each a share of the same ``rows`` rows.

    The bound is that of Clopper & Pearson (1934) at .05/R, so that it holds for whichever run was
    chosen: in simulations it covers .96 to 1.00, where one at .05 covers 0 to .97.

    If the rates had nothing in common, p(1 - p)/n of their variance, p the mean rate, would be
    noise, and the winner would be worth p + h (rate - p) with h = 1 - noise/variance, at least 0.
    Errors on shared rows leave less noise between runs, hence the range from there to what is
    shown.

    ``noise`` is the difference at 95 % of the winner from all others at once (Bonferroni), for
    independent errors: runs that share rows can often be told apart at less, by their row losses.

    Raises DataError for rates outside 0 to 1, and without rows.
    """
    values = np.asarray(rates, np.float64)
    if not len(values) or not ((values >= 0) & (values <= 1)).all() or rows < 1:
        raise DataError(
            f"error rates of {rows} rows: expected at least one rate, all between 0 and 1, found "
            f"{values[:3].tolist()}"
        )
    level, least = float(values.mean()), float(values.min())
    variance = float(values.var(ddof=1)) if len(values) > 1 else 0.0
    noisy = level * (1 - level) / rows
    kept = 1.0 if len(values) == 1 else max(0.0, 1 - noisy / variance) if variance else 0.0
    noise = _noise(values, rows)
    return RateRange(
        low=least,
        high=level + kept * (least - level),
        upper95=rate_bound(least, rows, len(values)),
        noise=noise,
        tied=values <= least + (noise or 0.0),
    )


def rate_bound(rate: float, rows: int, choices: int = 1) -> float:
    """Upper 95 % bound of an error rate that is the lowest of ``choices``: Clopper-Pearson."""
    errors = round(rate * rows)
    if errors >= rows:
        return 1.0
    return float(beta.ppf(1 - (1 - CONFIDENCE) / choices, errors + 1, rows - errors))


def _noise(rates: Vector, rows: int) -> float | None:
    """q √((p(1 - p) + p'(1 - p'))/n), p the best rate and p' the one that is so much above it."""
    if len(rates) < 2:
        return None
    # Half an error more, so that a rate of 0 is not taken for certain.
    best = (round(float(rates.min()) * rows) + 0.5) / (rows + 1)
    quantile = -float(ndtri((1 - CONFIDENCE) / (len(rates) - 1)))
    noise = 0.0
    for _ in range(5):
        other = min(best + noise, 0.5)
        noise = quantile * float(np.sqrt((best * (1 - best) + other * (1 - other)) / rows))
    return noise
