"""The hidden holdout: unbiased after an attack; an alarm for attacks and not for honest work."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.scoring.scores import score
from viewcast.selection.hidden_holdout import TESTED, HiddenGain, hidden_gain

Losses = NDArray[np.float64]
STEPS = 200


def attack(rng: np.random.Generator, rows: int, step: float = 1.0) -> tuple[Losses, Losses, float]:
    """A hill climb: a new random direction over all rows at each of 200 steps, kept where the mean
    of the shown losses falls. ``rows`` shown rows, a third as many hidden rows. Steps of ``step``
    standard errors of the shown mean do the most harm. Also the true loss of the last model.
    """
    everything = rows + rows // 3
    residual = rng.normal(size=everything)
    size = step / math.sqrt(rows)
    directions = size * rng.normal(size=(STEPS, everything))
    losses, kept = [residual**2], 0
    for direction in directions:
        moved = residual - direction
        if (moved[:rows] ** 2).mean() < losses[-1][:rows].mean():
            residual, kept = moved, kept + 1
        losses.append(residual**2)
    every = np.array(losses)
    return every[:, :rows], every[:, rows:], 1 + kept * size**2


def tuned(rng: np.random.Generator, rows: int) -> tuple[Losses, Losses]:
    """Two parameters that mean something, tuned on the shown rows in 200 random steps."""
    everything = rows + rows // 3
    features = rng.normal(size=(2, everything))
    target = np.array([0.3, 0.3]) @ features + rng.normal(size=everything)
    weights = np.zeros(2)
    losses = [target**2]
    for step in 0.1 * rng.normal(size=(STEPS, 2)):
        moved = (target - (weights + step) @ features) ** 2
        better = moved[:rows].mean() < losses[-1][:rows].mean()
        weights = weights + step * better
        losses.append(moved if better else losses[-1])
    every = np.array(losses)
    return every[:, :rows], every[:, rows:]


def looked_once(rng: np.random.Generator, rows: int) -> tuple[Losses, Losses]:
    """A first run, and one better one that nobody chose by these rows; heavy tails."""
    target = rng.standard_t(5, size=rows + rows // 3)
    errors = np.array([[0.5], [0.3]]) * rng.normal(size=(2, len(target)))
    losses = (target - errors) ** 2
    return losses[:, :rows], losses[:, rows:]


def rings(make: Callable[[], tuple[Losses, Losses]], times: int, length: float = 1) -> float:
    return float(np.mean([hidden_gain(*make(), length).alarm for _ in range(times)]))


# After an attack


@pytest.mark.parametrize("rows", [100, 300, 1000])
def test_an_attack_rings_the_alarm_in_four_of_five_cases(rows: int) -> None:
    rng = np.random.default_rng(rows)
    found = [hidden_gain(*attack(rng, rows)[:2], 1) for _ in range(60)]
    assert np.mean([one.alarm for one in found]) >= 0.8
    assert np.mean([one.gain_shown for one in found]) > 0
    assert np.mean([one.gain_hidden for one in found]) < 0


def test_the_estimate_is_unbiased_after_an_attack() -> None:
    rng = np.random.default_rng(1)
    off, optimism, covered = [], [], []
    for _ in range(500):
        shown, hidden, truth = attack(rng, 100)
        found = hidden_gain(shown, hidden, 1)
        off.append(found.estimate - truth)
        optimism.append(truth - shown[-1].mean())
        covered.append(abs(off[-1]) < 1.96 * found.estimate_error)
    assert np.mean(optimism) > 0.9, "the attack does real harm"
    assert abs(np.mean(off)) <= 0.05 * np.mean(optimism)
    assert np.mean(covered) >= 0.89


def test_an_alarm_that_rang_stays_and_rings_no_earlier_when_looks_are_added() -> None:
    shown, hidden, _ = attack(np.random.default_rng(2), 300)
    last = hidden_gain(shown, hidden, 1)
    assert last.alarm_at is not None
    for looks in range(1, len(shown) + 1):
        found = hidden_gain(shown[:looks], hidden[:looks], 1)
        assert found.alarm == (looks > last.alarm_at)
        assert found.looks == looks


# Honest work


@pytest.mark.parametrize("rows", [100, 1000])
def test_a_single_honest_look_is_silent(rows: int) -> None:
    rng = np.random.default_rng(rows)
    assert rings(lambda: looked_once(rng, rows), 400) <= 0.02


@pytest.mark.parametrize("rows", [100, 500])
def test_tuning_two_parameters_is_silent(rows: int) -> None:
    rng = np.random.default_rng(rows)
    assert rings(lambda: tuned(rng, rows), 100) <= 0.05


def test_honest_looks_at_dependent_rows_are_silent_where_the_length_is_told() -> None:
    rng = np.random.default_rng(3)

    def same_for_a_week() -> tuple[Losses, Losses]:
        losses = np.repeat(rng.normal(size=(100, 64)), 7, axis=1)
        return losses[:, :336], losses[:, 336:]

    assert rings(same_for_a_week, 100, 14) <= 0.08
    assert rings(same_for_a_week, 100, 1) > 0.2


# Numbers


def test_gains_difference_and_estimate_by_hand() -> None:
    shown = np.array([[4.0] * 8, [3.0] * 8, [1.0, 3.0] * 4])
    hidden = np.array([[5.0] * 8, [5.0] * 8, [4.0] * 8])
    found = hidden_gain(shown, hidden, 1)
    assert (found.gain_shown, found.gain_hidden, found.difference) == (2.0, 1.0, 1.0)
    assert found.error == pytest.approx(math.sqrt(8 / 7) / math.sqrt(8))
    assert found.estimate == pytest.approx((8 * 4 + 8 * 5) / 16 - 1.0)
    assert found.looks == 3


def test_the_error_of_single_rows_is_that_of_the_two_paired_scores() -> None:
    rng = np.random.default_rng(4)
    shown, hidden = rng.gamma(2.0, size=(2, 50)), rng.gamma(2.0, size=(2, 20))
    parts = [score(part[0] - part[1], 1) for part in (shown, hidden)]
    errors = [part.error for part in parts if part is not None and part.error is not None]
    assert hidden_gain(shown, hidden, 1).error == pytest.approx(math.hypot(*errors))


def test_the_looks_that_are_tested_are_known_beforehand() -> None:
    assert TESTED.tolist()[:9] == [1, 2, 3, 5, 8, 11, 17, 26, 38]
    assert len(TESTED) == 20


def test_a_difference_between_two_tested_looks_waits_for_the_next_one() -> None:
    rng = np.random.default_rng(5)
    shown, hidden = np.repeat(rng.gamma(2.0, size=(2, 1, 60)), 9, axis=1)
    shown[5:] -= 3 + rng.normal(size=60)
    hidden[5:] += rng.normal(size=60)
    assert [hidden_gain(shown[:n], hidden[:n], 1).alarm_at for n in (5, 6, 9)] == [None, 5, 5]
    shown, hidden = shown[[0, 1, 2, 3, 4, 4, 5, 5, 5]], hidden[[0, 1, 2, 3, 4, 4, 5, 5, 5]]
    assert [hidden_gain(shown[:n], hidden[:n], 1).alarm_at for n in (7, 8, 9)] == [None, None, 8]


# Edges


def test_the_first_run_alone_has_gained_nothing() -> None:
    rng = np.random.default_rng(6)
    shown, hidden = rng.gamma(2.0, size=(1, 30)), rng.gamma(2.0, size=(1, 10))
    found = hidden_gain(shown, hidden, 1)
    assert (found.gain_shown, found.gain_hidden, found.difference, found.error) == (0, 0, 0, 0)
    assert found.estimate == pytest.approx(np.concatenate([shown, hidden], axis=1).mean())
    assert not found.alarm


def test_an_incumbent_that_never_changes_is_silent() -> None:
    rng = np.random.default_rng(7)
    shown, hidden = rng.gamma(2.0, size=(1, 30)), rng.gamma(2.0, size=(1, 10))
    found = hidden_gain(np.repeat(shown, 50, axis=0), np.repeat(hidden, 50, axis=0), 1)
    assert (found.difference, found.error, found.alarm, found.alarm_at) == (0, 0, False, None)


def test_shown_rows_learnt_by_heart_ring_at_once() -> None:
    rng = np.random.default_rng(8)
    shown, hidden = rng.gamma(2.0, size=(1, 30)), rng.gamma(2.0, size=(1, 10))
    found = hidden_gain(np.vstack([shown, 0 * shown]), np.vstack([hidden, hidden]), 1)
    assert found.alarm_at == 1
    assert found.estimate == pytest.approx(np.concatenate([shown, hidden], axis=1).mean())


def ones(looks: int, rows: int) -> Losses:
    return np.ones((looks, rows))


@pytest.mark.parametrize(
    ("shown", "hidden", "length", "message"),
    [
        (ones(3, 50), ones(2, 50), 1, "for the same looks"),
        (ones(0, 50), ones(0, 50), 1, "at least one"),
        (np.ones(50), np.ones(50), 1, r"expected \(looks, rows\)"),
        (ones(2, 50), ones(2, 50) * np.nan, 1, "not finite"),
        (ones(2, 50), ones(2, 7), 1, r"hidden \(2, 7\).*8 rows of each are needed"),
        (ones(2, 400), ones(2, 100), 14, "depend over 14 rows; 112 rows of each are needed"),
    ],
)
def test_losses_that_do_not_fit_together_are_refused(
    shown: Losses, hidden: Losses, length: float, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        hidden_gain(shown, hidden, length)


def test_the_result_is_plain_numbers() -> None:
    shown, hidden, _ = attack(np.random.default_rng(9), 100)
    found = hidden_gain(shown, hidden, 1)
    assert isinstance(found, HiddenGain)
    assert {type(value) for value in vars(found).values()} <= {float, int, bool}
