"""A model, a loss, a data set or a trainer is one class and one YAML file."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from support.project import Project
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.paths import prepared_path
from viewcast.base.settings import build
from viewcast.data import table
from viewcast.models.fitted import fitted_kind, load
from viewcast.scoring.loss import MAE, MSE, Loss
from viewcast.scoring.msle import MSLE
from viewcast.training.config import OBJECTS

HERE = __name__


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class NoLoss:
    """Has the rows of a loss and nothing else."""

    def rows(self, prediction: Any, target: Any) -> Any:
        return abs(prediction - target)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class SignedError(MAE):
    """An error with a sign, which is no loss."""

    name: ClassVar[str] = "signed"

    def rows(self, prediction: Any, target: Any) -> Any:
        return prediction - target


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class LogOfPrediction(MAE):
    """A log loss that does not say which targets it refuses."""

    name: ClassVar[str] = "careless"

    def rows(self, prediction: Any, target: Any) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            return (np.log(prediction - 20) - np.log(target - 20)) ** 2


# What is asked of a class


@pytest.mark.parametrize(
    ("section", "target", "lacks"),
    [
        ("loss", f"{HERE}.NoLoss", "grad, name, refusal, rescale, unit"),
        ("data", "viewcast.scoring.loss.MSE", "block, cluster, feature_lookback, features, part"),
        ("model", "viewcast.scoring.loss.MSE", "features, kind"),
        ("trainer", "viewcast.scoring.loss.MSE", "the base class Trainer"),
    ],
)
def test_a_class_of_another_section_is_refused_with_what_it_lacks(
    section: str, target: str, lacks: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        build({"_target_": target}, section, OBJECTS[section])
    assert str(refused.value).startswith(f"{section}._target_ = {target}: it lacks {lacks}")


# A loss


def test_a_loss_with_a_sign_is_refused_by_name_and_no_run_finishes(project: Project) -> None:
    with pytest.raises(DataError, match=r"^loss = signed: .* expected a finite number of at least"):
        project.run("model=linear", f"++loss._target_={HERE}.SignedError")
    assert {run.info.status for run in project.runs()} == {"FAILED"}


def test_a_loss_that_is_no_number_is_refused_by_name_and_no_run_finishes(project: Project) -> None:
    with pytest.raises(DataError, match=r"^loss = careless: .* rows have no loss; found nan"):
        project.run("model=linear", f"++loss._target_={HERE}.LogOfPrediction")
    assert {run.info.status for run in project.runs()} == {"FAILED"}


@pytest.mark.parametrize("loss", [MSE(), MAE()])
@given(factor=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_rescale_is_by_what_the_loss_of_shifted_multiples_grows(
    loss: Loss, factor: float, shift: float
) -> None:
    prediction, target = np.array([-3.0, 0.5, 7.0]), np.array([1.0, 2.0, -2.0])
    moved = loss.rows(factor * prediction + shift, factor * target + shift)
    grown = loss.rescale(factor)
    assert grown is not None
    np.testing.assert_allclose(moved, grown * loss.rows(prediction, target), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("loss", [MSE(), MAE(), MSLE()])
@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_the_gradient_is_that_of_torch(loss: Loss, weight: float) -> None:
    free = torch.tensor([-2.0, -0.5, 0.25, 3.0, 80.0], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0.0, 1.0, 2.0, 2.5, 100.0], dtype=torch.float64)
    (weight * loss.rows(free, target)).sum().backward()
    assert free.grad is not None
    ours = loss.grad(free.detach().clone(), target, weight)
    torch.testing.assert_close(ours, free.grad)


@given(values=st.lists(st.floats(-10, 1e6), min_size=1, max_size=5))
def test_msle_is_the_same_on_arrays_and_on_tensors(values: list[float]) -> None:
    prediction, target = np.array(values), np.abs(values[::-1])
    ours = MSLE().rows(prediction, target)
    assert (ours >= 0).all()
    tensors = MSLE().rows(torch.tensor(prediction), torch.tensor(target))
    np.testing.assert_allclose(tensors.numpy(), ours, rtol=1e-12, atol=1e-15)


def test_msle_of_predictions_from_0_on_is_the_squared_error_of_logarithms() -> None:
    prediction, target = np.array([0.0, 1.0, 9.0]), np.array([3.0, 1.0, 0.0])
    expected = (np.log1p(prediction) - np.log1p(target)) ** 2
    np.testing.assert_allclose(MSLE().rows(prediction, target), expected)


def test_msle_below_0_costs_more_the_further_it_is() -> None:
    losses = MSLE().rows(np.array([0.0, -1.0, -2.0]), np.ones(3))
    assert losses[0] < losses[1] < losses[2]


def test_msle_refuses_targets_below_0_before_any_run_exists(project: Project) -> None:
    config = project.config("model=linear", "loss=msle")
    project.prepare(config)
    path = prepared_path(project.root, config.data.name)
    whole = table.read(path, config.preparation(), config.data.name)
    table.write(whole.assign(target=whole["target"] - 60), path, config.preparation())
    with pytest.raises(DataError, match=r"^loss = msle, train rows of data=lectures: found the ta"):
        project.run("model=linear", "loss=msle")
    assert project.runs() == []


@pytest.mark.parametrize(
    ("loss", "unit", "limit"),
    [("msle", "log²", 0.1), ("smape", "share", 0.25), ("squared_relative", "share²", 0.1)],
)
def test_a_loss_without_a_factor_is_lowered_in_raw_units_while_features_are_standardised(
    project: Project, loss: str, unit: str, limit: float
) -> None:
    quick = ("model.units=8", "trainer.epochs=60", "trainer.lr=0.01")
    result = project.run("model=deep", f"loss={loss}", *quick)
    assert result["status"] == "finished"
    assert result["unit"] == unit
    assert result["val_loss"] < limit


# A fitted model


def test_a_folder_of_an_unknown_kind_is_refused_and_nothing_it_names_is_imported(
    tmp_path: Path,
) -> None:
    (tmp_path / "model.json").write_text('{"kind": "os.system", "inputs": [], "unit": "views"}')
    with pytest.raises(DataError, match=r"unknown kind of model 'os\.system'; known: .*network"):
        load(tmp_path)


def test_two_classes_cannot_declare_the_same_kind() -> None:
    class Second:
        kind: ClassVar[str] = "network"

    with pytest.raises(ValueError, match="kind 'network' of Second is taken by FittedNetwork"):
        fitted_kind(Second)  # type: ignore[type-var]
