"""All figures on the winner of a study, from its row losses.

Shape letters as in ``viewcast.selection.candidates``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from viewcast.selection.best_of import best_of
from viewcast.selection.blocks import Draws, draw
from viewcast.selection.candidates import Candidates, Flags, Vector, averaged, evened
from viewcast.selection.clustered import Grouping, by_time, margins, over, rectangles
from viewcast.selection.clusters import Clusters, cluster_error
from viewcast.selection.confidence_set import confidence_set
from viewcast.selection.dependence import dependence_length, standard_error
from viewcast.selection.overfit_probability import overfit_probability
from viewcast.selection.resampling import Resampled, resample
from viewcast.selection.sample_size import SampleSize, clustered_sample_size, sample_size
from viewcast.selection.search_comparison import SearchComparison, compare_searches
from viewcast.selection.seed_share import SeedShare, seed_share
from viewcast.selection.selection_corrected import SelectionCorrected, selection_corrected
from viewcast.selection.share_of_gain import Gain, share_of_gain
from viewcast.selection.simultaneous import Simultaneous, simultaneous
from viewcast.selection.superior_ability import superior
from viewcast.selection.upper_bound import repeated, upper_bounds

COLUMNS = 8192  # at most: more rows are averaged in cells, from which all figures are computed


@dataclass(frozen=True)
class Settings:
    """Settings of the resampling.

    ``draws``: resamples; at 400 the Monte Carlo error of the expected loss is about a fifth of the
    standard error of the winner's mean, at 1,000 an eighth. ``least``: dependence length in rows
    (in times, of rows in clusters) that is assumed at the least, whatever the losses show (7 for
    days with a weekly rhythm).
    """

    draws: int = 500
    seed: int = 2021
    least: float = 1.0


@dataclass(frozen=True)
class Inference:
    """The figures of a study.

    ``length``: dependence length in rows; ``independent``: rows divided by it; ``sample_size``:
    whether these are enough. Of rows in clusters, ``length`` is in times, 1 where only entities are
    new, and ``independent`` is the number of entities, or of times by their length, or the fewer.

    The figures, None below the least number of rows for an estimate: ``error``: standard error of
    the winner's mean loss, the choice of it not considered; ``effective``: how many independent
    rows would give the mean that error, at most M; ``selection_corrected``; ``best_of``: see there;
    ``gain`` over the reference, None without one; ``overfit_probability``.

    The bounds, None where there are too few independent rows or the rows themselves were given as
    ``blocked``: ``simultaneous``; ``confidence_set`` (R,): runs that cannot be told apart from the
    best; ``superior``: p-value of "no run is better than the reference", None without one. Without
    bounds, ``selection_corrected.upper95`` and the band of ``best_of`` are NaN, ``gain.lower95``
    and ``gain.upper95`` are None. ``bound_refusal``: why the winner has no ``upper95`` although
    there are rows enough, None where it has. ``seed_share``: over the reference, without one or if
    it won itself over the average setting; None where the winner's settings were trained once.
    ``searches``: the search that was named, beside the other runs.
    """

    length: float
    independent: float
    sample_size: SampleSize
    error: float | None = None
    effective: float | None = None
    selection_corrected: SelectionCorrected | None = None
    best_of: pd.DataFrame | None = None
    gain: Gain | None = None
    overfit_probability: float | None = None
    simultaneous: Simultaneous | None = None
    confidence_set: Flags | None = None
    superior: float | None = None
    bound_refusal: str | None = None
    seed_share: SeedShare | None = None
    searches: SearchComparison | None = None


class _Study(NamedTuple):
    """``length``: dependence length in columns; ``reference`` (M,); ``draws``, ``resampled``: the
    choice repeated.
    """

    candidates: Candidates
    reference: Vector | None
    length: float
    settings: Settings
    draws: Draws
    resampled: Resampled


def measure_dependence(
    candidates: Candidates, least: float, clusters: Clusters | None = None
) -> Inference:
    """How far the rows depend on each other and whether there are enough of them: no figure yet."""
    if clusters is not None:
        return _measure_clusters(candidates, least, clusters)
    cell = float(candidates.sizes.max())
    length = dependence_length(candidates.losses, max(1.0, least / cell)) * cell
    return Inference(length, candidates.rows / length, sample_size(candidates.rows, length))


def infer(
    candidates: Candidates,
    reference: ArrayLike | None = None,
    settings: Settings | None = None,
    blocked: str | None = None,
    measured: Inference | None = None,
    trained: Sequence[str | None] = (),
    search: Flags | None = None,
    clusters: Clusters | None = None,
) -> Inference:
    """Infer what the best of ``candidates`` is worth.

    ``reference`` (M,): losses of what the winner is compared with, such as a naive forecast; it may
    be one of the runs. There is no figure below ``ESTIMATE_ROWS`` rows, and no bound where
    ``viewcast.selection.sample_size`` refuses one or a reason is given as ``blocked``.
    ``measured``: what ``measure_dependence`` has found, if it was asked before. ``trained`` (R,):
    identity of each run's settings but the seed, None where not known; empty: of none. ``search``
    (R,): the runs of one search that is to be compared with the others. ``clusters``: which columns
    are alike, and what new rows will have new; the dependence is then that of their times.

    Raises DataError where the reference has other columns or is not finite, and for fewer than 8
    cells of rows.
    """
    drawn = settings or Settings()
    known = None if reference is None else candidates.reference(reference)
    inference = measured or measure_dependence(candidates, drawn.least, clusters)
    enough = inference.sample_size
    if not enough.estimate:
        return inference
    study = _study(candidates, known, inference.length, drawn, clusters)
    inference = _with_figures(inference, study)
    if clusters is not None:
        inference = _of_rows(inference, candidates, clusters)
    if enough.refusal is None and blocked is None:
        inference = replace(inference, seed_share=_seeds(inference, study, trained))
        if search is not None:
            compared = compare_searches(candidates.shown, study.resampled, search)
            inference = replace(inference, searches=compared)
        return _with_bounds(inference, study)
    return _without_bounds(inference)


def _measure_clusters(candidates: Candidates, least: float, clusters: Clusters) -> Inference:
    length, independent = 1.0, float(clusters.entities)
    if clusters.cluster != "entity":
        length = dependence_length(by_time(candidates, clusters).losses, max(1.0, least))
        stretches = clusters.times / length
        independent = min(independent, stretches) if clusters.cluster == "both" else stretches
    return Inference(length, independent, clustered_sample_size(clusters, length))


def _study(
    candidates: Candidates,
    reference: Vector | None,
    length: float,
    settings: Settings,
    clusters: Clusters | None,
) -> _Study:
    """The study in columns that fit; ``length``: dependence length in rows."""
    if clusters is not None:
        return _study_of_clusters(candidates, reference, length, settings, clusters)
    size = math.ceil(len(candidates.sizes) / COLUMNS)
    coarse = candidates if size == 1 else candidates.coarser(size)
    if reference is not None and size > 1:
        reference = averaged(reference, candidates.sizes, size)
    columns = max(1.0, length / float(coarse.sizes.max()))
    draws = draw(len(coarse.sizes), columns, settings.draws, settings.seed)
    return _Study(coarse, reference, columns, settings, draws, resample(coarse, draws))


def _study_of_clusters(
    rows: Candidates,
    reference: Vector | None,
    length: float,
    settings: Settings,
    clusters: Clusters,
) -> _Study:
    """The study with whole clusters, or cells of entities and times, as columns."""
    grouping = Grouping.of(clusters, rows.sizes)
    candidates = grouping.candidates(rows)
    if reference is not None:
        reference = candidates.reference(grouping.averaged(reference))
    if candidates.cells is None:
        draws = draw(len(candidates.sizes), length, settings.draws, settings.seed)
    else:
        length = max(1.0, length * candidates.cells.times / clusters.times)
        draws = rectangles(candidates.cells, length, settings.draws, settings.seed)
    return _Study(candidates, reference, length, settings, draws, resample(candidates, draws))


def _of_rows(inference: Inference, candidates: Candidates, clusters: Clusters) -> Inference:
    """With the winner's error from its rows themselves, as its score has it."""
    winner = candidates.losses_of(candidates.best).astype(np.float64)
    error = cluster_error(winner, clusters).error or 0.0
    return replace(inference, error=error, effective=_effective(winner, error, candidates.rows))


