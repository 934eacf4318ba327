"""What the pictures are made from: the rows of the summary and, where needed, files of the runs.

A file is read when a picture asks for it. A missing file reads as an empty table, so that a picture
is left out and does not fail.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from viewcast.assessment.refereed import Refereed
from viewcast.base.numbers import plain, with_error
from viewcast.base.paths import experiment_path, params_path, prepared_path, train_path
from viewcast.data import stored
from viewcast.models import fitted
from viewcast.report import audits
from viewcast.report.nights_record import NightsRecord, read
from viewcast.runs.plan import read_params

MILLION = 1e6  # losses that are not written out
AGAIN = "`dvc repro` makes it again"


@dataclass(frozen=True)
class Run:
    """One row of the summary and the folder it came from."""

    row: dict[str, Any]
    folder: Path

    def __getitem__(self, key: str) -> Any:
        return self.row[key]

    @property
    def name(self) -> str:
        """The name of a run within its data set: ``layers 3``, or the model's name."""
        if self.is_main:
            return str(self.row["model"]).replace("_", " ")
        return str(self.row["experiment"]).removeprefix(f"{self.row['data']}_").replace("_", " ")

    @property
    def is_main(self) -> bool:
        """Whether the run has the data set's own settings: a stage of its own in the pipeline."""
        return bool(self.row["experiment"] == "main")

    @property
    def is_lookup(self) -> bool:
        """Whether it only looks values up, and learns nothing: naive forecasts and memorizers."""
        return bool(self.row["kind"] == "lookup")

    @property
    def memorises(self) -> bool:
        """Whether it gives back the targets of rows that it has seen."""
        return "remembered" in self.row["params"]

    @property
    def validated(self) -> bool:
        """Whether there is a validation loss."""
        return self.row["val_loss"] is not None

    @property
    def validation(self) -> str:
        """The validation loss with its standard error, without the unit."""
        value, error = self.row["val_loss"], self.row["val_error"]
        if value is None or value >= MILLION:
            return plain(value) + (f" ± {plain(error)}" if error else "")
        return with_error(value, error)

    @property
    def learning(self) -> tuple[str, str]:
        """The loss of the curve and its unit: that of the run, unless a measure scores it."""
        row = self.row
        loss = row.get("learning_loss", row["loss"])
        return str(loss), str(row.get("learning_unit", row["unit"]))

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Epoch, train_loss, val_loss."""
        return self._table("curve.csv", ["epoch", "train_loss", "val_loss"])

    @cached_property
    def path(self) -> pd.DataFrame:
        """Update, p0 (the slope) and b: the line after each update of gradient descent."""
        return self._table("path.csv", ["update", "p0", "b"])

    @cached_property
    def surface(self) -> pd.DataFrame:
        """Slope w, bias b and training loss of every point of a grid."""
        return self._table("surface.parquet", ["w", "b", "loss"])

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Row, split, target, prediction, loss."""
        return self._table("predictions.parquet", ["row", "split", "target", "prediction", "loss"])

    @cached_property
    def learnt(self) -> fitted.Fitted | None:
        """The fitted model, where one was stored."""
        folder = self.folder / "model"
        return fitted.load(folder) if (folder / "model.json").is_file() else None

    def of_split(self, split: str) -> pd.DataFrame:
        """The predictions of one split, by row key."""
        return self.predictions[self.predictions["split"] == split].set_index("row")

    def _table(self, file: str, columns: list[str]) -> pd.DataFrame:
        path = self.folder / file
        if not path.is_file():
            return pd.DataFrame({column: [] for column in columns})
        return stored.whole(path, AGAIN) if path.suffix == ".parquet" else pd.read_csv(path)


