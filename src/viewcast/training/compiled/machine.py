"""The kernel and the losses as machine code that Python can call.

numba is imported only where a code is not kept yet.
"""

import inspect
from functools import cache
from pathlib import Path
from typing import Any

from viewcast.scoring.loss import Loss, Slope, slope_of
from viewcast.training import candidate, order
from viewcast.training.compiled import native
from viewcast.training.compiled.call import PARAMETERS, Kernel

# Modules of this folder that Python runs; no machine code is made of them.
PYTHON = ("engine", "inputs", "machine", "native", "pool", "saving", "training")


@cache
def kernel() -> Kernel:
    """The training loop; compiled where no process of this user has done so yet."""
    made_from = _kernel_source()
    return native.function(native.Kernel("descent", made_from, _kernel, _library), *PARAMETERS)


def loss_address(loss: Loss) -> int:
    """Where the machine code of a loss, which has ``slope``, lies."""
    slope = slope_of(loss)
    assert slope is not None, "choice.engine_of takes PyTorch for a loss without slope"

    def build() -> Any:
        from viewcast.training.compiled import losses  # noqa: PLC0415 (it imports numba)

        return losses.build(slope)

    kind = type(loss).__name__.lower()
    name = "".join(letter if letter.isalnum() else "_" for letter in kind)
    made_from = f"{_kernel_source()}\0{_written(slope)}"
    return native.address(native.Kernel(f"loss_{name}", made_from, build))


def _kernel_source() -> str:
    also = [Path(inspect.getfile(module)) for module in (candidate, order)]
    return native.source_of(Path(__file__).parent, also, PYTHON)


def _kernel() -> Any:
    from viewcast.training.compiled import kernel as source  # noqa: PLC0415 (it imports numba)

    return source.build()


def _library() -> str:
    from viewcast.training.compiled import library  # noqa: PLC0415

    return library.text()


def _written(slope: Slope) -> str:
    """The source of a function and of the module around it, in which lies what it may call."""
    try:
        return f"{slope.__qualname__}\0{inspect.getsource(inspect.getmodule(slope) or slope)}"
    except (OSError, TypeError):  # typed at a prompt: there is no file
        code = slope.__code__
        return f"{code.co_code!r}{code.co_consts}{code.co_names}"
