"""The 95 % bound of the winner's loss on new rows, from the row losses of the choice repeated.

Shape letters as in ``viewcast.selection.candidates``, H (draw, row) pairs in which the row is held
out, n = M columns, ℓ the dependence length in columns.

A quantile of the held-out means would be √3 too wide: a quarter of the rows varies by 3 σ²/n about
the mean of all, whose own variance is σ²/n. So the bound is built on the error of a mean over all
rows. Johnson (1978), Journal of the American Statistical Association 73:536, for the skewness.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv, stdtrit

from viewcast.selection.blocks import Draws
from viewcast.selection.candidates import Candidates, Indices, Vector, evened
from viewcast.selection.clustered import margins
from viewcast.selection.clusters import Clusters, cluster_error
from viewcast.selection.dependence import standard_error
from viewcast.selection.resampling import Resampled

CONFIDENCE = 0.95
RANKS = 20  # at least that are given a bound
HELD = 2**24  # held-out losses in all to look at: as many ranks as these allow have a bound
FEWEST = 5  # rows that differ from the usual loss, below which no error of a mean can be told
LEAST_FREEDOM = 4.0  # degrees of freedom, however long the dependence
MOST_SKEWNESS = 0.5  # of a mean, beyond which the correction is no longer one
CONSTANT = 1e-6  # losses that vary by less than this share of their mean do not vary in float32


@dataclass(frozen=True)
class UpperBounds:
    """By rank: ``values`` (R,), NaN behind the first ranks and where there is none.

    ``refusal``: why the winner has none, None where it has.
    """

    values: Vector
    refusal: str | None


@dataclass(frozen=True)
class MeanError:
    """How far a mean of losses on new rows may be from the estimate.

    ``error``: standard error; ``skewness``: of the mean, to the side of larger losses, 0 to 0.5;
    ``opposite``: the same to the side of smaller ones; ``freedom``: degrees of Student's t.
    """

    error: float
    skewness: float
    opposite: float
    freedom: float

    @property
    def above(self) -> float:
        """With 95 % the loss on new rows is above the estimate by less than this."""
        return self._reach(self.skewness)

    @property
    def below(self) -> float:
        """With 95 % the loss on new rows is below the estimate by less than this."""
        return self._reach(self.opposite)

    def _reach(self, skewness: float) -> float:
        t = float(stdtrit(self.freedom, CONFIDENCE))
        return self.error * (t + skewness * (2 * t**2 + 1) / 6)


@dataclass(frozen=True)
class Repeated:
    """The rows that were held out, and what the run of one rank lost there.

    ``own`` (M,): losses of the run that has this rank on all rows; ``row`` (H,): a held-out row;
    ``losses`` (H,): on it, those of the run that had the rank on the choosing rows of that draw.
    All are evened (``viewcast.selection.candidates.evened``). ``cells``: as in ``Candidates``.
    """

    own: Vector
    row: Indices
    losses: Vector
    cells: Clusters | None = None

    @property
    def out_of_fold(self) -> Vector:
        """Mean held-out loss of each row (M,); the run's own where a row was never held out."""
        count = np.bincount(self.row, minlength=len(self.own))
        total = np.bincount(self.row, self.losses, minlength=len(self.own))
        return np.where(count > 0, total / np.maximum(count, 1), self.own)

    def over(self, reference: Vector) -> "Repeated":
        """The same of the differences to the evened losses of a ``reference`` (M,)."""
        losses = self.losses - reference[self.row]
        return Repeated(self.own - reference, self.row, losses, self.cells)

    def mean_error(self, centre: float, length: float) -> MeanError:
        """The error of ``centre``, an estimate of the loss on new rows.

        The largest of three standard errors: that of the run's own mean, that of the mean of
        ``out_of_fold``, both by blocks of 2⌈ℓ⌉ columns, and that of n independent rows which vary
        as the held-out losses do, times what dependence adds to the first. The skewness likewise.
        Of cells of entities and times, the two-way error stands for that by blocks.
        """
        columns = len(self.own)
        block = 2 * math.ceil(length) if length > 1 else 1
        by_block = _error(self.own, block, self.cells)
        independent = float(self.own.std(ddof=1)) / math.sqrt(columns)
        inflation = max(1.0, by_block / independent) if independent > 0 else 1.0
        apart = self.losses - centre
        variance = float(np.mean(apart**2))
        scattered = math.sqrt(variance / columns) * inflation
        error = max(by_block, _error(self.out_of_fold, block, self.cells), scattered)
        skewnesses = [
            inflation * _skewness(apart) / math.sqrt(columns),
            _skewness_of_mean(self.own, math.ceil(length), self.cells),
            _skewness_of_mean(self.out_of_fold, math.ceil(length), self.cells),
        ]
        freedom = columns - 1.0 if length <= 1 else max(columns / block - 1, LEAST_FREEDOM)
        if self.cells is not None:
            freedom = self.cells.freedom
        upper, lower = max(skewnesses), -min(skewnesses)
        return MeanError(error, _clipped(upper), _clipped(lower), freedom)


