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
RELU       max(0, e + sum): the bias ``e`` is where the sum starts            a layer, forward
MASK       sum where ``e`` > 0, else 0: the derivative of RELU                a layer, backward
ADD        c + sum                                                            gradients of blocks
ADAM, SGD  ``c`` are parameters, the sum is their gradient: one step of       the last block of
           the optimiser; ``e`` (and ``e2``) are the moments, laid out as c   an update
=========  =================================================================  ==================

Why the bits are the same everywhere. Each element of ``c`` is one chain of fused multiply-adds in
the order of k, whatever R, V or the processor; a tile's shape decides only which chains run side by
side. AVX-512 has 32 registers of 16 lanes: 4 × 4 tiles fit. AVX2 has 16 registers of 8 lanes, two
to a vector here: tiles of one vector fit, see ``processor.WIDEST``.
"""

from dataclasses import dataclass

from viewcast.training.compiled import steps
from viewcast.training.compiled.lanes import WIDTH, Lanes, Value, constant, index
from viewcast.training.compiled.several import Several

RELU, MASK, ADD, ADAM, SGD = range(5)


@dataclass(frozen=True)
class Operand:
    """A matrix in IR: its first element's address, and the distances of rows and of columns."""

    lanes: Lanes
    data: Value
    row: Value
    column: Value

    def at(self, i: Value, j: Value) -> Value:
        """The address of element (i, j)."""
        builder = self.lanes.builder
        offset = builder.add(builder.mul(i, self.row), builder.mul(j, self.column))
        return self.lanes.at(self.data, offset)


@dataclass(frozen=True)
class Operands:
    """All that a tile reads and writes; ``constants`` are the address of those of a step."""

    a: Operand
    w: Operand
    c: Operand
    e: Operand
    e2: Operand
    constants: Value
    depth: Value


def write_tile(
    lanes: Lanes, epilogue: int, shape: tuple[int, int], given: Operands, i: Value, j: Value
) -> None:
    """Write the instructions of a tile of R rows and V vectors, from element (i, j) on."""
    rows, vectors = shape
    builder, e = lanes.builder, given.e
    cells = [(r, v) for r in range(rows) for v in range(vectors)]

    def cell(operand: Operand, r: int, v: int) -> Value:
        return operand.at(builder.add(i, index(r)), builder.add(j, index(WIDTH * v)))

    def start(r: int, v: int) -> Value:
        if epilogue == RELU:
            return lanes.load(cell(e, r, v))
        return lanes.load(cell(given.c, r, v)) if epilogue == ADD else constant(0.0)

    def step(k: Value, sums: list[Value]) -> list[Value]:
        right = [
            lanes.load(given.w.at(k, builder.add(j, index(WIDTH * v)))) for v in range(vectors)
        ]
        left = [
            lanes.splat(builder.load(given.a.at(builder.add(i, index(r)), k))) for r in range(rows)
        ]
        return [lanes.fma(left[r], right[v], s) for (r, v), s in zip(cells, sums, strict=True)]

    sums = lanes.repeat(given.depth, [start(r, v) for r, v in cells], step)
    if epilogue in (ADAM, SGD):
        of = steps.loaded(lanes, given.constants)
        for r in range(rows):
            gradient = Several(lanes, sums[r * vectors : (r + 1) * vectors])
            params, first, second = (
                [cell(operand, r, v) for v in range(vectors)] for operand in (given.c, e, given.e2)
            )
            if epilogue == ADAM:
                steps.adam(gradient, params, first, second, of)
            else:
                steps.sgd(gradient, params, first, of)
        return
    for (r, v), total in zip(cells, sums, strict=True):
        result = total
        if epilogue == RELU:
            result = lanes.where_positive(total, total)
        elif epilogue == MASK:
            result = lanes.where_positive(lanes.load(cell(e, r, v)), total)
        lanes.store(result, cell(given.c, r, v))
