"""The contract between Python and the kernel: what one call is given, and what it leaves.

The kernel trains one candidate. Its inputs, its state and its results lie in numpy arrays, whose
names, dtypes and shapes are in ``shapes``; numbers lie in two records, ``SETTINGS`` (the kernel
reads) and ``BOOKS`` (the kernel writes). A call does at most ``budget`` blocks of rows and returns;
the next call goes on. The arrays of the groups ``state`` and ``results`` and the books are the
whole state: with copies of them another process goes on to the same bits. This module needs no
numba. In use::

    layout = Layout.of(features, hidden, outputs)
    settings = settings_of(width=layout.width, layers=len(hidden), hidden=layout.hidden, ...)
    arrays = shared_rows | new_arrays(settings, ("own", "state", "results", "work"))
    arrays["params"][:] = layout.pack(init)
    call = Call(settings, new_books(), arrays)
    while not call.ended:
        call(kernel, budget)
    params = layout.unpack(call.kept)

Shape letters: N training rows, M validation rows, O outputs, E epochs, X width of a row (features,
filled up with zeros), L hidden layers, P padded parameters (``layout``), n training rows of this
candidate, U updates of the whole training, B rows of a block.
"""

import ctypes
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

VECTOR = 16  # numbers of a vector
BLOCK = 128  # rows of a block, few enough for the first cache; larger batches are done in several
TALL = 4  # rows of a tile
SPARE = 3  # rows of zeros after the last row: a tile takes four rows at a time
LINE = 64  # bytes of a cache line
NEVER = 2**62  # epochs of patience where there is no patience

RUNNING, ENDED, DIVERGED = 0, 1, 2  # BOOKS.status
START, TRAIN, MEASURE, VALIDATE = 0, 1, 2, 3  # BOOKS.phase

# What the kernel reads. ``width``: of a copied row; ``stride``: from one row to the next in ``x``.
# Flags are 0 or 1. ``all_rows``: N; ``rows``: n; ``batch``: at most n;
# ``shuffle``: not with a single batch; ``subset``: ``chosen`` names the candidate's rows;
# ``masked``: ``mask`` has zeros; ``weighted``: ``weight`` holds the rows' weights; ``during``:
# the training loss is summed during the epoch; ``patience``: NEVER for none; ``cell``: validation
# rows of one cell of the trajectory, 0 for no trajectory; ``shift``, ``scale``, ``factor``: of
# LossUnits; ``loss``: the address of the compiled loss (``losses``).
SETTINGS = np.dtype(
    [
        *((name, np.int64) for name in ("all_rows", "rows", "validation_rows", "outputs")),
        *((name, np.int64) for name in ("width", "stride", "layers", "parameters", "hidden")),
        *((name, np.int64) for name in ("transposed", "epochs", "batch", "patience", "cell")),
        *((name, np.int64) for name in ("shuffle", "subset", "masked", "weighted", "adam")),
        *((name, np.int64) for name in ("during", "restore_best", "keep_path", "loss")),
        ("seed", np.uint64),
        *((name, np.float64) for name in ("lr", "momentum", "beta2", "weight_decay")),
        *((name, np.float64) for name in ("divergence_factor", "shift", "scale", "factor")),
    ]
)

# What the kernel writes. ``row``: where the phase is among its rows; ``epoch``: epochs done;
# ``updates``: updates done; ``first_power``, ``second_power``: momentum and beta2 to the power of
# updates, running products; ``loss_sum``, ``cell_sum``: of the rows so far; ``limit``: a training
# loss above it is divergence; ``start_loss``, ``best_loss``: in raw units; ``best_epoch``: from 1,
# 0 for none. Without restore_best it is the last epoch that did not diverge.
BOOKS = np.dtype(
    [
        *((name, np.int64) for name in ("status", "phase", "row", "epoch", "updates")),
        ("best_epoch", np.int64),
        *((name, np.float64) for name in ("best_loss", "start_loss", "limit")),
        *((name, np.float64) for name in ("loss_sum", "cell_sum")),
        *((name, np.float64) for name in ("first_power", "second_power")),
    ]
)