def repeated(
    candidates: Candidates, draws: Draws, resampled: Resampled, ranks: int = 1
) -> Iterator[Repeated]:
    """The choice of the first, second, ... run, repeated in every draw."""
    shares = candidates.sizes / candidates.sizes.mean()
    draw, row = np.nonzero(draws.held)
    for rank, run in enumerate(np.argsort(candidates.shown, kind="stable")[:ranks]):
        own = evened(candidates.losses_of(int(run)).astype(np.float64), candidates.sizes)
        state = resampled.picked[np.arange(len(draws.held)), resampled.order[:, rank]]
        losses = candidates.losses[state[draw], row].astype(np.float64) * shares[row]
        yield Repeated(own, row, losses, candidates.cells)


def upper_bounds(
    candidates: Candidates,
    draws: Draws,
    resampled: Resampled,
    expected: Vector,
    length: float,
    ranks: int | None = None,
) -> UpperBounds:
    """Upper 95 % bounds of the losses of the first ranks on new rows: 20 at the least, some 350
    where 500 draws hold out a quarter of 366 rows.

    ``expected`` (R,): corrected losses by rank; ``length``: dependence length in columns;
    ``ranks``: how many at most.

    U = e + s (t + G (2t² + 1) / 6): e is the larger one of ``expected`` and the mean of
    ``Repeated.out_of_fold``, s and G are error and skewness of ``Repeated.mean_error``, t is the
    95 % quantile of Student's t. In the 67 kinds of simulated studies of which half get a bound
    (``benchmarks/calibration``), it covers the truth in 95.5 % on average and exceeds it by 0.65 of
    what a quantile of held-out means does. They lie between 91 and 100 %, but for 100 rows that
    depend as AR(0.6): squared losses are covered in 86 ± 3 %, and 0-1 losses, of which 18 % of the
    studies get a bound, in 72 ± 11 %.

    Where fewer than ``FEWEST`` rows differ from a run's usual loss, no error can be told. For
    losses of two values (0 and 1) the bound is then that of Clopper & Pearson (1934), Biometrika
    26:404, for all R runs at once; else there is none, as for a run whose losses do not vary.
    """
    bounds = np.full(candidates.runs, np.nan)
    refusal = None
    cheap = max(RANKS, HELD // int(draws.held.sum()))
    ranks = min(cheap if ranks is None else ranks, candidates.runs)
    two = _two_values(candidates)
    for rank, own in enumerate(repeated(candidates, draws, resampled, ranks)):
        why = _refusal(own.own)
        if why is None:
            centre = max(float(own.out_of_fold.mean()), float(expected[rank]))
            bounds[rank] = centre + own.mean_error(centre, length).above
        elif two is not None:
            exact = _clopper_pearson(own.own, two, length, candidates.runs)
            bounds[rank] = max(exact, float(expected[rank]))
            why = None
        if rank == 0:
            refusal = why
    return UpperBounds(bounds, refusal)


def unusual(losses: Vector) -> int:
    """How many of the losses (M,) differ from the most frequent one."""
    _, counts = np.unique(losses, return_counts=True)
    return len(losses) - int(counts.max())


def _refusal(own: Vector) -> str | None:
    if np.ptp(own) <= CONSTANT * abs(float(own.mean())):
        return "no bound: the winner's row losses do not vary, so their error cannot be told"
    if unusual(own) < FEWEST:
        return f"no bound: it would rest on {unusual(own)} rows, all others have the same loss"
    return None


def _two_values(candidates: Candidates) -> tuple[float, float] | None:
    """The lower and the higher loss, where all losses of single rows have one of two values."""
    losses = candidates.losses
    low, high = float(losses.min()), float(losses.max())
    if low == high or (candidates.sizes != 1).any():
        return None
    first = candidates.losses_of(candidates.best)
    if not ((first == low) | (first == high)).all():
        return None
    return (low, high) if bool(((losses == low) | (losses == high)).all()) else None


def _clopper_pearson(own: Vector, two: tuple[float, float], length: float, runs: int) -> float:
    """Bound of the mean for ``runs`` runs at once; dependent rows count as rows / ``length``."""
    low, high = two
    rows = len(own) / max(1.0, length)
    errors = float((own == high).mean()) * rows
    if errors >= rows:
        return high
    share = betaincinv(errors + 1, rows - errors, 1 - (1 - CONFIDENCE) / runs)
    return low + (high - low) * float(share)


def _error(losses: Vector, block: int, cells: Clusters | None) -> float:
    """Standard error of the mean of losses (M,), by blocks of columns or by entities and times."""
    if cells is None:
        return standard_error(losses, block)
    return cluster_error(losses, cells).error or 0.0


def _skewness_of_mean(losses: Vector, size: int, cells: Clusters | None) -> float:
    """Skewness of the mean of blocks of ``size`` columns: that of a block, by √(blocks)."""
    if cells is not None:
        losses, size = margins(losses[np.newaxis], cells)[0], 1
    blocks = losses[: len(losses) // size * size].reshape(-1, size).mean(axis=1)
    return _skewness(blocks - blocks.mean()) / math.sqrt(len(blocks))


def _skewness(deviations: Vector) -> float:
    squares = deviations * deviations  # powers of 3 take ten times as long
    variance = float(squares.mean())
    return float((squares * deviations).mean()) / math.pow(variance, 1.5) if variance > 0 else 0.0


def _clipped(skewness: float) -> float:
    return min(max(skewness, 0.0), MOST_SKEWNESS)
