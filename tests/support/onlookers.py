"""Runs that reveal scores without training: what the record of looks sees of a run, at once."""

from support.project import Project
from viewcast.holdout.looks import Look
from viewcast.tracking.look_tags import read
from viewcast.tracking.write.recorder import Recorder
from viewcast.training.config import Config
from viewcast.training.rows import rows_of


def looked(project: Project, config: Config, epochs: int = 1, user: str | None = None) -> str:
    """Record a run that validated after so many epochs; its id."""
    project.prepare(config)
    with Recorder(config, project.root) as recorder:
        recorder.inputs(rows_of(config, project.root), config.identity())
        for epoch in range(1, 1 + epochs):
            recorder.on_epoch(epoch, 1.0, 2.0)
    if user is not None:
        project.client.set_tag(recorder.run_id, "mlflow.user", user)
    return recorder.run_id


def recorded(project: Project) -> list[Look]:
    """The record of the project, repetitions included."""
    return read(project.client, project.experiments())
