"""What a sweep leaves: one table of candidates, thinned curves, predictions row by row.

Shape letters: C candidates, M validation rows, E epochs.

- ``candidates``: one row each: ``candidate`` (its number), the swept keys, ``status``,
  ``train_loss`` and ``val_loss`` of the kept parameters, ``val_error``, ``best_epoch``,
  ``epochs``, ``final_train_loss``, ``final_val_loss``, ``identity``;
- ``curves``: ``candidate``, ``epoch``, ``train_loss``, ``val_loss``, at most ``THINNED`` epochs;
- ``predictions``: ``row``, ``target`` and one float32 column per candidate that did not diverge.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

THINNED = 200
MIXED = ("mixed", "mixed-integer")  # such as the batch sizes 32 and full: text in a table
TABLES = ("candidates", "curves", "predictions")


@dataclass(frozen=True)
class Results:
    """The tables of a sweep, or of a part of it."""

    candidates: pd.DataFrame
    curves: pd.DataFrame
    predictions: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Store the tables in place of former ones; a folder is whole once it bears its name."""
        partial = folder.with_name(folder.name + ".partial")
        partial.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        for name in TABLES:
            getattr(self, name).to_parquet(partial / f"{name}.parquet", index=False)
        partial.rename(folder)

    @classmethod
    def read(cls, folder: Path) -> "Results":
        """Read the tables back."""
        return cls(*(pd.read_parquet(folder / f"{name}.parquet") for name in TABLES))

    @classmethod
    def joined(cls, parts: "list[Results]") -> "Results":
        """All parts in one, by candidate; parts may have different validation rows."""
        predictions = parts[0].predictions
        for part in parts[1:]:
            predictions = predictions.merge(part.predictions, on=["row", "target"], how="outer")
        candidates = pd.concat([part.candidates for part in parts]).sort_values("candidate")
        for column in candidates:
            if pd.api.types.infer_dtype(candidates[column], skipna=True) in MIXED:
                candidates[column] = candidates[column].astype("str")
        curves = pd.concat([part.curves for part in parts]).sort_values(["candidate", "epoch"])
        return cls(candidates.reset_index(drop=True), curves.reset_index(drop=True), predictions)


def thinned(curve: pd.DataFrame, most: int = THINNED) -> pd.DataFrame:
    """At most ``most`` epochs of a curve, evenly in their logarithm, first and last included."""
    if len(curve) <= most:
        return curve
    steps = np.unique(np.geomspace(1, len(curve), most).round().astype(int))
    return curve.iloc[steps - 1]
