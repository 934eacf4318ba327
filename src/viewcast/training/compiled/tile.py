"""The register tile: a small block of a matrix product, kept in registers until it is done.

What it computes, for R rows and V vectors of 16 columns of ``c``, from element (i, j) on::

    sum[r, :] = Σₖ a[i + r, k] · w[k, j : j + 16 V]        k = 0 … depth - 1
    c[i + r, j : j + 16 V] = epilogue(sum[r, :])

Why a tile. A processor multiplies and adds faster than it loads: two vectors of multiply-adds in a
cycle, two loads. A product that loads both factors for every multiply-add gets half of the peak at
best. The tile keeps R × V sums in registers. In a step k it loads V vectors of ``w`` and R numbers
of ``a`` (each spread over the lanes of a register), and does R × V multiply-adds with them::

                    w[k, j:]      16 columns  16 columns  16 columns  16 columns
                                      │           │           │           │
    a[i,     k] in all lanes ──►   sum[0,0]    sum[0,1]    sum[0,2]    sum[0,3]
    a[i + 1, k] in all lanes ──►   sum[1,0]    sum[1,1]    sum[1,2]    sum[1,3]
    a[i + 2, k] in all lanes ──►   sum[2,0]    sum[2,1]    sum[2,2]    sum[2,3]
    a[i + 3, k] in all lanes ──►   sum[3,0]    sum[3,1]    sum[3,2]    sum[3,3]

With R = V = 4 that is 16 multiply-adds for 8 loads. A multiply-add takes 4 cycles until its result
can be used, so 8 sums at least must be under way to keep both units busy; 16 do.

Why an epilogue. When the sum is complete it is still in registers, and whatever comes next costs no
trip through memory:

=========  =================================================================  ==================
epilogue   result in ``c``                                                    used for
=========  =================================================================  ==================
PLAIN      sum                                                                a line's output
RELU       max(0, e + sum): the bias ``e`` is where the sum starts            a layer, forward
MASK       sum where ``e`` > 0, else 0: the derivative of RELU                a layer, backward
ADD        c + sum                                                            gradients of blocks
ADAM, SGD  ``c`` are parameters, the sum is their gradient: one step of       the last block of
           the optimiser; ``e`` (and ``e2``) are the moments, laid out as c   an update
=========  =================================================================  ==================

Why the bits are the same everywhere. Each element of ``c`` is one chain of fused multiply-adds in
the order of k, whatever R, V or the processor; a tile's shape decides only which chains run side by
side. AVX-512 has 32 registers of 16 lanes: 4 × 4 tiles fit. AVX2 has 16 registers of 8 lanes, two
to a vector here: tiles of one vector fit, see ``products.WIDEST``.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from viewcast.training.compiled import steps
from viewcast.training.compiled.jit import intrinsic
from viewcast.training.compiled.lanes import WIDTH, Lanes, Value, constant, index, pointer

PLAIN, RELU, MASK, ADD, ADAM, SGD = range(6)


class Block:
    """A numba ``Matrix`` in IR: addresses of its elements."""

    def __init__(self, context: Any, lanes: Lanes, kind: Any, value: Value) -> None:
        self.lanes, builder = lanes, lanes.builder
        data, self.start, self.row, self.column = cgutils.unpack_tuple(builder, value)
        self.data = pointer(context, builder, kind.types[0], data)

    def address(self, i: Value, j: Value) -> Value:
        """Of element (i, j)."""
        builder = self.lanes.builder
        offset = builder.add(builder.mul(i, self.row), builder.mul(j, self.column))
        return self.lanes.at(self.data, builder.add(self.start, offset))


@intrinsic
def tile(
    typing: Any,
    epilogue: Any,
    rows: Any,
    vectors: Any,
    a: Any,
    w: Any,
    c: Any,
    e: Any,
    e2: Any,
    constants: Any,
    i: Any,
    j: Any,
    depth: Any,
) -> Any:
    """Compute the tile of ``c`` from (i, j) on; ``depth`` ≥ 1. See the page above.

    ``epilogue``, ``rows`` and ``vectors`` are literals. ``a``, ``w``, ``c``, ``e``, ``e2``:
    Matrix. ``constants``: those of the optimiser's step (``steps``).
    """
    i64 = types.int64
    signature = types.void(epilogue, rows, vectors, a, w, c, e, e2, constants, i64, i64, i64)
    shape = epilogue.literal_value, rows.literal_value, vectors.literal_value

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Value:
        lanes = Lanes(builder)
        kinds = signature.args
        blocks = [Block(context, lanes, kinds[place], args[place]) for place in range(3, 8)]
        address = pointer(context, builder, kinds[8], args[8])
        _write(lanes, shape, blocks, address, args[9:])
        return context.get_dummy_value()

    return signature, generate


def _write(
    lanes: Lanes, shape: tuple[int, int, int], blocks: list[Block], constants: Value, place: Any
) -> None:
    epilogue, rows, vectors = shape
    a, w, c, e, e2 = blocks
    i, j, depth = place
    builder = lanes.builder
    cells = [(r, v) for r in range(rows) for v in range(vectors)]

    def within(block: Block, r: int, v: int) -> Value:
        return block.address(builder.add(i, index(r)), builder.add(j, index(WIDTH * v)))

    def first(r: int, v: int) -> Value:
        if epilogue == RELU:
            return lanes.load(within(e, r, v))
        return lanes.load(within(c, r, v)) if epilogue == ADD else constant(0.0)

    starts = [a.address(builder.add(i, index(r)), index(0)) for r in range(rows)]
    columns = w.address(index(0), j)

    def step(k: Value, sums: list[Value]) -> list[Value]:
        row, column = builder.mul(k, w.row), builder.mul(k, a.column)
        right = [
            lanes.load(lanes.at(columns, builder.add(row, index(WIDTH * v))))
            for v in range(vectors)
        ]
        left = [lanes.splat(builder.load(lanes.at(start, column))) for start in starts]
        return [
            lanes.fma(left[r], right[v], total) for (r, v), total in zip(cells, sums, strict=True)
        ]

    sums = lanes.repeat(depth, [first(r, v) for r, v in cells], step)
    of = steps.loaded(lanes, constants) if epilogue in (ADAM, SGD) else []
    for (r, v), total in zip(cells, sums, strict=True):
        target = within(c, r, v)
        if epilogue == ADAM:
            steps.adam(lanes, total, target, (within(e, r, v), within(e2, r, v)), of)
        elif epilogue == SGD:
            steps.sgd(lanes, total, target, within(e, r, v), of)
        elif epilogue == RELU:
            lanes.store(lanes.where_positive(total, total), target)
        elif epilogue == MASK:
            lanes.store(lanes.where_positive(lanes.load(within(e, r, v)), total), target)
        else:
            lanes.store(total, target)
