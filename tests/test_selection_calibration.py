"""Are the figures right? Many small studies whose truth is known, from a fixed seed.

Bias is given in parts of the naive optimism: how far the winner's shown loss lies below its true
one. -1 is what reading the lowest number off a list gets.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from support.simulated_losses import LOSS_VARIANCE, simulated
from viewcast.selection.best_of import best_of, weights
from viewcast.selection.blocks import draw
from viewcast.selection.candidates import Candidates, cells
from viewcast.selection.dependence import dependence_length
from viewcast.selection.resampling import resample
from viewcast.selection.selection_corrected import selection_corrected
from viewcast.selection.share_of_gain import share_of_gain
from viewcast.selection.upper_bound import upper_bounds

pytestmark = pytest.mark.xdist_group("selection calibration")  # what is costly is made once for all

STUDIES = 300
AT_ONCE = 50
DRAWS = 300

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Priced:
    """Of each study (T,): the winner's figures and its true loss, and gains over the first run."""

    shown: Values
    expected: Values
    upper95: Values
    true: Values
    lower95: Values
    true_gain: Values

    @property
    def optimism(self) -> float:
        return float((self.true - self.shown).mean())

    @property
    def bias(self) -> float:
        return float((self.expected - self.true).mean()) / self.optimism

    @property
    def coverage(self) -> float:
        return float((self.upper95 >= self.true).mean())


@cache
def studied(
    candidates: int,
    rows: int,
    phi: float,
    spread: float,
    length: float | None = None,
    count: int = STUDIES,
) -> Priced:
    """``length``: of dependence, instead of that found in the losses."""
    lines = []
    for seed in range(0, count, AT_ONCE):
        studies = simulated(seed, AT_ONCE, candidates, rows, phi, spread=spread)
        for i, (losses, truth) in enumerate(zip(studies.losses, studies.truth, strict=True)):
            study = Candidates.of(list(losses[:, np.newaxis]))
            found = dependence_length(study.losses) if length is None else length
            draws = draw(rows, found, DRAWS, seed + i)
            resampled = resample(study, draws)
            winner, gain = (
                selection_corrected(study, resampled),
                share_of_gain(study, losses[0], draws, resampled, found),
            )
            run = winner.order[0]
            bound = upper_bounds(study, draws, resampled, winner.expected, found, ranks=1).values[0]
            figures = winner.shown[0], winner.expected[0], bound, truth[run]
            lines.append((*figures, gain.lower95, truth[0] - truth[run]))
    return Priced(*np.array(lines).T)


EQUAL = [(200, 100, 0.0), (100, 400, 0.8)]
DIFFERENT = [(100, 100, 0.0, 0.2), (50, 200, 0.8, 0.1)]


@pytest.mark.parametrize(("candidates", "rows", "phi"), EQUAL)
def test_the_luck_of_the_best_of_equal_runs_is_corrected_in_full(
    candidates: int, rows: int, phi: float
) -> None:
    assert abs(studied(candidates, rows, phi, 0.0).bias) <= 0.12


@pytest.mark.parametrize(("candidates", "rows", "phi", "spread"), DIFFERENT)
def test_where_runs_differ_the_correction_errs_on_the_safe_side_and_not_by_much(
    candidates: int, rows: int, phi: float, spread: float
) -> None:
    found = studied(candidates, rows, phi, spread)
    assert found.bias >= -0.12
    independent_error = np.sqrt(LOSS_VARIANCE / rows)  # that of dependent rows is larger still
    assert (found.expected - found.true).mean() <= 0.45 * independent_error


@pytest.mark.parametrize(
    ("candidates", "rows", "phi", "spread"), [(*cell, 0.0) for cell in EQUAL] + DIFFERENT
)
def test_the_bound_covers_the_truth(candidates: int, rows: int, phi: float, spread: float) -> None:
    assert studied(candidates, rows, phi, spread).coverage >= 0.92