# One layer; the last of the L + 1 entries is the output layer. ``inputs``, ``units``: numbers that
# go in and out; ``width``: units, filled up to whole vectors; ``weight``, ``bias``: where they
# begin among the parameters; ``hidden``: where a hidden layer's outputs begin in ``hidden``.
LAYER = np.dtype(
    [(name, np.int64) for name in ("inputs", "units", "width", "weight", "bias", "hidden")]
)

Record = NDArray[np.void]  # (), of dtype SETTINGS or BOOKS
Array = NDArray[Any]
# (addresses, sizes, settings, books, budget): all but the last are addresses
Kernel = Callable[[int, int, int, int, int], int]
PARAMETERS = 5 * (ctypes.c_int64,)  # of a Kernel
RAISED = -1  # what a Kernel returns that has found an offset beyond its array (debug mode)


class Spec(NamedTuple):
    """What an array must be. ``group``: rows (shared, read), own (of the candidate, read), state,
    results or work (of a thread: nothing in it matters between two calls)."""

    group: str
    dtype: Any
    shape: tuple[int, ...]


def shapes(settings: Record) -> dict[str, Spec]:
    """Every array of a call, in the order in which the kernel is given them."""
    s = {name: int(settings[name]) for name in SETTINGS.names or () if name != "seed"}
    batches = -(-s["rows"] // max(s["batch"], 1))
    cells = -(-s["validation_rows"] // s["cell"]) if s["cell"] else 0
    floats, ints, longs = np.float32, np.int32, np.int64
    parameters, ordered = (s["parameters"],), s["rows"] if s["shuffle"] else 0
    return {
        "x": Spec("rows", floats, (s["all_rows"] + SPARE, s["stride"])),
        "y": Spec("rows", floats, (s["all_rows"] + SPARE, s["outputs"])),
        "weight": Spec("rows", floats, (s["all_rows"] if s["weighted"] else 0,)),
        "x_val": Spec("rows", floats, (s["validation_rows"] + SPARE, s["stride"])),
        "y_val": Spec("rows", floats, (s["validation_rows"] + SPARE, s["outputs"])),
        "layers": Spec("rows", LAYER, (s["layers"] + 1,)),
        "chosen": Spec("own", ints, (s["rows"] if s["subset"] else 0,)),
        "mask": Spec("own", floats, (s["width"] if s["masked"] else 0,)),
        "params": Spec("state", floats, parameters),
        "first": Spec("state", floats, parameters),
        "second": Spec("state", floats, parameters),
        "gradient": Spec("state", floats, parameters),
        "best": Spec("state", floats, parameters if s["restore_best"] else (0,)),
        "curve": Spec("results", np.float64, (s["epochs"], 2)),
        "trajectory": Spec("results", floats, (s["epochs"], cells)),
        "path": Spec(
            "results", floats, (s["epochs"] * batches if s["keep_path"] else 0, *parameters)
        ),
        "order": Spec("work", ints, (ordered,)),
        "keys": Spec("work", longs, (ordered,)),
        "buckets": Spec("work", ints, (bucket_count(ordered) + 1,)),
        "ordered": Spec("work", np.uint64, (3,)),
        "gathered": Spec("work", floats, (BLOCK, s["width"])),
        "targets": Spec("work", floats, (BLOCK, s["outputs"])),
        "hidden": Spec("work", floats, (s["hidden"],)),
        "deltas": Spec("work", floats, (s["hidden"],)),
        "transposed": Spec("work", floats, (s["transposed"],)),
        "predicted": Spec("work", floats, (BLOCK, s["outputs"])),
        "losses": Spec("work", np.float64, (BLOCK, s["outputs"])),
        "slopes": Spec("work", np.float64, (BLOCK, s["outputs"])),
        "weights": Spec("work", floats, (BLOCK if s["weighted"] else 0,)),
        "top": Spec("work", floats, (BLOCK, filled(s["outputs"]))),
        "one": Spec("work", floats, (1,)),
        "constants": Spec("work", floats, (8,)),
    }


def filled(number: int) -> int:
    """How many numbers whole vectors of them take, at least one vector."""
    return max(1, -(-number // VECTOR)) * VECTOR


def bucket_count(rows: int) -> int:
    """Buckets that so many keys are sorted into: the power of two from ``rows`` on."""
    return 1 << max(0, (rows - 1).bit_length()) if rows else 0


def settings_of(**values: float) -> Record:
    """The record of these settings; refuses (KeyError) a missing or an unknown one."""
    return _record(SETTINGS, values)


def new_books() -> Record:
    """The books before anything was done."""
    books = np.zeros((), BOOKS)
    books["best_loss"], books["first_power"], books["second_power"] = np.inf, 1.0, 1.0
    return books


def new_arrays(settings: Record, groups: Iterable[str]) -> dict[str, Array]:
    """Arrays of these groups, filled with zeros (no memory is used before it is written)."""
    specs = shapes(settings)
    return {
        name: aligned(spec.shape, spec.dtype)
        for name, spec in specs.items()
        if spec.group in groups
    }


def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """Zeros that begin on a cache line: vectors that lie across two lines are slow to load."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.zeros(size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    zeros: Array = memory[start : start + size].view(dtype).reshape(shape)
    return zeros


class Call:
    """One candidate, ready to be trained: ``call(kernel, budget)`` until ``ended``.

    ``arrays``: all of ``shapes``, by name. Refuses (ValueError) an array that is missing, of
    another dtype or shape, or not contiguous: the kernel would read foreign memory.
    """

    def __init__(self, settings: Record, books: Record, arrays: Mapping[str, Array]) -> None:
        self.settings, self.books = settings, books
        specs = shapes(settings)
        for name, spec in specs.items():
            _check(name, arrays.get(name), spec)
        self.arrays = {name: arrays[name] for name in specs}  # their owners: addresses stay valid
        addresses = [array.ctypes.data for array in self.arrays.values()]
        self._addresses = np.array(addresses, np.int64)
        self._sizes = np.array([array.size for array in self.arrays.values()], np.int64)

    def __call__(self, kernel: Kernel, budget: int) -> None:
        """Do at most so many blocks of rows. Without the interpreter's lock, through ctypes."""
        status = kernel(
            self._addresses.ctypes.data,
            self._sizes.ctypes.data,
            self.settings.ctypes.data,
            self.books.ctypes.data,
            budget,
        )
        if status == RAISED:
            raise IndexError("compiled engine: an offset reaches beyond its array")

    @property
    def ended(self) -> bool:
        """Whether the candidate has done all its epochs, used up its patience, or diverged."""
        return int(self.books["status"]) != RUNNING

    @property
    def kept(self) -> NDArray[np.float32]:
        """The parameters (P,) to keep: of the best epoch with restore_best, else the last ones."""
        return self.arrays["best" if self.settings["restore_best"] else "params"]


def _check(name: str, array: Array | None, spec: Spec) -> None:
    dtype = np.dtype(spec.dtype)
    if array is None:
        raise ValueError(f"the kernel's array {name}: found none, expected {dtype} {spec.shape}")
    if array.dtype != dtype or array.shape != spec.shape or not array.flags.c_contiguous:
        order = "" if array.flags.c_contiguous else ", not contiguous"
        raise ValueError(
            f"the kernel's array {name}: found {array.dtype} {array.shape}{order}, "
            f"expected {dtype} {spec.shape}"
        )


def _record(dtype: np.dtype[np.void], values: Mapping[str, float]) -> Record:
    names = set(dtype.names or ())
    if names != set(values):
        raise KeyError(f"missing {sorted(names - set(values))}, unknown {set(values) - names}")
    record = np.zeros((), dtype)
    for name, value in values.items():
        record[name] = value
    return record
