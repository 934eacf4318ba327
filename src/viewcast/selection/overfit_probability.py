"""How often the winner on one half of the rows is a poor choice on the other half.

Shape letters: R runs, M rows (or cells) in order of time, S parts, H halves.
"""

import itertools

import numpy as np
from numpy.typing import ArrayLike

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.products import product
from viewcast.selection.candidates import Vector

AT_ONCE = 2**22  # numbers in a block of a matrix: 32 MB in float64
EQUAL = 1e-12  # of the largest loss: what rounding may make of two equal means


def overfit_probability(losses: ArrayLike, parts: int = 16) -> float:
    """Probability of an overfitted choice, by combinatorially symmetric cross-validation.

    The rows of ``losses`` (R, M) are cut into S = ``parts`` stretches as even as they come (fewer
    parts where there are fewer rows). For each of the C(S, S/2) ways to take half of the stretches
    (12,870 for 16) the winner on them is ranked on the other half; the answer is the share of ways
    in which it is worse than the median run there, with a half for each that puts it exactly on the
    median. So noise gives 0.5, a run that wins everywhere 0, and a single run 0: nothing was
    chosen.

    Do not read it alone. It tells whether the ranking is stable, not whether the score is right. It
    is 0.01 to 0.1 for sweeps of trained models whose shown score is far too good, and near 0 where
    a model has been fitted to these very rows, since that model wins on every half of them.

    Bailey, Borwein, López de Prado & Zhu (2017), Journal of Computational Finance 20(4):39. Their
    P(λ ≤ 0) counts the median in full, which makes noise look worse than chance with few runs.

    Raises ConfigError for a number of parts that is odd or below 2, DataError for a loss that is
    not finite or for fewer than two rows.
    """
    values = np.asarray(losses, np.float64)
    runs, rows = values.shape
    if parts < 2 or parts % 2:
        raise ConfigError(f"parts = {parts}: expected an even number of at least 2, such as 16")
    if rows < 2 or not np.isfinite(values).all():
        raise DataError(
            f"losses of {runs} runs on {rows} rows: expected at least two rows and finite losses; "
            "exclude runs with missing losses"
        )
    if runs == 1:
        return 0.0
    parts = min(parts, rows - rows % 2)
    edges = np.arange(parts + 1) * rows // parts
    sums = np.add.reduceat(values, edges[:-1], axis=1).T  # (S, R)
    sizes = np.diff(edges).astype(np.float64)
    inside = _halves(parts)
    size = max(1, AT_ONCE // runs)
    blocks = (inside[i : i + size] for i in range(0, len(inside), size))
    return sum(_poor(block, sums, sizes) for block in blocks) / len(inside)


def _halves(parts: int) -> Vector:
    """1 where a part belongs to the half (H, S), 0 where to the other."""
    members = np.array(list(itertools.combinations(range(parts), parts // 2)))
    inside = np.zeros((len(members), parts))
    np.put_along_axis(inside, members, 1.0, axis=1)
    return inside


def _poor(inside: Vector, sums: Vector, sizes: Vector) -> float:
    """In how many halves (H, S) the winner is below the median of the runs on the other half."""
    best = product(inside, sums).argmin(axis=1)  # of sums: all runs have the same rows in a half
    others = 1 - inside
    means = product(others, sums) / product(others, sizes)[:, np.newaxis]
    apart = means - means[np.arange(len(best)), best][:, np.newaxis]
    equal = EQUAL * np.abs(means).max()
    # On the median there are as many better runs as worse ones.
    worse, better = (apart > equal).sum(axis=1), (apart < -equal).sum(axis=1)
    return float((better > worse).sum() + 0.5 * (better == worse).sum())
