"""Row losses of runs that logged their model: each is scored on rows that the user has.

Loading a model runs code from the store (pickles, and the modules that a model brings along), so it
is done for those only who say so. Shape letters: N rows, C classes.
"""

import logging
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from numpy.typing import NDArray

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.parse import yaml_of
from viewcast.base.progress import runs as bar_over
from viewcast.base.quoted import quoted
from viewcast.tracking.artifact_cache import ArtifactCache, content_digest
from viewcast.tracking.artifacts import folder_of
from viewcast.tracking.read import loss_tables, table_files
from viewcast.tracking.read.alike import with_series
from viewcast.tracking.read.columns import columns_of
from viewcast.tracking.read.logged_models import LoggedModel, models_of, one_of
from viewcast.tracking.read.measured import (
    Measured,
    Predictions,
    Wanted,
    of_predictions,
    usual_loss,
)
from viewcast.tracking.read.metric_choice import MetricChoice
from viewcast.tracking.read.row_sets import RowSets
from viewcast.tracking.read.row_table import Found, row_table
from viewcast.tracking.read.settings import ReadSettings

FAILURES = (  # models are other people's code: these are what unpickling and predicting raise
    *(MlflowException, OSError, ImportError, AttributeError, ValueError, TypeError, LookupError),
    *(RuntimeError, ArithmeticError, EOFError, pickle.PickleError),
)


@dataclass(frozen=True, eq=False)
class _Predicted:
    """Name of a run's model, and its predictions (N,) or (N, C)."""

    model: str
    values: NDArray[Any]


NOTHING = _Predicted("", np.empty(0))  # of a run that logged no model
_Made = _Predicted | DataError


