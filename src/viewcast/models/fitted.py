"""Fitted models: what training leaves behind, how it predicts, and how it lies on disk.

A fitted model is a folder of ``model.json`` (kind, input columns, unit) and ``weights.safetensors``
(every array); no pickle, no torch.

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

from viewcast.base.errors import DataError
from viewcast.base.files import write_json
from viewcast.models import network
from viewcast.models.scaling import Scaling

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
        """The inverse of ``arrays``."""
        mean, std = arrays["y"]
        scaling = Scaling(arrays["x_mean"], arrays["x_std"], float(mean), float(std))
        params = arrays["params"] if "params" in arrays else arrays["flat"]  # as of 0.1.0
        return cls(inputs, tuple(int(h) for h in arrays["hidden"]), params, scaling)


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
        """The inverse of ``arrays``."""
        keys = json.loads(arrays["keys"].tobytes())
        return cls(inputs, dict(zip(keys, map(float, arrays["targets"]), strict=True)))


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
        """The inverse of ``arrays``."""
        outputs = int(arrays["outputs"][0]) if "outputs" in arrays else 1
        return cls(inputs, float(arrays["constant"][0]), outputs)


def save(model: Fitted, folder: Path, unit: str) -> None:
    """Write the model into a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(model.arrays(), folder / "weights.safetensors")
    about = {"kind": model.kind, "inputs": model.inputs, "unit": unit}
    write_json(folder / "model.json", about, sync=False)


def load(folder: Path) -> Fitted:
    """Read a model back; refuses (DataError) a folder that holds none."""
    try:
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        cls = kind_of(about["kind"])
        arrays = load_file(folder / "weights.safetensors")
        return cls.restore(about["inputs"], arrays)
    except DataError as error:
        raise DataError(f"{folder}: {error}") from error
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise DataError(f"{folder}: holds no model of viewcast ({error!r})") from error


def kind_of(kind: str) -> type[Fitted]:
    """The class of fitted models of this kind. Refuses (DataError) one that nothing declares."""
    if kind not in _kinds:
        package = import_module(__name__.rpartition(".")[0])
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    if kind not in _kinds:
        for installed in entry_points(group="viewcast.models"):
            installed.load()
    if kind not in _kinds:
        raise DataError(f"unknown kind of model {kind!r}; known: {', '.join(sorted(_kinds))}")
    return _kinds[kind]
