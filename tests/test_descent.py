"""The training loop: what is kept, and in which order rows come."""

from itertools import chain
from typing import Any

import pandas as pd
import pytest
import torch

from support.descents import DEEP, RAW, fit, problem, rows_of
from viewcast.models.linear import Linear
from viewcast.scoring.loss import MAE, MSE
from viewcast.training.problem import Problem


def overfitting() -> Problem:
    """Few noisy rows: validation is best early and rises from there."""
    return problem(train=rows_of(3, 8, noise=25), validation=rows_of(4, 30, noise=25, prefix="v"))


OVERFIT: dict[str, Any] = {"optimizer": "adam", "momentum": 0.9, "lr": 0.02, "restore_best": True}


def test_the_best_epoch_is_the_one_of_the_lowest_validation_loss() -> None:
    found = fit(overfitting(), DEEP, epochs=150, **OVERFIT)
    best = int(found.curve["val_loss"].argmin())
    assert found.best_epoch == found.curve["epoch"].iloc[best]
    assert 1 < found.best_epoch < 150, "the case is meant to overfit"


def test_of_equally_good_epochs_the_first_is_kept() -> None:
    found = fit(problem(), lr=1e-300, epochs=4, restore_best=True)
    assert found.curve["val_loss"].nunique() == 1
    assert found.best_epoch == 1


def test_the_model_that_is_kept_has_the_losses_of_its_epoch() -> None:
    given = overfitting()
    found = fit(given, DEEP, epochs=150, **OVERFIT)
    at_best = found.curve.iloc[found.best_epoch - 1]
    assert given.mean_loss(found.model, given.train) == pytest.approx(at_best["train_loss"])
    assert given.mean_loss(found.model, given.validation) == pytest.approx(at_best["val_loss"])


def test_training_stops_as_soon_as_patience_is_over() -> None:
    found = fit(overfitting(), DEEP, epochs=150, patience=9, **OVERFIT)
    assert len(found.curve) == found.best_epoch + 9
    assert (found.curve["val_loss"].iloc[-9:] >= found.curve["val_loss"].min()).all()


def test_patience_changes_nothing_before_it_is_over() -> None:
    patient, impatient = (
        fit(overfitting(), DEEP, epochs=150, patience=patience, **OVERFIT) for patience in (None, 9)
    )
    shorter = patient.curve.iloc[: len(impatient.curve)]
    pd.testing.assert_frame_equal(impatient.curve, shorter, check_exact=True)


def test_keeping_the_last_epoch_keeps_the_last_parameters() -> None:
    given = overfitting()
    found = fit(given, DEEP, epochs=40, **{**OVERFIT, "restore_best": False})
    assert found.best_epoch == 40
    assert found.model.arrays()["params"].tolist() == found.path.iloc[-1, 1:].tolist()


def test_the_curve_has_one_row_per_epoch_from_1() -> None:
    found = fit(problem(), epochs=7)
    assert found.curve.columns.tolist() == ["epoch", "train_loss", "val_loss"]
    assert found.curve["epoch"].tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_the_observer_is_told_every_epoch_as_the_curve_has_it() -> None:
    told: list[tuple[int, float, float | None]] = []
    found = fit(problem(on_epoch=lambda *losses: told.append(losses)), epochs=4)
    assert told == [tuple(row) for row in found.curve.itertuples(index=False)]


def test_without_validation_rows_the_observer_is_told_of_none() -> None:
    told: list[float | None] = []
    empty = problem().validation.iloc[:0]
    given = problem(validation=empty, on_epoch=lambda epoch, train, val: told.append(val))
    found = fit(given, epochs=3)
    assert told == [None, None, None]
    assert found.curve["val_loss"].isna().all()
    assert found.best_epoch == 3


@pytest.mark.parametrize("loss", [MSE(), MAE()])
def test_losses_of_the_curve_are_in_raw_units(loss: Any) -> None:
    given = problem(loss=loss)
    found = fit(given, epochs=5)
    last = found.curve.iloc[-1]
    assert given.mean_loss(found.model, given.train) == pytest.approx(last["train_loss"])
    assert given.mean_loss(found.model, given.validation) == pytest.approx(last["val_loss"])


# Order of the rows


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 4, 5, 12, 13])
def test_every_epoch_uses_every_row_once(
    batches: list[list[float]], batch_size: int, shuffle: bool
) -> None:
    given = problem()
    fit(given, epochs=3, batch_size=batch_size, shuffle=shuffle, **RAW)
    per_epoch = -(-13 // batch_size)
    assert len(batches) == 3 * per_epoch
    for epoch in range(3):
        of_epoch = batches[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert [len(batch) for batch in of_epoch[:-1]] == [batch_size] * (per_epoch - 1)
        assert sorted([*chain(*of_epoch)]) == sorted(given.train["x0"])


@pytest.mark.parametrize("batch_size", [14, 1000, "full"])
def test_a_batch_larger_than_the_data_is_all_the_data(
    batches: list[list[float]], batch_size: Any
) -> None:
    fit(problem(), epochs=2, batch_size=batch_size, **RAW)
    assert [len(batch) for batch in batches] == [13, 13]


def test_without_shuffling_rows_come_in_their_own_order(batches: list[list[float]]) -> None:
    given = problem()
    fit(given, epochs=2, batch_size=4, **RAW)
    assert [*chain(*batches[:4])] == [*chain(*batches[4:])] == given.train["x0"].tolist()


def test_shuffling_takes_another_order_each_epoch(batches: list[list[float]]) -> None:
    fit(problem(), epochs=2, shuffle=True, batch_size=4, **RAW)
    assert [*chain(*batches[:4])] != [*chain(*batches[4:])]


def test_the_one_batch_of_all_rows_is_not_shuffled(batches: list[list[float]]) -> None:
    # Its order changes nothing but rounding.
    given = problem()
    fit(given, epochs=2, shuffle=True, **RAW)
    assert batches == [given.train["x0"].tolist()] * 2


def test_the_order_depends_on_the_seed_only(batches: list[list[float]]) -> None:
    options: dict[str, Any] = {"epochs": 2, "shuffle": True, "batch_size": 4}
    torch.manual_seed(1)
    fit(problem(), **options, **RAW)
    torch.manual_seed(2)
    fit(problem(), DEEP, optimizer="adam", standardise=False, lr=1e-6, **options)
    fit(problem(seed=6), **options, **RAW)
    assert batches[0:8] == batches[8:16]
    assert batches[0:8] != batches[16:24]


def test_training_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    fit(problem(), DEEP, epochs=2, shuffle=True)
    assert torch.equal(torch.rand(3), expected)


def test_the_mean_over_a_short_last_batch_is_over_its_own_rows() -> None:
    # Two updates on 3 rows in batches of 2, by hand, for y = w x + b from w = b = 0.
    rows = pd.DataFrame({"row": list("abc"), "target": [1.0, 2.0, 4.0], "x": [1.0, 2.0, 3.0]})
    given = problem(train=rows, validation=rows.iloc[:0], inputs=["x"])
    options = {**RAW, "lr": 0.1, "init": [0, 0]}
    found = fit(given, Linear("linear", ["x"]), epochs=1, batch_size=2, **options)
    w, b = 0.1 * 2 * (1 * 1 + 2 * 2) / 2, 0.1 * 2 * (1 + 2) / 2
    residual = 3 * w + b - 4
    after = [w - 0.1 * 2 * residual * 3, b - 0.1 * 2 * residual]
    assert found.path[["p0", "b"]].to_numpy().tolist() == [
        pytest.approx([w, b]),
        pytest.approx(after),
    ]
