"""Fitted models: what training leaves behind, how it predicts, and how it lies on disk.

A fitted model is a folder of ``model.json`` (kind, input columns, unit) and ``weights.safetensors``
(every array); no pickle, no torch.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

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


@dataclass(frozen=True)
class FittedNetwork:
    """A straight line (``hidden`` is empty) or a network of max(0, ·), with its scaling."""

    inputs: list[str]
    hidden: tuple[int, ...]
    params: Vector
    scaling: Scaling
    kind: ClassVar[str] = "network"

    def predict(self, rows: pd.DataFrame) -> Vector:
        """Predictions (N,) from the input columns."""
        x = self.scaling.inputs(rows[self.inputs].to_numpy(np.float64))
        layers = network.unflatten(self.params, len(self.inputs), self.hidden)
        return np.asarray(self.scaling.outputs(network.forward(layers, x)))

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
        """Weights and bias in raw units, for a line of at most three features."""
        if self.hidden or len(self.inputs) > 3:
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
        params = arrays["params"] if "params" in arrays else arrays["flat"]  # until version 0.1
        return cls(inputs, tuple(int(h) for h in arrays["hidden"]), params, scaling)


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


@dataclass(frozen=True)
class FittedNaive:
    """The value of one column as it stands; without a column, a constant."""

    inputs: list[str]
    constant: float
    kind: ClassVar[str] = "naive"

    def predict(self, rows: pd.DataFrame) -> Vector:
        """The one input column, or the constant."""
        if self.inputs:
            return rows[self.inputs[0]].to_numpy(np.float64)
        return np.full(len(rows), self.constant, dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The constant."""
        return {"constant": np.array([self.constant])}

    def figures(self) -> dict[str, float]:
        """The constant, where it is what is predicted."""
        return {} if self.inputs else {"constant": self.constant}

    @classmethod
    def restore(cls, inputs: list[str], arrays: dict[str, NDArray[Any]]) -> "FittedNaive":
        """The inverse of ``arrays``."""
        return cls(inputs, float(arrays["constant"][0]))


KINDS = {kind.kind: kind for kind in (FittedNetwork, FittedMemory, FittedNaive)}


def save(model: Fitted, folder: Path, unit: str) -> None:
    """Write the model into a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(model.arrays(), folder / "weights.safetensors")
    about = {"kind": model.kind, "inputs": model.inputs, "unit": unit}
    write_json(folder / "model.json", about)


def load(folder: Path) -> Fitted:
    """Read a model back; refuses (DataError) a folder that holds none."""
    try:
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / "weights.safetensors")
        return KINDS[about["kind"]].restore(about["inputs"], arrays)
    except (OSError, KeyError, TypeError, ValueError, SafetensorError) as error:
        raise DataError(f"{folder}: holds no model of viewcast ({error!r})") from error
