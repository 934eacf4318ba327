"""The summary: the losses of every run, the published figures, and its verdict, in one table."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from viewcast.base.files import read_json
from viewcast.data import stored
from viewcast.models.model import bends
from viewcast.scoring.verdict import verdict
from viewcast.selection.clusters import Clusters

AGAIN = "`dvc repro` makes it again"


@dataclass(frozen=True)
class Finished:
    """The files of a run."""

    result: dict[str, Any]
    curve: pd.DataFrame
    predictions: pd.DataFrame
    folder: Path

    def validation(self) -> pd.Series:
        """Validation loss by row key (M,)."""
        return self._validation_rows().set_index("row")["loss"]

    def clusters(self) -> Clusters | None:
        """The clusters of the validation rows; None where they are one series."""
        return Clusters.if_any(self._validation_rows(), self.result.get("cluster"))

    def _validation_rows(self) -> pd.DataFrame:
        return self.predictions[self.predictions["split"] == "validation"]


def read(folder: Path) -> Finished:
    """Read the folder of a run; a run that diverged has no predictions.

    Refuses (DataError) a damaged file, by its name.
    """
    predictions = folder / "predictions.parquet"
    none = pd.DataFrame({"row": [], "split": [], "target": [], "prediction": [], "loss": []})
    return Finished(
        read_json(folder / "result.json", AGAIN),
        pd.read_csv(folder / "curve.csv"),
        stored.whole(predictions, AGAIN) if predictions.is_file() else none,
        folder,
    )


def read_all(folders: list[Path]) -> list[Finished]:
    """Read every folder that holds a result, in the order given."""
    return [read(folder) for folder in folders if (folder / "result.json").is_file()]


def summarise(finished: list[Finished]) -> list[dict[str, Any]]:
    """One row per run (the columns that other tools rely on, and more), sorted for reading."""
    rows = []
    for run in finished:
        naive = _on_same_rows(run, finished, "naive")
        line = _same_but_straight(run, finished)
        words = verdict(
            run.result,
            run.validation(),
            run.curve,
            None if naive is None else naive.validation(),
            None if line is None else line.result,
            None if naive is None else naive.clusters(),
        )
        rows.append({**run.result, "verdict": words})
    return sorted(rows, key=_reading_order)


def metrics(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Losses nested by data set and run, for ``dvc metrics``."""
    nested: dict[str, Any] = {}
    for row in rows:
        name = row["model"] if row["experiment"] == "main" else row["experiment"]
        shown = {k: row[k] for k in ("train_loss", "val_loss", "best_epoch")}
        nested.setdefault(row["data"], {})[name] = {
            key: value for key, value in shown.items() if value is not None
        }
    return nested


def _on_same_rows(run: Finished, finished: list[Finished], model: str) -> Finished | None:
    for other in finished:
        same = other.result["holdout"] == run.result["holdout"]
        if same and other.result["model"] == model and other.result["holdout"]:
            return other
    return None


def _same_but_straight(run: Finished, finished: list[Finished]) -> Finished | None:
    """The least-squares line over the same features, trained on the same rows, same loss."""
    keys = ("data", "split", "features", "loss")
    for other in finished:
        same = all(other.result[key] == run.result[key] for key in keys)
        if same and other.result["trainer"] == "least_squares" and other is not run:
            return other if bends(run.result["kind"]) else None
    return None


def _reading_order(row: dict[str, Any]) -> tuple[Any, ...]:
    first = {"naive": 0, "seasonal_naive": 1, "memorizer": 8, "memorizer_leak": 9}
    return (
        row["data"] != "lectures",
        row["data"],
        row["experiment"] != "main",
        row["split"],
        first.get(row["model"], 5),
        row["experiment"],
    )
