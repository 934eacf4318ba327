"""One step of an optimiser for 16 parameters, as LLVM IR, and the constants it takes.

Adam (Kingma and Ba 2015, algorithm 1) and gradient descent with momentum. The constants of an
update are computed in double precision and then rounded: 1 - 0.999 in single precision would be
1.3e-5 off.

Adam's moments are kept without their factors (1 - β): M ← β₁ M + g, V ← β₂ V + g². What the
algorithm calls m and v is (1 - β₁) M and (1 - β₂) V. At update t the step is then

    p ← p - M / (scale √V + floor),    scale = √((1 - β₂) / (1 - β₂ᵗ)) / a,    floor = ε / a,
                                       a = η (1 - β₁) / (1 - β₁ᵗ),             ε = 10⁻⁸.

With the processor's square root and division the step of 16 parameters takes 9 ns, longer than the
sum that makes their gradient of 32 rows. Here both are made of multiply-adds, and it takes 5 ns:
each begins with a guess from the bits of the number, within 7 %, and corrects it by a polynomial. A
step is within 4 units in the last place. The reciprocals that processors offer are as fast, but
their bits differ between makers.

A gradient above 1e17 overflows V: parameters are then infinite or no numbers, and the candidate has
diverged.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viewcast.training.compiled.jit import compiled
from viewcast.training.compiled.lanes import Lanes, Value, index
from viewcast.training.compiled.several import Several

Places = Sequence[Value]  # addresses
Constants = Sequence[Several]

# The constants of a step lie in an array of this length.
CONSTANTS = 8
RATE, BETA1, BETA2, SCALE, FLOOR, DECAY = range(6)

# (1 + u)^(-1/2) = 1 + u (c0 + c1 u + c2 u^2 + c3 u^3) within 2.3e-8 where |u| < 0.0684 (minimax).
ROOT_GUESS = 0x5F374000
ROOT = (-0.49999837, 0.37499673, -0.31392431, 0.27527326)
RECIPROCAL_GUESS = 0x7EF30000


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
    rate = lr * (1 - beta1) / (1 - power1)
    out[BETA1] = beta1
    out[BETA2] = beta2
    out[SCALE] = math.sqrt((1 - beta2) / (1 - power2)) / rate
    out[FLOOR] = 1e-8 / rate
    out[DECAY] = decay


@compiled
def sgd_constants(out: NDArray[np.float32], lr: float, momentum: float, decay: float) -> None:
    """Write the constants of an update of gradient descent with momentum."""
    out[RATE] = lr
    out[BETA1] = momentum
    out[DECAY] = decay


def loaded(lanes: Lanes, constants: Value) -> list[Several]:
    """The constants as vectors, each with one number in all lanes."""
    at = [lanes.at(constants, index(place)) for place in range(DECAY + 1)]
    return [Several(lanes, [lanes.splat(lanes.builder.load(each))]) for each in at]


def adam(gradient: Several, params: Places, first: Places, second: Places, of: Constants) -> None:
    """Step the parameters at the addresses ``params``, whose M and V are at the next ones."""
    lanes = gradient.lanes
    before = Several.load(lanes, params)
    gradient = of[DECAY].fma(before, gradient)
    mean = of[BETA1].fma(Several.load(lanes, first), gradient)
    square = gradient.fma(gradient, of[BETA2] * Several.load(lanes, second))
    mean.store(first)
    square.store(second)
    below = square_root(square).fma(of[SCALE], of[FLOOR])
    (before - quotient(mean, below)).store(params)


def square_root(number: Several) -> Several:
    """√number, and 0 of 0. The guess g ≈ 1/√number gives number g / √(1 + u), u = number g² - 1.

    Halving the bits of a number halves its exponent: the guess is a constant less that.
    """
    guess = number.guess(ROOT_GUESS, shift=1)
    root = number * guess
    u = root.fma(guess, -1.0)
    correction = u.fma(ROOT[3], ROOT[2]).fma(u, ROOT[1]).fma(u, ROOT[0])
    return (root * u).fma(correction, root)


def quotient(above: Several, below: Several) -> Several:
    """above / below. The guess g ≈ 1 / below gives above g / (1 - u), u = 1 - below g.

    1 / (1 - u) = (1 + u) (1 + u²) (1 + u⁴) within u⁸, here 5e-11.
    """
    guess = below.guess(RECIPROCAL_GUESS, shift=0)
    u = (-below).fma(guess, 1.0)
    result = above * guess
    result = result.fma(u, result)
    for _ in range(2):
        u = u * u
        result = result.fma(u, result)
    return result


def sgd(gradient: Several, params: Places, velocity: Places, of: Constants) -> None:
    """Step the parameters at the addresses ``params``, whose velocities are at the next ones."""
    lanes = gradient.lanes
    before = Several.load(lanes, params)
    gradient = of[DECAY].fma(before, gradient)
    speed = of[BETA1].fma(Several.load(lanes, velocity), gradient)
    speed.store(velocity)
    (before - of[RATE] * speed).store(params)
