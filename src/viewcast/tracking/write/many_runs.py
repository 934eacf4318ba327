"""Many finished runs at once, such as the candidates of a sweep.

MLflow takes one run after another, three requests each. An SQLite store is given all of them in
few transactions (``viewcast.tracking.write.sqlite_runs``), a server several at a time.
"""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from mlflow import MlflowClient
from mlflow.entities import Metric, Run

from viewcast.tracking.write import ends, sqlite_runs
from viewcast.tracking.write.finished_run import FinishedRun

# MLflow prints the address of each run on a server, for which it asks two more times.
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")

AT_ONCE = 8  # requests to a server
TOGETHER = 200  # runs in one transaction
POINTS = 900  # of metrics in one request: MLflow takes no more than 1,000 things


def add(client: MlflowClient, experiment: str, runs: Iterable[FinishedRun]) -> None:
    """Add the runs to an experiment (id).

    A kill leaves no run in an SQLite store half written. On a server it may leave some that are
    RUNNING, an error some that are KILLED: ``complete`` gives them what they lack.
    """
    left = iter(runs)
    if sqlite_runs.possible(client.tracking_uri):
        place = str(client.get_experiment(experiment).artifact_location)
        while batch := list(islice(left, TOGETHER)):
            sqlite_runs.add(client.tracking_uri, experiment, place, batch)
        return

    begun: set[str] = set()

    def one(run: FinishedRun) -> None:
        run_id = str(client.create_run(experiment, run.start, run.tags).info.run_id)
        begun.add(run_id)
        _write(client, run_id, run, run.metrics)
        begun.remove(run_id)

    with (
        ends.killed_where_half_written(client, begun),  # when all that had begun has gone on
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        while batch := list(islice(left, TOGETHER)):  # an error or Ctrl-C ends it after one batch
            for _ in pool.map(one, batch):
                pass


def complete(client: MlflowClient, begun: Run, run: FinishedRun) -> None:
    """Give a run that was left half written what it still lacks."""
    written = {point.key for point in run.metrics} <= begun.data.metrics.keys()
    run_id = str(begun.info.run_id)
    with ends.killed_where_half_written(client, [run_id]):
        _write(client, run_id, run, () if written else run.metrics)


def is_half_written(run: Run) -> bool:
    """Whether a run was begun by ``add`` and not written to its end."""
    return run.info.status in ("RUNNING", ends.KILLED)


def _write(client: MlflowClient, run_id: str, run: FinishedRun, metrics: Sequence[Metric]) -> None:
    client.log_batch(run_id, metrics=metrics[:POINTS], params=run.params)
    for start in range(POINTS, len(metrics), POINTS):
        client.log_batch(run_id, metrics=metrics[start : start + POINTS])
    client.set_terminated(run_id, run.status, run.end)
