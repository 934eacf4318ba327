"""The two engines of gradient descent: the same losses to 1e-5, the same epoch, the same end.

Both compute in single precision, and each adds in an order of its own. Where rounding alone moves a
result, which PyTorch in double precision shows, there is nothing to compare.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic.dataclasses import dataclass as pydantic

from support.cohorts import candidate, problem, train
from support.rich_problems import LOSSES, rich
from viewcast.scoring.loss import MSE
from viewcast.training.engine import Descent

CLOSE, ROUNDING = 1e-5, 2e-6


@dataclass(frozen=True)
class Case:
    """A problem and a candidate's settings."""

    loss: int
    rows: int
    validated: int
    features: int
    hidden: tuple[int, ...]
    outputs: int
    seed: int
    own: dict[str, Any]

    def trained(self, engine: str, precision: str = "float32") -> Descent:
        given_ = rich(LOSSES[self.loss], self.outputs, self.rows, self.validated, self.features)
        own = {**self.own, "engine": engine, "precision": precision}
        one = candidate(self.seed, self.hidden, self.features, self.outputs, **own)
        return train(given_, [one], self.hidden)[0]


own = st.fixed_dictionaries(
    {
        "batch_size": st.sampled_from([1, 2, 7, 16, 33, "full"]),
        "epochs": st.integers(1, 5),
        "shuffle": st.booleans(),
        "momentum": st.sampled_from([0.0, 0.9]),
        "beta2": st.sampled_from([0.99, 0.999]),
        "weight_decay": st.sampled_from([0.0, 0.1]),
        "row_share": st.sampled_from([0.3, 1.0]),
        "feature_share": st.sampled_from([0.4, 1.0]),
        "standardise": st.booleans(),
        "train_loss": st.sampled_from(["after", "during"]),
        "sample_weight": st.sampled_from([None, "count"]),
    }
)
rules = st.sampled_from(
    [
        {"optimizer": "adam", "lr": 0.01},
        {"optimizer": "adam", "lr": 0.001},
        {"optimizer": "sgd", "lr": 0.001},
    ]
)
ends = st.sampled_from(
    [
        {"restore_best": True, "patience": None},
        {"restore_best": True, "patience": 1},
        {"restore_best": False, "patience": None},
    ]
)
cases = st.builds(
    lambda rule, end, own, **shape: Case(**shape, own={**rule, **end, **own}),
    rules,
    ends,
    own,
    loss=st.integers(0, len(LOSSES) - 1),
    rows=st.sampled_from([1, 2, 9, 32, 61]),
    validated=st.sampled_from([1, 5, 40]),
    features=st.sampled_from([1, 4, 9]),
    hidden=st.sampled_from([(), (1,), (7,), (16,), (20,), (6, 5), (17, 3, 8)]),
    outputs=st.sampled_from([1, 1, 2, 5]),
    seed=st.integers(0, 2**70),
)


@given(case=cases)
@settings(max_examples=60, derandomize=True)
def test_both_engines_find_the_same_losses_the_same_epoch_and_the_same_end(case: Case) -> None:
    theirs, exact = case.trained("torch"), case.trained("torch", "float64")
    assume(len(theirs.curve) == len(exact.curve))
    assume(not _tied(exact.curve["val_loss"]))
    assume(np.allclose(theirs.curve, exact.curve, rtol=ROUNDING, atol=0))
    ours = case.trained("compiled")
    assert ours.best_epoch == theirs.best_epoch
    assert (ours.failure is None) == (theirs.failure is None)
    np.testing.assert_allclose(ours.curve, theirs.curve, rtol=CLOSE)
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-3, atol=1e-3)
    assert ours.trajectory.shape == theirs.trajectory.shape


def _tied(losses: Any) -> bool:
    """Whether rounding decides which epoch is best."""
    two = np.sort(losses)[:2]
    return len(two) == 2 and bool(two[1] - two[0] <= 10 * CLOSE * abs(two[0]))


@pytest.mark.parametrize("validated", [17, 1300])
def test_they_leave_the_same_row_losses_and_the_same_path(validated: int) -> None:
    own = {"keep_path": True, "epochs": 3, "lr": 0.01}
    case = Case(1, 45, validated, 5, (7,), 2, 3, own)
    ours, theirs = case.trained("compiled"), case.trained("torch")
    np.testing.assert_allclose(ours.trajectory, theirs.trajectory, rtol=1e-4, atol=1e-4)
    assert ours.path.columns.tolist() == theirs.path.columns.tolist()
    np.testing.assert_allclose(ours.path, theirs.path, rtol=1e-3, atol=1e-5)


@pydantic(frozen=True)
class Huber(MSE):
    """A loss of a user's own: squared up to 1, and straight from there (Huber 1964)."""

    name: ClassVar[str] = "huber"

    def rows(self, prediction: Any, target: Any) -> Any:
        """Half the square, or the distance less a half."""
        near = abs(prediction - target).clip(max=1)
        return near * (abs(prediction - target) - near / 2)

    def grad(self, prediction: Any, target: Any, weight: Any) -> Any:
        """The residual between -1 and 1."""
        return (prediction - target).clip(-1, 1) * weight

    @staticmethod
    def slope(prediction: float, target: float) -> tuple[float, float]:
        """Both, in plain numbers."""
        residual = prediction - target
        if abs(residual) > 1:
            return abs(residual) - 0.5, math.copysign(1.0, residual)
        return residual * residual / 2, residual

    def rescale(self, factor: float) -> Any:
        """None: the bend is at 1, in any unit."""
        return None


def test_a_users_own_loss_is_compiled_from_its_slope() -> None:
    given_ = problem(loss=Huber())
    ours, theirs = (
        train(given_, [candidate(3, (7,), engine=engine)], (7,))[0]
        for engine in ("compiled", "torch")
    )
    np.testing.assert_allclose(ours.curve, theirs.curve, rtol=CLOSE)


@pytest.mark.parametrize("lr", [1e4, 1e30])
def test_they_tell_a_divergence_in_the_same_words(lr: float) -> None:
    case = Case(0, 45, 17, 5, (7,), 1, 3, {"optimizer": "sgd", "lr": lr, "epochs": 9})
    ours, theirs = case.trained("compiled"), case.trained("torch")
    assert ours.failure is not None
    assert theirs.failure is not None
    assert ours.failure.split(": training loss")[0] == theirs.failure.split(": training loss")[0]
