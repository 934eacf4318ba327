"""The one sentence that a run gets."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from viewcast.base.numbers import with_error
from viewcast.scoring.verdict import verdict

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
