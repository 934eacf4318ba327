"""Vectors of 16 float32 as LLVM IR: what the register tile and the vector functions are made of.

An intrinsic of numba is a Python function that writes LLVM instructions where it is called. These
need no compiler on the machine: numba brings LLVM. Every vector has 16 lanes on every processor.
LLVM makes one register of it with AVX-512, two with AVX2, four with NEON, so all processors do the
same operations in the same order and give the same bits. All multiply-adds are fused ones, written
as such; nothing is left for LLVM to reorder.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.np.arrayobj import make_array

WIDTH = 16
FLOAT, INT32, INT64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
VECTOR, INT_VECTOR = ir.VectorType(FLOAT, WIDTH), ir.VectorType(INT32, WIDTH)
TINY = 1e-30
Value = Any  # llvmlite.ir.Value; llvmlite has no types


def index(number: int) -> Value:
    """A constant offset."""
    return ir.Constant(INT64, number)


def constant(number: float) -> Value:
    """A vector with one number in all lanes."""
    return ir.Constant(VECTOR, [number] * WIDTH)


def pointer(context: Any, builder: ir.IRBuilder, kind: Any, array: Value) -> Value:
    """The address of a numba array's first number."""
    return make_array(kind)(context, builder, array).data


class Lanes:
    """An IR builder whose values are vectors of 16 float32."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder

    def at(self, start: Value, offset: Value) -> Value:
        """The address so many numbers after ``start``."""
        return self.builder.gep(start, [offset])

    def load(self, start: Value) -> Value:
        """The 16 numbers from ``start`` on; no alignment beyond that of a number is asked for."""
        return self.builder.load(self.builder.bitcast(start, VECTOR.as_pointer()), align=4)

    def store(self, vector: Value, start: Value) -> None:
        """Write 16 numbers from ``start`` on."""
        self.builder.store(vector, self.builder.bitcast(start, VECTOR.as_pointer()), align=4)

    def splat(self, number: Value) -> Value:
        """A vector with one number in all lanes."""
        empty = ir.Constant(VECTOR, ir.Undefined)
        first = self.builder.insert_element(empty, number, ir.Constant(INT32, 0))
        return self.builder.shuffle_vector(first, empty, ir.Constant(INT_VECTOR, [0] * WIDTH))

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """``a * b + c``, rounded once."""
        kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.fma.v16f32")
        return self.builder.call(function, (a, b, c))

    def where_positive(self, condition: Value, vector: Value) -> Value:
        """The vector where the condition is above 0, else 0; what is no number counts as above."""
        zero = constant(0.0)
        below = self.builder.fcmp_ordered("<=", condition, zero)
        return self.builder.select(below, zero, vector)

    def where_not_tiny(self, vector: Value) -> Value:
        """The vector, and 0 where it is nearer to 0 than ``TINY``; what is no number stays so."""
        kind = ir.FunctionType(VECTOR, [VECTOR])
        function = cgutils.get_or_insert_function(self.builder.module, kind, "llvm.fabs.v16f32")
        size = self.builder.call(function, (vector,))
        tiny = self.builder.fcmp_ordered("<", size, constant(TINY))
        return self.builder.select(tiny, constant(0.0), vector)

    def shuffle(self, a: Value, b: Value, lanes: list[int]) -> Value:
        """The numbered lanes of two vectors; those of ``b`` follow those of ``a``."""
        return self.builder.shuffle_vector(
            a, b, ir.Constant(ir.VectorType(INT32, len(lanes)), lanes)
        )

    def sum(self, vector: Value) -> Value:
        """The sum of the lanes, folded in halves: 8 + 8, 4 + 4, 2 + 2, 1 + 1."""
        half = WIDTH // 2
        while half:
            low = self.shuffle(vector, vector, list(range(half)))
            high = self.shuffle(vector, vector, list(range(half, 2 * half)))
            vector, half = self.builder.fadd(low, high), half // 2
        return self.builder.extract_element(vector, ir.Constant(INT32, 0))

    def times(self, first: Value, end: Value, step: int, body: Callable[[Value], None]) -> Value:
        """Run the body for i = ``first``, ``first + step``, … as long as a whole step fits.

        The value of i after that: ``end`` less what is left.
        """
        builder = self.builder
        before, head = builder.block, builder.append_basic_block("head")
        inside, after = builder.append_basic_block("body"), builder.append_basic_block("after")
        builder.branch(head)
        builder.position_at_end(head)
        i = builder.phi(INT64)
        i.add_incoming(first, before)
        following = builder.add(i, index(step))
        builder.cbranch(builder.icmp_signed("<=", following, end), inside, after)
        builder.position_at_end(inside)
        body(i)
        i.add_incoming(following, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return i

    def repeat(
        self, count: Value, carried: list[Value], body: Callable[[Value, list[Value]], list[Value]]
    ) -> list[Value]:
        """Run the body for k = 0, 1, ... ``count - 1`` (at least once); the values it carries.

        The body is given k and the carried values, and returns the next ones.
        """
        builder = self.builder
        before, loop = builder.block, builder.append_basic_block("repeat")
        after = builder.append_basic_block("repeat.end")
        builder.branch(loop)
        builder.position_at_end(loop)
        k = builder.phi(INT64)
        k.add_incoming(index(0), before)
        values = [builder.phi(each.type) for each in carried]
        results = body(k, list(values))
        following = builder.add(k, index(1))
        k.add_incoming(following, builder.block)
        for value, first, result in zip(values, carried, results, strict=True):
            value.add_incoming(first, before)
            value.add_incoming(result, builder.block)
        builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
        builder.position_at_end(after)
        return results
