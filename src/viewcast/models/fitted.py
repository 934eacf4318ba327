"""Fitted models: what training leaves behind, how it predicts, and how it lies on disk.

A fitted model is a folder of ``model.json`` (kind, input columns, unit, hashes of both files) and
``weights.safetensors`` (every array); no pickle, no torch. A folder that was edited, cut short or
mixed up is refused when it is read.

A kind of fitted model is a class that ``@fitted_kind`` declares. A folder names its kind and never
a module to import: the classes are those of ``viewcast.models``, of modules that are imported
already, and of installed packages with an entry point in the group ``viewcast.models``.
"""

import json
import pkgutil
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from viewcast.base import contents
from viewcast.base.errors import DataError
from viewcast.base.files import replacing
from viewcast.base.parse import json_of
from viewcast.base.progress import tell
from viewcast.base.quoted import quoted
from viewcast.models import network
from viewcast.models.arrays import ANY, array
from viewcast.models.scaling import Scaling

ABOUT, WEIGHTS = "model.json", "weights.safetensors"
TODO = "train the model again, or take its whole folder from a backup"
Vector = NDArray[np.float64]
AT_ONCE = 2**13  # rows that a network predicts in one go


class Fitted(Protocol):
    """Anything that predicts from rows of the prepared table."""

    kind: ClassVar[str]

    @property
    def inputs(self) -> list[str]:
        """The columns it predicts from."""

    def predict(self, rows: pd.DataFrame) -> Vector:
        """One prediction per row, in the unit of the target."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything learnt, by name."""

    def figures(self) -> dict[str, float]:
        """The fitted numbers, where they are few enough to be read; else nothing."""

    @classmethod
    def restore(cls, inputs: list[str], arrays: dict[str, NDArray[Any]]) -> Self:
        """The model with these inputs and what ``arrays`` gave."""


_kinds: dict[str, type[Fitted]] = {}
_Kind = TypeVar("_Kind", bound=type[Fitted])


def fitted_kind(cls: _Kind) -> _Kind:
    """Declare a class of fitted models, so that ``load`` knows its ``kind``."""
    known = _kinds.setdefault(cls.kind, cls)
    if known is not cls and (known.__module__, known.__name__) != (cls.__module__, cls.__name__):
        raise ValueError(f"kind {cls.kind!r} of {cls.__name__} is taken by {known.__name__}")
    _kinds[cls.kind] = cls
    return cls


@fitted_kind
@dataclass(frozen=True)
class FittedNetwork:
    """A straight line (``hidden`` is empty) or a network of max(0, ·), with its scaling.

    How many outputs it has, O, follows from the number of its parameters.
    """

    inputs: list[str]
    hidden: tuple[int, ...]
    params: Vector
    scaling: Scaling
    kind: ClassVar[str] = "network"

    def predict(self, rows: pd.DataFrame) -> Vector:
        """Predictions (N,) from the input columns; (N, O) with several outputs."""
        shape = len(self.inputs), self.hidden
        count = network.output_count(len(self.params), *shape)
        layers = network.unflatten(self.params, *shape, count)
        x, found = rows[self.inputs].to_numpy(), np.empty((len(rows), count))
        for start in range(0, len(rows), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            scaled = self.scaling.inputs(x[part].astype(np.float64))
            found[part] = network.outputs(layers, scaled)
        return np.asarray(self.scaling.outputs(found[:, 0] if count == 1 else found))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Parameters and scaling."""
        return {
            "hidden": np.array(self.hidden, dtype=np.int64),
            "params": self.params,
            "x_mean": self.scaling.x_mean,
            "x_std": self.scaling.x_std,
            "y": np.array([self.scaling.y_mean, self.scaling.y_std]),
        }

    def figures(self) -> dict[str, float]:
        """Weights and bias in raw units, for one line of at most three features."""
        if self.hidden or len(self.inputs) > 3 or len(self.params) > 1 + len(self.inputs):
            return {}
        weights, bias = self.scaling.line(self.params[:-1], float(self.params[-1]))
        single = len(self.inputs) == 1
        names = ["w"] if single else [f"w_{name}" for name in self.inputs]
        return {**dict(zip(names, map(float, weights), strict=True)), "b": bias}

    @classmethod
    def restore(cls, inputs: list[str], arrays: dict[str, NDArray[Any]]) -> "FittedNetwork":
        """The inverse of ``arrays``. Refuses (DataError) arrays that do not fit each other."""
        features = len(inputs)
        x_mean, x_std = (array(arrays, name, (features,)) for name in ("x_mean", "x_std"))
        mean, std = array(arrays, "y", (2,))
        hidden = tuple(int(h) for h in array(arrays, "hidden", (ANY,), "i"))
        params = array(arrays, "params" if "params" in arrays else "flat", (ANY,))  # as of 0.1.0
        outputs = network.output_count(len(params), features, hidden)
        if min(hidden, default=1) < 1 or outputs < 1:
            raise DataError(f"found {len(params)} parameters and hidden layers of {hidden} units")
        expected = network.size(features, hidden, outputs)
        if len(params) != expected:
            raise DataError(
                f"array 'params': found {len(params)} numbers; expected {expected} for {features} "
                f"inputs, hidden layers of {hidden} units and {outputs} outputs"
            )
        return cls(inputs, hidden, params, Scaling(x_mean, x_std, float(mean), float(std)))


@fitted_kind
@dataclass(frozen=True)
class FittedMemory:
    """The memorising function: the target of a row it has seen, 0 for every other row."""

    inputs: list[str]
    memory: dict[str, float]
    kind: ClassVar[str] = "memory"

    def predict(self, rows: pd.DataFrame) -> Vector:
        """What is remembered of each row key, else 0."""
        return np.array([self.memory.get(row, 0.0) for row in rows["row"]], dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Keys as a JSON list in UTF-8, and targets in the same order."""
        keys = json.dumps(list(self.memory), ensure_ascii=False).encode()
        return {
            "keys": np.frombuffer(keys, dtype=np.uint8),
            "targets": np.fromiter(self.memory.values(), np.float64, len(self.memory)),
        }

    def figures(self) -> dict[str, float]:
        """How many rows are remembered."""
        return {"remembered": float(len(self.memory))}

    @classmethod
    def restore(cls, inputs: list[str], arrays: dict[str, NDArray[Any]]) -> "FittedMemory":
        """The inverse of ``arrays``. Refuses (DataError) as many targets as there are no keys."""
        keys = json_of(array(arrays, "keys", (ANY,), "u").tobytes())
        targets = array(arrays, "targets", (len(set(keys)),))
        return cls(inputs, dict(zip(keys, map(float, targets), strict=True)))


@fitted_kind
@dataclass(frozen=True)
class FittedNaive:
    """The value of one column as it stands; without a column, a constant.

    Of ``outputs`` above 1 (O): the one column or the constant for each, or a column for each.
    """

    inputs: list[str]
    constant: float
    outputs: int = 1
    kind: ClassVar[str] = "naive"

    def predict(self, rows: pd.DataFrame) -> Vector:
        """The one input column, or the constant, (N,); with several outputs (N, O)."""
        shape = len(rows), self.outputs
        if not self.inputs:
            values = np.full(shape, self.constant, dtype=np.float64)
        else:
            values = np.broadcast_to(rows[self.inputs].to_numpy(np.float64), shape)
        return np.array(values[:, 0] if self.outputs == 1 else values)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The constant, and how many outputs, if several."""
        several = {"outputs": np.array([self.outputs])} if self.outputs > 1 else {}
        return {"constant": np.array([self.constant]), **several}

    def figures(self) -> dict[str, float]:
        """The constant, where it is what is predicted."""
        return {} if self.inputs else {"constant": self.constant}

    @classmethod
    def restore(cls, inputs: list[str], arrays: dict[str, NDArray[Any]]) -> "FittedNaive":
        """The inverse of ``arrays``. Refuses (DataError) more inputs than outputs but one."""
        outputs = int(array(arrays, "outputs", (1,), "i")[0]) if "outputs" in arrays else 1
        if len(inputs) not in (0, 1, outputs) or outputs < 1:
            raise DataError(f"found {len(inputs)} inputs of {outputs} outputs")
        return cls(inputs, float(array(arrays, "constant", (1,))[0]), outputs)


def save(model: Fitted, folder: Path, unit: str) -> None:
    """Write the model into a new folder, or in place of the one that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / WEIGHTS, sync=False) as partial:
        save_file(model.arrays(), partial)
    about = {"kind": model.kind, "inputs": model.inputs, "unit": unit}
    contents.write(folder, ABOUT, about, [WEIGHTS])


