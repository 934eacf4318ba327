"""Filters of scores: what the Ladder and Thresholdout let through, and what an attack gains."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from viewcast.base.errors import DataError
from viewcast.holdout.release import Ladder, Thresholdout
from viewcast.holdout.release_rule import Release, State

Vector = NDArray[np.float64]

LADDER = Ladder("ladder", 1.0, 1.0)
THRESHOLD = Thresholdout("thresholdout", threshold=0.04, scale=0.01, budget=10, seed=3)
ROWS = 10_000


def scores(release: Release, submissions: list[Vector], train_mean: float = 0.5) -> list[float]:
    state, shown = State(), []
    for losses in submissions:
        score, state = release.release(losses, train_mean, state)
        shown.append(score)
    return shown


def flat(mean: float, rows: int = ROWS) -> Vector:
    return np.full(rows, mean)


# Ladder


@settings(deadline=None)
@given(
    st.lists(st.lists(st.floats(0, 10), min_size=5, max_size=5), min_size=1, max_size=12),
    st.floats(0, 3),
)
def test_the_ladder_never_tells_a_worse_score_than_before(
    losses: list[list[float]], z: float
) -> None:
    shown = scores(Ladder("ladder", z, 1.0), [np.array(one) for one in losses])
    assert shown == sorted(shown, reverse=True)
    assert shown[0] == pytest.approx(np.mean(losses[0]))
    assert all(any(score == np.mean(one) for one in losses) for score in shown)


def test_the_ladder_tells_a_new_score_above_one_standard_error_of_the_difference() -> None:
    first = np.zeros(100)
    noise = np.tile([1.0, -1.0], 50)
    error = math.sqrt(100 / 99) / 10
    below, above = first - 0.99 * error + noise, first - 1.01 * error + noise
    assert scores(LADDER, [first, below]) == [0, 0]
    assert scores(LADDER, [first, above]) == pytest.approx([0, -1.01 * error])
    assert scores(Ladder("ladder", 2.0, 1.0), [first, above]) == [0, 0]


def test_differences_are_to_the_run_whose_score_was_released_last() -> None:
    hard = np.random.default_rng(0).gamma(2.0, size=200)
    better, worse = hard - 0.3, hard - 0.1
    state = State()
    for losses in (hard, better, worse):
        _, state = LADDER.release(losses, None, state)
    assert state.best == pytest.approx(better.mean())
    assert state.incumbent is not None
    assert (state.incumbent == better).all()
    assert state.queries == 3


def test_paired_differences_count_also_where_rows_are_hard_for_everybody() -> None:
    hard = 100 * np.random.default_rng(1).gamma(2.0, size=200)
    shown = scores(LADDER, [hard, hard - 0.01])
    assert shown[1] == pytest.approx(hard.mean() - 0.01)


def test_a_copy_of_the_incumbent_is_no_improvement() -> None:
    losses = np.random.default_rng(2).gamma(2.0, size=50)
    state = LADDER.release(losses, None, State())[1]
    score, after = LADDER.release(losses.copy(), None, state)
    assert (score, after.best, after.queries) == (losses.mean(), losses.mean(), 2)


def test_rows_that_depend_on_their_neighbours_take_a_larger_difference() -> None:
    first = np.zeros(120)
    second = np.repeat(np.random.default_rng(3).normal(size=20), 6)
    second -= second.mean() + 1.3 * second.std() / math.sqrt(120)
    assert scores(LADDER, [first, second])[1] < 0
    assert scores(Ladder("ladder", 1.0, 6.0), [first, second])[1] == 0


def boosting(release: Release | None, rng: np.random.Generator) -> float:
    """Blum & Hardt (2015), section 4: random guesses of coin tosses, and the majority of those that
    were shown to be better than chance. How far the score shown last is below the truth, 0.5.
    """
    rows, guesses = 500, 200
    truth = rng.integers(0, 2, rows)
    votes = rng.integers(0, 2, (guesses, rows))
    state, shown, good = State(), 1.0, []
    for vote in votes:
        losses = (vote != truth).astype(float)
        before = shown
        shown, state = release.release(losses, 0.5, state) if release else (losses.mean(), state)
        if shown < (before if release else 0.5):
            good.append(vote)
    majority = (np.mean(good, axis=0) > 0.5).astype(int)
    final = (majority != truth).astype(float)
    if release is None:
        return 0.5 - float(final.mean())
    return 0.5 - release.release(final, 0.5, state)[0]


def test_a_boosting_attack_gains_far_less_through_the_ladder_than_from_raw_scores() -> None:
    rng = np.random.default_rng(4)
    raw = np.mean([boosting(None, rng) for _ in range(20)])
    laddered = np.mean([boosting(LADDER, rng) for _ in range(20)])
    assert raw > 0.12
    assert laddered < 0.5 * raw


def test_a_hill_climb_through_the_ladder_is_slower_but_not_honest() -> None:
    """The caution of the docstring: its number is no estimate."""
    rng = np.random.default_rng(5)

    def errors(release: Release) -> float:
        target = rng.normal(size=300)
        prediction, state, shown, kept = np.zeros(300), State(), math.inf, 0
        for _ in range(200):
            moved = prediction + 0.06 * rng.normal(size=300)
            score, state = release.release((target - moved) ** 2, None, state)
            if score < shown:
                shown, prediction, kept = score, moved, kept + 1
        return 1 + kept * 0.06**2 - shown

    raw = np.mean([errors(Ladder("raw", 0.0, 1.0)) for _ in range(20)])
    laddered = np.mean([errors(Ladder("ladder", 2.0, 1.0)) for _ in range(20)])
    assert raw > 0.3
    assert 0 < laddered < 0.8 * raw


def test_losses_of_other_rows_need_another_state() -> None:
    state = LADDER.release(np.ones(50), None, State())[1]
    with pytest.raises(DataError, match=r"losses of 40 rows: the incumbent's are of 50"):
        LADDER.release(np.ones(40), None, state)


# Thresholdout


def test_while_validation_agrees_the_training_loss_is_released_and_costs_nothing() -> None:
    state = State()
    quiet = Thresholdout("thresholdout", threshold=0.5, scale=0.01, budget=1, seed=1)
    for _ in range(50):
        shown, state = quiet.release(flat(0.31), 0.3, state)
        assert shown == 0.3
    assert (state.queries, state.charged) == (50, 0)
    assert not quiet.spent(state)


def test_where_they_differ_a_noisy_validation_loss_is_released_and_costs_one() -> None:
    shown, state = THRESHOLD.release(flat(0.9), 0.1, State())
    assert shown != 0.9
    assert shown == pytest.approx(0.9, abs=0.1)
    assert (state.queries, state.charged) == (1, 1)


def test_a_spent_budget_refuses_and_says_what_to_do() -> None:
    state = State()
    for answered in range(10):
        assert not THRESHOLD.spent(state)
        assert state.charged == answered
        _, state = THRESHOLD.release(flat(0.9), 0.1, state)
    assert THRESHOLD.spent(state)
    with pytest.raises(
        DataError, match=r"budget of 10 answers is spent after 10 scores; cut fresh"
    ):
        THRESHOLD.release(flat(0.1), 0.1, state)


def test_the_noise_is_that_of_the_algorithm() -> None:
    """Released noise Lap(σ); threshold noise Lap(2σ) + Lap(4σ): by the share of scores shown at a
    difference of exactly T, which is a half, and at T + 8σ.
    """
    scale = 0.01
    noise, released_at = [], {0.0: 0, 8 * scale: 0}
    for seed in range(2000):
        one = Thresholdout("thresholdout", threshold=0.2, scale=scale, budget=1, seed=seed)
        for more in released_at:
            shown, _ = one.release(flat(0.5 + 0.2 + more, 2), 0.5, State())
            released_at[more] += shown != 0.5
        noise.append(one.release(flat(5.0, 2), 0.5, State())[0] - 5.0)
    assert np.mean(noise) == pytest.approx(0, abs=4 * math.sqrt(2) * scale / math.sqrt(2000))
    assert np.mean(np.abs(noise)) == pytest.approx(scale, rel=0.1)
    rng = np.random.default_rng(6)
    both = rng.laplace(0, 2 * scale, 10**6) + rng.laplace(0, 4 * scale, 10**6)
    assert released_at[0.0] / 2000 == pytest.approx(0.5, abs=0.05)
    assert released_at[8 * scale] / 2000 == pytest.approx(np.mean(both < 8 * scale), abs=0.03)


def test_the_threshold_is_drawn_anew_only_when_the_budget_pays() -> None:
    """At one and the same difference the noise of the score still decides, by its number."""
    near = [flat(0.54, 2)] * 40
    shown = scores(Thresholdout("t", threshold=0.04, scale=0.01, budget=40, seed=5), near, 0.5)
    assert 0 < sum(score == 0.5 for score in shown) < 40


def test_the_same_seed_tells_the_same_and_another_seed_another_story() -> None:
    rng = np.random.default_rng(7)
    submissions = [rng.uniform(0, 1, 100) for _ in range(8)]
    again = Thresholdout("thresholdout", threshold=0.04, scale=0.01, budget=10, seed=3)
    other = Thresholdout("thresholdout", threshold=0.04, scale=0.01, budget=10, seed=4)
    shown = scores(THRESHOLD, submissions, 0.1)
    assert scores(again, submissions, 0.1) == shown
    assert scores(other, submissions, 0.1) != shown


@pytest.mark.parametrize("train_mean", [None, math.nan, math.inf])
def test_without_a_training_loss_there_is_nothing_to_compare_with(train_mean: float | None) -> None:
    with pytest.raises(DataError, match="thresholdout compares with the training loss: found"):
        THRESHOLD.release(flat(0.5), train_mean, State())


# Both


@pytest.mark.parametrize("release", [LADDER, THRESHOLD])
@pytest.mark.parametrize(
    "losses", [np.array([1.0]), np.array([]), np.ones((2, 3)), np.array([1.0, np.nan])]
)
def test_losses_that_are_no_rows_are_refused(release: Release, losses: Vector) -> None:
    with pytest.raises(DataError, match="expected a finite loss of each of at least two rows"):
        release.release(losses, 0.5, State())


@pytest.mark.parametrize("release", [LADDER, THRESHOLD])
def test_a_state_is_never_changed_in_place(release: Release) -> None:
    start = State()
    _, after = release.release(np.ones(20), 0.0, start)
    release.release(np.zeros(20), 0.0, after)
    assert (start.queries, start.best, start.charged) == (0, None, 0)
    assert after.queries == 1


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong in ({"z": -1.0}, {"length": 0.5}, {"z": math.nan}, {"steps": 1}):
        with pytest.raises(ValidationError):
            Ladder(**{"name": "ladder", "z": 1.0, "length": 1.0, **wrong})  # type: ignore[arg-type]
    good = {"name": "t", "threshold": 0.04, "scale": 0.01, "budget": 10, "seed": 1}
    for wrong in ({"scale": 0.0}, {"budget": 0}, {"threshold": -0.1}, {"seed": -1}):
        with pytest.raises(ValidationError):
            Thresholdout(**{**good, **wrong})  # type: ignore[arg-type]
