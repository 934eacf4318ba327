"""A referee in one process: what it answers, and what tells nothing of targets."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from support.judged_targets import (
    AMOUNTS,
    CLASSES,
    GATE,
    ROWS,
    TEXT,
    amounts,
    chances,
    names,
    of_three,
)
from viewcast.base.errors import DataError
from viewcast.referee import Answer, ClosedError, Referee, RefusedError, SpentError
from viewcast.scoring.metrics import metric_of

Makes = Callable[[int, float], Any]
METRICS: list[tuple[str, Any, Makes]] = [
    ("mae", AMOUNTS, amounts),
    ("rmse", AMOUNTS, amounts),
    ("r2", AMOUNTS, amounts),
    ("mape_percent", AMOUNTS, amounts),
    ("log_loss", CLASSES, chances),
    ("accuracy", CLASSES, chances),
    ("f1", CLASSES, chances),
    ("roc_auc", CLASSES, chances),
    ("average_precision", CLASSES, chances),
    ("brier", TEXT, of_three),
    ("log_loss", TEXT, of_three),
    ("accuracy", TEXT, names),
    ("f1_macro", TEXT, names),
    ("kappa", TEXT, names),
]
BY_NAME = [f"{metric} of {makes.__name__}" for metric, _, makes in METRICS]


@pytest.mark.parametrize(("metric", "targets", "makes"), METRICS, ids=BY_NAME)
def test_better_predictions_are_accepted_whatever_the_direction_of_the_metric(
    metric: str, targets: Any, makes: Makes
) -> None:
    referee = Referee(targets, metric, budget=100)
    assert referee.submit(makes(1, 0.9)).accepted
    assert not referee.submit(makes(2, 1.0)).accepted
    assert referee.submit(makes(3, 0.05)).accepted
    assert not referee.submit(makes(4, 0.9)).accepted
    assert (referee.acceptances, referee.left) == (1, 96)
    verdict = referee.close()
    assert verdict.low <= verdict.estimate <= verdict.high
    assert 0 < verdict.estimate <= verdict.claimed


@pytest.mark.parametrize(("metric", "targets", "makes"), METRICS, ids=BY_NAME)
@settings(max_examples=6)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_answer_and_no_refusal_depends_on_hidden_targets(
    metric: str, targets: Any, makes: Makes, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    corrupted = targets.copy()
    if targets is AMOUNTS:
        corrupted[GATE:] = rng.lognormal(0, 5, ROWS - GATE)
    else:
        corrupted[GATE:] = rng.permutation(corrupted[GATE:])
    submitted = [
        makes(1, 0.9),
        np.full(ROWS, 1e200),
        makes(2, 0.5),
        np.full((ROWS, 5), 0.2),
        makes(3, 0.5),
        np.full(ROWS, -0.5),
        makes(4, 0.1),
    ]
    referees = [Referee(own, metric, budget=20) for own in (targets, corrupted)]
    told = [[outcome(referee, each) for each in submitted] for referee in referees]
    assert told[0] == told[1]


def outcome(referee: Referee, predictions: Any) -> object:
    """The answer, or the sentence of the refusal."""
    try:
        return referee.submit(predictions)
    except RefusedError as error:
        return str(error)


@pytest.mark.parametrize(
    "labels", [["bird", "cat", "dog"], [1, 2, 3], [0, 1, 2], [10.0, 11.0, 12.0]], ids=str
)
def test_a_class_without_hidden_rows_changes_no_column_of_the_others(labels: list[Any]) -> None:
    places = np.resize([0, 1, 2], ROWS)
    places[GATE:] = np.resize([0, 1], ROWS - GATE)
    rough, fine = ((1 - noise) * np.eye(3)[places] + noise / 3 for noise in (0.9, 0.3))
    referee = Referee(np.array(labels)[places], "log_loss")
    referee.submit(rough)
    assert referee.submit(fine).accepted
    exact = np.log((0.1 + 0.3) / (0.7 + 0.1))
    assert_allclose(referee.close().estimate, -exact, rtol=1e-9)


def test_a_part_with_one_class_alone_knows_which_class_is_the_greater() -> None:
    labels = np.where(np.arange(ROWS) < GATE, np.resize([1, 2], ROWS), 1)
    referee = Referee(labels, "brier")
    referee.submit(np.full(ROWS, 0.5))
    assert referee.submit(np.where(labels == 2, 0.9, 0.1)).accepted
    assert_allclose(referee.close().estimate, 0.5**2 - 0.1**2)


def test_equal_predictions_are_answered_again_and_cost_nothing() -> None:
    referee = Referee(AMOUNTS, "mae", budget=3)
    referee.submit(amounts(1, 1.0))
    better = amounts(2, 0.1).astype(np.float32)
    for same in (better, better.astype(np.float64), better[:, np.newaxis], pd.Series(better)):
        answer = referee.submit(same)
        assert answer == Answer(True, 1)
    assert referee.submit(amounts(1, 1.0)) == Answer(True, 1, replaced=True)
    assert referee.acceptances == 1


def test_whole_numbers_and_truth_values_are_the_numbers_that_they_are() -> None:
    referee = Referee(CLASSES.astype(bool), "accuracy", budget=5)
    labels = CLASSES.copy()
    labels[::2] = 1
    for same in (labels, labels.astype(bool), labels.astype(np.float32), labels.astype(np.uint8)):
        assert referee.submit(same).left == 4


def test_no_answer_is_given_beyond_the_budget_but_old_ones_are() -> None:
    referee = Referee(AMOUNTS, "mae", budget=2)
    first = amounts(1, 1.0)
    referee.submit(first)
    referee.submit(amounts(2, 1.0))
    with pytest.raises(SpentError, match="all 2 answers have been given"):
        referee.submit(amounts(3, 1.0))
    assert referee.submit(first).accepted


def test_hidden_rows_are_read_once() -> None:
    referee = Referee(AMOUNTS, "mae")
    referee.submit(amounts(1, 1.0))
    referee.submit(amounts(2, 0.1))
    told = referee.close()
    referee._metric.targets[:] = 0  # a second reading would see them
    assert referee.close() == told
    with pytest.raises(ClosedError, match="take new rows"):
        referee.submit(amounts(3, 0.1))


def test_a_loop_may_go_on_in_the_array_that_it_submitted() -> None:
    targets, array = AMOUNTS.copy(), amounts(1, 1.0)
    first = array.copy()
    referee = Referee(targets, "mae")
    referee.submit(array)
    array[:] = second = amounts(2, 0.1)
    assert referee.submit(array).accepted
    array[:] = targets[:] = 0.0
    gains = np.abs(first - AMOUNTS) - np.abs(second - AMOUNTS)
    assert_allclose(referee.close().claimed, gains[:GATE].mean())


def test_a_referee_that_heard_nothing_has_no_verdict_and_goes_on() -> None:
    referee = Referee(AMOUNTS, "mae")
    with pytest.raises(RefusedError, match="nothing was submitted"):
        referee.close()
    assert referee.submit(amounts(1, 1.0)).accepted


def test_without_an_acceptance_no_gain_is_claimed_and_no_hidden_row_is_read() -> None:
    referee = Referee(AMOUNTS, "mae")
    referee.submit(amounts(1, 0.1))
    referee.submit(amounts(2, 1.0))
    told = referee.close()
    assert (told.estimate, told.low, told.high, told.claimed, told.acceptances) == (0, 0, 0, 0, 0)
    assert "no gain is claimed" in str(told)


def test_gains_are_told_after_closing_only() -> None:
    referee = Referee(AMOUNTS, "mae")
    first, second = amounts(1, 1.0), amounts(2, 0.1)
    referee.submit(first)
    referee.submit(second)
    for ask in (lambda: referee.gain(second, hidden=True), lambda: referee.raw_gain(second)):
        with pytest.raises(RefusedError, match="only after"):
            ask()
    referee.close()
    gains = np.abs(first - AMOUNTS) - np.abs(second - AMOUNTS)
    assert_allclose(referee.gain(second, hidden=True).mean, gains[GATE:].mean())
    assert_allclose(referee.raw_gain(second), gains.mean())


def test_a_function_judges_as_the_metric_of_its_name_does() -> None:
    referees = [Referee(AMOUNTS, loss) for loss in (lambda y, p: np.abs(y - p), "mae")]
    for seed, noise in enumerate([1.0, 0.8, 0.3, 0.3, 0.1]):
        answers = {referee.submit(amounts(seed, noise)) for referee in referees}
        assert len(answers) == 1
    assert referees[0].close() == referees[1].close()


def test_a_first_submission_without_a_loss_by_the_users_function_costs_an_answer() -> None:
    """Were it refused, each refusal would be a bit for nothing."""

    def harsh(targets: Any, predictions: Any) -> Any:
        error = np.abs(predictions - targets)
        return np.where(error > 1.5, np.inf, error)

    referee = Referee(AMOUNTS, harsh, budget=5)
    answer = referee.submit(np.full(ROWS, 0.6))
    assert (answer.accepted, answer.left) == (False, 4)
    assert referee.submit(np.full(ROWS, 2.0)).accepted
    assert referee.submit(AMOUNTS / 2 + 1).accepted
    assert referee.close().claimed > 0


def test_explore_keeps_what_the_referee_does_not_accept() -> None:
    rough = amounts(1, 1.0)
    little = rough + 0.25 * (AMOUNTS - rough) * np.resize([1.0, 0.0, -0.5], ROWS)
    kept = {}
    for mode in ("referee", "explore"):
        referee = Referee(AMOUNTS, "mse", mode=mode)
        referee.submit(rough)
        kept[mode] = referee.submit(little).accepted
    assert kept == {"referee": False, "explore": True}


def test_every_metric_of_the_product_can_be_refereed() -> None:
    from viewcast.scoring.metrics import NAMES  # noqa: PLC0415

    for name in NAMES:
        metric = metric_of(name)
        assert metric is not None
        for targets, makes in ((AMOUNTS, amounts), (CLASSES, chances)):
            try:
                referee = Referee(targets, name)
                referee.submit(makes(1, 0.9))
            except DataError:
                continue
            assert referee.submit(makes(2, 0.05)).accepted, name
            break
        else:
            raise AssertionError(name)
