"""The kernel's view of the arrays that Python gave it, and of the matrices within them.

The kernel gets addresses, and makes numba arrays of them without any of numba's reference counts.
Every place of a number is computed by a function of this module or of ``matrix``.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.np.arrayobj import make_array, populate_array

from viewcast.training.compiled.call import BOOKS, LAYER, SETTINGS, shapes
from viewcast.training.compiled.jit import compiled, intrinsic
from viewcast.training.compiled.matrix import Matrix, padded

NAMES = tuple(shapes(np.zeros((), SETTINGS)))
X, Y, WEIGHT, X_VAL, Y_VAL, LAYERS = (NAMES.index(n) for n in NAMES[:6])
CHOSEN, MASK = NAMES.index("chosen"), NAMES.index("mask")
PARAMS, FIRST, SECOND = (NAMES.index(n) for n in ("params", "first", "second"))
GRADIENT, BEST = NAMES.index("gradient"), NAMES.index("best")
CURVE, TRAJECTORY, PATH = (NAMES.index(n) for n in ("curve", "trajectory", "path"))
ORDER, KEYS, BUCKETS = (NAMES.index(n) for n in ("order", "keys", "buckets"))
ORDERED, GATHERED, TARGETS = (NAMES.index(n) for n in ("ordered", "gathered", "targets"))
HIDDEN, DELTAS, TRANSPOSED = (NAMES.index(n) for n in ("hidden", "deltas", "transposed"))
PREDICTED, LOSSES, SLOPES = (NAMES.index(n) for n in ("predicted", "losses", "slopes"))
WEIGHTS, TOP = NAMES.index("weights"), NAMES.index("top")
ONE, CONSTANTS = NAMES.index("one"), NAMES.index("constants")


class Memory(NamedTuple):
    """All that a call is given: the arrays' addresses and sizes (numbers), and the two records."""

    addresses: Any
    sizes: Any
    settings: Any
    books: Any


def _array(dtype: Any) -> tuple[Any, int]:
    return types.Array(dtype, 1, "C"), np.dtype(numba.np.numpy_support.as_dtype(dtype)).itemsize


def _view(context: Any, builder: ir.IRBuilder, kind: Any, size: int, place: Any, n: Any) -> Any:
    """A numba array of ``n`` numbers at an address, which owns nothing."""
    array = make_array(kind)(context, builder)
    item = context.get_constant(types.intp, size)
    data = builder.inttoptr(place, array.data.type)
    populate_array(array, data, shape=[n], strides=[item], itemsize=item, meminfo=None)
    return array._getvalue()


def _at_address(dtype: Any) -> Any:
    """A function of the kernel: the array (length,) of this dtype at an address."""
    kind, size = _array(dtype)

    @intrinsic
    def array(typing: Any, address: Any, length: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
            return _view(context, builder, kind, size, *args)

        return kind(types.int64, types.int64), generate

    return array


def _named(dtype: Any) -> Any:
    """A function of the kernel: the array of this dtype with this number among ``NAMES``."""
    kind, size = _array(dtype)
    numbers = types.Array(types.int64, 1, "C")

    @intrinsic
    def array(typing: Any, memory: Any, number: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
            addresses, sizes, *_ = cgutils.unpack_tuple(builder, args[0])
            place, length = (
                builder.load(builder.gep(make_array(numbers)(context, builder, v).data, [args[1]]))
                for v in (addresses, sizes)
            )
            return _view(context, builder, kind, size, place, length)

        return kind(memory, types.int64), generate

    return array


numbers_at = _at_address(types.int64)
settings_at = _at_address(numba.from_dtype(SETTINGS))
books_at = _at_address(numba.from_dtype(BOOKS))

floats = _named(types.float32)
doubles = _named(types.float64)
ints = _named(types.int32)
longs = _named(types.int64)
unsigned = _named(types.uint64)
layers = _named(numba.from_dtype(LAYER))


@compiled
def weights(memory: Memory, array: int, level: int) -> Matrix:
    """A hidden layer's weights (I, H) in PARAMS, or what is laid out like them."""
    layer = layers(memory, LAYERS)[level]
    return Matrix(floats(memory, array), layer.weight, layer.width, 1)


@compiled
def top_weights(memory: Memory, array: int) -> Matrix:
    """The output layer's weights, one row for each output: (O, H)."""
    layer = layers(memory, LAYERS)[memory.settings.layers]
    return Matrix(floats(memory, array), layer.weight, padded(layer.inputs), 1)


@compiled
def bias(memory: Memory, array: int, level: int) -> Matrix:
    """A layer's biases, as one row that repeats: (any, H)."""
    layer = layers(memory, LAYERS)[level]
    return Matrix(floats(memory, array), layer.bias, 0, 1)


@compiled
def hidden(memory: Memory, array: int, level: int) -> Matrix:
    """A hidden layer's outputs for the rows of a block, (B, H), in HIDDEN or in DELTAS."""
    layer = layers(memory, LAYERS)[level]
    return Matrix(floats(memory, array), layer.hidden, layer.width, 1)


@compiled
def top(memory: Memory) -> Matrix:
    """The derivatives of a batch's loss by each output of a block's rows, (B, O)."""
    return Matrix(floats(memory, TOP), 0, padded(memory.settings.outputs), 1)


@compiled
def ones(memory: Memory) -> Matrix:
    """As many ones as are asked for: a product with them sums up rows."""
    return Matrix(floats(memory, ONE), 0, 0, 0)
