"""Products that no BLAS, processor or number of threads changes a bit of."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.machines import HASWELL
from viewcast.base.products import FULL, MIDDLE, SHORT, product

ERRORS = {FULL: 2**-52, MIDDLE: 2**-38, SHORT: 2**-16}


@given(
    rows=st.integers(1, 9),
    terms=st.integers(1, 300),
    columns=st.integers(1, 9),
    slices=st.sampled_from([FULL, MIDDLE, SHORT]),
    seed=st.integers(0, 999),
)
def test_a_product_is_right_to_its_digits(
    rows: int, terms: int, columns: int, slices: int, seed: int
) -> None:
    draws = np.random.default_rng(seed)
    left = draws.normal(size=(rows, terms)) * 10.0 ** draws.integers(-9, 9, (rows, 1))
    right = draws.normal(size=(terms, columns)) * 10.0 ** draws.integers(-9, 9, columns)
    exact = left.astype(np.longdouble) @ right.astype(np.longdouble)
    scale = np.abs(left).max(axis=1, keepdims=True) * np.abs(right).max(axis=0)
    error = np.abs(product(left, right, slices) - exact)
    assert (error <= terms * ERRORS[slices] * scale).all()


@given(terms=st.integers(1, 50), seed=st.integers(0, 999))
def test_whole_numbers_are_multiplied_exactly_in_any_order(terms: int, seed: int) -> None:
    draws = np.random.default_rng(seed)
    left, right = draws.integers(-999, 999, (4, terms)), draws.integers(-999, 999, (terms, 3))
    order = draws.permutation(terms)
    assert (product(left, right) == left @ right).all()
    assert (product(left[:, order], right[order]) == product(left, right)).all()


@given(terms=st.integers(1, 300), seed=st.integers(0, 999))
def test_sums_of_flagged_numbers_are_right_to_40_bits(terms: int, seed: int) -> None:
    draws = np.random.default_rng(seed)
    flags, values = draws.random((5, terms)) < 0.5, draws.normal(size=(terms, 3))
    expected = flags.astype(float) @ values
    np.testing.assert_allclose(product(flags, values), expected, atol=terms * 2.0**-40)


def test_shapes_are_those_of_numpy() -> None:
    one, two, three = np.ones(4), np.ones((4, 2)), np.ones((5, 3, 4))
    for left, right in ((one, one), (one, two), (two.T, one), (three, two), (three, one)):
        assert product(left, right).shape == (left @ right).shape
    assert product(np.ones((2, 0)), np.ones((0, 3))).tolist() == [[0, 0, 0]] * 2


def test_numbers_of_any_size_and_infinite_ones() -> None:
    assert product(np.array([1e300]), np.array([1e-300])) == pytest.approx(1)
    assert product(np.array([1e-320]), np.array([1e300])) == 0  # below the smallest unit
    assert product(np.zeros((1, 2)), np.ones((2, 1))) == 0
    assert np.isnan(product(np.array([np.inf, 1.0]), np.ones(2)))


PRINTED = """
import numpy as np
from viewcast.base.products import product
draws = np.random.default_rng(1)
print(product(draws.normal(size=(300, 77)), draws.normal(size=(77, 50))).tobytes().hex())
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
