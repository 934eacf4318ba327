"""What others forecast: published figures, and two methods of Pinto et al. (2013).

Shape letters: N videos, L days, C centres.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.scoring.measures.rank_percentile import RankPercentile

Vector = NDArray[np.float64]
CENTRES, WIDTH, PRICE = 100, 1.0, 1.0


def ml(given: Vector, total: Vector, asked: Vector) -> Vector:
    """The multivariate linear model: one weight for each day, least squares of relative errors.

    Equation 6 of Pinto et al.: min Σ (1 − w·x/y)². ``given`` (N, L), ``total`` (N,), ``asked``.
    """
    design = given / total[:, None]
    weights = np.linalg.lstsq(design, np.ones(len(total)), rcond=None)[0]
    return np.asarray(asked @ weights)


def mrbf(given: Vector, total: Vector, asked: Vector, seed: int = 2021) -> Vector:
    """The same with the likeness to C random videos: Gaussian functions of log views a day.

    The paper picks centres at random, and the width by cross-validation; here it is 1, and a ridge
    stands for its choice of C.
    """
    centres = np.log1p(given[np.random.default_rng(seed).permutation(len(given))[:CENTRES]])

    def features(views: Vector) -> Vector:
        logs = np.log1p(views)
        away = ((logs[:, None] - centres) ** 2).sum(axis=2)
        like = np.exp(-away / (2 * WIDTH**2 * given.shape[1])) * views.sum(axis=1)[:, None]
        return np.hstack([views, like])

    design = features(given) / total[:, None]
    system = design.T @ design + PRICE * np.eye(design.shape[1])
    weights = np.linalg.solve(system, design.T @ np.ones(len(total)))
    return np.asarray(features(asked) @ weights)


def sh(given: Vector, total: Vector, asked: Vector) -> Vector:
    """Szabo & Huberman: a constant times what has come, the best one for relative errors."""
    share = given.sum(axis=1) / total
    return np.asarray(asked.sum(axis=1) * share.sum() / (share**2).sum())


def hip(forecast: Path) -> float:
    """The error of the rank percentile of published forecasts of days 91 to 120."""
    table = pd.read_parquet(forecast)
    columns = ["hip_views_d091_120", "true_views_d091_120"]
    found, came = (table[[c]].to_numpy(np.float64) for c in columns)
    return float(RankPercentile().rows(found, came).mean())
