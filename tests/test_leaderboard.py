import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct
from viewcast.demo.leaderboard import Attack, climb, submissions

pytestmark = pytest.mark.xdist_group("leaderboard")  # what is costly is made once for all

ATTACK = Attack(submissions=200, size=0.1, seed=3)
SHOWN, HIDDEN = 225, 75


class Board:
    """A leaderboard: normal residuals, some shown, some in the hidden holdout, many fresh ones."""

    def __init__(self, seed: int, attack: Attack = ATTACK) -> None:
        rng = np.random.default_rng(seed)
        names = [*(f"day {i}" for i in range(SHOWN + HIDDEN)), *(f"new {i}" for i in range(20_000))]
        self.rows = pd.Series(names)
        self.target = rng.normal(size=len(names))
        self.base = np.zeros(len(names))
        self.parts = {
            "shown": slice(SHOWN),
            "hidden_holdout": slice(SHOWN, SHOWN + HIDDEN),
            "fresh": slice(SHOWN + HIDDEN, None),
        }
        shown = self.parts["shown"]
        self.asked: list[float] = []
        self.climb = climb(self.score, self.base[shown], self.rows[shown], attack)
        kept = np.flatnonzero(self.climb.kept)[-1]
        trail = list(submissions(self.base, self.rows, attack, self.climb.kept))
        self.last = np.abs(trail[kept] - self.target)
        self.first = np.abs(self.base - self.target)

    def score(self, predicted: np.ndarray) -> float:
        assert len(predicted) == SHOWN
        self.asked.append(float(np.abs(predicted - self.target[:SHOWN]).mean()))
        return self.asked[-1]

    def rise(self, part: str) -> float:
        """By how much the loss of these rows rose under the attack."""
        where = self.parts[part]
        return float(self.last[where].mean() - self.first[where].mean())


@pytest.fixture(scope="module")
def boards() -> list[Board]:
    return [Board(seed) for seed in range(20)]


def test_the_shown_score_falls_while_the_model_gets_worse(boards: list[Board]) -> None:
    for board in boards:
        assert board.rise("shown") < -0.05
        assert board.rise("fresh") > 0.05


def test_the_shadow_tells_what_the_attack_did_to_new_rows(boards: list[Board]) -> None:
    hidden_holdout = np.mean([board.rise("hidden_holdout") for board in boards])
    fresh = np.mean([board.rise("fresh") for board in boards])
    error = np.std([board.rise("hidden_holdout") for board in boards]) / np.sqrt(len(boards))
    assert abs(hidden_holdout - fresh) < 3 * error
    assert hidden_holdout > 0


def test_the_attacker_is_told_one_score_of_each_submission(boards: list[Board]) -> None:
    board = boards[0]
    assert board.asked == list(board.climb.shown)
    assert len(board.asked) == ATTACK.submissions


def test_what_lowered_the_score_is_kept_and_nothing_else(boards: list[Board]) -> None:
    shown, kept = boards[0].climb.shown, boards[0].climb.kept
    assert kept[0]
    for step in range(1, len(shown)):
        assert kept[step] == (shown[step] < shown[:step][kept[:step]].min())


def test_submissions_played_again_have_the_very_scores_that_were_shown() -> None:
    board = Board(1)
    where = board.parts["shown"]
    again = submissions(board.base[where], board.rows[where], ATTACK, board.climb.kept)
    scores = [float(np.abs(one - board.target[where]).mean()) for one in again]
    assert scores == list(board.climb.shown)


def test_a_submission_is_a_function_of_the_row_whatever_rows_are_with_it() -> None:
    board = Board(2)
    order = np.random.default_rng(0).permutation(SHOWN + HIDDEN)
    straight = list(submissions(board.base[: len(order)], board.rows[: len(order)], ATTACK,
                                board.climb.kept))  # fmt: skip
    mixed = submissions(board.base[order], board.rows[order], ATTACK, board.climb.kept)
    for one, other in zip(straight, mixed, strict=True):
        np.testing.assert_array_equal(one[order], other)


@given(seed=st.integers(0, 2**31))
def test_directions_are_even_and_unrelated_from_step_to_step(seed: int) -> None:
    attack = Attack(submissions=4, size=1.0, seed=seed)
    rows = pd.Series([f"2020-01-{i}" for i in range(2_000)])
    always = np.array([True] * 4)
    trail = np.array(list(submissions(np.zeros(len(rows)), rows, attack, always)))
    steps = np.diff(trail, axis=0)
    assert set(np.unique(steps)) == {-1.0, 1.0}
    # 2,000 fair coins: six standard errors, in hundreds of examples
    assert np.abs(steps.mean(axis=1)).max() < 6 / np.sqrt(len(rows))
    assert np.abs(np.corrcoef(steps) - np.eye(3)).max() < 6 / np.sqrt(len(rows))


def test_other_seeds_climb_other_ways() -> None:
    one, other = Board(1), Board(1, Attack(submissions=200, size=0.1, seed=4))
    assert not np.array_equal(one.climb.kept, other.climb.kept)


@pytest.mark.parametrize(
    ("key", "value"), [("submissions", 1), ("size", 0), ("size", float("inf")), ("seed", -1)]
)
def test_an_attack_that_makes_no_sense_is_refused(key: str, value: float) -> None:
    settings = {"submissions": 200, "size": 0.1, "seed": 0, key: value}
    with pytest.raises(ConfigError, match=rf"attack\.{key} = {value}"):
        construct(Attack, settings, "attack")
