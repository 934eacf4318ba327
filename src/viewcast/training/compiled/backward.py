"""The backward pass: the gradient of a block of rows, layer by layer, from the output down.

Where the block is the whole batch, each product that gives a layer's gradient ends in the
optimiser's step: gradients are never written to memory. Larger batches add up their blocks'
gradients, and step when the last one is in.

Shape letters: B rows of a block, I inputs and H units of a layer, O outputs, X width of a row.
"""

from viewcast.training.compiled.call import VECTOR
from viewcast.training.compiled.forward import whole
from viewcast.training.compiled.jit import compiled
from viewcast.training.compiled.matrix import Matrix, transposed
from viewcast.training.compiled.memory import (
    CONSTANTS,
    DELTAS,
    FIRST,
    GRADIENT,
    HIDDEN,
    LAYERS,
    PARAMS,
    SECOND,
    TRANSPOSED,
    Memory,
    bias,
    floats,
    hidden,
    layers,
    ones,
    top,
    top_weights,
    weights,
)
from viewcast.training.compiled.products import (
    multiply_adam,
    multiply_add,
    multiply_mask,
    multiply_sgd,
)
from viewcast.training.compiled.vectors import adam_step, sgd_step, transpose


@compiled
def backward(memory: Memory, x: Matrix, rows: int, steps: bool) -> None:
    """The gradient of ``top`` for the rows x (B, X), whose ``forward`` was the last one.

    ``steps``: step every parameter by it, else add it to ``gradient``.
    """
    last = memory.settings.layers
    layer = layers(memory, LAYERS)[last]
    derivatives = top(memory)
    below = x
    if last > 0:
        below = hidden(memory, HIDDEN, last - 1)
        delta = hidden(memory, DELTAS, last - 1)
        w = top_weights(memory, PARAMS)
        multiply_mask(derivatives, w, below, delta, whole(rows), layer.units, layer.inputs)
    w = top_weights(memory, PARAMS)
    _use(memory, transposed(derivatives), below, w, layer.units, rows, layer.inputs, steps)
    b = bias(memory, PARAMS, last)
    _use(memory, ones(memory), derivatives, b, 1, rows, layer.units, steps)
    for level in range(last - 1, -1, -1):
        _layer(memory, x, level, rows, steps)


@compiled
def _layer(memory: Memory, x: Matrix, level: int, rows: int, steps: bool) -> None:
    """One hidden layer: what reaches the layer below it, and its own parameters' gradient."""
    layer = layers(memory, LAYERS)[level]
    delta, w = hidden(memory, DELTAS, level), weights(memory, PARAMS, level)
    below = x
    if level > 0:
        below = hidden(memory, HIDDEN, level - 1)
        under = layers(memory, LAYERS)[level - 1]
        turned = Matrix(floats(memory, TRANSPOSED), 0, under.width, 1)
        transpose(w, turned, layer.inputs, layer.units)
        into = hidden(memory, DELTAS, level - 1)
        multiply_mask(delta, turned, below, into, whole(rows), layer.units, layer.inputs)
    inputs = whole(layer.inputs)
    _use(memory, transposed(below), delta, w, inputs, rows, layer.units, steps)
    b = bias(memory, PARAMS, level)
    _use(memory, ones(memory), delta, b, 1, rows, layer.units, steps)


@compiled
def _use(
    memory: Memory, a: Matrix, w: Matrix, of: Matrix, R: int, K: int, C: int, steps: bool
) -> None:
    """Step the parameters ``of`` (R, C) by their gradient ``a @ w``, or add up the gradient."""
    if not steps:
        gradient = Matrix(floats(memory, GRADIENT), of.start, of.row, of.column)
        multiply_add(a, w, gradient, R, K, C)
        return
    first = Matrix(floats(memory, FIRST), of.start, of.row, of.column)
    constants = floats(memory, CONSTANTS)
    if memory.settings.adam:
        second = Matrix(floats(memory, SECOND), of.start, of.row, of.column)
        multiply_adam(a, w, of, first, second, constants, R, K, C)
    else:
        multiply_sgd(a, w, of, first, constants, R, K, C)


@compiled
def step_all(memory: Memory) -> None:
    """Step every parameter by the ``gradient`` that the blocks of a batch have added up."""
    gradient, params = floats(memory, GRADIENT), floats(memory, PARAMS)
    first, second = floats(memory, FIRST), floats(memory, SECOND)
    constants = floats(memory, CONSTANTS)
    for start in range(0, len(params), VECTOR):
        if memory.settings.adam:
            adam_step(gradient, params, first, second, constants, start)
        else:
            sgd_step(gradient, params, first, constants, start)
