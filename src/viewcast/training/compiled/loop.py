"""The training loop: one candidate through its epochs, one block of rows after the other.

Training has four phases. START, once, measures the loss before the first update. An epoch is TRAIN,
then MEASURE (where the training loss is that after the epoch), then VALIDATE. Each step does one
block of one phase, and all that the next step must know is in the books: training can stop after
any block and go on later.

Shape letters: B rows of a block, O outputs.
"""

import sys
from typing import Any

import numpy as np

from viewcast.training.candidate import START_ROWS
from viewcast.training.compiled.backward import backward, step_all
from viewcast.training.compiled.call import (
    BLOCK,
    DIVERGED,
    ENDED,
    MEASURE,
    RUNNING,
    START,
    TRAIN,
    VALIDATE,
)
from viewcast.training.compiled.forward import forward
from viewcast.training.compiled.jit import compiled
from viewcast.training.compiled.losses import call_loss
from viewcast.training.compiled.matrix import Matrix, check, offset
from viewcast.training.compiled.memory import (
    BEST,
    CONSTANTS,
    CURVE,
    FIRST,
    GRADIENT,
    LOSSES,
    ONE,
    PARAMS,
    PATH,
    PREDICTED,
    SECOND,
    SLOPES,
    TRAJECTORY,
    WEIGHTS,
    Memory,
    doubles,
    floats,
    top,
)
from viewcast.training.compiled.rows import training_rows, validation_rows, weigh
from viewcast.training.compiled.shuffle import shuffle
from viewcast.training.compiled.steps import adam_constants, sgd_constants
from viewcast.training.compiled.vectors import copy, without_tiny

LARGEST = sys.float_info.max
# Updates after which moments are cleared: between, 0.9 to the number of updates takes none of them
# from ``TINY`` to the numbers below 1.2e-38, each of which costs a processor a hundred cycles.
CLEARED = 64


@compiled
def descend(memory: Memory, budget: int) -> None:
    """Do at most so many blocks of rows; fewer where the candidate ends."""
    books = memory.books
    floats(memory, ONE)[0] = 1
    while budget > 0 and books.status == RUNNING:
        if books.phase == TRAIN:
            _train(memory)
        elif books.phase == VALIDATE:
            _validate(memory)
        else:
            _measure(memory)
        budget -= 1


@compiled
def _train(memory: Memory) -> None:
    """One block of a batch; with the batch's last block, the update."""
    settings, books = memory.settings, memory.books
    if settings.shuffle:
        shuffle(memory)
    first = books.row
    start = first // settings.batch * settings.batch
    size = min(settings.batch, settings.rows - start)
    rows = min(BLOCK, start + size - first)
    whole, last = rows == size, first + rows == start + size
    x, targets, at = training_rows(memory, first, rows, True)
    forward(memory, x, rows)
    _losses(memory, targets, at, rows)
    books.loss_sum += _sum(memory, rows)
    _derivatives(memory, first, rows, size)
    if last:
        _begin_update(memory)
    if first == start and not whole:
        floats(memory, GRADIENT)[:] = 0
    backward(memory, x, rows, whole)
    if last:
        _end_update(memory, whole)
    books.row = first + rows
    if books.row == settings.rows:
        if settings.during:
            _end_training(memory)
        else:
            _turn_to(memory, MEASURE)


@compiled
def _measure(memory: Memory) -> None:
    """One block of the training loss of the candidate's rows, or of the first of them in START."""
    settings, books = memory.settings, memory.books
    count = settings.rows
    if books.phase == START:
        count = min(count, START_ROWS)
    rows = min(BLOCK, count - books.row)
    x, targets, at = training_rows(memory, books.row, rows, False)
    forward(memory, x, rows)
    _losses(memory, targets, at, rows)
    books.loss_sum += _sum(memory, rows)
    books.row += rows
    if books.row == count:
        if books.phase == START:
            _end_start(memory, count)
        else:
            _end_training(memory)


@compiled
def _validate(memory: Memory) -> None:
    """One block of the validation loss, and what it adds to the trajectory."""
    settings, books = memory.settings, memory.books
    rows = min(BLOCK, settings.validation_rows - books.row)
    x, targets, at = validation_rows(memory, books.row)
    forward(memory, x, rows)
    _losses(memory, targets, at, rows)
    books.loss_sum += _sum(memory, rows)
    if settings.cell > 0:
        _cells(memory, rows)
    books.row += rows
    if books.row == settings.validation_rows:
        doubles(memory, CURVE)[2 * books.epoch + 1] = _mean(memory, books.row)
        _end_epoch(memory)


@compiled
def _losses(memory: Memory, targets: Any, at: int, rows: int) -> None:
    """Fill ``losses`` and ``slopes`` (B, O) for the last ``forward``."""
    settings = memory.settings
    count, predicted = rows * settings.outputs, floats(memory, PREDICTED)
    losses, slopes = doubles(memory, LOSSES), doubles(memory, SLOPES)
    shift, scale = settings.shift, settings.scale
    check(Matrix(targets, at, 0, 1), 1, count)
    call_loss(settings.loss, count, predicted, targets, at, shift, scale, losses, slopes)


@compiled
def _sum(memory: Memory, rows: int) -> float:
    """The sum of ``losses``, in their order."""
    losses = doubles(memory, LOSSES)
    total: float = 0.0
    for place in range(rows * memory.settings.outputs):
        total += losses[place]
    return total


