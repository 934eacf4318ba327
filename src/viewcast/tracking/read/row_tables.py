"""Row losses of runs that viewcast did not make, from the tables among their artifacts."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from viewcast.base.errors import DataError, TrackingError
from viewcast.base.parse import UnreadableError
from viewcast.tracking.artifacts import Artifacts, File, each, local
from viewcast.tracking.metric_names import plain
from viewcast.tracking.read import loss_tables, table_files
from viewcast.tracking.read.alike import with_series
from viewcast.tracking.read.columns import columns_of
from viewcast.tracking.read.measured import Wanted, usual_loss
from viewcast.tracking.read.metric_choice import MetricChoice
from viewcast.tracking.read.row_sets import RowSets
from viewcast.tracking.read.row_table import Found, RowTable, row_table
from viewcast.tracking.relocated import missing
from viewcast.tracking.tags import PREDICTIONS

EVALUATED = "eval_results_table.json"
LARGEST = 50 * 2**20  # bytes of a table whose name says nothing
VALIDATION = set(loss_tables.VALIDATION)
OTHER_ROWS = {"train", "training", "sealed"}
TEST_ROWS = {"test", "testing"}
UNREADABLE = (
    MlflowException,
    OSError,
    ImportError,
    ValueError,
    TypeError,
    pa.ArrowException,
    EOFError,
    zlib.error,
    RecursionError,
    OverflowError,
)


@dataclass(frozen=True, eq=False)
class _Read:
    """A table that tells the loss of each row, and what must be told of it."""

    artifact: str
    table: RowTable
    note: str | None


class RowTables:
    """Reads the row tables of many runs; rows that runs share are kept once.

    ``cluster``: as in ``viewcast.tracking.read.alike``.
    """

    def __init__(
        self, artifacts: Artifacts, sets: RowSets | None = None, cluster: str | None = None
    ) -> None:
        self.artifacts, self.cluster = artifacts, cluster
        self.sets = sets if sets is not None else RowSets()
        self._fetched: dict[str, list[File] | TrackingError] = {}

    def fetch(self, runs: Sequence[Run]) -> None:
        """Bring the tables of these runs to this machine, many at once and with a bar."""
        remote = [run for run in runs if local(run) is None]
        listed = each(remote, self._fetch, "row tables", remote=True) if remote else []
        self._fetched |= dict(zip((run.info.run_id for run in remote), listed, strict=True))

    def of(self, run: Run, choice: MetricChoice | None = None) -> Found:
        """What a run tells of its rows, measured by the chosen metric.

        Taken from the first of these that tells it:

        1. ``predictions.parquet``;
        2. ``eval_results_table.json`` of ``mlflow.models.evaluate``, with or without a prefix;
        3. another table at the root or one folder down, of at most 50 MB: Parquet, CSV, or JSON
           such as that of ``mlflow.log_table``.

        A table tells it by columns of targets and predictions (numbers, classes, or probabilities
        of each class), or by a column loss or error; where it has a column split, by its validation
        rows. Curves and tables whose path names other rows (train, test, sealed) are passed over.
        Of several tables the one is taken that is named after validation rows, or else the one
        whose rows give the figure that the run logged.

        Without a choice, or where the name of the metric does not say how it is computed, rows are
        measured by the metric that gives the figure of that name, else by the loss that the run
        names. Losses that were stored as such stay as they are.

        Raises DataError, naming run and artifact, for a table that cannot be read or has a row
        twice, and for two tables that could both be meant.
        """
        wanted = Wanted.of(run, choice)
        passed: list[str] = []
        errors: list[DataError] = []
        for group in self._groups(run, wanted, passed):
            read = []
            for file in group:
                try:
                    with _named(run, file.path):
                        result = self._read(run, file, wanted)
                except DataError as error:
                    errors.append(error)
                    continue
                if isinstance(result, str):
                    passed.append(f"{file.path}: {result}")
                elif result is not None:
                    read.append(result)
            if read:
                one = _one(run, read, wanted)
                notes = [f"{one.artifact}: {one.note}"] if one.note else []
                broken = [str(error) for error in errors]
                return Found(one.table, (*passed, *broken, *notes))
        if errors:
            raise errors[0]
        gone = missing(run, str(self.artifacts.client.tracking_uri))
        return Found(None, (*passed, *([] if gone is None else [f"artifacts: {gone}"])))

    def _fetch(self, run: Run) -> list[File] | TrackingError:
        try:
            files = self.artifacts.files(run)
            for file in files:
                if _may_be_read(file) and not OTHER_ROWS & _words(file.path):
                    self.artifacts.fetched(run, file)
        except TrackingError as error:
            return error
        return files

    def _files(self, run: Run) -> list[File]:
        try:
            known = self._fetched.get(run.info.run_id)
            files = self.artifacts.files(run) if known is None else known
        except (TrackingError, OSError) as error:
            raise DataError(str(error)) from error
        if isinstance(files, TrackingError):
            raise DataError(str(files)) from files
        return files

    def _groups(self, run: Run, wanted: Wanted, passed: list[str]) -> Iterator[list[File]]:
        """Which artifacts to try, in this order; why others are not goes into ``passed``."""
        of_test = bool(TEST_ROWS & set(plain(wanted.name or "").split("_")))
        other_rows = OTHER_ROWS if of_test else OTHER_ROWS | TEST_ROWS
        files = []
        for file in self._files(run):
            if not file.path.endswith(table_files.SUFFIXES):
                continue
            named = sorted(other_rows & _words(file.path))
            if named:
                passed.append(f"{file.path}: is named after other rows ({named[0]})")
            elif not _may_be_read(file):
                size = f"{file.size / 2**20:,.0f} MB"
                passed.append(f"{file.path}: has {size}; a table so large is named {PREDICTIONS}")
            else:
                files.append(file)
        yield [file for file in files if file.path == PREDICTIONS]
        yield [file for file in files if file.path.endswith(EVALUATED)]
        yield [f for f in files if f.path != PREDICTIONS and not f.path.endswith(EVALUATED)]

    def _read(self, run: Run, file: File, wanted: Wanted) -> _Read | str | None:
        evaluation = file.path.endswith(EVALUATED)
        table = self._table(run, file, evaluation)
        if table is None or isinstance(table, str):
            return table
        columns = (
            loss_tables.evaluation_columns(table, run.data.metrics)
            if evaluation
            else columns_of(table.columns)
        )
        columns = with_series(columns, table.columns, self.cluster)
        rows = loss_tables.validation_rows(table, columns)
        if rows.empty:
            found = sorted(set(table[columns.split].astype(str))) if columns.split else []
            return f"has no validation row, its rows are {', '.join(found[:3])}"
        measured_by = loss_tables.evaluated if evaluation else loss_tables.measured
        measured = measured_by(rows, columns, wanted, usual_loss(run))
        if measured is None or isinstance(measured, str):
            return measured
        known, order = self.sets.of(rows, columns, loss_tables.features(rows, columns))
        return _Read(file.path, row_table(known, order, measured, file.path), measured.note)

    def _table(self, run: Run, file: File, evaluation: bool) -> pd.DataFrame | str | None:
        """A table whose columns may tell what each row lost, or why it is none."""
        path = self.artifacts.fetched(run, file)
        if not evaluation:
            try:
                columns = columns_of(table_files.columns(path))
            except UnreadableError:
                return "is no JSON"
            if not columns.told:
                return None
            if columns.curve is not None and columns.target is None:
                return f"is a curve, it counts in {columns.curve}"
        table = table_files.table(path)
        return None if table.empty else table


def _one(run: Run, read: list[_Read], wanted: Wanted) -> _Read:
    """The one table that is meant; see ``RowTables.of``."""
    first = read[0]
    if all(_same(first.table, other.table) for other in read[1:]):
        return first
    named = [it for it in read if VALIDATION & _words(it.artifact.removesuffix(EVALUATED))]
    agreeing = [it for it in read if wanted.agrees(it.table.figure)]
    for meant in (named, agreeing):
        if len(meant) == 1:
            return meant[0]
    raise DataError(
        f"run {run.info.run_id} ({run.info.run_name}): "
        f"{' and '.join(it.artifact for it in read)} could all hold the validation losses; name "
        f"one of them after its rows (validation_losses.csv), or store {PREDICTIONS}"
    )


def _same(first: RowTable, other: RowTable) -> bool:
    return first.keys is other.keys and np.allclose(first.values, other.values, equal_nan=True)


def _may_be_read(file: File) -> bool:
    if not file.path.endswith(table_files.SUFFIXES):
        return False
    told = file.path == PREDICTIONS or file.path.endswith(EVALUATED)
    return told or file.size <= LARGEST


def _words(path: str) -> set[str]:
    return set(plain(path).split("_"))


@contextmanager
def _named(run: Run, artifact: str) -> Iterator[None]:
    """Errors in here become a DataError that names run and artifact."""
    where = f"run {run.info.run_id} ({run.info.run_name}), artifact {artifact}"
    try:
        yield
    except (DataError, TrackingError) as error:
        raise DataError(f"{where}: {error}") from error
    except UNREADABLE as error:
        raise DataError(f"{where}: cannot be read ({error}); log it again") from error
