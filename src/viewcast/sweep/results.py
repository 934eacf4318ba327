"""The tables of a sweep: one set for all candidates, and one that is sealed.

Shape letters: C candidates, M validation rows, E epochs. ``tables/`` holds

- ``candidates``: one row each: ``candidate`` (its number), the swept keys, ``status``,
  ``train_loss`` and ``val_loss`` of the kept parameters, ``val_error``, ``best_epoch``,
  ``epochs``, ``final_train_loss``, ``final_val_loss``, ``identity``;
- ``curves``: ``candidate``, ``epoch``, ``train_loss``, ``val_loss``, at most ``THINNED`` epochs;
- ``predictions``: ``entity``, ``time``, ``row``, ``target`` and one float32 column per candidate
  that did not diverge, by time; where a measure scores the rows there is no target, and the columns
  hold the scores;
- ``trajectories``: ``candidate``, ``epoch``, ``losses`` (list of float32: the validation losses of
  its rows, by time, in cells where rows are many), for candidates that keep their best epoch:
  the epochs of their curve, and that best one.

``sealed/`` holds ``hidden_losses``: ``entity``, ``time``, ``row`` and one float32 column of losses
per candidate that did not diverge, where there are hidden rows.
"""

from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from viewcast.base import folders
from viewcast.base.folders import Kind
from viewcast.data import stored
from viewcast.scoring.scores import KEYS

THINNED = 200
MIXED = ("mixed", "mixed-integer")  # such as the batch sizes 32 and full: text in a table
TABLES_OF_SWEEP = Kind("sweep")
TABLES = ("candidates", "curves", "predictions", "trajectories")
TRAJECTORIES = pa.schema(
    [("candidate", pa.int64()), ("epoch", pa.int32()), ("losses", pa.list_(pa.float32()))]
)


@dataclass(frozen=True)
class Results:
    """The tables of a sweep, or of a part of it."""

    candidates: pd.DataFrame
    curves: pd.DataFrame
    predictions: pd.DataFrame
    trajectories: pd.DataFrame
    hidden_losses: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Store ``sealed/`` and ``tables/`` in place of former ones, ``tables/`` last.

        Refuses (ConfigError) folders that hold anything else.
        """
        _replace({"hidden_losses": self.hidden_losses}, folder / "sealed")
        _replace({name: getattr(self, name) for name in TABLES}, folder / "tables")

    @staticmethod
    def check(folder: Path) -> None:
        """Refuse (ConfigError), before any work, a folder where ``write`` would refuse to store."""
        for name in ("sealed", "tables"):
            folders.check_folder(folder, Path(name), TABLES_OF_SWEEP)

    @staticmethod
    def whole(folder: Path) -> bool:
        """Whether all tables have been stored."""
        return (folder / "tables").is_dir()

    @classmethod
    def read(cls, folder: Path) -> "Results":
        """Read the tables back. Refuses (DataError) a missing or damaged one."""
        files = [folder / "tables" / f"{name}.parquet" for name in TABLES]
        return cls(
            *(
                stored.whole(file, "remove the folder of the sweep and run it again")
                for file in (*files, folder / "sealed" / "hidden_losses.parquet")
            )
        )

    @classmethod
    def joined(cls, parts: "list[Results]") -> "Results":
        """All parts in one, by candidate; parts may have different validation rows."""
        candidates = pd.concat([part.candidates for part in parts]).sort_values("candidate")
        for column in candidates:
            if pd.api.types.infer_dtype(candidates[column], skipna=True) in MIXED:
                candidates[column] = candidates[column].astype("str")
        curves, trajectories = (
            pd.concat([getattr(part, name) for part in parts]).sort_values(["candidate", "epoch"])
            for name in ("curves", "trajectories")
        )
        return cls(
            candidates.reset_index(drop=True),
            curves.reset_index(drop=True),
            _beside([part.predictions for part in parts], _keys_of(parts[0].predictions)),
            trajectories.reset_index(drop=True),
            _beside([part.hidden_losses for part in parts], KEYS),
        )


def _keys_of(predictions: pd.DataFrame) -> list[str]:
    return [*KEYS, "target"] if "target" in predictions else KEYS


def _replace(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    with folders.replacing(folder.parent, folder, TABLES_OF_SWEEP) as new:
        for name, table in tables.items():
            schema = TRAJECTORIES if name == "trajectories" else None
            table.to_parquet(new / f"{name}.parquet", index=False, schema=schema)


def _beside(parts: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Columns of candidates beside each other, on the rows of all parts, by time."""
    first = parts[0][keys]
    if all(part[keys].equals(first) for part in parts[1:]):
        return pd.concat([first, *(part.drop(columns=keys) for part in parts)], axis=1)
    whole = reduce(lambda one, other: one.merge(other, on=keys, how="outer"), parts)
    numbers = pd.to_numeric(whole["time"], errors="coerce")
    moments = numbers if numbers.notna().all() else whole["time"]
    return whole.loc[moments.sort_values(kind="stable").index].reset_index(drop=True)


def thinned(curve: pd.DataFrame, most: int = THINNED) -> pd.DataFrame:
    """At most ``most`` epochs of a curve, evenly in their logarithm, first and last included."""
    return curve.iloc[_steps(len(curve), most)]


def thinned_losses(
    candidate: int, losses: NDArray[np.float32], best_epoch: int, most: int = THINNED
) -> pd.DataFrame:
    """Rows of ``trajectories`` from losses (E, cells): the epochs of the thinned curve, and the
    best one.
    """
    steps = _steps(len(losses), most)
    if len(losses):
        steps = np.union1d(steps, best_epoch - 1)
    kept = pd.Series(list(losses[steps]), dtype="object")
    epochs = (steps + 1).astype(np.int32)
    numbers = np.full(len(steps), candidate)
    return pd.DataFrame({"candidate": numbers, "epoch": epochs, "losses": kept})


def _steps(count: int, most: int) -> NDArray[np.int64]:
    if count <= most:
        return np.arange(count)
    return np.unique(np.geomspace(1, count, most).round().astype(np.int64)) - 1


NO_TRAJECTORY = thinned_losses(0, np.empty((0, 0), np.float32), 0)