def load(folder: Path) -> Fitted:
    """Read a model back.

    Refuses (DataError), naming the file, a folder that holds none, and one that is not as it was
    written. Of a folder that an earlier version wrote, without hashes, only the shapes are checked,
    which is told.
    """
    held = contents.read(folder, ABOUT, ("kind", "inputs", "unit"), TODO)
    try:
        inputs = _names(held.about["inputs"])
        kind = kind_of(held.about["kind"])
        model = kind.restore(inputs, load_file(folder / WEIGHTS))
    except DataError as error:
        raise DataError(f"{folder}: {error}; {TODO}") from error
    except (OSError, LookupError, TypeError, ValueError, SafetensorError) as error:
        raise DataError(f"{folder}: holds no model of viewcast ({error!r}); {TODO}") from error
    if not held.hashed:
        _try(model, folder)
        tell(
            f"{folder}: was stored by an earlier version, without a hash: that its shapes fit is "
            "all that is known"
        )
    return model


def _names(inputs: Any) -> list[str]:
    """Refuses (DataError) what is no list of different names."""
    if not isinstance(inputs, list) or not all(isinstance(name, str) for name in inputs):
        raise DataError(f"inputs: found {quoted(repr(inputs))}; expected names of columns")
    if len(set(inputs)) < len(inputs):
        raise DataError("inputs: names one column twice")
    return inputs


def _try(model: Fitted, folder: Path) -> None:
    """Refuse (DataError) a model that does not predict a finite number for each of two rows."""
    rows = pd.DataFrame({name: [0.0, 1.0] for name in model.inputs} | {"row": ["0", "1"]})
    try:
        found = model.predict(rows)
        works = len(found) == len(rows) and bool(np.isfinite(found).all())
    except Exception as error:  # a model may be anybody's code
        raise DataError(f"{folder}: cannot predict ({error!r}); {TODO}") from error
    if not works:
        raise DataError(f"{folder}: predicts {quoted(str(found.tolist()))} for two rows; {TODO}")


def kind_of(kind: str) -> type[Fitted]:
    """The class of fitted models of this kind. Refuses (DataError) one that nothing declares."""
    if not isinstance(kind, str):
        raise DataError(f"kind: found {quoted(repr(kind))}; expected the name of a kind of model")
    if kind not in _kinds:
        package = import_module(__name__.rpartition(".")[0])
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    if kind not in _kinds:
        for installed in entry_points(group="viewcast.models"):
            installed.load()
    if kind not in _kinds:
        raise DataError(f"unknown kind of model {quoted(kind)}; known: {', '.join(sorted(_kinds))}")
    return _kinds[kind]
