"""Products by tiles, vectors and steps of the compiled engine, against plain arithmetic."""

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcast.training.compiled import matrix, products, steps, vectors
from viewcast.training.compiled.jit import for_python
from viewcast.training.compiled.matrix import Matrix

PADDED = 16
relu, mask, add, adam, sgd = (
    for_python(getattr(products, f"multiply_{name}"))
    for name in ("relu", "mask", "add", "adam", "sgd")
)
adam_constants, sgd_constants = for_python(steps.adam_constants), for_python(steps.sgd_constants)
sizes = st.tuples(st.integers(1, 9), st.integers(1, 40), st.integers(1, 100))


@for_python
def dot(a: Any, b: Any, length: int) -> float:
    return float(vectors.dot(a, 0, b, 0, length))


@for_python
def step(gradient: Any, params: Any, first: Any, second: Any, constants: Any) -> None:
    for start in range(0, len(params), 16):
        vectors.adam_step(gradient, params, first, second, constants, start)


transpose = for_python(vectors.transpose)


class Numbers:
    """A random matrix (R, C), its rows filled up, and a row of sevens after the last one."""

    def __init__(self, rng: np.random.Generator, rows: int, columns: int) -> None:
        width = -(-columns // PADDED) * PADDED
        self.all = np.zeros((rows + 1, width), np.float32)
        self.all[:rows, :columns] = rng.normal(size=(rows, columns))
        self.all[rows] = 7
        self.inner = self.all[:rows, :columns]
        self.matrix = Matrix(self.all.reshape(-1), 0, width, 1)

    @property
    def exact(self) -> Any:
        return self.inner.astype(np.float64)


def turned(of: Matrix) -> Matrix:
    return Matrix(of.data, of.start, of.column, of.row)


@settings(max_examples=40, deadline=None)
@given(shape=sizes, seed=st.integers(0, 99))
def test_a_product_and_what_follows_it_are_those_of_numpy(
    shape: tuple[int, int, int], seed: int
) -> None:
    R, K, C = shape
    rng = np.random.default_rng(seed)
    a, w, e, c = (Numbers(rng, *size) for size in ((R, K), (K, C), (R, C), (R, C)))
    a_turned, bias = Numbers(rng, K, R), Numbers(rng, 1, C)
    product, close = a.exact @ w.exact, {"rtol": 1e-5, "atol": 1e-5}

    mask(a.matrix, w.matrix, e.matrix, c.matrix, R, K, C)
    masked = product * (e.inner > 0)
    np.testing.assert_allclose(c.inner, masked, **close)
    add(turned(a_turned.matrix), w.matrix, c.matrix, R, K, C)
    np.testing.assert_allclose(c.inner, masked + a_turned.exact.T @ w.exact, **close)
    relu(a.matrix, w.matrix, bias.matrix._replace(row=0), c.matrix, R, K, C)
    np.testing.assert_allclose(c.inner, np.maximum(product + bias.exact, 0), **close)
    assert (c.all[R] == 7).all(), "a product writes its rows only"


@settings(max_examples=10, deadline=None)
@given(shape=sizes, decay=st.sampled_from([0.0, 0.1]))
def test_steps_are_those_of_the_algorithms(shape: tuple[int, int, int], decay: float) -> None:
    R, K, C = shape
    rng = np.random.default_rng(R)
    a, w, p, q = (Numbers(rng, *size) for size in ((R, K), (K, C), (R, C), (R, C)))
    m, v, u = (Numbers(rng, R, C) for _ in range(3))
    for each in (m, v, u):
        each.all[:] = 0
    constants = np.zeros(steps.CONSTANTS, np.float32)
    exact, velocity, moving = p.exact, np.zeros((R, C)), q.exact
    first, second, gradient = np.zeros((R, C)), np.zeros((R, C)), a.exact @ w.exact
    for t in range(1, 6):
        adam_constants(constants, 0.01, 0.9, 0.999, 0.9**t, 0.999**t, decay)
        adam(a.matrix, w.matrix, p.matrix, m.matrix, v.matrix, constants, R, K, C)
        g = gradient + decay * exact
        first, second = 0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g
        rate = np.sqrt(second / (1 - 0.999**t)) + 1e-8
        exact = exact - 0.01 * first / (1 - 0.9**t) / rate

        sgd_constants(constants, 0.01, 0.9, decay)
        sgd(a.matrix, w.matrix, q.matrix, u.matrix, constants, R, K, C)
        velocity = 0.9 * velocity + gradient + decay * moving
        moving = moving - 0.01 * velocity
    clear = np.abs(gradient) > 1e-3  # near 0 the sign of a gradient, and of Adam's step, is chance
    np.testing.assert_allclose(p.inner[clear], exact[clear], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(q.inner, moving, rtol=1e-5, atol=1e-5)


def test_a_step_of_adam_is_within_four_units_in_the_last_place() -> None:
    """Square root and quotient are made of multiply-adds: M / (scale √V + floor)."""
    rng = np.random.default_rng(0)
    count = 200_000
    first = (10 ** rng.uniform(-12, 6, count) * rng.choice([-1, 1], count)).astype(np.float32)
    second = (10 ** rng.uniform(-24, 12, count)).astype(np.float32)
    second[:1000] = 0
    params, constants = np.zeros(count, np.float32), np.zeros(steps.CONSTANTS, np.float32)
    adam_constants(constants, 1e-3, 0.9, 0.999, 0.9, 0.999, 0.0)
    constants[[steps.BETA1, steps.BETA2]] = 1
    m, v = first.copy(), second.copy()
    step(np.zeros(count, np.float32), params, m, v, constants)
    scale, floor = (float(constants[place]) for place in (steps.SCALE, steps.FLOOR))
    exact = first.astype(np.float64) / (np.sqrt(second.astype(np.float64)) * scale + floor)
    units = np.abs(-params - exact) / np.spacing(np.abs(exact).astype(np.float32))
    assert units.max() < 4
    assert math.sqrt(np.mean(units**2)) < 0.9
    assert np.array_equal(m, first) and np.array_equal(v, second)


def test_a_parameter_without_gradient_stays_and_one_without_number_is_seen() -> None:
    params = np.ones(16, np.float32)
    gradient, m, v = (np.zeros(16, np.float32) for _ in range(3))
    gradient[3], gradient[4] = np.nan, 1e30
    constants = np.zeros(steps.CONSTANTS, np.float32)
    adam_constants(constants, 1e-3, 0.9, 0.999, 0.9, 0.999, 0.0)
    step(gradient, params, m, v, constants)
    assert not np.isfinite(params[[3, 4]]).any(), "an overflow must not pass for a number"
    assert (np.delete(params, [3, 4]) == 1).all()


def test_vectors_are_multiplied_and_turned() -> None:
    rng = np.random.default_rng(1)
    a, c = Numbers(rng, 32, 48), Numbers(rng, 48, 32)
    transpose(a.matrix, c.matrix, 32, 48)
    assert np.array_equal(c.inner, a.inner.T)
    left, right = a.all.reshape(-1), c.all.reshape(-1)
    exact = float(left[:64].astype(np.float64) @ right[:64])
    assert dot(left, right, 64) == pytest.approx(exact, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("start", "rows", "columns", "expected"),
    [(0, 4, 16, True), (0, 5, 16, False), (1, 4, 16, False), (-1, 1, 1, False), (64, 0, 16, True)],
)
def test_a_matrix_knows_whether_it_lies_in_its_array(
    start: int, rows: int, columns: int, expected: bool
) -> None:
    inside = for_python(matrix.inside)
    assert inside(Matrix(np.zeros(64, np.float32), start, 16, 1), rows, columns) == expected


def digest() -> str:
    """The hash of many numbers that products and steps have made, in all widths of a tile."""
    rng = np.random.default_rng(2)
    constants = np.zeros(steps.CONSTANTS, np.float32)
    adam_constants(constants, 1e-3, 0.9, 0.999, 0.9, 0.999, 0.01)
    found = hashlib.sha256()
    for C in (16, 40, 100):
        a, w, c, p = (Numbers(rng, *size) for size in ((7, 30), (30, C), (7, C), (7, C)))
        m, v = Numbers(rng, 7, C), Numbers(rng, 7, C)
        v.all[:] = v.all**2
        relu(a.matrix, w.matrix, p.matrix._replace(row=0), c.matrix, 7, 30, C)
        adam(a.matrix, w.matrix, p.matrix, m.matrix, v.matrix, constants, 7, 30, C)
        found.update(c.all.tobytes() + p.all.tobytes() + m.all.tobytes() + v.all.tobytes())
        found.update(np.float64(dot(c.all.reshape(-1), p.all.reshape(-1), 96)).tobytes())
    return found.hexdigest()


def elsewhere(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the code, which knows this file as ``t``, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", f"import test_compiled_products as t\n{code}"],
        check=False,
        cwd=Path(__file__).parent,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_the_bits_are_the_same_with_the_registers_of_another_processor() -> None:
    other = elsewhere("print(t.digest(), t.products.library.WIDEST)", NUMBA_CPU_NAME="haswell")
    assert other.stdout.split() == [digest(), "1"], other.stderr


def test_with_checks_on_a_product_beyond_its_array_is_refused() -> None:
    code = "n = t.Numbers(t.np.random.default_rng(0), 4, 16); t.add(*3 * [n.matrix], 9, 4, 16)"
    refused = elsewhere(code, VIEWCAST_CHECK_BOUNDS="1")
    assert "IndexError" in refused.stderr and "beyond the array" in refused.stderr