@dataclass(frozen=True)
class Results:
    """All runs of the summary, in its order, under one project root."""

    root: Path
    rows: list[dict[str, Any]]

    @cached_property
    def runs(self) -> list[Run]:
        """One run per row."""
        return [Run(row, self._folder(row)) for row in self.rows]

    @cached_property
    def audited(self) -> list[audits.Audit] | None:
        """The audit of each holdout of these runs; None if nothing was audited."""
        found = audits.read(self.root)
        return None if found is None else audits.of_datasets(found, self.datasets)

    @property
    def refereed(self) -> list[Refereed]:
        """The referees of the last audit."""
        return audits.read_refereed(self.root)

    @property
    def audits(self) -> list[audits.Audit]:
        """The audits, in the order in which the page shows them."""
        return audits.in_order(self.audited or [], self.datasets)

    @cached_property
    def row_usage(self) -> pd.DataFrame:
        """How often each validation row was used: data, entity, time, row, holdout, scores."""
        return audits.row_usage(self.root)

    @cached_property
    def nights(self) -> NightsRecord | None:
        """What the nights have found; None if there was none."""
        return read(self.root)

    @property
    def datasets(self) -> list[str]:
        """The data sets, in the order of the summary."""
        return list(dict.fromkeys(row["data"] for row in self.rows))

    @property
    def panels(self) -> list[str]:
        """The data sets of many videos: their rows are alike by video and day."""
        return [data for data in self.datasets if self.is_panel(data)]

    @property
    def daily(self) -> list[str]:
        """The data sets of one row per day."""
        return [data for data in self.datasets if self.is_daily(data)]

    def label(self, data: str) -> str:
        """The name of a data set wherever it is shown."""
        return str(self.of(data)[0]["label"])

    def of(self, data: str) -> list[Run]:
        """The runs of one data set."""
        return [run for run in self.runs if run["data"] == data]

    def experiment(self, name: str) -> Run | None:
        """The run of an experiment."""
        return next((run for run in self.runs if run["experiment"] == name), None)

    def main(self, data: str, model: str) -> Run | None:
        """The run of a model with the data set's own settings."""
        return next((run for run in self.of(data) if self._is_main(run, model)), None)

    def main_models(self, data: str) -> list[Run]:
        """The main runs of a data set, the simplest first: lines, networks, other models."""
        kinds = {"line": 0, "network": 1}

        def complexity(run: Run) -> tuple[int, int, str]:
            return kinds.get(run["kind"], len(kinds)), len(run["features"]), run["model"]

        return sorted((run for run in self.of(data) if run.is_main), key=complexity)

    def named(self, name: str) -> Run | None:
        """An experiment, or ``<data>/<model>`` for a main run."""
        data, _, model = name.partition("/")
        return self.main(data, model) if model else self.experiment(name)

    def finished(self, *names: str) -> list[Run]:
        """Those of the named runs that exist and finished, in this order."""
        runs = [self.named(name) for name in names]
        return [run for run in runs if run is not None and run["status"] == "finished"]

    def baseline(self, run: Run) -> Run | None:
        """The naive forecast of the very same validation rows."""
        return next((b for b in self.same_rows(run) if b["model"] == "naive"), None)

    def best_model(self, run: Run) -> Run | None:
        """The lowest validation loss on the same rows among the models that learn something."""
        models = [other for other in self.same_rows(run) if not other.is_lookup]
        scored = [other for other in models if other["val_loss"]]
        return min(scored, key=lambda other: float(other["val_loss"]), default=None)

    def same_rows(self, run: Run) -> Iterator[Run]:
        """The runs that are validated on the same rows, this one among them."""
        return (other for other in self.of(run["data"]) if other["holdout"] == run["holdout"])

    def table(self, data: str, part: str | None = None) -> pd.DataFrame | None:
        """The prepared table; of a data set with several, that of one split."""
        path = prepared_path(self.root, data, part)
        return stored.whole(path, AGAIN) if path.is_file() else None

    def sealed_days(self, data: str, split: str) -> pd.DatetimeIndex:
        """The days of the test, which the prepared table need not hold; none if unknown."""
        table = self.table(data)
        if table is not None and f"split_{split}" in table:
            labelled = table.loc[table[f"split_{split}"] == "test", "time"]
            if len(labelled):
                return pd.DatetimeIndex(labelled)
        if table is None:
            return pd.DatetimeIndex([])
        test = self.splits(data).get(split, {}).get("test", 0)
        if isinstance(test, dict):
            return pd.date_range(test["first"], test["last"])
        return pd.date_range(table["time"].max(), periods=test + 1)[1:]

    def is_panel(self, data: str) -> bool:
        """Whether a row is a video at one of many moments."""
        return any("cluster" in run.row for run in self.of(data))

    def is_daily(self, data: str) -> bool:
        """Whether a row is a day; known from the keys of the rows, without reading the table."""
        for run in self.of(data):
            keys = run.predictions["row"]
            if len(keys):
                return bool(keys.str.fullmatch(r"\d{4}-\d\d-\d\d").all())
        return False

    def settings(self, run: Run) -> dict[str, Any]:
        """The trainer's settings of this run."""
        return dict(run["settings"])

    def splits(self, data: str) -> dict[str, Any]:
        """The settings of the splits of a data set; none if they are not known."""
        if not params_path(self.root, "prepare", data).is_file():
            return {}
        return dict(read_params(self.root, "prepare", data)["splits"])

    def _folder(self, row: dict[str, Any]) -> Path:
        if row["experiment"] == "main":
            return train_path(self.root, row["data"], row["model"])
        return experiment_path(self.root, row["experiment"])

    @staticmethod
    def _is_main(run: Run, model: str) -> bool:
        return run.is_main and bool(run["model"] == model)
