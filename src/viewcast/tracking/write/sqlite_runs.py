"""Many runs in one transaction: the rows that MLflow's client would write, all or none.

MLflow's client takes about 30 statements for a run, and its objects take more time than SQLite.
Here the same rows are written to the tables directly. That is done only where the tables have just
the columns that are known here; a test compares what both ways leave.
"""

import math
import sqlite3
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from mlflow.utils.uri import append_to_uri_path
from mlflow.utils.validation import MAX_PARAM_VAL_LENGTH

from viewcast.tracking.store import SQLITE
from viewcast.tracking.tags import RUN_NAME, USER
from viewcast.tracking.write.finished_run import FinishedRun

TABLES = {
    "runs": (
        "run_uuid",
        "name",
        "source_type",
        "source_name",
        "entry_point_name",
        "user_id",
        "status",
        "start_time",
        "end_time",
        "source_version",
        "lifecycle_stage",
        "artifact_uri",
        "experiment_id",
        "deleted_time",
    ),
    "tags": ("key", "value", "run_uuid"),
    "params": ("key", "value", "run_uuid"),
    "metrics": ("key", "value", "timestamp", "run_uuid", "step", "is_nan"),
    "latest_metrics": ("key", "value", "timestamp", "step", "is_nan", "run_uuid"),
}
TAG_SET = "ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value"
LATER = """
ON CONFLICT (key, run_uuid) DO UPDATE SET
value = excluded.value, timestamp = excluded.timestamp, step = excluded.step,
is_nan = excluded.is_nan
WHERE (excluded.step, excluded.timestamp, excluded.value) > (step, timestamp, value)
"""
WAIT = 20.0  # seconds for another writer, as MLflow waits
Row = tuple[str | float | int | None, ...]
Point = tuple[float, int, int, bool]  # value, timestamp, step, whether it is NaN


def possible(uri: str) -> bool:
    """Whether a store is an SQLite file with the tables that are known here."""
    if not uri.startswith(SQLITE):
        return False
    with closing(_opened(uri)) as database:
        found = {
            table: {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
            for table in TABLES
        }
    return found == {table: set(columns) for table, columns in TABLES.items()}


def add(uri: str, experiment: str, artifacts: str, runs: Sequence[FinishedRun]) -> None:
    """Add the runs to an experiment (id) whose artifacts lie at ``artifacts`` (uri).

    Either all are there afterwards or none. Raises MlflowException where the file cannot be written
    to, or another process writes for more than 20 seconds.
    """
    rows: dict[str, list[Row]] = {table: [] for table in TABLES}
    for run in runs:
        run_id = uuid.uuid4().hex
        place = append_to_uri_path(artifacts, run_id, "artifacts")
        user = run.tags.get(USER, "unknown")
        known = (run_id, run.tags[RUN_NAME], "UNKNOWN", "", "", user, run.status)
        more = ("", "active", place, int(experiment), None)
        rows["runs"].append((*known, run.start, run.end, *more))
        rows["tags"] += [(key, value, run_id) for key, value in run.tags.items()]
        params = run.params
        rows["params"] += [(p.key, p.value[:MAX_PARAM_VAL_LENGTH], run_id) for p in params]
        latest: dict[str, Point] = {}
        for key, point in _points(run.metrics):
            value, moment, step, is_nan = point
            rows["metrics"].append((key, value, moment, run_id, step, is_nan))
            latest[key] = max(point, latest.get(key, point), key=_recent)
        rows["latest_metrics"] += [(key, *point, run_id) for key, point in latest.items()]
    with _writing(uri) as database:
        for table in TABLES:
            database.executemany(_insertion(table), rows[table])


def change(
    uri: str,
    tags: Mapping[str, Mapping[str, str | None]],
    metrics: Mapping[str, Sequence[Metric]],
) -> None:
    """Set tags and add metrics of runs, by their ids; a tag that is None is taken away.

    All is there afterwards or nothing; raises what ``add`` raises.
    """
    wanted = [(name, value, run) for run, own in tags.items() for name, value in own.items()]
    points = [(run, key, point) for run, own in metrics.items() for key, point in _points(own)]
    with _writing(uri) as database:
        gone = [(name, run) for name, value, run in wanted if value is None]
        database.executemany("DELETE FROM tags WHERE key = ? AND run_uuid = ?", gone)
        kept = [row for row in wanted if row[1] is not None]
        database.executemany(_insertion("tags", TAG_SET), kept)
        history: list[Row] = [(k, v, moment, run, *at) for run, k, (v, moment, *at) in points]
        database.executemany(_insertion("metrics", "ON CONFLICT DO NOTHING"), history)
        latest: list[Row] = [(key, *point, run) for run, key, point in points]
        database.executemany(_insertion("latest_metrics", LATER), latest)


@contextmanager
def _writing(uri: str) -> Iterator[sqlite3.Connection]:
    """One transaction; raises MlflowException as MLflow's client does."""
    try:
        with closing(_opened(uri)) as database, database:
            database.execute("BEGIN IMMEDIATE")
            yield database
    except sqlite3.Error as error:
        raise MlflowException(f"{uri}: cannot be written to ({error})") from error


def _insertion(table: str, otherwise: str = "") -> str:
    """``otherwise``: what to do with a row that is there already."""
    columns = ", ".join(f'"{name}"' for name in TABLES[table])
    marks = ", ".join("?" * len(TABLES[table]))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks}) {otherwise}"


def _opened(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri.removeprefix(SQLITE), timeout=WAIT)


def _points(metrics: Iterable[Metric]) -> Iterator[tuple[str, Point]]:
    """The points as MLflow stores them, each once: a database knows neither NaN nor infinity."""
    most, seen = sys.float_info.max, set()
    for metric in metrics:
        is_nan = math.isnan(metric.value)
        value = 0.0 if is_nan else min(max(float(metric.value), -most), most)
        point = (value, metric.timestamp, metric.step, is_nan)
        if (metric.key, point) not in seen:
            seen.add((metric.key, point))
            yield metric.key, point


def _recent(point: Point) -> tuple[int, int, float]:
    """By which MLflow takes one point of a metric for later than another."""
    value, moment, step, _ = point
    return step, moment, value
