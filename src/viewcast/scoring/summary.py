"""The summary: every run's losses, what was published for it, and its verdict, in one table."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from viewcast.scoring.verdict import verdict


@dataclass(frozen=True)
class Finished:
    """What a run left in its folder."""

    result: dict[str, Any]
    curve: pd.DataFrame
    predictions: pd.DataFrame
    folder: Path

    def validation(self) -> pd.Series:
        """Validation loss by row key (M,)."""
        rows = self.predictions[self.predictions["split"] == "validation"]
        return rows.set_index("row")["loss"]


def read(folder: Path) -> Finished:
    """Read the folder of a run; one that diverged has no predictions."""
    predictions = folder / "predictions.parquet"
    nothing = pd.DataFrame({"row": [], "split": [], "target": [], "prediction": [], "loss": []})
    return Finished(
        json.loads((folder / "result.json").read_text()),
        pd.read_csv(folder / "curve.csv"),
        pd.read_parquet(predictions) if predictions.is_file() else nothing,
        folder,
    )


def read_all(folders: list[Path]) -> list[Finished]:
    """Read every folder that holds a result, in the order given."""
    return [read(folder) for folder in folders if (folder / "result.json").is_file()]


def summarise(finished: list[Finished]) -> list[dict[str, Any]]:
    """One row per run (the columns that other tools rely on, and more), sorted for reading."""
    rows = []
    for one in finished:
        run = one.result
        naive = _on_same_rows(one, finished, "naive")
        line = _same_but_straight(one, finished)
        said = verdict(
            run,
            one.validation(),
            one.curve,
            None if naive is None else naive.validation(),
            None if line is None else line.result,
        )
        rows.append({**run, "verdict": said})
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


def _on_same_rows(one: Finished, finished: list[Finished], model: str) -> Finished | None:
    for other in finished:
        same = other.result["holdout"] == one.result["holdout"]
        if same and other.result["model"] == model and other.result["holdout"]:
            return other
    return None


def _same_but_straight(one: Finished, finished: list[Finished]) -> Finished | None:
    """The least-squares line over the same features, trained on the same rows, same loss."""
    keys = ("data", "split", "features", "loss")
    for other in finished:
        same = all(other.result[key] == one.result[key] for key in keys)
        if same and other.result["trainer"] == "least_squares" and other is not one:
            return other if one.result["kind"] == "network" else None
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
