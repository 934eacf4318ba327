"""What is added to runs after they have ended: pictures of them, and what was found out later."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import PIL.Image
from mlflow import MlflowClient
from mlflow.entities import Metric, Run

from viewcast.base.settings import Tracking
from viewcast.tracking.experiments import project_experiments
from viewcast.tracking.images import FEW, Images, images_of
from viewcast.tracking.store import all_runs, connect
from viewcast.tracking.tags import PICTURES, PICTURES_FOLDER


class Picture(Protocol):
    """A picture on disk and the runs it shows."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def run_ids(self) -> list[str]:
        """The runs, by MLflow's identity."""


@dataclass(frozen=True, eq=False)
class ProjectRuns:
    """The runs of a project's experiments in its store."""

    client: MlflowClient
    experiment_ids: list[str]
    runs: list[Run]

    @classmethod
    def of(cls, tracking: Tracking) -> "ProjectRuns":
        """Read them; raises TrackingError where the store cannot be reached."""
        client = connect(tracking)
        ids = project_experiments(client, tracking)
        return cls(client, ids, all_runs(client, ids))


def add_pictures(project: ProjectRuns, pictures: Iterable[Picture]) -> dict[str, Images]:
    """Store each picture under ``pictures/`` of every run in it; where they are few, as an image.

    The UI shows images of many runs beside each other, by their key: the name of the file. An image
    that a run has already is not stored again; one that has changed is its next step. Returns the
    images of each run, by its id.
    """
    images = {str(run.info.run_id): images_of(run) for run in project.runs}
    for picture in pictures:
        content = sha256(picture.path.read_bytes()).hexdigest()[:12]
        for run_id in images.keys() & set(picture.run_ids):
            project.client.log_artifact(run_id, str(picture.path), PICTURES_FOLDER)
            if len(picture.run_ids) <= FEW:
                _add_image(project.client, run_id, images[run_id], picture.path, content)
    return images


def _add_image(client: MlflowClient, run_id: str, images: Images, path: Path, content: str) -> None:
    step, former = images.get(path.stem, (-1, ""))
    if former == content:
        return
    with PIL.Image.open(path) as image:
        client.log_image(run_id, image.convert("RGB"), key=path.stem, step=step + 1)
    images[path.stem] = (step + 1, content)
    client.set_tag(run_id, PICTURES, json.dumps(images))


def add_json(tracking: Tracking, run_id: str, name: str, content: Mapping[str, Any]) -> None:
    """Store plain values as an artifact of a run, in place of a former one of that name."""
    connect(tracking).log_dict(run_id, dict(content), name)


def add_metrics(tracking: Tracking, figures: Mapping[str, Mapping[str, float]]) -> None:
    """Add metrics to runs; ``figures``: name and value of each metric, by the id of the run."""
    client = connect(tracking)
    now = int(time.time() * 1000)
    for run_id, metrics in figures.items():
        client.log_batch(run_id, [Metric(name, value, now, 0) for name, value in metrics.items()])
