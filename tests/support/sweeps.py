"""Small sweeps of a project, and the runs that they leave in MLflow."""

from pathlib import Path
from typing import Any

from mlflow.entities import Run

from support.project import Project
from viewcast.runs.sweep import sweep
from viewcast.sweep.members import Member
from viewcast.sweep.results import Results

QUICK = ("model=deep", "model.units=5", "trainer.epochs=4", "trainer.patience=null")
TWO_PARTS = ("++sweep.batch_size=[4,8]", "++sweep.seed='range(10)'")


def composed(project: Project, *overrides: str) -> dict[str, Any]:
    return project.plain(*QUICK, "device=cpu", *overrides, config_name="sweep")


def swept(project: Project, *overrides: str) -> tuple[Path, Results, list[Member]]:
    project.prepare(project.config())
    return sweep(composed(project, *overrides), project.root)


def children(project: Project, parent: str) -> list[Run]:
    mark = f"tags.`mlflow.parentRunId` = '{parent}'"
    return list(project.client.search_runs(project.experiments(), mark, max_results=1000))
