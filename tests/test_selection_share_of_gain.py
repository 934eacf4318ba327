"""How much of a gain over a reference stays."""

import numpy as np
import pytest

from support.simulated_losses import simulated
from viewcast.base.errors import DataError
from viewcast.selection.blocks import draw
from viewcast.selection.candidates import Candidates
from viewcast.selection.resampling import resample
from viewcast.selection.selection_corrected import selection_corrected
from viewcast.selection.share_of_gain import Gain, share_of_gain

DRAWS = draw(100, 1.0, 200, 3)


def gain(losses: np.ndarray, reference: np.ndarray) -> Gain:
    candidates = Candidates.of(list(losses[:, np.newaxis]))
    return share_of_gain(candidates, reference, DRAWS, resample(candidates, DRAWS))


def test_the_expected_gain_is_the_reference_less_the_corrected_loss() -> None:
    losses = simulated(1, 1, 20, 100).losses[0].astype(np.float32)
    candidates = Candidates.of(list(losses[:, np.newaxis]))
    winner = selection_corrected(candidates, resample(candidates, DRAWS))
    found = gain(losses, losses[3])
    assert found.shown == pytest.approx(candidates.shown[3] - candidates.shown.min())
    assert found.expected == pytest.approx(candidates.shown[3] - winner.expected[0])
    assert found.share == pytest.approx(max(0, found.expected / found.shown))


def test_a_gain_that_is_the_same_on_every_row_is_real() -> None:
    losses = simulated(1, 1, 1, 100).losses[0]
    found = gain(losses, losses[0] + 0.25)
    assert found.shown == pytest.approx(0.25)
    assert found.lower95 == pytest.approx(0.25, abs=1e-5)
    assert found.share == pytest.approx(1)
    assert found.colour == "green"


@pytest.mark.parametrize("seed", range(20))
def test_equal_means_of_other_losses_are_no_gain_whatever_float32_makes_of_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.standard_normal((2, 100)) ** 2
    second += first.mean() - second.mean()
    found = gain(np.array([first, second]), first)
    assert found.shown == 0
    assert found.standing == "reference wins"


@pytest.mark.parametrize("seed", range(20))
def test_a_gain_of_a_millionth_is_one(seed: int) -> None:
    losses = np.random.default_rng(seed).standard_normal(100) ** 2
    assert gain(np.array([losses * (1 - 1e-6)]), losses).shown > 0


def test_the_luckiest_of_many_equal_runs_keeps_no_gain() -> None:
    losses = simulated(5, 1, 200, 100).losses[0]
    found = gain(losses, losses[7])
    assert found.shown > 0.2
    assert found.colour == "red"


def test_what_is_hard_for_everybody_drops_out_of_the_bound() -> None:
    losses = simulated(1, 1, 3, 100).losses[0]
    hard = 50 * simulated(2, 1, 1, 100).losses[0]
    one, other = gain(losses, losses[0] + 1), gain(losses + hard, losses[0] + hard[0] + 1)
    assert one.lower95 == pytest.approx(other.lower95, abs=1e-3)
    assert one.expected == pytest.approx(other.expected, abs=1e-3)


@pytest.mark.parametrize("better_by", [0.0, -0.5])
def test_a_reference_that_is_as_good_leaves_no_gain(better_by: float) -> None:
    losses = simulated(1, 1, 1, 100).losses[0].astype(np.float32)
    found = gain(losses, losses[0] + np.float32(better_by))
    assert found.shown == pytest.approx(better_by, abs=1e-6)
    assert (found.share, found.colour) == (0.0, "red")


def test_a_reference_that_is_the_winner_itself_leaves_nothing_whatever_the_rounding() -> None:
    losses = simulated(1, 1, 4, 100).losses[0]
    found = gain(losses, losses[losses.mean(axis=1).argmin()])
    assert found.shown == pytest.approx(0, abs=1e-12)
    assert (found.share, found.colour) == (0.0, "red")


@pytest.mark.parametrize(
    ("share", "lower", "colour"),
    [
        (0.8, 0.01, "green"),
        (0.79, 0.01, "amber"),
        (0.5, 0.01, "amber"),
        (0.49, 0.01, "red"),
        (1.0, 0.0, "red"),
        (1.0, None, "amber"),
        (0.4, None, "red"),
    ],
)
def test_the_gauge_is_green_only_for_a_gain_that_is_sure(
    share: float, lower: float | None, colour: str
) -> None:
    assert Gain(1.0, share, lower, None, share).colour == colour


@pytest.mark.parametrize(
    ("shown", "expected", "lower", "upper", "standing"),
    [
        (-0.1, -0.2, -0.3, -0.1, "reference wins"),
        (0.5, -0.4, -0.6, -0.1, "overtuned"),
        (0.5, 0.1, 0.01, 0.4, "sure"),
        (0.5, 0.1, -0.2, 0.4, "worn out"),
        (0.5, 0.3, -0.2, 0.6, "unsure"),
        (0.5, 0.3, None, None, None),
    ],
)
def test_the_standing_beside_the_reference_is_the_first_that_holds(
    shown: float, expected: float, lower: float | None, upper: float | None, standing: str | None
) -> None:
    assert Gain(shown, expected, lower, upper, 0.5).standing == standing


def test_of_pure_luck_few_gains_are_called_sure_and_of_a_real_gain_nearly_all() -> None:
    rng = np.random.default_rng(4)
    luck, real = [], []
    for _ in range(60):
        losses = rng.normal(size=(30, 100))
        luck.append(gain(losses, losses[0]).standing)
        real.append(gain(losses, losses[0] + 1).standing)
    assert luck.count("sure") <= 6
    assert luck.count("worn out") >= 40
    assert real.count("sure") >= 58


def test_one_failed_run_leaves_the_standing_as_it_was() -> None:
    losses = np.random.default_rng(6).normal(size=(30, 100))
    failed = np.vstack([losses, 1e6 + losses[:1]])
    one, other = gain(losses, losses[0]), gain(failed, losses[0])
    assert one.standing == other.standing == "worn out"
    assert other.lower95 == pytest.approx(one.lower95, rel=0.05)


def test_a_gain_that_rests_on_four_rows_has_no_bounds() -> None:
    reference = np.ones(100)
    better = reference.copy()
    better[:4] = 0
    found = gain(better[np.newaxis], reference)
    assert (found.lower95, found.upper95, found.standing) == (None, None, None)


@pytest.mark.parametrize("reference", [np.ones(99), np.ones((1, 100)), np.full(100, np.nan)])
def test_a_reference_of_other_rows_is_refused(reference: np.ndarray) -> None:
    with pytest.raises(DataError, match="expected a finite one for each of the 100 columns"):
        gain(np.ones((2, 100)), reference)
