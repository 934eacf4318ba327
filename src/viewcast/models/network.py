"""Piecewise-linear networks: y = c₀ + Σ cᵢ max(0, bᵢ + wᵢ·x), and deeper; without hidden layers
a line.

Shape letters: K candidates (optional leading axis), N rows, F features, H hidden units, O outputs,
P parameters. Parameters are an ordered list of layers (weight (..., F, H), bias (..., 1, H));
``forward`` and ``outputs`` work on numpy arrays and on torch tensors, with or without the leading
axis, and keep nothing.
"""

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewcast.base.products import MIDDLE, product

Array = Any  # a numpy array or a torch tensor
Layers = list[tuple[Array, Array]]

AT_ONCE = 512  # rows whose hidden units fit the inner cache


def shapes(
    features: int, hidden: tuple[int, ...], outputs: int = 1
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Weight and bias shape of each layer, from the features to the outputs."""
    return [((i, o), (1, o)) for i, o in pairwise((features, *hidden, outputs))]


def size(features: int, hidden: tuple[int, ...], outputs: int = 1) -> int:
    """How many parameters the network has, P."""
    return sum(math.prod(w) + math.prod(b) for w, b in shapes(features, hidden, outputs))


def unflatten(params: Array, features: int, hidden: tuple[int, ...], outputs: int = 1) -> Layers:
    """The layers as views into one params vector (..., P), each layer's weight before its bias."""
    layers, start = [], 0
    for weight, bias in shapes(features, hidden, outputs):
        middle, end = start + math.prod(weight), start + math.prod(weight) + math.prod(bias)
        lead = params.shape[:-1]
        layers.append(
            (
                params[..., start:middle].reshape(*lead, *weight),
                params[..., middle:end].reshape(*lead, *bias),
            )
        )
        start = end
    return layers


def forward(layers: Layers, x: Array, slices: int = MIDDLE) -> Array:
    """Predictions (..., N) of a network with one output, for x (..., N, F)."""
    return outputs(layers, x, slices)[..., 0]


def outputs(layers: Layers, x: Array, slices: int = MIDDLE) -> Array:
    """The outputs (..., N, O) for x (..., N, F).

    Those of numpy arrays have the same bits on every machine; ``slices``: how exact their products
    are (``viewcast.base.products``).
    """
    if x.ndim == 2 and len(x) > AT_ONCE and isinstance(x, np.ndarray):
        starts = range(0, len(x), AT_ONCE)
        return np.concatenate([_outputs(layers, x[i : i + AT_ONCE], slices) for i in starts])
    return _outputs(layers, x, slices)


def _outputs(layers: Layers, x: Array, slices: int) -> Array:
    *inner, (weight, bias) = layers
    for inner_weight, inner_bias in inner:
        x = (_product(x, inner_weight, slices) + inner_bias).clip(min=0)
    return _product(x, weight, slices) + bias


def _product(x: Array, weight: Array, slices: int) -> Array:
    return product(x, weight, slices) if isinstance(x, np.ndarray) else x @ weight


def output_count(parameters: int, features: int, hidden: tuple[int, ...]) -> int:
    """How many outputs the network of so many parameters has."""
    below = hidden[-1] if hidden else features
    return (parameters - size(features, hidden, 0)) // (below + 1)


def init_values(
    features: int, hidden: tuple[int, ...], rng: np.random.Generator, outputs: int = 1
) -> NDArray[Any]:
    """Random parameters (P,): uniform in ±1/√(inputs of the layer), as torch.nn.Linear."""
    parts = []
    for weight, bias in shapes(features, hidden, outputs):
        bound = 1 / math.sqrt(max(weight[0], 1))
        parts.append(rng.uniform(-bound, bound, math.prod(weight) + math.prod(bias)))
    return np.concatenate(parts)
