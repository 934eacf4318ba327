"""Logarithms with the same bits everywhere."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.logarithm import expm1, log1p


@given(st.lists(st.floats(0, 1e300), min_size=1))
def test_it_is_that_of_the_library_but_for_the_last_bits(values: list[float]) -> None:
    for found, value in zip(log1p(np.array(values)), values, strict=True):
        assert found == pytest.approx(math.log1p(value), rel=2**-51, abs=2**-51)


def test_it_grows_with_every_count_and_is_0_of_0() -> None:
    found = log1p(np.arange(100_000, dtype=np.float32))
    assert found[0] == 0
    assert (np.diff(found) > 0).all()


def test_its_bits_are_known() -> None:
    found = log1p(np.arange(100_000.0)).astype("<f8").tobytes()
    assert hashlib.sha256(found).hexdigest()[:16] == "381fff9f42bcc0cb"
    found = expm1(np.arange(-9216, 20480) / 1024).astype("<f8").tobytes()
    assert hashlib.sha256(found).hexdigest()[:16] == "825954fd0e202f19"


@given(st.lists(st.floats(-800, 700), min_size=1))
def test_its_inverse_is_that_of_the_library_but_for_the_last_bits(values: list[float]) -> None:
    for found, value in zip(expm1(np.array(values)), values, strict=True):
        assert found == pytest.approx(math.expm1(value), rel=2**-50, abs=2**-50)


def test_the_inverse_gives_counts_back_and_ends_where_doubles_do() -> None:
    counts = np.concatenate([np.arange(1000.0), [1e6, 1e9]])
    np.testing.assert_allclose(expm1(log1p(counts)), counts, rtol=1e-14)
    assert expm1(np.array([0, 1e4, np.inf, -np.inf])).tolist() == [0, np.inf, np.inf, -1]
    assert np.isnan(expm1(np.array([np.nan]))).all()


def test_nothing_known_stays_nothing_known() -> None:
    assert np.isnan(log1p(np.array([1, np.nan]))).tolist() == [False, True]
