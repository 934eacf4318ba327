"""Where each number of a network lies in the kernel's arrays.

A network's parameters are one padded vector (P,). Each hidden layer has its weights, one row for
each input, then its bias; rows are filled up with zeros to whole vectors of 16 numbers, and the
number of rows likewise. The output layer has one row of weights for each output, then its biases.
Zeros stay zeros: what is padded has a gradient of 0.

Shape letters: F features, L hidden layers, O outputs, P₀ parameters of the network in the order of
``viewcast.models.network``, P padded parameters, X width of a row of features.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viewcast.training.compiled.call import BLOCK, LAYER, TALL, aligned, filled

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Layout:
    """The places of one architecture. ``width``: X; ``parameters``: P; ``layers`` (L + 1,).

    ``stride``: from one row of features to the next. Of a million rows nothing is filled up that
    need not be: a line reads whole vectors of them, a hidden layer four numbers at a time.
    ``hidden``, ``transposed``: how long those arrays of the kernel are.
    """

    features: int
    inner: tuple[int, ...]
    outputs: int
    width: int
    stride: int
    parameters: int
    hidden: int
    transposed: int
    layers: NDArray[np.void]

    @classmethod
    def of(cls, features: int, inner: tuple[int, ...], outputs: int = 1) -> "Layout":
        """The layout of a network with these hidden layers; without any it is a line."""
        layers = np.zeros(len(inner) + 1, LAYER)
        sizes, place, hidden = (features, *inner), 0, 0
        for level, (below, size) in enumerate(pairwise(sizes)):
            width = filled(size)
            weight, bias = place, place + filled(below) * width
            layers[level] = (below, size, width, weight, bias, hidden)
            place, hidden = bias + width, hidden + BLOCK * width
        bias, width = place + outputs * filled(sizes[-1]), filled(outputs)
        layers[-1] = (sizes[-1], outputs, width, place, bias, 0)
        widths = [filled(size) for size in inner]
        transposed = max([a * b for a, b in pairwise(widths)], default=0)
        x = filled(features)
        stride = max(1, -(-features // TALL)) * TALL if inner else x
        return cls(features, inner, outputs, x, stride, bias + width, hidden, transposed, layers)

    def pack(self, flat: NDArray[np.floating]) -> Floats:
        """Padded parameters (P,) from those of the network (P₀,)."""
        padded, start = np.zeros(self.parameters, np.float32), 0
        for part in self._parts(padded):
            part[...] = flat[start : start + part.size].reshape(part.shape)
            start += part.size
        return padded

    def unpack(self, padded: Floats) -> Floats:
        """The network's parameters (P₀,) from the padded ones (P,)."""
        return np.concatenate([part.ravel() for part in self._parts(padded)])

    def rows(self, count: int) -> Floats:
        """Rows of zeros (count, ``stride``), to be filled from column 0 on."""
        return aligned((count, self.stride), np.float32)

    def _parts(self, padded: Floats) -> Iterator[Floats]:
        """Views of each layer's weight (I, H) and bias (H,), in the network's order."""
        sizes = (self.features, *self.inner)
        for layer, below, size in zip(self.layers, sizes, self.inner, strict=False):
            weight, bias, width = int(layer["weight"]), int(layer["bias"]), int(layer["width"])
            yield padded[weight : weight + below * width].reshape(below, width)[:, :size]
            yield padded[bias : bias + size]
        weight, bias = int(self.layers[-1]["weight"]), int(self.layers[-1]["bias"])
        yield padded[weight:bias].reshape(self.outputs, -1)[:, : sizes[-1]].T
        yield padded[bias : bias + self.outputs]
