"""One step of an optimiser for 16 parameters, as LLVM IR, and the constants it takes.

Adam (Kingma and Ba 2015, algorithm 1) and gradient descent with momentum. The constants of an
update are computed in double precision and then rounded: 1 - 0.999 in single precision would be
1.3e-5 off.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewcast.training.compiled.jit import compiled
from viewcast.training.compiled.lanes import Lanes, Value, index

# The constants of a step lie in an array of this length.
CONSTANTS = 8
RATE, ROOT, BETA1, BETA2, REST1, REST2, EPSILON, DECAY = range(CONSTANTS)


@compiled
def adam_constants(
    out: NDArray[np.float32],
    lr: float,
    beta1: float,
    beta2: float,
    power1: float,
    power2: float,
    decay: float,
) -> None:
    """Write the constants of one update of Adam; ``power1`` is beta1 to the number of the update.

    ``power1``, ``power2``: running products in double precision, this update included.
    """
    out[RATE] = lr / (1 - power1)
    out[ROOT] = 1 / math.sqrt(1 - power2)
    out[BETA1] = beta1
    out[BETA2] = beta2
    out[REST1] = 1 - beta1
    out[REST2] = 1 - beta2
    out[EPSILON] = 1e-8
    out[DECAY] = decay


@compiled
def sgd_constants(out: NDArray[np.float32], lr: float, momentum: float, decay: float) -> None:
    """Write the constants of an update of gradient descent with momentum."""
    out[RATE] = lr
    out[BETA1] = momentum
    out[DECAY] = decay


def loaded(lanes: Lanes, constants: Value) -> list[Value]:
    """The constants as vectors, each with one number in all lanes."""
    at = [lanes.at(constants, index(place)) for place in range(CONSTANTS)]
    return [lanes.splat(lanes.builder.load(each)) for each in at]


def adam(lanes: Lanes, gradient: Value, params: Value, moments: Any, of: list[Value]) -> None:
    """Step 16 parameters at the address ``params``; ``moments`` are the addresses of theirs."""
    builder, (first, second) = lanes.builder, moments
    before = lanes.load(params)
    gradient = lanes.fma(of[DECAY], before, gradient)
    mean = lanes.fma(of[BETA1], lanes.load(first), builder.fmul(of[REST1], gradient))
    rest = builder.fmul(of[REST2], gradient)
    square = lanes.fma(of[BETA2], lanes.load(second), builder.fmul(rest, gradient))
    lanes.store(mean, first)
    lanes.store(square, second)
    root = lanes.fma(lanes.sqrt(square), of[ROOT], of[EPSILON])
    lanes.store(builder.fsub(before, builder.fdiv(builder.fmul(of[RATE], mean), root)), params)


def sgd(lanes: Lanes, gradient: Value, params: Value, velocity: Value, of: list[Value]) -> None:
    """Step 16 parameters at the address ``params``; ``velocity`` is the address of theirs."""
    before = lanes.load(params)
    gradient = lanes.fma(of[DECAY], before, gradient)
    speed = lanes.fma(of[BETA1], lanes.load(velocity), gradient)
    lanes.store(speed, velocity)
    # The product by a constant is not fused into the difference in the other engine either.
    lanes.store(lanes.builder.fsub(before, lanes.builder.fmul(of[RATE], speed)), params)
