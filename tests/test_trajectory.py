"""Trajectories: the row losses after every epoch, for a choice that is made by all of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from support.descents import DEEP, SETTINGS, fit, problem, rows_of
from support.project import Project
from viewcast.scoring.loss import MAE, MSE
from viewcast.sweep.results import thinned, thinned_losses
from viewcast.training.candidate import Candidate
from viewcast.training.descent import descend
from viewcast.training.engine import Descent
from viewcast.training.gradient_descent import GradientDescent
from viewcast.training.problem import Problem
from viewcast.training.torch_engine import chunks
from viewcast.training.trajectory import CELLS, cell_count, in_cells

QUICK: dict[str, Any] = {"optimizer": "adam", "momentum": 0.9, "lr": 0.02, "keep_path": False}
BEST: dict[str, Any] = {**QUICK, "restore_best": True}
MANY = 2 * CELLS + 300  # rows in cells of 3, the last cell of 1


def losses_of(found: Any) -> Any:
    return np.stack(found.trajectory["losses"].tolist())


def means_of_cells(losses: Any, size: int) -> Any:
    return np.array([losses[i : i + size].mean() for i in range(0, len(losses), size)])


def test_there_is_one_line_of_row_losses_for_every_epoch() -> None:
    found = fit(problem(), epochs=7, **BEST)
    assert found.trajectory["epoch"].tolist() == found.curve["epoch"].tolist()
    assert found.trajectory["epoch"].dtype == np.int32
    assert losses_of(found).shape == (7, 5)
    assert losses_of(found).dtype == np.float32
    np.testing.assert_allclose(losses_of(found).mean(1), found.curve["val_loss"], rtol=1e-6)


@pytest.mark.parametrize("rows", [5, MANY])
@pytest.mark.parametrize("loss", [MSE(), MAE()])
@pytest.mark.parametrize("epoch", [1, 4, 7])
def test_they_are_the_losses_of_a_model_trained_for_so_many_epochs(
    rows: int, loss: Any, epoch: int
) -> None:
    given_ = problem(validation=rows_of(2, rows, prefix="v"), loss=loss)
    found = fit(given_, DEEP, epochs=7, **BEST)
    stopped = fit(given_, DEEP, epochs=epoch, **{**BEST, "restore_best": False})
    again = loss.rows(stopped.model.predict(given_.validation), given_.y(given_.validation))
    expected = means_of_cells(again, -(-rows // CELLS))
    np.testing.assert_allclose(losses_of(found)[epoch - 1], expected, rtol=1e-5)


def test_who_keeps_the_last_epoch_has_none() -> None:
    assert fit(problem(), epochs=3, **{**BEST, "restore_best": False}).trajectory.empty


@pytest.mark.parametrize("rows", [5, MANY])
def test_a_resumed_run_has_the_same_bits(tmp_path: Path, rows: int) -> None:
    given_ = problem(validation=rows_of(2, rows, prefix="v"))

    def die(epoch: int, *losses: Any) -> None:
        if epoch == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(problem(validation=given_.validation, checkpoint=tmp_path, on_epoch=die), DEEP, **BEST)
    resumed = fit(problem(validation=given_.validation, checkpoint=tmp_path), DEEP, **BEST)
    whole = fit(given_, DEEP, **BEST)
    assert losses_of(resumed).tobytes() == losses_of(whole).tobytes()


# In company


def cohort_of(given_: Problem, **shared: Any) -> list[Descent]:
    own: list[dict[str, Any]] = [
        {"lr": 0.01},
        {"lr": 0.03, "patience": 2},
        {"lr": 0.02, "restore_best": False},
        {"lr": 1e9},
        {"lr": 0.001, "feature_share": 0.5},
    ]
    settings = [GradientDescent(**{**SETTINGS, **BEST, **shared, **each}) for each in own]
    everyone = [Candidate(s, i, s.init_values(2, (6, 6), i)) for i, s in enumerate(settings)]

    def train(some: list[Candidate]) -> list[Descent]:
        return descend(given_, some, (6, 6), some[0].settings.scaling(given_), lambda *told: None)

    together = train(everyone)
    for one, (alone,) in zip(together, ([*train([each])] for each in everyone), strict=True):
        assert one.trajectory.tobytes() == alone.trajectory.tobytes()
    return together


@pytest.mark.parametrize("rows", [5, MANY])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_each_candidate_has_the_bits_it_would_have_alone(rows: int, precision: str) -> None:
    given_ = problem(validation=rows_of(2, rows, prefix="v"))
    found = cohort_of(given_, precision=precision, batch_size=7)
    assert found[1].trajectory.shape == (len(found[1].curve), cell_count(rows))
    assert len(found[1].curve) < 30, "patience is meant to end it"
    assert len(found[2].trajectory) == 0
    assert found[3].failure is not None
    assert len(found[3].trajectory) == len(found[3].curve) < 30


def test_losses_beyond_single_precision_are_infinite_and_warn_nobody() -> None:
    # Finite in the units of training, and beyond 3e38 in those of the target.
    far = rows_of(2, 5, prefix="v").assign(target=1e20)
    found = fit(problem(validation=far), precision="float32", epochs=3, **BEST)
    assert np.isinf(losses_of(found)).all()
    assert np.isfinite(found.curve["val_loss"]).all()


def test_a_chunk_is_smaller_where_trajectories_or_orders_would_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chunks, "TRAJECTORY_BYTES", 4 * 30 * CELLS * 10)
    everyone = [
        Candidate(GradientDescent(**{**SETTINGS, **BEST}), i, np.zeros(3)) for i in range(40)
    ]
    few, many = (
        {len(chunk) for chunk in chunks.chunks(everyone, 2, (), 13, "cpu", rows)}
        for rows in (5, 10 * CELLS)
    )
    assert many == {10}
    assert few == {40}
    monkeypatch.setattr(chunks, "ROW_BYTES", chunks.BYTES_OF_A_ROW * 13 * 8)
    assert {len(chunk) for chunk in chunks.chunks(everyone, 2, (), 13, "cpu", 5)} == {8}


# Cells


@given(rows=st.integers(1, 5 * CELLS), candidates=st.integers(1, 3))
def test_cells_are_means_of_consecutive_rows_and_at_most_so_many(
    rows: int, candidates: int
) -> None:
    losses = torch.arange(rows * candidates, dtype=torch.float64).reshape(candidates, rows)
    found = in_cells(losses).numpy()
    assert found.shape == (candidates, cell_count(rows))
    assert cell_count(rows) <= CELLS
    size = -(-rows // CELLS)
    for one, of_rows in zip(found, losses.numpy(), strict=True):
        np.testing.assert_allclose(one, means_of_cells(of_rows, size), rtol=1e-12)


@given(epochs=st.integers(1, 1000), best=st.integers(1, 1000))
def test_a_thinned_trajectory_has_the_epochs_of_the_thinned_curve_and_the_best(
    epochs: int, best: int
) -> None:
    best = min(best, epochs)
    losses = np.arange(2 * epochs, dtype=np.float32).reshape(epochs, 2)
    found = thinned_losses(3, losses, best)
    curve = thinned(pd.DataFrame({"epoch": np.arange(1, epochs + 1)}))
    assert found["epoch"].tolist() == sorted({*curve["epoch"], best})
    for epoch, kept in zip(found["epoch"], found["losses"], strict=True):
        assert kept.tolist() == losses[epoch - 1].tolist()


# As files


def test_the_artifact_is_in_the_order_of_the_predictions_and_has_the_losses_of_the_best_epoch(
    project: Project,
) -> None:
    deep = ("model=deep", "trainer.epochs=9", "trainer.patience=null")
    result = project.run(*deep)
    stored = {}
    for name in ("predictions", "trajectory"):
        file = project.client.download_artifacts(result["run_id"], f"{name}.parquet")
        stored[name] = pd.read_parquet(file)
    predicted = stored["predictions"]
    validation = predicted[predicted["split"] == "validation"]
    assert validation["time"].astype(int).is_monotonic_increasing
    trajectory = stored["trajectory"].set_index("epoch")["losses"]
    assert trajectory.index.tolist() == list(range(1, 10))
    best = trajectory[result["best_epoch"]]
    np.testing.assert_allclose(best, validation["loss"], rtol=1e-4)


def test_a_run_without_epochs_has_no_trajectory(project: Project) -> None:
    result = project.run("model=linear")
    names = {file.path for file in project.client.list_artifacts(result["run_id"])}
    assert "trajectory.parquet" not in names