@compiled
def _mean(memory: Memory, rows: int) -> float:
    """The mean loss of so many rows, in raw units, from their sum in the books."""
    settings = memory.settings
    mean: float = memory.books.loss_sum / (rows * settings.outputs) * settings.factor
    return mean


@compiled
def _cells(memory: Memory, rows: int) -> None:
    """Add the block's losses to the cells of the trajectory; write those that are complete."""
    settings, books = memory.settings, memory.books
    losses, outputs = doubles(memory, LOSSES), settings.outputs
    trajectory, cell = floats(memory, TRAJECTORY), settings.cell
    cells = (settings.validation_rows + cell - 1) // cell
    for row in range(rows):
        for output in range(outputs):
            books.cell_sum += losses[row * outputs + output]
        place = books.row + row
        inside = place % cell + 1
        if inside == cell or place + 1 == settings.validation_rows:
            mean = books.cell_sum / (inside * outputs) * settings.factor
            trajectory[books.epoch * cells + place // cell] = mean
            books.cell_sum = 0.0


@compiled
def _derivatives(memory: Memory, first: int, rows: int, size: int) -> None:
    """Fill ``top`` (B, O): the derivatives of the batch's mean loss, ``size`` rows, by outputs."""
    settings, matrix = memory.settings, top(memory)
    slopes, share = doubles(memory, SLOPES), 1.0 / (size * settings.outputs)
    if settings.weighted:
        weigh(memory, first, rows)
    weights = floats(memory, WEIGHTS)
    for row in range(rows):
        of_row = share * weights[row] if settings.weighted else share
        for output in range(settings.outputs):
            slope = slopes[row * settings.outputs + output]
            matrix.data[offset(matrix, row, output)] = np.float32(of_row * slope)


@compiled
def _begin_update(memory: Memory) -> None:
    """Compute the constants of the optimiser's step, in double precision."""
    settings, books, constants = memory.settings, memory.books, floats(memory, CONSTANTS)
    if settings.adam:
        # Products, not powers: a power's last bits depend on the library of mathematics.
        books.first_power *= settings.momentum
        books.second_power *= settings.beta2
        adam_constants(
            constants,
            settings.lr,
            settings.momentum,
            settings.beta2,
            books.first_power,
            books.second_power,
            settings.weight_decay,
        )
    else:
        sgd_constants(constants, settings.lr, settings.momentum, settings.weight_decay)


@compiled
def _end_update(memory: Memory, stepped: bool) -> None:
    settings, books = memory.settings, memory.books
    if not stepped:
        step_all(memory)
    if settings.keep_path:
        _copy_params(memory, PATH, books.updates * settings.parameters)
    books.updates += 1
    if books.updates % CLEARED == 0:
        _clear(memory, FIRST)
        if settings.adam:
            _clear(memory, SECOND)


@compiled
def _clear(memory: Memory, array: int) -> None:
    """Make the tiny numbers of an array 0. The moments of a unit that is never active go there."""
    moments = floats(memory, array)
    without_tiny(moments, 0, moments, 0, moments, 0, len(moments))


@compiled
def _copy_params(memory: Memory, array: int, start: int) -> None:
    """Copy the parameters (P,) into another array, from ``start`` on."""
    params, into = floats(memory, PARAMS), floats(memory, array)
    copy(params, 0, params, 0, into, start, len(params))


@compiled
def _turn_to(memory: Memory, phase: int) -> None:
    books = memory.books
    books.phase, books.row, books.loss_sum, books.cell_sum = phase, 0, 0.0, 0.0


@compiled
def _end_start(memory: Memory, rows: int) -> None:
    """The loss before the first update, and the limit that follows from it."""
    settings, books = memory.settings, memory.books
    books.start_loss = _mean(memory, rows)
    limit = settings.divergence_factor * books.start_loss
    least = settings.divergence_factor * settings.factor
    limit = max(limit, least)
    limit = min(limit, LARGEST)
    books.limit = limit
    _turn_to(memory, TRAIN)


@compiled
def _end_training(memory: Memory) -> None:
    """Write the epoch's training loss; validation is next, where there are rows for it."""
    settings, curve = memory.settings, doubles(memory, CURVE)
    curve[2 * memory.books.epoch] = _mean(memory, settings.rows)
    _turn_to(memory, VALIDATE)
    if settings.validation_rows == 0:
        curve[2 * memory.books.epoch + 1] = np.nan
        _end_epoch(memory)


@compiled
def _end_epoch(memory: Memory) -> None:
    """Keep the better parameters; find whether the candidate has diverged or ended."""
    settings, books, curve = memory.settings, memory.books, doubles(memory, CURVE)
    train, val = curve[2 * books.epoch], curve[2 * books.epoch + 1]
    books.epoch += 1
    _turn_to(memory, TRAIN)
    if not train <= books.limit or (settings.restore_best and not np.isfinite(val)):
        books.status = DIVERGED
        return
    if not settings.restore_best:
        books.best_epoch, books.best_loss = books.epoch, val
    elif val < books.best_loss:
        books.best_epoch, books.best_loss = books.epoch, val
        _copy_params(memory, BEST, 0)
    if books.epoch - books.best_epoch >= settings.patience or books.epoch == settings.epochs:
        books.status = ENDED
