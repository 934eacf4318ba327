"""The runs of somebody's search: a parent, and one run under it for each candidate."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.utils.autologging_utils import disable_autologging

from viewcast.tracking.patience import LATER, patience
from viewcast.tracking.tags import ESTIMATOR, LOOK_KEY, PARENT, RUN_NAME, SEARCHES
from viewcast.tracking.write.others_run import check_answers, known_run, last_run

LONGEST = 500  # letters of a parameter that every MLflow takes
AT_ONCE = 100  # parameters in one request, as MLflow allows


@dataclass(frozen=True)
class RunOfSearch:
    """A candidate that has a run already, and its parameters as MLflow stores them."""

    run_id: str
    params: Mapping[str, str]


class SearchRuns:
    """Candidates under ``parent`` (id of a run); threads may share it."""

    def __init__(self, client: MlflowClient, parent: str) -> None:
        self.client, self.parent = client, parent
        self.experiment = str(known_run(client, parent).info.experiment_id)

    @classmethod
    def active(cls, run_id: str | None, tracking_uri: str | None) -> "SearchRuns | None":
        """Under ``run_id``, else the run that is active in this thread; None without."""
        run = mlflow.active_run()
        parent = run_id or (None if run is None else str(run.info.run_id))
        return None if parent is None else cls(MlflowClient(tracking_uri), parent)

    @classmethod
    def under(cls, run_id: str | None, name: str, tracking_uri: str | None) -> "SearchRuns":
        """The same; under a new run of that ``name`` where there is none."""
        here = cls.active(run_id, tracking_uri)
        if here is not None:
            return here
        client = MlflowClient(tracking_uri)
        check_answers(client)
        with mlflow.start_run(run_name=name) as made:
            return cls(client, str(made.info.run_id))

    @patience(LATER)
    def known(self) -> list[RunOfSearch]:
        """The candidates that are there already, without rows: autologging makes some."""
        mine = f"tags.`{PARENT}` = '{self.parent}'"
        runs: list[Run] = []
        token: str | None = None
        while token != "":
            page = self.client.search_runs([self.experiment], mine, page_token=token)
            runs += page
            token = page.token or ""
        return [
            RunOfSearch(str(run.info.run_id), dict(run.data.params))
            for run in runs
            if LOOK_KEY not in run.data.tags
        ]

    @patience(LATER)
    def add(
        self, name: str, params: Mapping[str, Any], started: int | None, tags: Mapping[str, str]
    ) -> str:
        """A candidate that goes on; returns its id. ``started``: milliseconds since 1970."""
        own = {PARENT: self.parent, RUN_NAME: name, **tags}
        run_id = str(self.client.create_run(self.experiment, started, own).info.run_id)
        settings = [Param(key, as_text(value)) for key, value in params.items()]
        for start in range(0, len(settings), AT_ONCE):
            self.client.log_batch(run_id, params=settings[start : start + AT_ONCE])
        return run_id

    @patience(LATER)
    def tell(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """Metrics of a candidate."""
        now = int(time.time() * 1000)
        points = [Metric(name, float(value), now, 0) for name, value in metrics.items()]
        self.client.log_batch(run_id, metrics=points)

    @patience(LATER)
    def tag(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Tags of a candidate, or of the parent."""
        self.client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])

    @patience(LATER)
    def end(self, run_id: str, status: str = "FINISHED", ended: int | None = None) -> None:
        """A candidate has ended: FINISHED, FAILED or KILLED."""
        self.client.set_terminated(run_id, status, ended)


def last_search() -> str | None:
    """The run of a search of scikit-learn that autologging has just ended; None without."""
    run = last_run()
    if run is None or not str(run.data.tags.get(ESTIMATOR, "")).startswith(SEARCHES):
        return None
    return str(run.info.run_id)


def as_text(value: object) -> str:
    """A setting as MLflow stores it."""
    return str(value)[:LONGEST]


@contextmanager
def without_autologging() -> Iterator[None]:
    """Models that are fitted in here make no runs of their own."""
    with disable_autologging():
        yield
