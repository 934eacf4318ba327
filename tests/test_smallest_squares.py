"""Least squares without a solver of a library: its answers, and the same bits on every machine."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from support.machines import HASWELL
from viewcast.training.smallest_squares import solve


def of_one(x: Any, y: Any) -> Any:
    """The weights (F,) of one output."""
    return solve(x, y[:, np.newaxis])[:, 0]


@given(
    rows=st.integers(1, 60),
    features=st.integers(1, 12),
    dependent=st.integers(0, 3),
    seed=st.integers(0, 999),
)
def test_weights_are_those_of_an_orthogonal_decomposition(
    rows: int, features: int, dependent: int, seed: int
) -> None:
    draws = np.random.default_rng(seed)
    own = draws.normal(size=(rows, features)) * 10.0 ** draws.integers(-2, 3, features)
    x = np.hstack([own, own[:, :1] + own[:, -1:] * draws.normal(size=dependent)])
    y = draws.normal(size=rows)
    expected = np.linalg.lstsq(x, y, rcond=1e-12)[0]
    if np.linalg.cond(own) < 1e6:
        error = np.abs(of_one(x, y) - expected).max()
        assert error <= 1e-6 * np.abs(expected).max()


def test_a_polynomial_of_ten_terms_keeps_its_digits() -> None:
    """Its normal equations alone would leave three: the condition of the powers is 10⁶."""
    x = np.vander(np.linspace(0, 1, 200), 10)
    weights = np.arange(1.0, 11.0)
    np.testing.assert_allclose(of_one(x, x @ weights), weights, rtol=1e-7)


def test_features_that_say_nothing_have_no_weight() -> None:
    x = np.zeros((5, 2))
    assert of_one(x, np.arange(5.0)).tolist() == [0, 0]
    assert of_one(np.empty((5, 0)), np.arange(5.0)).tolist() == []


def test_many_rows_are_summed_in_parts() -> None:
    draws = np.random.default_rng(1)
    x, y = draws.normal(size=(10_000, 3)), draws.normal(size=10_000)
    np.testing.assert_allclose(of_one(x, y), np.linalg.lstsq(x, y, rcond=None)[0], rtol=1e-10)


PRINTED = """
import numpy as np
from viewcast.training.smallest_squares import solve
walk = np.cumsum(np.random.default_rng(1).normal(size=900))
x = np.lib.stride_tricks.sliding_window_view(walk, 57)
print(solve(x[:-1], walk[57:, None]).tobytes().hex())
"""


def test_another_processor_and_more_threads_give_the_same_bits() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", PRINTED],
            env={**os.environ, **machine},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for machine in ({"OPENBLAS_NUM_THREADS": "2"}, HASWELL)
    }
    assert len(found) == 1
