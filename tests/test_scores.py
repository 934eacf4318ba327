"""Scores and verdicts: means, their errors, and the one sentence that a run gets."""

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
from viewcast.scoring.verdict import verdict

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


# Verdicts

ROWS = [f"r{i}" for i in range(30)]
NOISE = np.random.default_rng(4).normal(size=30)


def run(**changed: Any) -> dict[str, Any]:
    return {
        "status": "finished",
        "failure": None,
        "model": "deep",
        "kind": "network",
        "train_loss": 10.0,
        "val_loss": 20.0,
        "block": 1,
        "best_epoch": 3,
        "left_out": [],
        **changed,
    }


def by_row(losses: Any) -> pd.Series:
    return pd.Series(losses, index=ROWS, dtype="float64")


def curve(train: list[float], val: list[float]) -> pd.DataFrame:
    epochs = range(1, len(train) + 1)
    return pd.DataFrame({"epoch": epochs, "train_loss": train, "val_loss": val}, dtype="float64")


FALLING = curve([30, 20, 10], [40, 30, 20])
LOSSES = by_row(20 + NOISE)


def test_a_diverged_run_says_at_which_step_and_learning_rate() -> None:
    failure = (
        "diverged at step 12 (epoch 12) with learning rate 0.001: training loss 1e+12 after 2e+03 "
        "at the start; try a smaller trainer.lr"
    )
    said = verdict(
        run(status="diverged", failure=failure, val_loss=None), by_row(0), FALLING, None, None
    )
    assert said == "diverged at step 12 (epoch 12) with learning rate 0.001"


def test_a_run_without_validation_rows_says_why() -> None:
    left_out = ["7 of 7 validation rows left out: words unknown"]
    said = verdict(run(val_loss=None, left_out=left_out), LOSSES, FALLING, None, None)
    assert said == "not validated: 7 of 7 validation rows left out: words unknown"


def test_a_split_without_validation_rows_says_so() -> None:
    said = verdict(run(val_loss=None), LOSSES, FALLING, None, None)
    assert said.startswith("not validated")
    assert not said.endswith(": ")


def test_no_error_on_any_validation_row_is_not_believed() -> None:
    said = verdict(run(val_loss=0, train_loss=0), by_row(0), FALLING, LOSSES, None)
    assert said == "has seen the validation rows: no model is right on every one"


def test_no_error_in_training_is_memorising() -> None:
    said = verdict(run(model="memorizer", train_loss=0), LOSSES, FALLING.iloc[:1], None, None)
    assert said == "memorised the training rows"


def test_a_deep_model_that_loses_more_than_the_line_fits_poorly() -> None:
    said = verdict(run(train_loss=299.8), LOSSES, FALLING, None, {"train_loss": 263.4})
    assert said == "fits poorly: a line reaches 263 in training"


def test_a_deep_model_that_beats_the_line_in_training_does_not_fit_poorly() -> None:
    assert verdict(run(), LOSSES, FALLING, None, {"train_loss": 263.4}) == ""


def test_a_clear_gain_over_naive_is_told_with_its_error() -> None:
    naive = by_row(LOSSES + 5 + NOISE[::-1])
    gain = (naive - LOSSES).to_numpy()
    expected = with_error(gain.mean(), gain.std(ddof=1) / np.sqrt(30))
    assert verdict(run(), LOSSES, FALLING, naive, None) == f"better than naive by {expected}"


def test_a_clear_loss_against_naive_is_told_with_its_error() -> None:
    naive = by_row(LOSSES - 5 + NOISE[::-1])
    gain = (naive - LOSSES).to_numpy()
    expected = with_error(-gain.mean(), gain.std(ddof=1) / np.sqrt(30))
    assert verdict(run(), LOSSES, FALLING, naive, None) == f"worse than naive by {expected}"


@pytest.mark.parametrize("shift", [-0.2, 0.2])
def test_a_difference_within_two_errors_is_told_with_a_perhaps(shift: float) -> None:
    noise = np.where(np.arange(30) % 2, 1.0, -1.0)
    said = verdict(run(), LOSSES, FALLING, by_row(LOSSES + noise + shift), None)
    word = "better" if shift > 0 else "worse"
    assert said == f"perhaps {word} than naive by 0.20 ± 0.19"


