"""A line without a bias, and what follows from that."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.models.fitted import FittedNetwork
from viewcast.models.linear import Linear
from viewcast.scoring.loss import MAE
from viewcast.training.problem import Problem
from viewcast.training.through_origin import ThroughOrigin


def rows(scale: float = 1.0, count: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    x = rng.uniform(1, 9, (count, 3))
    y = x @ [0.5, 0.3, 0.1] + rng.normal(0, 0.2, count)
    frame = pd.DataFrame(x * scale, columns=["a", "b", "c"])
    return frame.assign(row=[f"r{n}" for n in range(count)], target=y * scale)


def fitted(train: pd.DataFrame) -> FittedNetwork:
    problem = Problem(
        train, train.iloc[:0], ["a", "b", "c"], MAE(), seed=1, threads=1, identity="x"
    )
    model = ThroughOrigin("through_origin").fit(problem, Linear("line", ["a", "b", "c"])).model
    assert isinstance(model, FittedNetwork)
    return model


def test_it_is_the_solution_of_the_normal_equations_of_shares_without_a_bias() -> None:
    train = rows()
    x, y = train[["a", "b", "c"]].to_numpy(), train["target"].to_numpy()
    size = x.mean(axis=1)
    x, y = x / size[:, None], y / size
    expected = np.linalg.solve(x.T @ x, x.T @ y)
    figures = fitted(train).figures()
    assert [figures[f"w_{name}"] for name in "abc"] == pytest.approx(expected)
    assert figures["b"] == 0


@given(st.floats(1e-3, 1e3))
def test_what_is_a_times_as_large_is_forecast_a_times_as_much(factor: float) -> None:
    model, asked = fitted(rows()), rows(count=5)
    larger = asked.assign(**{name: asked[name] * factor for name in "abc"})
    np.testing.assert_allclose(model.predict(larger), factor * model.predict(asked))


@given(st.sampled_from([1e-3, 7.0, 1e4]))
def test_the_unit_that_it_learns_in_moves_no_weight(factor: float) -> None:
    asked = rows(count=5)
    np.testing.assert_allclose(fitted(rows(factor)).predict(asked), fitted(rows()).predict(asked))


def test_rows_that_are_larger_weigh_no_more() -> None:
    train, factors = rows(), np.tile([1.0, 1000.0], 20)
    larger = train.assign(**{name: train[name] * factors for name in ("a", "b", "c", "target")})
    assert fitted(larger).figures() == pytest.approx(fitted(train).figures())


def test_a_row_of_nothing_but_zeros_says_nothing() -> None:
    train = rows()
    train.loc[3, ["a", "b", "c"]] = 0.0
    assert fitted(train).figures() == pytest.approx(fitted(train.drop(index=3)).figures())


def test_a_feature_that_is_always_0_gets_no_weight() -> None:
    train = rows().assign(b=0.0)
    assert fitted(train).figures()["w_b"] == 0
