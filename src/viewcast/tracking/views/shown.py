"""What an experiment holds, as far as views need it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.tracking.experiments import REFEREES
from viewcast.tracking.metric_names import read_name
from viewcast.tracking.store import all_runs
from viewcast.tracking.tags import COMPARED, DATA, PART, REFEREE, TEST_OPENING

FINISHED = "FINISHED"
IMAGES_FOLDER = "images"  # where MLflow stores images, and the tag of the runs that have some
HOLDS_IMAGES = "mlflow.loggedImages"
IMAGE = re.compile(r"(.+?)[+%]step[+%]")  # key and step in the name of a file
LOOKED_INTO = 10  # runs, the last to end: the UI draws images of the first ten alone


@dataclass(frozen=True)
class ShownRun:
    """A run: its settings, its newest figures, and its tags."""

    run_id: str
    name: str
    status: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]

    @property
    def compared(self) -> bool:
        """Whether a chart may show the run beside others: as it is marked, else if it finished;
        what a referee has judged has no score.
        """
        if self.refereed:
            return False
        marked = self.tags.get(COMPARED)
        return self.status == FINISHED if marked is None else marked == "true"

    @property
    def refereed(self) -> bool:
        """Whether it is the run of a referee or of a submission to one."""
        return REFEREE in self.tags

    def figure(self, metric: str) -> float | None:
        """The newest figure of a metric; None without, or where it is not finite."""
        value = self.metrics.get(metric)
        return value if value is not None and math.isfinite(value) else None


@dataclass(frozen=True)
class Shown:
    """An experiment with its runs, the newest first.

    ``curves``: the metrics that have several points; ``images``: the keys of logged images.

    ``ours``: whether viewcast made it (``viewcast.tracking.experiments``); else only what MLflow
    itself and an audit wrote is known.
    """

    experiment_id: str
    name: str
    tags: Mapping[str, str]
    runs: Sequence[ShownRun]
    curves: frozenset[str]
    images: frozenset[str] = frozenset()

    @property
    def ours(self) -> bool:
        """Whether viewcast made the experiment."""
        return DATA in self.tags

    @property
    def of_referees(self) -> bool:
        """Whether a referee made the experiment, for what it was asked."""
        return self.tags.get(PART) == REFEREES

    @property
    def marked(self) -> bool:
        """Whether runs are marked as to be compared or not."""
        return any(COMPARED in run.tags for run in self.runs)

    @property
    def compared(self) -> list[ShownRun]:
        """The runs that charts may show; of an experiment with marks, those that are marked."""
        return [run for run in self.runs if run.compared and (COMPARED in run.tags) >= self.marked]


def shown(client: MlflowClient, experiment_id: str) -> Shown:
    """Read an experiment, without its deleted runs and the openings of its sealed tests."""
    experiment = client.get_experiment(experiment_id)
    runs = [run for run in all_runs(client, experiment_id) if TEST_OPENING not in run.data.tags]
    return Shown(
        str(experiment_id),
        str(experiment.name),
        dict(experiment.tags),
        [_of(run) for run in runs],
        frozenset(_curves(client, runs)),
        frozenset(_images(client, runs)),
    )


def _of(run: Run) -> ShownRun:
    return ShownRun(
        str(run.info.run_id),
        str(run.info.run_name or run.info.run_id),
        str(run.info.status),
        dict(run.data.params),
        dict(run.data.metrics),
        dict(run.data.tags),
    )


def _curves(client: MlflowClient, runs: Sequence[Run]) -> list[str]:
    """The metrics with several points.

    Only a history tells a curve from a point at a late step, and a sweep keeps the curves of some
    candidates alone: the run that got furthest, the best and the worst are asked.
    """
    points: dict[str, list[tuple[int, float, str]]] = {}
    for run in (run for run in runs if REFEREE not in run.data.tags):
        for metric in run.data.to_proto().metrics:  # data.metrics does not tell the step
            if metric.step > 0 and not read_name(metric.key).technical:
                reached = (int(metric.step), float(metric.value), str(run.info.run_id))
                points.setdefault(metric.key, []).append(reached)
    return [
        name
        for name, reached in points.items()
        if any(len(client.get_metric_history(run_id, name)) > 1 for run_id in _asked(reached))
    ]


def _asked(reached: Sequence[tuple[int, float, str]]) -> list[str]:
    by_value = sorted(reached, key=lambda point: point[1])
    return list(dict.fromkeys(point[2] for point in (max(reached), by_value[0], by_value[-1])))


def _images(client: MlflowClient, runs: Sequence[Run]) -> set[str]:
    """The keys under which the runs that ended last logged images, by the names of the files."""
    holding = [run for run in runs if HOLDS_IMAGES in run.data.tags]
    holding = sorted(holding, key=lambda run: -(run.info.end_time or 0))[:LOOKED_INTO]
    files = [
        Path(file.path).name
        for run in holding
        for file in client.list_artifacts(str(run.info.run_id), IMAGES_FOLDER)
    ]
    return {
        found[1].replace("~", "/").replace("#", "/")  # the latter before MLflow 3.11
        for found in map(IMAGE.match, files)
        if found is not None
    }
