"""The order of an epoch's rows inside the kernel: that of ``viewcast.training.order``.

Keys are random, so one pass puts each row into the bucket of its key's upper bits, about one row to
a bucket, and an insertion sort finishes what few rows share one. The work grows in line with rows.
"""

import numpy as np

from viewcast.training.compiled.jit import compiled
from viewcast.training.compiled.memory import (
    BUCKETS,
    KEYS,
    ORDER,
    ORDERED,
    Memory,
    ints,
    longs,
    unsigned,
)
from viewcast.training.order import FIRST, SECOND, STEP

STEP_, FIRST_, SECOND_ = np.uint64(STEP), np.uint64(FIRST), np.uint64(SECOND)
KEY_BITS = 63


@compiled
def mixed(bits: np.uint64) -> np.uint64:
    """The finaliser of SplitMix64, see ``order.mixed``."""
    bits = (bits ^ (bits >> np.uint64(30))) * FIRST_
    bits = (bits ^ (bits >> np.uint64(27))) * SECOND_
    return bits ^ (bits >> np.uint64(31))


@compiled
def key(start: np.uint64, row: int) -> np.int64:
    """A row's key, see ``order.keys``."""
    return np.int64(mixed(start + np.uint64(row + 1) * STEP_) >> np.uint64(1))


@compiled
def shuffle(memory: Memory) -> None:
    """Fill ``order`` with the rows' numbers in the order of the epoch that is being done.

    ``ordered`` says whose order lies there: it is kept where it is the right one.
    """
    settings, ordered = memory.settings, unsigned(memory, ORDERED)
    rows, epoch = np.uint64(settings.rows), np.uint64(memory.books.epoch + 1)
    if ordered[0] == settings.seed and ordered[1] == epoch and ordered[2] == rows:
        return
    ordered[0], ordered[1], ordered[2] = settings.seed, epoch, rows
    _sort(memory, mixed(mixed(settings.seed + STEP_) + epoch * STEP_))


@compiled
def _sort(memory: Memory, start: np.uint64) -> None:
    rows, buckets = memory.settings.rows, ints(memory, BUCKETS)
    order, keys = ints(memory, ORDER), longs(memory, KEYS)
    shift = KEY_BITS
    while 1 << (KEY_BITS - shift) < len(buckets) - 1:
        shift -= 1
    buckets[:] = 0
    for row in range(rows):
        buckets[(key(start, row) >> shift) + 1] += 1
    for bucket in range(1, len(buckets)):
        buckets[bucket] += buckets[bucket - 1]
    for row in range(rows):
        of = key(start, row)
        place = buckets[of >> shift]
        buckets[of >> shift] = place + 1
        order[place], keys[place] = row, of
    for place in range(1, rows):
        row, of, free = order[place], keys[place], place
        while free > 0 and keys[free - 1] > of:
            order[free], keys[free] = order[free - 1], keys[free - 1]
            free -= 1
        order[free], keys[free] = row, of