class ScoredModels:
    """Scores the model of each run on the rows of ``settings``, once for each model and rows.

    The interface is that of ``viewcast.tracking.read.row_tables.RowTables``. Refuses (ConfigError)
    without ``settings.load_models``, and a target that the rows do not have; (DataError) rows that
    cannot be read, or that lack the column of their series.
    """

    def __init__(self, client: MlflowClient, settings: ReadSettings, cache: ArtifactCache) -> None:
        if settings.rows is None or settings.target is None:
            raise ConfigError(
                "rows, target: scoring models needs both; name a table and its column"
            )
        if not settings.load_models:
            raise ConfigError(
                f"rows = {settings.rows}: to score them, the model of every run is loaded, which "
                "runs code that lies in the store; type --load-models (load_models=True) if you "
                "trust whoever wrote there"
            )
        self.client, self.cache, self.method = client, cache, settings.predict_method
        self.path, self.target = Path(settings.rows), settings.target
        self.table = _rows(self.path, self.target)
        self.digest = content_digest(self.path)
        features = [str(name) for name in self.table.columns if name != self.target]
        columns = replace(columns_of(features), target=self.target)
        columns = with_series(columns, features, settings.cluster, f"rows = {self.path}: ")
        self.rows, self.order = RowSets().of(self.table, columns, features)
        self.targets = loss_tables.values_of(self.table[self.target])
        self.measure: str | None = None
        self._made: dict[str, _Made] = {}

    def fetch(self, runs: Sequence[Run]) -> None:
        """Score the models of these runs, with a bar; what cannot be is told by ``of``."""
        with bar_over(len(runs)) as bar:
            bar.update(bar.task_ids[0], description="models")
            for run in runs:
                self._made[run.info.run_id] = self._attempt(run)
                bar.advance(bar.task_ids[0])

    def of(self, run: Run, choice: MetricChoice | None = None) -> Found:
        """What the model of a run loses on the rows; none where the run logged no model.

        Raises DataError, naming run and model, for a model that cannot be loaded or does not take
        the rows, and for a run with several models of which none is named ``model``.
        """
        made = self._made.get(run.info.run_id) or self._attempt(run)
        if isinstance(made, DataError):
            raise made
        if made is NOTHING:
            return Found(None, ("it logged no model",))
        name, predicted = made.model, made.values
        labels, scores = (predicted, None) if predicted.ndim == 1 else (None, predicted)
        given = Predictions(self.targets, labels, scores)
        with _named(run, name):
            measured = self._measured(given, run, choice)
        if isinstance(measured, str):
            return Found(None, (f"model {name}: {measured}",))
        table = row_table(self.rows, self.order, measured, f"model {name}")
        return Found(replace(table, asked=True))

    def _measured(
        self, given: Predictions, run: Run, choice: MetricChoice | None
    ) -> Measured | str:
        """By the chosen metric; one whose name does not say how it is computed is the metric that
        gives its figure in the first run where one does.

        What a run logged is of its own validation rows, so that it need not agree with these.
        """
        wanted, usual = Wanted.of(run, choice), usual_loss(run)
        measure = wanted.measure or self.measure
        if measure is not None:
            plainly = replace(wanted, measure=measure, logged=None)
            return of_predictions(given, plainly, usual)
        found = of_predictions(given, wanted, usual)
        if wanted.logged is not None and not isinstance(found, str) and found.note is None:
            self.measure = found.measure
            return found
        return of_predictions(given, replace(wanted, name=None, logged=None), usual)

    def _attempt(self, run: Run) -> _Made:
        try:
            return self._predictions(run)
        except DataError as error:
            return error

    def _predictions(self, run: Run) -> _Predicted:
        """What the run's model predicts, from the cache if it is there."""
        with _named(run, "of the run"):
            model = one_of(models_of(self.client, run))
        if model is None:
            return NOTHING
        with _named(run, model.name), TemporaryDirectory() as folder:
            model = self._identified(model)
            key = f"{model.identity} {self.digest} {self.target} {self.method}"
            kept = None if model.identity is None else self.cache.get(key)
            if kept is not None:
                return _Predicted(model.name, np.load(kept))
            predicted = self._scored(self._fetched(model.address, folder))
            if model.identity is not None:
                file = Path(folder) / "predictions.npy"
                np.save(file, predicted)
                self.cache.put(key, file)
        return _Predicted(model.name, predicted)

    def _fetched(self, address: str, folder: str) -> Path:
        here = folder_of(address)
        if here is not None:
            return here
        uri = self.client.tracking_uri
        return Path(download_artifacts(artifact_uri=address, dst_path=folder, tracking_uri=uri))

    def _identified(self, model: LoggedModel) -> LoggedModel:
        """With the identity that MLflow wrote into the model's folder when it was logged."""
        if model.identity is not None:
            return model
        with TemporaryDirectory() as folder:
            text = self._fetched(f"{model.address}/MLmodel", folder).read_text(encoding="utf-8")
        try:
            return replace(model, identity=(yaml_of(text) or {}).get("model_uuid"))
        except (ValueError, AttributeError) as error:
            found = quoted(str(error))
            raise DataError(f"the model {model.address}: MLmodel is damaged ({found})") from error

    def _scored(self, folder: Path) -> NDArray[Any]:
        import mlflow.pyfunc  # noqa: PLC0415 - seconds, for those only who score models

        with _quiet():
            loaded = mlflow.pyfunc.load_model(str(folder))
            raw = None if self.method is None else loaded.get_raw_model()
            predict = loaded.predict if raw is None else getattr(raw, str(self.method), None)
            if predict is None:
                raise DataError(
                    f"a {type(raw).__name__} has no method {self.method}; leave --predict-method "
                    "out, or name one that it has"
                )
            return _array(predict(self._features(loaded, raw)), len(self.table))

    def _features(self, loaded: Any, raw: Any) -> pd.DataFrame:
        """The columns that the model was fitted with, all but the target where it does not say."""
        inputs = loaded.metadata.get_input_schema()
        names = (
            list(inputs.input_names()) if inputs is not None and inputs.has_input_names() else []
        )
        if not names:
            fitted = getattr(raw if raw is not None else _raw(loaded), "feature_names_in_", ())
            names = [str(name) for name in fitted]
        missing = [name for name in names if name not in self.table]
        if missing:
            raise DataError(
                f"it was fitted with the columns {', '.join(missing[:5])}, which {self.path} lacks"
            )
        return self.table[names] if names else self.table.drop(columns=self.target)


def _rows(path: Path, target: str) -> pd.DataFrame:
    try:
        table = table_files.table(path)
    except (OSError, ValueError) as error:
        raise DataError(f"rows = {path}: cannot be read ({error})") from error
    if target not in table:
        raise ConfigError(
            f"target = {target}: no column of {path}; allowed: {', '.join(table.columns) or 'none'}"
        )
    if table[target].isna().any() or table.empty:
        missing = int(table[target].isna().sum())
        raise DataError(f"rows = {path}: {missing} of {len(table)} targets are missing; give all")
    return table


def _raw(loaded: Any) -> Any:
    try:
        return loaded.get_raw_model()
    except (AttributeError, NotImplementedError, MlflowException):
        return None


def _array(predicted: Any, count: int) -> NDArray[Any]:
    """Predictions as (N,) or (N, C): numbers, or labels as text."""
    values = np.asarray(predicted)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim not in (1, 2) or len(values) != count:
        raise DataError(f"predicted an array of shape {values.shape} for {count} rows")
    if values.dtype == object:
        values = values.astype(str)
    return values


@contextmanager
def _quiet() -> Iterator[None]:
    """Without MLflow's lines on each model, such as versions of packages that differ."""
    logger = logging.getLogger("mlflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _named(run: Run, model: str) -> Iterator[None]:
    """Errors in here become a DataError that names run and model."""
    where = f"run {run.info.run_id} ({run.info.run_name}), model {model}"
    try:
        yield
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    except FAILURES as error:
        raise DataError(f"{where}: cannot be scored ({error})") from error
