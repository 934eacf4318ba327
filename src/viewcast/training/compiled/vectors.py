"""Functions of one vector or one row, as LLVM IR: sums, steps, copies, and the turned block.

Offsets count numbers. Lengths are whole vectors of 16, at least one.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from viewcast.training.compiled import steps
from viewcast.training.compiled.jit import compiled, intrinsic
from viewcast.training.compiled.lanes import WIDTH, Lanes, Value, constant, index, pointer
from viewcast.training.compiled.matrix import Matrix, address, check, padded
from viewcast.training.compiled.several import Several
from viewcast.training.compiled.tile import Operand


@intrinsic
def dot(typing: Any, a: Any, a_start: Any, b: Any, b_start: Any, length: Any) -> Any:
    """The sum of ``length`` products ``a[a_start + k] * b[b_start + k]``: 16 lanes, then halves."""
    signature = types.float32(a, types.int64, b, types.int64, types.int64)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Value:
        lanes = Lanes(builder)
        left = lanes.at(pointer(context, builder, signature.args[0], args[0]), args[1])
        right = lanes.at(pointer(context, builder, signature.args[2], args[2]), args[3])

        def add(k: Value, sums: list[Value]) -> list[Value]:
            place = builder.mul(k, index(WIDTH))
            a, b = lanes.load(lanes.at(left, place)), lanes.load(lanes.at(right, place))
            return [lanes.fma(a, b, sums[0])]

        (total,) = lanes.repeat(builder.sdiv(args[4], index(WIDTH)), [constant(0.0)], add)
        return lanes.sum(total)

    return signature, generate


@intrinsic
def adam_step(
    typing: Any, gradient: Any, params: Any, first: Any, second: Any, constants: Any, start: Any
) -> Any:
    """One step of Adam for 16 parameters; all arrays are read and written from ``start`` on."""
    arrays = (gradient, params, first, second, constants)
    signature = types.void(*arrays, types.int64)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Value:
        lanes = Lanes(builder)
        *data, of = [pointer(context, builder, signature.args[n], args[n]) for n in range(5)]
        g, p, m, v = (lanes.at(each, args[5]) for each in data)
        steps.adam(Several.load(lanes, [g]), [p], [m], [v], steps.loaded(lanes, of))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def sgd_step(
    typing: Any, gradient: Any, params: Any, velocity: Any, constants: Any, start: Any
) -> Any:
    """One step of gradient descent for 16 parameters, from ``start`` on in all arrays."""
    signature = types.void(gradient, params, velocity, constants, types.int64)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Value:
        lanes = Lanes(builder)
        *data, of = [pointer(context, builder, signature.args[n], args[n]) for n in range(4)]
        g, p, m = (lanes.at(each, args[4]) for each in data)
        steps.sgd(Several.load(lanes, [g]), [p], [m], steps.loaded(lanes, of))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def _turn(typing: Any, a: Any, c: Any, i: Any, j: Any) -> Any:
    """``c[j : j + 16, i : i + 16]`` = the transpose of ``a[i : i + 16, j : j + 16]``."""
    signature = types.void(a, c, types.int64, types.int64)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Value:
        lanes, (i, j) = Lanes(builder), args[2:]
        a, c = (
            Operand(lanes, *address(context, lanes, signature.args[n], args[n])) for n in range(2)
        )
        rows = [lanes.load(a.at(builder.add(i, index(n)), j)) for n in range(WIDTH)]
        for n, column in enumerate(_swapped(lanes, rows)):
            lanes.store(column, c.at(builder.add(j, index(n)), i))
        return context.get_dummy_value()

    return signature, generate


def _swapped(lanes: Lanes, rows: list[Value]) -> list[Value]:
    """The transpose of a block: swap its off-diagonal quarters, then those of each quarter, …"""
    for size in (1, 2, 4, 8):
        low = [(n & ~size) + (WIDTH if n & size else 0) for n in range(WIDTH)]
        high = [n + size for n in low]
        following = list(rows)
        for n in range(WIDTH):
            if not n & size:
                following[n] = lanes.shuffle(rows[n], rows[n + size], low)
                following[n + size] = lanes.shuffle(rows[n], rows[n + size], high)
        rows = following
    return rows


@compiled
def transpose(a: Matrix, c: Matrix, R: int, C: int) -> None:
    """``c (C, R)`` = the transpose of ``a (R, C)``; both have room for whole blocks of 16 × 16."""
    check(a, padded(R), padded(C))
    check(c, padded(C), padded(R))
    for i in range(0, R, WIDTH):
        for j in range(0, C, WIDTH):
            _turn(a, c, i, j)


def _elementwise(body: Callable[[Lanes, list[Value]], Value]) -> Any:
    """An intrinsic (x, x_start, y, y_start, z, z_start, length): z = body(x, y)."""

    @intrinsic
    def each(
        typing: Any,
        x: Any,
        x_start: Any,
        y: Any,
        y_start: Any,
        z: Any,
        z_start: Any,
        length: Any,
    ) -> Any:
        i64 = types.int64
        signature = types.void(x, i64, y, i64, z, i64, i64)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Value:
            lanes = Lanes(builder)
            starts = [
                lanes.at(pointer(context, builder, signature.args[n], args[n]), args[n + 1])
                for n in (0, 2, 4)
            ]

            def one(k: Value, _: list[Value]) -> list[Value]:
                x, y, z = (lanes.at(start, builder.mul(k, index(WIDTH))) for start in starts)
                lanes.store(body(lanes, [x, y]), z)
                return []

            lanes.repeat(builder.sdiv(args[6], index(WIDTH)), [], one)
            return context.get_dummy_value()

        return signature, generate

    return each


# z = x * y
multiply = _elementwise(lambda lanes, at: lanes.builder.fmul(lanes.load(at[0]), lanes.load(at[1])))
# z = x
copy = _elementwise(lambda lanes, at: lanes.load(at[0]))
# z = x, and 0 where x is tiny
without_tiny = _elementwise(lambda lanes, at: lanes.where_not_tiny(lanes.load(at[0])))
