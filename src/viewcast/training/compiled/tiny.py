"""Numbers below 1e-38 count as 0 while the kernel runs.

Float32 holds such numbers with fewer digits, and x86 processors take a hundred times as long for
them. A unit that no row switches on has a gradient of 0 and moments that shrink for ever: after
800 updates they are that small, and stay so, because the least of all numbers times 0.9 is rounded
to itself. Updates then take eight times as long. Each thread has a control word of its own, so
nothing else in the process notices. Other processors have no such cost, and keep these numbers.
"""

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core.cgutils import get_or_insert_function

from viewcast.training.compiled.jit import intrinsic

FLUSH = 0x8040  # of MXCSR: results that are so small are 0, operands that are so small too
_POINTER, _WORD = ir.IntType(8).as_pointer(), ir.IntType(32)
_X86 = binding.get_process_triple().startswith(("x86_64", "i686", "amd64"))


@intrinsic
def flush_tiny(typing: Any) -> Any:
    """Set this thread so; returns the former control word."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        if not _X86:
            return ir.Constant(_WORD, 0)
        place = builder.alloca(_WORD)
        _control(builder, "stmxcsr", place)
        former = builder.load(place)
        builder.store(builder.or_(former, ir.Constant(_WORD, FLUSH)), place)
        _control(builder, "ldmxcsr", place)
        return former

    return types.uint32(), generate


@intrinsic
def restore(typing: Any, former: Any) -> Any:
    """Set this thread as it was; ``former``: what ``flush_tiny`` returned."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        if _X86:
            place = builder.alloca(_WORD)
            builder.store(args[0], place)
            _control(builder, "ldmxcsr", place)
        return context.get_dummy_value()

    return types.void(types.uint32), generate


def _control(builder: ir.IRBuilder, instruction: str, place: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [_POINTER])
    function = get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{instruction}")
    builder.call(function, [builder.bitcast(place, _POINTER)])