def test_a_model_that_predicts_as_naive_is_neither_better_nor_worse() -> None:
    said = verdict(run(), LOSSES, FALLING, LOSSES, None)
    assert "better" not in said
    assert "worse" not in said


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (2.1, "better than naive by"),
        (1.9, "perhaps better than naive by"),
        (-1.9, "perhaps worse than naive by"),
        (-2.1, "worse than naive by"),
    ],
)
def test_a_difference_counts_beyond_two_standard_errors(errors: float, said: str) -> None:
    noise = np.where(np.arange(30) % 2, 1.0, -1.0)
    gain = noise + errors * noise.std(ddof=1) / np.sqrt(30)
    found = verdict(run(), LOSSES, FALLING, by_row(LOSSES + gain), None)
    assert found.startswith(said)


def test_rows_are_compared_by_their_keys_and_not_by_their_order() -> None:
    naive = by_row(LOSSES + 5)
    shuffled = LOSSES.sample(frac=1, random_state=1)
    in_order = verdict(run(), LOSSES, FALLING, naive, None)
    assert verdict(run(), shuffled, FALLING, naive, None) == in_order


def test_what_made_rows_hard_for_everybody_drops_out() -> None:
    hard = by_row(1000 * np.abs(NOISE))
    said = verdict(run(), hard, FALLING, by_row(hard + 1 + 0.1 * NOISE), None)
    assert said.startswith("better than naive by ")


def test_the_difference_is_measured_in_blocks() -> None:
    # A run of good days in a row: clear by the day, not by the week.
    gain = np.repeat([1.0, -0.5, 1.2, -0.4, 0.9], 6) + 0.01 * NOISE
    naive = by_row(LOSSES + gain)
    assert verdict(run(block=1), LOSSES, FALLING, naive, None).startswith("better than naive")
    assert verdict(run(block=6), LOSSES, FALLING, naive, None).startswith("perhaps better")


@pytest.mark.parametrize("model", ["naive", "seasonal_naive"])
def test_naive_is_not_compared_with_itself(model: str) -> None:
    assert verdict(run(model=model), LOSSES, FALLING.iloc[:1], LOSSES, None) == ""


def test_too_few_rows_for_an_error_are_not_compared() -> None:
    few = LOSSES.iloc[:2]
    assert verdict(run(), few, FALLING, few + 5, None) == ""


RISING = curve([30, 20, 15, 10, 8], [40, 22, 20, 25, 30])


def test_validation_that_rises_while_training_falls_is_overfitting() -> None:
    said = verdict(run(best_epoch=5), LOSSES, RISING, None, None)
    assert said == "overfitted: validation was 20.0 at epoch 3"


def test_a_line_that_passed_a_better_place_is_not_said_to_overfit() -> None:
    said = verdict(run(kind="line", best_epoch=5), LOSSES, RISING, None, None)
    assert said == "validation was better, 20.0, at epoch 3"


def test_a_run_whose_best_epoch_was_kept_stopped_in_time() -> None:
    assert verdict(run(best_epoch=3), LOSSES, RISING, None, None) == "stopped in time at epoch 3"


def test_a_validation_loss_that_wavers_is_no_overfitting() -> None:
    wavering = curve([30, 20, 15, 10, 8], [40, 22, 20, 21, 21.9])
    assert verdict(run(best_epoch=3), LOSSES, wavering, None, None) == ""


def test_validation_that_rises_with_training_is_no_overfitting() -> None:
    rising = curve([30, 20, 15, 40, 50], [40, 22, 20, 45, 60])
    assert verdict(run(best_epoch=5), LOSSES, rising, None, None) == ""


def test_all_that_applies_is_told_in_one_sentence() -> None:
    naive = by_row(LOSSES + 5)
    said = verdict(run(train_loss=300.0, best_epoch=5), LOSSES, RISING, naive, {"train_loss": 263})
    poorly, better, overfitted = said.split("; ")
    assert poorly == "fits poorly: a line reaches 263 in training"
    assert better == "better than naive by 5.00"
    assert overfitted == "overfitted: validation was 20.0 at epoch 3"
