"""Reproducibility to the bit, and the units that training works in."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.descents import DEEP, LINE, RAW, assert_bit_equal, fit, problem, rows_of
from viewcast.models.deep import Deep
from viewcast.models.linear import Linear
from viewcast.training.least_squares import LeastSquares


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_two_runs_are_equal_to_the_bit(optimizer: str, precision: str) -> None:
    one, other = (
        fit(problem(), DEEP, optimizer=optimizer, precision=precision, shuffle=True, batch_size=4)
        for _ in range(2)
    )
    assert_bit_equal(one, other)


def test_another_seed_starts_elsewhere() -> None:
    one, other = (fit(problem(seed=seed), DEEP, epochs=1) for seed in (1, 2))
    assert one.path.iloc[0, 1:].tolist() != other.path.iloc[0, 1:].tolist()


@settings(max_examples=15)
@given(seed=st.integers(100, 10_000), factor=st.sampled_from([0.01, 1.0, 1000.0]))
def test_validation_rows_change_no_scaling_and_no_weight(seed: int, factor: float) -> None:
    other = rows_of(seed, 9, prefix="v")
    other[["target", "x0", "x1"]] *= factor
    before = fit(problem(), epochs=5)
    after = fit(problem(validation=other), epochs=5)
    for name, array in before.model.arrays().items():
        assert array.tobytes() == after.model.arrays()[name].tobytes(), name


def test_scaling_is_that_of_the_training_rows() -> None:
    given = problem()
    arrays = fit(given, epochs=1).model.arrays()
    x, y = given.train[["x0", "x1"]].to_numpy(), given.train["target"].to_numpy()
    np.testing.assert_allclose(arrays["x_mean"], x.mean(axis=0))
    np.testing.assert_allclose(arrays["x_std"], x.std(axis=0))
    np.testing.assert_allclose(arrays["y"], [y.mean(), y.std()])


def test_without_standardising_features_stay_as_they_are() -> None:
    arrays = fit(problem(), epochs=1, **RAW).model.arrays()
    assert arrays["x_mean"].tolist() == [0, 0]
    assert arrays["x_std"].tolist() == [1, 1]
    assert arrays["y"].tolist() == [0, 1]


def test_gradient_descent_and_least_squares_find_the_same_line() -> None:
    given = problem()
    exact = LeastSquares("least_squares").fit(given, LINE).model.figures()
    found = fit(given, epochs=2000, lr=0.1, keep_path=False).model.figures()
    assert found == pytest.approx(exact, rel=1e-8)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_standardised_least_squares_agrees_with_raw_least_squares(seed: int) -> None:
    given = problem(train=rows_of(seed, 11, noise=5))
    design = np.column_stack([given.train[["x0", "x1"]], np.ones(11)])
    raw, *_ = np.linalg.lstsq(design, given.train["target"], rcond=None)
    figures = LeastSquares("least_squares").fit(given, LINE).model.figures()
    assert list(figures.values()) == pytest.approx(raw.tolist(), rel=1e-7, abs=1e-7)


def test_features_that_nearly_agree_are_still_told_apart() -> None:
    rows = rows_of(1, 20)
    rows["x1"] = rows["x0"] + 1e-4 * rows["x1"]
    rows["target"] = 3 * rows["x0"] - 2 * rows["x1"] + 1
    figures = LeastSquares("least_squares").fit(problem(train=rows), LINE).model.figures()
    assert list(figures.values()) == pytest.approx([3, -2, 1], rel=1e-5)


def test_two_features_that_are_the_same_share_the_weight() -> None:
    # Fewer independent features than parameters: the solution of smallest norm.
    rows = rows_of(1, 9).assign(x1=lambda frame: frame["x0"])
    found = LeastSquares("least_squares").fit(problem(train=rows), LINE)
    figures = found.model.figures()
    assert figures["w_x0"] == pytest.approx(figures["w_x1"])


def test_with_as_many_rows_as_parameters_every_training_row_is_hit() -> None:
    found = LeastSquares("least_squares").fit(problem(train=rows_of(1, 3, noise=40)), LINE)
    assert found.curve["train_loss"].iloc[-1] == pytest.approx(0, abs=1e-18)


def test_a_constant_feature_does_not_spoil_the_line() -> None:
    train = rows_of(1, 12).assign(x1=0.1)
    validation = rows_of(2, 5, prefix="v").assign(x1=0.2)
    given = problem(train=train, validation=validation)
    one = LeastSquares("least_squares").fit(given, LINE).model
    of_x0 = LeastSquares("least_squares").fit(replace(given, inputs=["x0"]), Linear("l", ["x0"]))
    assert one.predict(validation) == pytest.approx(of_x0.model.predict(validation), abs=1e-3)


def test_deep_learns_a_bent_curve_much_better_than_a_line() -> None:
    x = np.linspace(-3, 3, 61)
    rows = pd.DataFrame({"row": [str(i) for i in range(61)], "target": np.abs(x), "x": x})
    given = problem(train=rows, validation=rows.iloc[:0], inputs=["x"])
    line = LeastSquares("least_squares").fit(given, Linear("linear", ["x"]))
    found = fit(
        given,
        Deep("deep", ["x"], units=20, layers=1),
        **{"optimizer": "adam", "momentum": 0.9, "lr": 0.02, "epochs": 300, "keep_path": False},
    )
    line_loss = line.curve["train_loss"].iloc[-1]
    assert found.curve["train_loss"].iloc[-1] < line_loss / 100
