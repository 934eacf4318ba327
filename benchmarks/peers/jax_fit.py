"""JAX: the whole training of all candidates compiled into one program (jit, scan, vmap or map).

``vmap`` trains all candidates at once, ``map`` one after the other within the same program, which
keeps a candidate in the inner caches: on a CPU it is the quicker of the two. Tried without gain:
``lax.map`` with ``batch_size``, rows gathered for a whole epoch at once, orders by
``jax.random.permutation``, and XLA's options for vectors of 512 bits, fast mathematics, oneDNN,
XNNPACK and YNNPACK.

Shape letters: K candidates, N training rows, E epochs, B batch rows, P parameters.
"""

import os
import time
from functools import cache, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from peers.work import LR, Floats, Work
from viewcast.models.network import unflatten

# Read once, when JAX is imported.
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["NPROC"] = "1"
os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 "
    + os.environ.get("XLA_FLAGS", "")
)
import jax
from jax import lax, tree
from jax import numpy as jnp

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
How = Literal["vmap", "map"]


def fit(how: How, work: Work, starts: Floats, orders: NDArray[Any] | None = None) -> Floats:
    """One call of the program; orders are drawn by numpy, which is the quicker."""
    state, data = _arguments(work, starts, orders)
    (params, *_), _ = _program(how, work.batch, work.validated)(state, *data)
    parts = [np.asarray(part).reshape(len(starts), -1) for layer in params for part in layer]
    return np.concatenate(parts, axis=1)


def compile_seconds(how: How, work: Work, starts: Floats) -> float:
    """CPU seconds until the program of this work is compiled, which ``fit`` does once."""
    state, data = _arguments(work, starts, None)
    program = _program.__wrapped__(how, work.batch, work.validated)
    start = time.process_time()
    program.lower(state, *data).compile()
    return time.process_time() - start


def _arguments(work: Work, starts: Floats, orders: NDArray[Any] | None) -> tuple[Any, Any]:
    count, rows = len(starts), len(work.y)
    if work.batch >= rows:
        orders = np.zeros((count, work.epochs, 1), np.int32)  # one batch has no order
    elif orders is None:
        every = np.tile(np.arange(rows, dtype=np.int32), (count, work.epochs, 1))
        orders = np.random.default_rng(0).permuted(every, axis=-1)
    params = unflatten(starts, work.x.shape[1], work.hidden)
    zeros = tree.map(np.zeros_like, params)
    state = (params, zeros, tree.map(np.zeros_like, params), np.zeros(count, np.float32))
    return state, (orders.astype(np.int32), work.x, work.y, work.x_val, work.y_val)


@cache
def _program(how: How, batch: int, validated: bool) -> Any:
    def loss(params: Any, x: Any, y: Any) -> Any:
        *inner, (weight, bias) = params
        for inner_weight, inner_bias in inner:
            x = jax.nn.relu(x @ inner_weight + inner_bias)
        return jnp.mean(((x @ weight + bias)[:, 0] - y) ** 2)

    def update(state: Any, x: Any, y: Any) -> Any:
        params, mean, square, step = state
        value, grad = jax.value_and_grad(loss)(params, x, y)
        step += 1
        mean = tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, mean, grad)
        square = tree.map(lambda s, g: BETA2 * s + (1 - BETA2) * g**2, square, grad)
        rate, unbias = LR / (1 - BETA1**step), lax.rsqrt(1 - BETA2**step)
        params = tree.map(
            lambda p, m, s: p - rate * m / (jnp.sqrt(s) * unbias + EPSILON), params, mean, square
        )
        return (params, mean, square, step), value * len(y)

    def epoch(x: Any, y: Any, x_val: Any, y_val: Any, state: Any, order: Any) -> Any:
        def on_rows(state: Any, index: Any) -> Any:
            return update(state, x[index], y[index])

        if batch >= len(y):
            state, total = update(state, x, y)
        else:
            whole = len(y) // batch * batch
            state, totals = lax.scan(on_rows, state, order[:whole].reshape(-1, batch))
            total = totals.sum()
            if whole < len(y):
                state, last = on_rows(state, order[whole:])
                total += last
        losses = (total / len(y), loss(state[0], x_val, y_val)) if validated else None
        return state, losses

    def train(data: Any, state: Any, orders: Any) -> Any:
        return lax.scan(partial(epoch, *data), state, orders)

    def everyone(state: Any, orders: Any, *data: Any) -> Any:
        if how == "vmap":
            return jax.vmap(partial(train, data))(state, orders)
        return lax.map(lambda one: train(data, *one), (state, orders))

    return jax.jit(everyone, donate_argnums=0)
