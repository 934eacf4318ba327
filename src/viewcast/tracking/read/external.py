"""Runs that viewcast did not make: the loss of each of their validation rows, or one figure."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from mlflow import MlflowClient
from mlflow.entities import FileInfo, Run
from mlflow.exceptions import MlflowException

from viewcast.base.errors import ConfigError, DataError
from viewcast.scoring.loss import Loss
from viewcast.tracking.artifacts import local
from viewcast.tracking.metric_names import LOSSES, loss_named, more_is_better, plain, usual
from viewcast.tracking.read import loss_tables
from viewcast.tracking.tags import LOSS, PREDICTIONS

EVALUATED = "eval_results_table.json"
LARGEST = 50 * 2**20  # bytes of a table whose name says nothing
VALIDATION = set(loss_tables.VALIDATION)
OTHER_ROWS = {"train", "training", "test", "testing", "sealed"}
CURVE = {"epoch", "step", "iteration", "iter"}
SETTINGS = ("loss", "criterion", "objective", "loss_function", "loss_fn")
UNREADABLE = (MlflowException, OSError, ImportError, ValueError, pa.ArrowException)


def row_losses(client: MlflowClient, run: Run, loss: str | None = None) -> pd.DataFrame | None:
    """The loss of each validation row of a run; None where it stored none.

    Columns entity, time, row (text, see ``viewcast.tracking.row_keys``) and loss (float64, missing
    where the run's own is), one row per validation row, in order of time. Taken from the first of
    these artifacts that has any:

    1. ``predictions.parquet``: column loss, or target and prediction; rows of its validation split;
    2. ``eval_results_table.json`` of ``mlflow.models.evaluate``, with or without a prefix;
    3. the one Parquet or CSV file, at the root or one folder down, of at most 50 MB, that has a
       column ``loss`` or ``error``. One with a column epoch or step is a curve and passed over; so
       is one whose path names other rows (train, test, sealed).

    ``loss``: mse or mae, for tables that hold predictions or residuals. By default it is the one
    that the run names (tag viewcast.loss, parameter loss); otherwise squared error where a metric
    is named after it, absolute error where none is. Losses that were stored as such stay as is.

    Raises DataError, naming run and artifact, for a table that cannot be read or has a row twice,
    and for two tables that could both be meant; ConfigError for an unknown ``loss``.
    """
    measure = measure_of(run, loss)
    paths = _files(client, run)
    with TemporaryDirectory() as folder:
        store = _Artifacts(client, run, Path(folder))
        for artifact in _sources(store, paths):
            with store.named(artifact):
                table = loss_tables.validation_rows(store.table(artifact))
                if artifact.endswith(EVALUATED):
                    losses = loss_tables.evaluation_losses(table, measure, run.data.metrics)
                else:
                    losses = loss_tables.stored_losses(table, measure)
                if losses is not None and len(losses):
                    return loss_tables.with_keys(table, losses)
    return None


def scalar(run: Run, metric: str | None = None) -> tuple[str, float] | None:
    """Name and value of a run's validation loss: ``metric``, or the first of the usual names.

    The usual names are those of ``viewcast.tracking.metric_names``. One that does not name its
    rows (``mean_squared_error``) is taken if nothing better is there, and believed to be of the
    validation rows. The value is the last that was logged and may not be finite. None where the
    run has no such metric.

    Refuses (ConfigError) a metric of which more is better, such as accuracy.
    """
    if metric is not None and more_is_better(metric):
        raise ConfigError(
            f"metric = {metric}: more of it is better; expected a loss, of which less is better, "
            f"such as val_loss; run {run.info.run_id} has {', '.join(run.data.metrics) or 'none'}"
        )
    values: dict[str, float] = run.data.metrics
    name = usual(values) if metric is None else metric
    return None if name is None or name not in values else (name, values[name])


def measure_of(run: Run, loss: str | None = None) -> Loss:
    """The loss by which a run's predictions are scored; see ``row_losses``."""
    if loss is not None and loss not in LOSSES:
        raise ConfigError(f"loss = {loss}: unknown; allowed: {', '.join(LOSSES)}")
    tags, params = run.data.tags, run.data.params
    names = (loss, tags.get(LOSS), *(params.get(setting) for setting in SETTINGS))
    named = next(filter(None, (loss_named(name) for name in names if name)), None)
    if named is not None:
        return named
    measured = [loss_named(name) for name in run.data.metrics]
    return LOSSES["mse"] if LOSSES["mse"] in measured else LOSSES["mae"]


def _sources(store: "_Artifacts", paths: list[str]) -> Iterator[str]:
    """Which artifacts to try, in this order; later ones are looked for when they are needed."""
    if PREDICTIONS in paths:
        yield PREDICTIONS
    yield from store.only([path for path in paths if path.endswith(EVALUATED)])
    tables = [path for path in paths if path.endswith((".parquet", ".csv")) and path != PREDICTIONS]
    yield from store.only([path for path in tables if store.holds_losses(path)])


def _files(client: MlflowClient, run: Run) -> list[str]:
    """Paths of the artifacts at the root and one folder down that may be read."""

    def listed(path: str | None) -> list[FileInfo]:
        return list(client.list_artifacts(run.info.run_id, path))

    try:
        root = listed(None)
        below = [file for folder in root if folder.is_dir for file in listed(folder.path)]
    except UNREADABLE as error:
        raise DataError(f"run {run.info.run_id}: artifacts cannot be listed ({error})") from error
    files = [file for file in (*root, *below) if not file.is_dir]
    small = [
        file.path
        for file in files
        if file.path == PREDICTIONS
        or file.path.endswith(EVALUATED)
        or (file.file_size or 0) <= LARGEST
    ]
    return [path for path in small if not OTHER_ROWS & set(plain(path).split("_"))]


class _Artifacts:
    """The tables of one run; errors name the run and the artifact."""

    def __init__(self, client: MlflowClient, run: Run, folder: Path) -> None:
        self.client, self.run, self.folder = client, run, folder
        self.fetched: dict[str, Path] = {}

    @contextmanager
    def named(self, artifact: str) -> Iterator[None]:
        """Errors in here become a DataError that names run and artifact."""
        where = f"run {self.run.info.run_id} ({self.run.info.run_name}), artifact {artifact}"
        try:
            yield
        except DataError as error:
            raise DataError(f"{where}: {error}") from error
        except UNREADABLE as error:
            raise DataError(f"{where}: cannot be read ({error}); log it again") from error

    def table(self, artifact: str) -> pd.DataFrame:
        """The whole table, fetched once."""
        path = self._fetched(artifact)
        if path.suffix == ".json":
            table = pd.read_json(path, orient="split", dtype=False)  # dates stay text
        else:
            table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        return table.rename(columns=str)

    def holds_losses(self, artifact: str) -> bool:
        """Whether a table has a column of losses and is no curve; reads no rows."""
        with self.named(artifact):
            path = self._fetched(artifact)
            if path.suffix == ".csv":
                with path.open(encoding="utf-8", errors="replace") as file:
                    columns = file.readline().replace('"', "").split(",")
            else:
                columns = pq.read_schema(path).names
        names = {plain(column) for column in columns}
        return bool(names & {"loss", "error"}) and not names & CURVE

    def only(self, artifacts: list[str]) -> list[str]:
        """The one of them; of several the one that is named after validation rows."""
        if len(artifacts) > 1:
            words = {path: plain(path.removesuffix(EVALUATED)).split("_") for path in artifacts}
            named = [path for path in artifacts if VALIDATION & set(words[path])]
            if len(named) != 1:
                raise DataError(
                    f"run {self.run.info.run_id} ({self.run.info.run_name}): "
                    f"{' and '.join(artifacts)} could all hold the validation losses; name one of "
                    f"them after its rows (validation_losses.csv), or store {PREDICTIONS}"
                )
            return named
        return artifacts

    def _fetched(self, artifact: str) -> Path:
        here = local(self.run)
        if here is not None:
            return here / artifact
        if artifact not in self.fetched:
            target = self.folder / str(len(self.fetched))
            target.mkdir()
            path = self.client.download_artifacts(self.run.info.run_id, artifact, str(target))
            self.fetched[artifact] = Path(path)
        return self.fetched[artifact]