def _with_figures(inference: Inference, study: _Study) -> Inference:
    candidates, known, length, _, draws, resampled = study
    picked = evened(candidates.losses[candidates.picks], candidates.sizes)
    winner = picked[candidates.best].astype(np.float64)
    error = standard_error(winner, length)
    gain = None if known is None else share_of_gain(candidates, known, draws, resampled, length)
    corrected = selection_corrected(candidates, resampled)
    repetition = next(repeated(candidates, draws, resampled))
    curve_error = repetition.mean_error(float(corrected.expected[0]), length)
    return replace(
        inference,
        error=error,
        effective=_effective(winner, error, candidates.rows),
        selection_corrected=corrected,
        best_of=best_of(candidates.shown, resampled, error=curve_error),
        gain=gain,
        overfit_probability=_overfit(picked, candidates.cells),
    )


def _overfit(picked: NDArray[np.floating], cells: Clusters | None) -> float:
    """Of rows in cells, the larger of that by entities and that by times."""
    if cells is None:
        return overfit_probability(picked)
    return max(map(overfit_probability, cells.sums(picked.astype(np.float64))))


def _effective(losses: Vector, error: float, rows: int) -> float:
    """n · (variance of the mean of independent columns) / (variance of the mean by blocks)."""
    if error == 0:
        return float(rows)
    return rows * min(1.0, float(losses.var(ddof=1)) / len(losses) / error**2)


