"""The rows of a block: where they lie, or copies of them side by side.

Rows that are taken as they come are read in place. Rows in an epoch's order, a part of the rows, or
rows of which some features are hidden are copied first.

Shape letters: B rows of a block, O outputs, X width of a row.
"""

from typing import Any

from viewcast.training.compiled.jit import compiled
from viewcast.training.compiled.matrix import Matrix, check
from viewcast.training.compiled.memory import (
    CHOSEN,
    GATHERED,
    MASK,
    ORDER,
    TARGETS,
    WEIGHT,
    WEIGHTS,
    X_VAL,
    Y_VAL,
    Memory,
    X,
    Y,
    floats,
    ints,
)
from viewcast.training.compiled.vectors import copy, multiply


@compiled
def number(memory: Memory, place: int, training: bool) -> int:
    """The number in ``x`` of the candidate's row at a place: in the epoch's order in training."""
    if training and memory.settings.shuffle:
        place = ints(memory, ORDER)[place]
    if memory.settings.subset:
        place = ints(memory, CHOSEN)[place]
    return place


@compiled
def training_rows(memory: Memory, first: int, rows: int, training: bool) -> Any:
    """The candidate's rows from place ``first`` on: x (B, X), the array and place of targets.

    ``training``: in the epoch's order, without the features that are hidden from the candidate.
    Otherwise, to measure a loss, in their own order; the weights of hidden features are 0.
    """
    settings = memory.settings
    if settings.subset or (training and (settings.shuffle or settings.masked)):
        _gather(memory, first, rows, training)
        gathered = Matrix(floats(memory, GATHERED), 0, settings.width, 1)
        return gathered, floats(memory, TARGETS), 0
    x = Matrix(floats(memory, X), first * settings.stride, settings.stride, 1)
    return x, floats(memory, Y), first * settings.outputs


@compiled
def validation_rows(memory: Memory, first: int) -> Any:
    """The validation rows from number ``first`` on: x (B, X), the array and place of targets."""
    settings = memory.settings
    x = Matrix(floats(memory, X_VAL), first * settings.stride, settings.stride, 1)
    return x, floats(memory, Y_VAL), first * settings.outputs


@compiled
def _gather(memory: Memory, first: int, rows: int, training: bool) -> None:
    settings = memory.settings
    width, outputs = settings.width, settings.outputs
    x, y = floats(memory, X), floats(memory, Y)
    gathered, targets = floats(memory, GATHERED), floats(memory, TARGETS)
    mask = floats(memory, MASK)
    hides = training and settings.masked
    for row in range(rows):
        of = number(memory, first + row, training)
        start = of * settings.stride  # what is copied beyond the stride is never read
        check(Matrix(x, start, 0, 1), 1, width)
        if hides:
            multiply(x, start, mask, 0, gathered, row * width, width)
        else:
            copy(x, start, x, start, gathered, row * width, width)
        for output in range(outputs):
            targets[row * outputs + output] = y[of * outputs + output]


@compiled
def weigh(memory: Memory, first: int, rows: int) -> None:
    """Fill ``weights`` (B,) with those of the training rows from place ``first`` on."""
    of_all, weights = floats(memory, WEIGHT), floats(memory, WEIGHTS)
    for row in range(rows):
        weights[row] = of_all[number(memory, first + row, True)]
