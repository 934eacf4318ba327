"""Errors, bounds and sets of rows that are alike, on effects that are known.

    python benchmarks/calibration/clusters.py --minutes 12

``error / true``: root mean square of the estimated error of a mean, by the standard deviation of
the means about their truth. ``as one series``: the same of the error that takes the rows as one
series of days. ``mean within %``: in what part the truth is within t errors of the mean (95 aimed
at). Of the best of 30 candidates, equally good where both are new: ``optimism`` of its shown loss
in errors,
``left %`` of it after the correction, in what part the 95 % bound ``covers %`` its truth, how far
it is above the truth (``excess``, in errors), in what part the truly best candidate is in the
confidence set (``set holds %``, the first of equals). ``±`` is the Monte Carlo error of the figure
before it.
"""

import argparse
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from viewcast.scoring.scores import score
from viewcast.selection.candidates import Candidates
from viewcast.selection.clusters import cluster_error
from viewcast.selection.inference import Settings, infer

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]
from clustered_studies import Kind, study  # noqa: E402
from side_by_side import keep  # noqa: E402

CANDIDATES, SHARED = 30, 0.5
MEANS, STUDIES = 600, 400  # at most, of a kind
WEEK = 7
KINDS = [
    Kind("entity", 40, 40, 0.7, 0.5),
    Kind("entity", 150, 30, 0.5, 0.5, missing=0.4),
    Kind("entity", 150, 30, 0.5, 0.5, missing=0.4, skewed=True),
    Kind("entity", 500, 1, 0.0, 0.5, skewed=True),
    Kind("entity", 2000, 6, 0.7, 0.5),
    Kind("time", 40, 120, 0.7, 0.5),
    Kind("time", 40, 150, 0.5, 0.5, carry=0.3, missing=0.3),
    Kind("time", 20, 365, 0.5, 0.5, carry=0.6),
    Kind("time", 40, 150, 0.7, 0.0, skewed=True),
    Kind("both", 40, 40, 0.7, 0.0),
    Kind("both", 40, 40, 0.5, 0.5),
    Kind("both", 40, 40, 0.0, 0.0),
    Kind("both", 40, 60, 0.5, 0.5, carry=0.3),
    Kind("both", 60, 60, 0.5, 0.5, missing=0.4, skewed=True),
    Kind("both", 300, 100, 0.5, 0.5, carry=0.3, missing=0.3),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--seed", type=int, default=2021)
    arguments = parser.parse_args()
    seconds = arguments.minutes * 60 / len(KINDS)
    rows = [
        row(kind, seconds, np.random.default_rng([arguments.seed, i]))
        for i, kind in enumerate(KINDS)
    ]
    keep("calibration_clusters", rows, __doc__ or "")


def row(kind: Kind, seconds: float, rng: np.random.Generator) -> dict[str, Any]:
    """The figures of one kind, a quarter of the time for means."""
    return {**kind.facts, **_of_means(kind, seconds / 4, rng), **_of_winners(kind, seconds, rng)}


def _of_means(kind: Kind, seconds: float, rng: np.random.Generator) -> dict[str, Any]:
    found = []
    for _ in _while(seconds, MEANS):
        one = study(kind, 1, 0.0, rng)
        losses, clusters = one.losses[0], one.clusters
        error, freedom = cluster_error(losses, clusters)
        assert error is not None
        in_time = losses[np.lexsort((clusters.entity, clusters.time))]
        known = score(in_time, WEEK)
        series = known.error if known and known.error else math.nan
        apart = losses.mean() - one.truth[0]
        within = abs(apart) <= stdtrit(freedom, 0.975) * error
        found.append((apart, error, series, within))
    apart, error, series, within = np.array(found).T
    true = float(np.sqrt((apart**2).mean()))
    count = len(found)
    return {
        "means": count,
        "error / true": _rms(error) / true,
        "±1": _rms(error) / true / math.sqrt(2 * count),
        "as one series": _rms(series) / true,
        "mean within %": 100 * float(within.mean()),
        "±2": _share_error(within),
    }


def _of_winners(kind: Kind, seconds: float, rng: np.random.Generator) -> dict[str, Any]:
    found = []
    for i in _while(seconds, STUDIES):
        one = study(kind, CANDIDATES, SHARED, rng)
        candidates = Candidates.of([own[np.newaxis] for own in one.losses])
        result = infer(candidates, None, Settings(200, i), clusters=one.clusters)
        corrected = result.selection_corrected
        if corrected is None or result.error is None:
            continue
        truth = one.truth[candidates.best]
        inside = result.confidence_set
        best = int(one.truth.argmin())
        found.append(
            (
                truth - corrected.shown[0],
                truth - corrected.expected[0],
                corrected.upper95[0] - truth,
                result.error,
                math.nan if inside is None else float(inside[best]),
            )
        )
    if not found:
        return {}
    optimism, left, excess, error, inside = np.array(found).T
    given = np.isfinite(excess)
    covers = excess[given] >= 0
    scale = float(error.mean())
    bounded = bool(given.any())
    return {
        "studies": len(found),
        "optimism": float(optimism.mean()) / scale,
        "left %": 100 * float(left.mean() / optimism.mean()),
        "±3": 100 * float(left.std() / math.sqrt(len(left)) / abs(optimism.mean())),
        "covers %": 100 * float(covers.mean()) if bounded else math.nan,
        "±4": _share_error(covers) if bounded else math.nan,
        "excess": float(excess[given].mean()) / scale if bounded else math.nan,
        "set holds %": 100 * float(np.nanmean(inside)) if bounded else math.nan,
        "refused %": 100 * float((~given).mean()),
    }


def _while(seconds: float, most: int) -> Iterator[int]:
    """Numbers from 0 while the time lasts, twenty at the least."""
    start = time.monotonic()
    for i in range(most):
        if i >= 20 and time.monotonic() - start > seconds:
            return
        yield i


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt((values**2).mean()))


def _share_error(flags: NDArray[Any]) -> float:
    """Standard error of a share in percent, that of a share of 95 where none or all are."""
    share = min(max(float(flags.mean()), 0.05), 0.95)
    return 100 * math.sqrt(share * (1 - share) / len(flags))


if __name__ == "__main__":
    main()
