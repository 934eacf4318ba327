"""Is it just the seed? The winner's shown gain, split into setting, seed and rows.

Runs of one setting differ by the seed alone. What the winner gained is in part its setting (it
stays when the setting is trained again), in part its seed (it stays with this very model) and in
part luck of the validation rows (it does not stay).

Shape letters as in ``viewcast.selection.candidates``, S runs of the winner's setting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewcast.base.errors import DataError
from viewcast.base.products import product
from viewcast.selection.blocks import Draws
from viewcast.selection.candidates import Candidates, Flags, Indices, Vector, evened
from viewcast.selection.clusters import Clusters, cluster_error
from viewcast.selection.dependence import standard_error
from viewcast.selection.resampling import Resampled, means
from viewcast.selection.selection_corrected import average


@dataclass(frozen=True)
class SeedShare:
    """``gain`` over the base = ``setting`` + ``seed`` + ``rows``, each with its standard error.

    ``settings``: how many are compared; ``seeds``: S; ``another_seed``: loss to expect on new rows
    of the chosen setting trained again; ``spread``: standard deviation between seeds of a setting,
    on new rows.
    """

    settings: int
    seeds: int
    gain: float
    setting: float
    setting_error: float
    seed: float
    seed_error: float
    rows: float
    rows_error: float
    another_seed: float
    spread: float


def seed_share(
    candidates: Candidates,
    settings: Sequence[str | None],
    draws: Draws,
    resampled: Resampled,
    expected: float,
    length: float,
    reference: ArrayLike | None = None,
) -> SeedShare | None:
    """The split; None where the winner's setting was trained once.

    ``settings`` (R,): identity of each run's setting, None where it is not known: such a run is a
    setting of its own. ``expected``: the winner's loss on new rows, the choice accounted for;
    ``length``: dependence length in columns. The gain is over the ``reference`` (M,), without one
    over the average setting.

    - rows: ``expected`` less what the winner shows.
    - seed: the loss to expect of another seed, less ``expected``. In every draw one random seed of
      each setting is left out; the run that is best of the others on the choosing rows names the
      setting; the seed that it leaves out is scored on the held-out rows. That seed had no part in
      the choice, so its loss is that of training the chosen setting again.
    - setting: the rest, the base less the loss to expect of another seed; 0 with one setting.

    Errors are those of paired differences on held-out rows, and of the spread between seeds over
    √S. The spread has the noise of rows taken off and is pooled over all settings: that of the
    winner's own is too large, since one of its seeds is the luckiest of all. In simulations the
    parts are unbiased, and 1.96 errors cover them in .91 to 1.00.

    Raises DataError where ``settings`` are not one for each run.
    """
    if len(settings) != candidates.runs:
        raise DataError(f"settings of {len(settings)} runs: expected {candidates.runs}")
    setting = _numbered(settings)
    repeats = np.bincount(setting)
    own = setting == setting[candidates.best]
    if own.sum() < 2:
        return None
    count, seeds = len(repeats), int(own.sum())
    again = _another_seed(resampled, setting, repeats[setting] > 1)
    spread = _spread(candidates, setting, repeats[setting] > 1, length)
    base_shown, base = _base(candidates, setting, draws, resampled, reference)
    lost = average(again - resampled.fixed[:, own].mean(axis=1), resampled.held)
    another = float(candidates.shown[own].mean() + lost)
    winner = resampled.outside[np.arange(len(again)), resampled.order[:, 0]]
    shown = float(candidates.shown.min())
    gain, rows = base_shown - shown, expected - shown
    alone = count == 1 and reference is None
    if alone:
        base_shown, base = another, again
        gain = another - shown
    of_seeds = spread / np.sqrt(seeds)
    return SeedShare(
        settings=count,
        seeds=seeds,
        gain=gain,
        setting=base_shown - another,
        setting_error=0.0 if alone else float(np.hypot(_error(base - again, resampled), of_seeds)),
        seed=another - expected,
        seed_error=float(np.hypot(_error(again - winner, resampled), of_seeds)),
        rows=rows,
        rows_error=float(np.hypot(_error(base - winner, resampled), of_seeds)),
        another_seed=another,
        spread=spread,
    )


def _numbered(settings: Sequence[str | None]) -> Indices:
    """The settings as numbers from 0; one that is not known is its own."""
    names: dict[object, int] = {}
    keys = [i if name is None else name for i, name in enumerate(settings)]
    return np.array([names.setdefault(key, len(names)) for key in keys], np.int64)


def _another_seed(resampled: Resampled, setting: Indices, repeated: Flags) -> Vector:
    """Held-out loss (B,) of the seed that the chosen setting had left out; of repeated settings."""
    runs = np.flatnonzero(repeated)
    _, group = np.unique(setting[runs], return_inverse=True)
    inside, outside = resampled.inside[:, runs], resampled.outside[:, runs]
    rng = np.random.default_rng(len(runs))
    places = np.arange(len(runs))
    found = np.empty(len(inside))
    for draw, losses in enumerate(inside):
        shuffled = rng.permutation(places)
        out = np.empty(group.max() + 1, np.int64)
        out[group[shuffled]] = shuffled  # the last of each setting stays
        left = losses.copy()
        left[out] = np.inf
        found[draw] = outside[draw, out[group[left.argmin()]]]
    return found


def _base(
    candidates: Candidates,
    setting: Indices,
    draws: Draws,
    resampled: Resampled,
    reference: ArrayLike | None,
) -> tuple[float, Vector]:
    """What the gain is over: its loss on all rows, and on the held-out rows of each draw (B,)."""
    if reference is not None:
        losses = candidates.reference(reference)
        shown = float((losses * candidates.sizes).sum() / candidates.sizes.sum())
        return shown, means(losses, draws.held, candidates.sizes)
    weight = 1 / np.bincount(setting)[setting] / (setting.max() + 1)
    return float((weight * candidates.shown).sum()), product(resampled.fixed, weight)


def _error(differences: Vector, resampled: Resampled) -> float:
    """Standard error of a mean over all rows, from those over the held-out rows of draws (B,)."""
    return float(np.sqrt((resampled.apart(differences) ** 2).mean()))


def _spread(candidates: Candidates, setting: Indices, runs: Flags, length: float) -> float:
    """Standard deviation between seeds on new rows, pooled over the settings of ``runs`` (R,).

    The variance of their means, less the part that is noise of rows: the squared error of the
    deviations from the mean of the setting.
    """
    total, freedom = 0.0, 0
    for number in np.unique(setting[runs]):
        losses = _losses(candidates, np.flatnonzero(setting == number))
        apart = losses - losses.mean(axis=0)
        noise = sum(_noise(own, length, candidates.cells) for own in apart)
        total += float((apart.mean(axis=1) ** 2).sum()) - noise
        freedom += len(losses) - 1
    return float(np.sqrt(max(total / freedom, 0.0)))


def _noise(apart: Vector, length: float, cells: Clusters | None) -> float:
    """Squared error of the mean of deviations (M,)."""
    if cells is None:
        return standard_error(apart, length) ** 2
    return (cluster_error(apart, cells).error or 0.0) ** 2


def _losses(candidates: Candidates, runs: Indices) -> NDArray[np.float64]:
    picked = candidates.losses[candidates.picks[runs]].astype(np.float64)
    return evened(picked, candidates.sizes)
