"""A demonstration of validation reuse that takes a second, and what it leaves."""

from copy import deepcopy
from typing import Any

from mlflow.entities import Run

from support.project import REPOSITORY, Project
from viewcast.base.cli import compose
from viewcast.base.paths import experiment_path
from viewcast.demo.settings import planned
from viewcast.runs.run import run

PARTS = ("demo", "demo_search", "demo_leaderboard", "simulator")
COMPOSED = [compose(REPOSITORY, [], part) for part in PARTS]
SETTINGS, SEARCH, LEADERBOARD, SIMULATED = COMPOSED
Plain = dict[str, Any]


def small() -> Plain:
    """A demonstration that takes a second; a test may change its copy."""
    whole = planned(["channel"], *deepcopy(COMPOSED))
    whole["attack"] = {**whole["attack"], "submissions": 5}
    whole["simulations"] = {"count": 3, "seed": 1}
    search = whole["search"]
    search["trainer"] = {**search["trainer"], "epochs": 2}
    search["search"] = {**search["search"], "trials": 4, "workers": 1}
    return whole


def named(project: Project, beginning: str) -> list[Run]:
    found = [one for one in project.runs() if one.info.run_name.startswith(beginning)]
    return sorted(found, key=lambda one: one.info.run_name)


def experiment_run(project: Project, experiment: str) -> dict[str, Any]:
    """An experiment as the experiments stage runs it."""
    config = project.config(f"experiment={experiment}")
    project.prepare(config)
    return run(config, project.root, experiment_path(project.root, experiment))
