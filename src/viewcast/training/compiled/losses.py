"""The compiled form of a loss: one small function that the kernel calls by its address.

It is made from ``Loss.slope``, a function of plain numbers, so that the kernel is compiled once for
all losses and a user's own loss is compiled by itself. It computes in double precision.

Shape letters: B rows of a block, O outputs.
"""

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.np.arrayobj import make_array

from viewcast.training.compiled.jit import OPTIONS, compiled, intrinsic

Slope = Callable[[float, float], tuple[float, float]]
_FLOATS, _DOUBLES = types.CPointer(types.float32), types.CPointer(types.float64)
# (count, outputs, targets, shift, scale, losses, slopes)
SIGNATURE = types.int64(
    types.int64, _FLOATS, _FLOATS, types.float64, types.float64, _DOUBLES, _DOUBLES
)


def build(slope: Slope) -> Any:
    """The numba cfunc of a loss, given its ``slope(prediction, target) -> (loss, derivative)``.

    Called with ``count`` = B O outputs and as many targets, it writes the loss of each and its
    derivative by the output. The prediction is ``shift + scale * output`` (``LossUnits``).
    """
    of_one = compiled(slope)

    def rows(
        count: Any, outputs: Any, targets: Any, shift: Any, scale: Any, losses: Any, slopes: Any
    ) -> int:
        for place in range(count):
            prediction = shift + scale * outputs[place]
            loss, derivative = of_one(prediction, types.float64(targets[place]))
            losses[place] = loss
            slopes[place] = scale * derivative
        return 0

    return numba.cfunc(SIGNATURE, **OPTIONS)(rows)


@intrinsic
def call_loss(
    typing: Any,
    address: Any,
    count: Any,
    outputs: Any,
    targets: Any,
    first: Any,
    shift: Any,
    scale: Any,
    losses: Any,
    slopes: Any,
) -> Any:
    """Call the function at ``address`` for ``count`` outputs and the targets from ``first`` on."""
    i64, f64 = types.int64, types.float64
    signature = types.void(i64, i64, outputs, targets, i64, f64, f64, losses, slopes)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        def data(place: int) -> Any:
            return make_array(signature.args[place])(context, builder, args[place]).data

        given = [
            *(args[1], data(2), builder.gep(data(3), [args[4]]), args[5], args[6]),
            *(data(7), data(8)),
        ]
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in given])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), given)
        return context.get_dummy_value()

    return signature, generate
