"""Scores: means and their errors, predictions row by row, and numbers as they are printed."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.numbers import short, with_error
from viewcast.models.fitted import FittedNaive
from viewcast.scoring.loss import MAE, MSE
from viewcast.scoring.scorer import Scorer
from viewcast.scoring.scores import Score, predictions, score

losses_of = st.lists(st.floats(0, 1e3), min_size=3, max_size=40)


# Mean and standard error


@given(losses_of)
def test_without_blocks_the_error_is_the_textbook_one(losses: list[float]) -> None:
    found = score(losses, 1)
    assert found is not None
    assert found.mean == pytest.approx(np.mean(losses))
    textbook = np.std(losses, ddof=1) / np.sqrt(len(losses))
    assert found.error == pytest.approx(textbook, rel=1e-9, abs=1e-9)
    assert found.rows == len(losses)


@given(st.lists(st.floats(0, 1e3), min_size=3, max_size=8), st.integers(2, 7))
def test_with_full_blocks_the_error_is_that_of_the_block_means(
    means: list[float], block: int
) -> None:
    rng = np.random.default_rng(0)
    within = rng.normal(size=(len(means), block))
    within -= within.mean(axis=1, keepdims=True)
    losses = (np.array(means)[:, None] + within).ravel()
    found = score(losses, block)
    assert found is not None
    textbook = np.std(means, ddof=1) / np.sqrt(len(means))
    assert found.error == pytest.approx(textbook, rel=1e-9, abs=1e-9)


def test_a_short_last_block_counts_by_its_rows() -> None:
    # Blocks (1, 3), (2, 6), (8): mean 4, deviations of the sums -4, 0 and 4.
    found = score([1.0, 3.0, 2.0, 6.0, 8.0], 2)
    assert found == Score(4.0, pytest.approx(np.sqrt(3 / 2 * (16 + 0 + 16)) / 5), 5)


@given(losses_of, st.integers(1, 5))
def test_block_errors_follow_the_formula_worked_out_by_hand(
    losses: list[float], block: int
) -> None:
    blocks = [losses[i : i + block] for i in range(0, len(losses), block)]
    found = score(losses, block)
    assert found is not None
    if len(blocks) < 3:
        assert found.error is None
        return
    squares = [(sum(one) - found.mean * len(one)) ** 2 for one in blocks]
    by_hand = np.sqrt(len(blocks) / (len(blocks) - 1) * sum(squares)) / len(losses)
    assert found.error == pytest.approx(by_hand, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("block", [1, 7])
def test_no_rows_have_no_score(block: int) -> None:
    assert score([], block) is None


@pytest.mark.parametrize(("count", "block"), [(1, 1), (2, 1), (2, 7), (7, 7), (14, 7), (4, 2)])
def test_fewer_than_three_blocks_have_a_mean_and_no_error(count: int, block: int) -> None:
    assert score(np.ones(count), block) == Score(1.0, None, count)


def test_three_blocks_have_an_error() -> None:
    found = score(np.arange(15.0), 7)
    assert found is not None
    assert found.error is not None


def test_equal_losses_have_no_error_to_speak_of() -> None:
    assert score(np.full(30, 2.5), 7) == Score(2.5, 0.0, 30)


@given(losses_of, st.integers(1, 7), st.floats(0.1, 100))
def test_the_error_scales_with_the_losses(losses: list[float], block: int, factor: float) -> None:
    plain, scaled = score(losses, block), score(np.array(losses) * factor, block)
    assert plain is not None
    assert scaled is not None
    if plain.error is not None:
        assert scaled.error == pytest.approx(plain.error * factor, rel=1e-6, abs=1e-6)


def correlated(rng: np.random.Generator, count: int, memory: float) -> Any:
    """AR(1) noise of variance 1, started in its stationary law."""
    surprises = rng.normal(size=count) * np.sqrt(1 - memory**2)
    noise = np.empty(count)
    noise[0] = rng.normal()
    for day in range(1, count):
        noise[day] = memory * noise[day - 1] + surprises[day]
    return noise


def test_where_days_depend_on_each_other_blocks_admit_a_larger_error() -> None:
    rng = np.random.default_rng(7)
    larger = 0
    for _ in range(100):
        losses = correlated(rng, 210, 0.7)
        alone, blocks = score(losses, 1), score(losses, 7)
        assert alone is not None and alone.error is not None
        assert blocks is not None and blocks.error is not None
        larger += blocks.error > alone.error
    assert larger > 95


def test_two_block_errors_hold_the_truth_more_often_than_two_plain_ones() -> None:
    rng = np.random.default_rng(8)
    covered = {1: 0, 7: 0}
    for _ in range(300):
        losses = correlated(rng, 210, 0.5)
        for block in covered:
            found = score(losses, block)
            assert found is not None and found.error is not None
            covered[block] += abs(found.mean) < 2 * found.error
    assert covered[7] / 300 > 0.88
    assert covered[1] / 300 < 0.80


def test_for_independent_rows_two_errors_hold_the_truth_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(9)
    covered = 0
    for _ in range(400):
        found = score(rng.normal(size=140), 7)
        assert found is not None and found.error is not None
        covered += abs(found.mean) < 2 * found.error
    assert 0.90 < covered / 400 < 0.98


# Predictions


def frame(rows: list[str], target: list[float]) -> pd.DataFrame:
    keys = {"row": rows, "entity": "e", "time": range(len(rows))}
    return pd.DataFrame({**keys, "target": target})


SPLITS = {
    "train": frame(["a", "b"], [1.0, 5.0]),
    "validation": frame(["c"], [4.0]),
    "test": frame(["d", "e"], [9.0, 9.0]),
}


def test_predictions_have_one_row_per_row_in_order_of_the_splits() -> None:
    made = predictions(FittedNaive([], 3.0), SPLITS, Scorer(MSE()))
    columns = ["entity", "time", "row", "split", "target", "prediction", "loss"]
    assert made.columns.tolist() == columns
    assert made["time"].tolist() == ["0", "1", "0", "0", "1"]
    assert made["row"].tolist() == ["a", "b", "c", "d", "e"]
    assert made["split"].tolist() == ["train", "train", "validation", "test", "test"]
    assert made["prediction"].tolist() == [3.0] * 5
    assert made["loss"].tolist()[:3] == [4.0, 4.0, 1.0]


@pytest.mark.parametrize("loss", [MSE(), MAE()])
def test_test_rows_are_predicted_and_show_neither_target_nor_loss(loss: Any) -> None:
    made = predictions(FittedNaive([], 3.0), SPLITS, Scorer(loss))
    of_test = made[made["split"] == "test"]
    assert of_test["prediction"].tolist() == [3.0, 3.0]
    assert of_test[["target", "loss"]].isna().all(axis=None)
    assert made.loc[made["split"] != "test", ["target", "loss"]].notna().all(axis=None)


def test_a_split_without_rows_has_no_predictions() -> None:
    splits = {**SPLITS, "validation": SPLITS["validation"].iloc[:0]}
    made = predictions(FittedNaive([], 3.0), splits, Scorer(MSE()))
    assert "validation" not in set(made["split"])
    assert made["loss"].dtype == np.float64


# Numbers as they are printed


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0, "0"),
        (263.427, "263"),
        (2524.7, "2,525"),
        (49.88, "49.9"),
        (0.4567, "0.457"),
        (0.04567, "0.0457"),
        (1e-12, "0.000000"),
        (-2.345, "−2.35"),
        (999.9, "1,000"),
    ],
)
def test_numbers_are_shown_with_three_digits(value: float | None, shown: str) -> None:
    assert short(value) == shown


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (0.4567, 0.0321, "0.457 ± 0.032"),
        (2524.7, 312.4, "2,525 ± 312"),
        (2524.7, 7.26, "2,524.7 ± 7.3"),
        (5.0, None, "5.00"),
        (None, 1.0, "–"),
        (5.0, 0, "5.00"),
    ],
)
def test_a_number_is_shown_as_far_as_its_error_warrants(
    value: float | None, error: float | None, shown: str
) -> None:
    assert with_error(value, error) == shown
