"""Piecewise-linear networks: y = c₀ + Σ cᵢ max(0, bᵢ + wᵢ·x), and deeper; without hidden layers
a line.

Shape letters: K candidates (optional leading axis), N rows, F features, H hidden units.
Parameters are an ordered list of layers (weight (..., F, H), bias (..., 1, H)); ``forward`` works
on numpy arrays and on torch tensors, with or without the leading axis, and keeps nothing.
"""

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = Any  # a numpy array or a torch tensor
Layers = list[tuple[Array, Array]]


def shapes(features: int, hidden: tuple[int, ...]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Weight and bias shape of each layer, from the features to the one output."""
    return [((i, o), (1, o)) for i, o in pairwise((features, *hidden, 1))]


def size(features: int, hidden: tuple[int, ...]) -> int:
    """How many parameters the network has."""
    return sum(math.prod(w) + math.prod(b) for w, b in shapes(features, hidden))


def unflatten(params: Array, features: int, hidden: tuple[int, ...]) -> Layers:
    """The layers as views into one params vector (..., P), each layer's weight before its bias."""
    layers, start = [], 0
    for weight, bias in shapes(features, hidden):
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


def forward(layers: Layers, x: Array) -> Array:
    """Predictions (..., N) for x (..., N, F)."""
    *inner, (weight, bias) = layers
    for inner_weight, inner_bias in inner:
        x = (x @ inner_weight + inner_bias).clip(min=0)
    return (x @ weight + bias)[..., 0]


def init_values(features: int, hidden: tuple[int, ...], rng: np.random.Generator) -> NDArray[Any]:
    """Random parameters (P,): uniform in ±1/√(inputs of the layer), as torch.nn.Linear."""
    parts = []
    for weight, bias in shapes(features, hidden):
        bound = 1 / math.sqrt(max(weight[0], 1))
        parts.append(rng.uniform(-bound, bound, math.prod(weight) + math.prod(bias)))
    return np.concatenate(parts)
