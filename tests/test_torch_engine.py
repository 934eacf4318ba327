"""The PyTorch engine: every epoch is that of a textbook, whatever is asked for at once."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from support.cohorts import candidate, problem, train
from support.plain_descent import plain_descent
from support.rich_problems import LOSSES, rich
from viewcast.scoring.loss import Loss
from viewcast.training import order
from viewcast.training.problem import Problem
from viewcast.training.torch_engine.orders import orders

OWN: list[dict[str, Any]] = [
    {"lr": 0.01},
    {"lr": 0.003, "weight_decay": 0.3},
    {"lr": 0.02, "restore_best": False},
]


def assert_textbook(
    given_: Problem, hidden: tuple[int, ...], outputs: int, rel: float, **shared: Any
) -> None:
    together = [
        candidate(i, hidden, outputs=outputs, engine="torch", **shared, **own)
        for i, own in enumerate(OWN)
    ]
    for one, found in zip(together, train(given_, together, hidden), strict=True):
        course = plain_descent(given_, one, hidden)
        during = one.settings.train_loss == "during"
        expected = course.during if during else course.after
        np.testing.assert_allclose(found.curve["train_loss"], expected, rtol=rel)
        np.testing.assert_allclose(found.curve["val_loss"], course.val, rtol=rel)
        best = course.best_epoch if one.settings.restore_best else one.settings.epochs
        assert found.best_epoch == best
        params = course.params[best - 1]
        np.testing.assert_allclose(found.params, params, rtol=rel, atol=rel)


@pytest.mark.parametrize("train_loss", ["after", "during"])
@pytest.mark.parametrize(("precision", "rel"), [("float32", 1e-4), ("float64", 1e-9)])
@pytest.mark.parametrize(("optimizer", "batch_size"), [("sgd", 7), ("adam", 7), ("adam", "full")])
@pytest.mark.parametrize(("hidden", "row_share"), [((), 1.0), ((7,), 0.6), ((6, 5, 3), 1.0)])
def test_every_epoch_is_that_of_a_textbook(
    hidden: Any, row_share: float, optimizer: str, batch_size: Any, precision: str, rel: float,
    train_loss: str,
) -> None:  # fmt: skip
    shared = {"precision": precision, "train_loss": train_loss, "row_share": row_share}
    shared |= {"optimizer": optimizer, "batch_size": batch_size}
    assert_textbook(problem(), hidden, 1, rel, **shared)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize(("optimizer", "hidden"), [("sgd", ()), ("adam", (6, 5))])
def test_and_so_with_any_loss_several_outputs_weights_and_masks(
    loss: Loss, outputs: int, optimizer: str, hidden: tuple[int, ...]
) -> None:
    shared = {"optimizer": optimizer, "precision": "float64", "sample_weight": "count"}
    shared |= {"feature_share": 0.6, "row_share": 0.7, "epochs": 6}
    assert_textbook(rich(loss, outputs), hidden, outputs, 1e-8, **shared)


@given(
    seeds=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=3),
    epoch=st.integers(1, 2**20),
    rows=st.integers(1, 40),
)
def test_orders_are_those_that_every_engine_takes(seeds: list[int], epoch: int, rows: int) -> None:
    numbers = np.array(seeds, np.uint64)
    found = orders(numbers, epoch, rows, torch.device("cpu")).numpy()
    assert np.array_equal(found, order.orders(numbers, epoch, rows))
    assert np.array_equal(np.sort(found, axis=1), np.tile(np.arange(rows), (len(seeds), 1)))