@pytest.mark.parametrize(("candidates", "rows", "phi"), EQUAL)
def test_the_shown_loss_of_the_luckiest_is_too_low_nearly_always(
    candidates: int, rows: int, phi: float
) -> None:
    found = studied(candidates, rows, phi, 0.0)
    assert (found.shown < found.true).mean() > 0.99


@pytest.mark.parametrize(
    ("candidates", "rows", "phi", "spread"), [(50, 50, 0.0, 0.0), (50, 200, 0.8, 0.1)]
)
def test_a_gain_is_seldom_promised_that_does_not_come(
    candidates: int, rows: int, phi: float, spread: float
) -> None:
    found = studied(candidates, rows, phi, spread)
    assert (found.lower95 <= found.true_gain + 1e-6).mean() >= 0.93
    assert ((found.lower95 > 0) & (found.true_gain <= 0)).mean() <= 0.07


def test_single_rows_instead_of_blocks_do_not_see_the_luck_in_dependent_losses() -> None:
    assert studied(100, 400, 0.8, 0.0, length=1.0, count=AT_ONCE).bias < -0.50  # it is -0.8


def test_the_honest_curve_is_near_the_truth_for_every_number_of_runs() -> None:
    ks = [1, 2, 5, 20, 100, 500]
    errors = []
    for seed in range(60):
        study = simulated(seed, 1, 500, 50, spread=0.1)
        candidates = Candidates.of(list(study.losses[0][:, np.newaxis]))
        resampled = resample(candidates, draw(50, 1.0, DRAWS, seed))
        curve = best_of(candidates.shown, resampled, ks)
        true = study.truth[0][np.argsort(candidates.shown)]
        chances = np.stack([weights(500, k) for k in ks])
        errors.append(curve["honest"].to_numpy() - chances @ true)
    assert np.abs(np.mean(errors, axis=0)).max() <= 0.04


def test_cells_tell_what_rows_tell() -> None:
    studies = simulated(0, 20, 100, 2000, 0.5, spread=0.1)
    rows, cell = [], []
    for seed, losses in enumerate(studies.losses):
        coarse, sizes = cells(losses, 7)
        for kept, given in ((rows, (losses, None)), (cell, (coarse, sizes))):
            found = Candidates.of(list(given[0][:, np.newaxis]), given[1])
            length = dependence_length(found.losses)
            draws = draw(len(found.sizes), length, 400, seed)
            kept.append(selection_corrected(found, resample(found, draws)).expected[0])
    assert np.mean(cell) == pytest.approx(np.mean(rows), rel=0.005)


def test_keeping_only_the_best_epoch_hides_the_choice_of_the_epoch() -> None:
    all_epochs, best_only, optimism = [], [], []
    for seed in range(150):
        losses, truth = trained(seed, runs=20, epochs=40, rows=100)
        whole = Candidates.of(list(losses))
        only = Candidates.of(list(whole.losses[whole.picks][:, np.newaxis]))
        draws = draw(100, 1.0, DRAWS, seed)
        true = truth.ravel()[whole.picks[whole.best]]
        optimism.append(true - whole.shown.min())
        for kept, given in ((all_epochs, whole), (best_only, only)):
            kept.append(selection_corrected(given, resample(given, draws)).expected[0] - true)
    with_all, with_best = np.mean([all_epochs, best_only], axis=1) / np.mean(optimism)
    assert with_best < -0.15
    assert abs(with_all) < 0.12


def trained(seed: int, runs: int, epochs: int, rows: int) -> tuple[Values, Values]:
    """Losses (runs, epochs, rows) of equally good epochs of equally good runs, and true means.

    A part of the losses is common to all, and half of the residuals to all epochs of a run.
    """
    own = simulated(seed, runs, epochs, rows)
    common = simulated(seed + 10_000, 1, 1, rows)
    return own.losses + common.losses, own.truth + 1