def _with_bounds(inference: Inference, study: _Study) -> Inference:
    candidates, known, length, settings, draws, resampled = study
    corrected = inference.selection_corrected
    assert corrected is not None
    bounds = upper_bounds(candidates, draws, resampled, corrected.expected, length)
    losses: NDArray[np.floating] = evened(candidates.losses, candidates.sizes)
    picked: NDArray[np.floating] = losses[candidates.picks]
    cells = candidates.cells
    if cells is not None:
        losses, length = margins(losses, cells), 1.0
    shared = length, settings.draws, settings.seed
    compared = picked if cells is None else over(picked[candidates.best], picked, cells)
    inference = replace(
        inference,
        selection_corrected=replace(corrected, upper95=bounds.values),
        bound_refusal=bounds.refusal,
        simultaneous=simultaneous(losses, *shared),
        confidence_set=confidence_set(compared, *shared),
    )
    if known is None:
        return inference
    reference: NDArray[np.floating] = evened(known, candidates.sizes).astype(np.float32)
    if cells is not None:
        picked = over(reference, picked, cells)
        reference = np.full(picked.shape[1], reference.mean(dtype=np.float64))
    return replace(inference, superior=superior(reference, picked, *shared))


def _seeds(inference: Inference, study: _Study, trained: Sequence[str | None]) -> SeedShare | None:
    candidates, known, length, _, draws, resampled = study
    corrected = inference.selection_corrected
    if not trained or corrected is None:
        return None
    winner = candidates.losses_of(candidates.best)
    base = None if known is None or np.array_equal(winner, known) else known
    expected = float(corrected.expected[0])
    return seed_share(candidates, trained, draws, resampled, expected, length, base)


def _without_bounds(inference: Inference) -> Inference:
    """Without the bounds that come with the figures, where nothing supports them."""
    curve, gain = inference.best_of, inference.gain
    return replace(
        inference,
        best_of=None if curve is None else curve.assign(honest_low=np.nan, honest_high=np.nan),
        gain=gain and replace(gain, lower95=None, upper95=None),
    )
