"""Everything that the row losses of a study say about its winner.

Shape letters as in ``viewcast.selection.candidates``.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from viewcast.selection.best_of import best_of
from viewcast.selection.blocks import FEWEST, draw
from viewcast.selection.candidates import Candidates, Flags, Vector, evened
from viewcast.selection.confidence_set import confidence_set, superior
from viewcast.selection.dependence import dependence_length, standard_error
from viewcast.selection.overfit_probability import overfit_probability
from viewcast.selection.resampling import resample
from viewcast.selection.sample_size import SampleSize, judge
from viewcast.selection.selection_corrected import SelectionCorrected, selection_corrected
from viewcast.selection.share_of_gain import Gain, trust
from viewcast.selection.simultaneous import Simultaneous, simultaneous

FIGURES = ("error", "effective", "fair", "best_of", "gain", "overfit_probability")
BOUNDS = ("simultaneous", "paired", "confidence_set", "superior")
COMPARED = ("gain", "paired", "superior")


@dataclass(frozen=True)
class Settings:
    """How to price.

    ``draws``: resamples; at 400 the Monte Carlo error of the expected loss is about a fifth of the
    standard error of the winner's mean, at 1,000 an eighth. ``least``: dependence length in rows
    that is assumed at the least, whatever the losses show (7 for days with a weekly rhythm).
    """

    draws: int = 500
    seed: int = 2021
    least: float = 1.0


@dataclass(frozen=True)
class Inference:
    """What was found; a part that is None was refused, and ``refusals`` says why, by its name.

    ``length``: dependence length in rows; ``independent``: rows divided by it; ``error``: standard
    error of the winner's mean loss, the choice of it excluded; ``effective``: how many independent
    rows would give the mean that error, at most M. ``confidence_set`` (R,): runs that cannot be told
    apart from the best. Against a reference: ``gain``, ``paired`` (the simultaneous half-width of
    differences to it) and ``superior``, the p-value of "no run is better". Where there is no bound
    (``enough.refusal``), ``fair.upper95`` and the band of ``best_of`` are NaN and ``gain.lower95``
    is None.
    """

    length: float
    independent: float
    sample_size: SampleSize
    error: float | None = None
    effective: float | None = None
    selection_corrected: SelectionCorrected | None = None
    best_of: pd.DataFrame | None = None
    gain: Gain | None = None
    simultaneous: Simultaneous | None = None
    paired: Simultaneous | None = None
    confidence_set: Flags | None = None
    superior: float | None = None
    overfit_probability: float | None = None
    refusals: dict[str, str] = field(default_factory=dict)


class _Study(NamedTuple):
    """``length``: dependence length in columns; ``reference`` (M,)."""

    candidates: Candidates
    reference: Vector | None
    length: float
    settings: Settings


def measured(candidates: Candidates, least: float) -> Inference:
    """How far the rows depend on each other and whether there are enough of them: no figure yet."""
    cell = float(candidates.sizes.max())
    length = dependence_length(candidates.losses, max(1.0, least / cell)) * cell
    return Inference(length, candidates.rows / length, judge(candidates.rows, length))


def infer(
    candidates: Candidates,
    reference: ArrayLike | None = None,
    settings: Settings | None = None,
    blocked: str | None = None,
) -> Inference:
    """Infer what the choice of the best of ``candidates``.

    ``reference`` (M,): losses of what the winner is compared with, such as a naive forecast; it may
    be one of the runs. Refuses all figures below 20 rows or 8 columns, and bounds where
    ``viewcast.selection.sample_size`` says so, or because of what is given as ``blocked``.

    Raises DataError where the reference has other columns or is not finite.
    """
    drawn = settings or Settings()
    known = None if reference is None else candidates.reference(reference)
    found = measured(candidates, drawn.least)
    enough, length = found.sample_size, found.length / float(candidates.sizes.max())
    if known is None:
        found = _refused(found, COMPARED, "no reference was given to compare with")
    if not enough.estimate:
        return _refused(found, FIGURES + BOUNDS, str(enough.refusal))
    if len(candidates.sizes) < FEWEST:
        why = f"{len(candidates.sizes)} cells of rows: cut them into at least {FEWEST}"
        return _refused(found, FIGURES + BOUNDS, why)
    study = _Study(candidates, known, length, drawn)
    found = _with_figures(found, study)
    refusal = enough.refusal or blocked
    if refusal is None:
        return _with_bounds(found, study)
    return _refused(_without_bounds(found), BOUNDS, refusal)


def _with_figures(found: Inference, study: _Study) -> Inference:
    candidates, known, length, settings = study
    draws = draw(len(candidates.sizes), length, settings.draws, settings.seed)
    resampled = resample(candidates, draws)
    picked = evened(candidates.losses[candidates.picks], candidates.sizes)
    winner = picked[candidates.best].astype(np.float64)
    error = standard_error(winner, length)
    return replace(
        found,
        error=error,
        effective=_effective(winner, error, candidates.rows),
        selection_corrected=selection_corrected(candidates, resampled),
        best_of=best_of(candidates.shown, resampled),
        gain=None if known is None else trust(candidates, known, draws, resampled),
        overfit_probability=overfit_probability(picked),
    )


def _effective(losses: Vector, error: float, rows: int) -> float:
    """n · (variance of the mean of independent columns) / (variance of the mean by blocks)."""
    if error == 0:
        return float(rows)
    return rows * min(1.0, float(losses.var(ddof=1)) / len(losses) / error**2)


def _with_bounds(found: Inference, study: _Study) -> Inference:
    candidates, known, length, settings = study
    shared = length, settings.draws, settings.seed
    losses = evened(candidates.losses, candidates.sizes)
    picked = losses[candidates.picks]
    found = replace(
        found,
        simultaneous=simultaneous(losses, *shared),
        confidence_set=confidence_set(picked, *shared),
    )
    if known is None:
        return found
    reference = evened(known, candidates.sizes).astype(np.float32)
    return replace(
        found,
        paired=simultaneous(losses - reference, *shared),
        superior=superior(reference, picked, *shared),
    )


def _without_bounds(found: Inference) -> Inference:
    """Bounds that come with the figures, taken away where nothing holds them up."""
    fairly, curve, gain = found.selection_corrected, found.best_of, found.gain
    return replace(
        found,
        selection_corrected=fairly
        and replace(fairly, upper95=np.full_like(fairly.upper95, np.nan)),
        best_of=None if curve is None else curve.assign(honest_low=np.nan, honest_high=np.nan),
        gain=gain and replace(gain, lower95=None),
    )


def _refused(found: Inference, parts: tuple[str, ...], why: str) -> Inference:
    """The reasons that came first stay."""
    return replace(found, refusals=dict.fromkeys(parts, why) | found.refusals)
