"""The products of tiles as functions of one LLVM module, compiled once and called by kernels.

Tiles are long: compiled inside every function that uses them, as numba would, they would take most
of a minute. Each function here goes over a whole product, tile after tile, and is called by its
name. A kernel's module gets this module linked in (``native``).
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import binding, ir

from viewcast.training.compiled.call import TALL
from viewcast.training.compiled.lanes import FLOAT, INT64, WIDTH, Lanes, Value, index
from viewcast.training.compiled.native import target_machine
from viewcast.training.compiled.processor import WIDEST
from viewcast.training.compiled.tile import (
    ADAM,
    ADD,
    MASK,
    RELU,
    SGD,
    Operand,
    Operands,
    write_tile,
)

NAMES = {
    RELU: "viewcast_multiply_relu",
    MASK: "viewcast_multiply_mask",
    ADD: "viewcast_multiply_add",
    ADAM: "viewcast_multiply_adam",
    SGD: "viewcast_multiply_sgd",
}
_POINTER = FLOAT.as_pointer()

# a, its row and column; w, its row; c, its row; e, its row; e2; constants; R, K, C (padded)
SIGNATURE = ir.FunctionType(
    ir.VoidType(),
    [
        *(_POINTER, INT64, INT64),
        *(_POINTER, INT64, _POINTER, INT64, _POINTER, INT64),
        *(_POINTER, _POINTER, INT64, INT64, INT64),
    ],
)


@cache
def text() -> str:
    """The module in LLVM's language, for the processor that kernels are compiled for."""
    target = target_machine()
    module = ir.Module("viewcast_products")
    module.triple, module.data_layout = target.triple, str(target.target_data)
    for epilogue, name in NAMES.items():
        _write_product(ir.Function(module, SIGNATURE, name), epilogue)
    return str(module)


@cache
def load() -> Any:
    """Compile the module for this process, so that numba's own compiler finds its functions."""
    engine = binding.create_mcjit_compiler(binding.parse_assembly(text()), target_machine())
    engine.finalize_object()
    for name in NAMES.values():
        binding.add_symbol(name, engine.get_function_address(name))
    return engine  # it owns the code


def _write_product(function: ir.Function, epilogue: int) -> None:
    lanes = Lanes(ir.IRBuilder(function.append_basic_block("entry")))
    for place, kind in enumerate(SIGNATURE.args):
        if kind == _POINTER:
            function.args[place].add_attribute("noalias")
    a, a_row, a_column, w, w_row, c, c_row, e, e_row, e2, constants, R, K, C = function.args
    one = index(1)
    given = Operands(
        Operand(lanes, a, a_row, a_column),
        Operand(lanes, w, w_row, one),
        Operand(lanes, c, c_row, one),
        Operand(lanes, e, e_row, one),
        Operand(lanes, e2, e_row, one),
        constants,
        K,
    )
    _write_panels(lanes, epilogue, given, R, C)
    lanes.builder.ret_void()


def _write_panels(lanes: Lanes, epilogue: int, given: Operands, R: Value, C: Value) -> None:
    """The columns in panels of as many vectors as a tile has; the last ones are narrower."""

    def panel(vectors: int) -> Callable[[Value], None]:
        def rows(j: Value) -> None:
            def tiles(tall: int) -> Callable[[Value], None]:
                return lambda i: write_tile(lanes, epilogue, (tall, vectors), given, i, j)

            whole = lanes.times(index(0), R, TALL, tiles(TALL))
            lanes.times(whole, R, 1, tiles(1))

        return rows

    j = index(0)
    for vectors in range(WIDEST, 0, -1):
        j = lanes.times(j, C, vectors * WIDTH, panel(vectors))
