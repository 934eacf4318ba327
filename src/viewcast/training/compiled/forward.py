"""The forward pass: a block of rows through the network, every layer's outputs kept.

Shape letters: B rows of a block, I inputs and H units of a layer, O outputs, X width of a row.
"""

from viewcast.training.compiled.call import TALL
from viewcast.training.compiled.jit import compiled
from viewcast.training.compiled.matrix import Matrix, check, offset
from viewcast.training.compiled.memory import (
    HIDDEN,
    LAYERS,
    PARAMS,
    PREDICTED,
    Memory,
    bias,
    floats,
    hidden,
    layers,
    top_weights,
    weights,
)
from viewcast.training.compiled.products import multiply_relu
from viewcast.training.compiled.vectors import dot


@compiled
def whole(count: int) -> int:
    """Rows of whole tiles; matrices have room for them."""
    return (count + TALL - 1) // TALL * TALL


@compiled
def forward(memory: Memory, x: Matrix, rows: int) -> None:
    """Fill ``hidden`` and ``predicted`` (B, O) from the rows x (B, X)."""
    below = x
    for level in range(memory.settings.layers):
        layer = layers(memory, LAYERS)[level]
        above = hidden(memory, HIDDEN, level)
        w, b = weights(memory, PARAMS, level), bias(memory, PARAMS, level)
        multiply_relu(below, w, b, above, whole(rows), layer.inputs, layer.units)
        below = above
    _outputs(memory, below, rows)


@compiled
def _outputs(memory: Memory, below: Matrix, rows: int) -> None:
    outputs, predicted = memory.settings.outputs, floats(memory, PREDICTED)
    w, b = top_weights(memory, PARAMS), bias(memory, PARAMS, memory.settings.layers)
    check(below, rows, w.row)
    check(w, outputs, w.row)
    for row in range(rows):
        for output in range(outputs):
            start, of = offset(below, row, 0), offset(w, output, 0)
            product = dot(below.data, start, w.data, of, w.row)
            predicted[row * outputs + output] = product + b.data[offset(b, 0, output)]
