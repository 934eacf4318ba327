"""Openings of the sealed test, and a project whose test is sealed."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from mlflow.entities import Run, ViewType

from support.project import Project
from viewcast.base.errors import BudgetError
from viewcast.base.settings import construct
from viewcast.data import sealed
from viewcast.runs.final_test import Opened, OpenTest, open_test

NAIVE = ("data=channel", "model=naive")


def opened(project: Project, run: object, reason: str | None = None, *more: str) -> Opened:
    tracking = project.plain(*more)["tracking"]
    settings = construct(OpenTest, {"run": run, "reason": reason, "tracking": tracking}, "")
    return open_test(settings, project.root)


def refused(project: Project, run: object, *more: str) -> str:
    """What an opening that is not allowed says."""
    with pytest.raises(BudgetError) as caught:
        opened(project, run, None, *more)
    return str(caught.value)


def openings(project: Project) -> list[Run]:
    experiments = [e.experiment_id for e in project.client.search_experiments()]
    mark = "tags.`viewcast.sealed_open` = '1'"
    return list(project.client.search_runs(experiments, mark, ViewType.ALL))


def kept_rows(project: Project, *overrides: str) -> pd.DataFrame:
    return sealed.read(project.root, "channel", project.config(*overrides).preparation())


def copied(origin: Project, folder: Path) -> Project:
    """A copy of a project, its artifacts too: a project that has moved reads its own."""
    for part in ("build", "mlflow/artifacts"):
        shutil.copytree(origin.root / part, folder / part)
    with (  # a file alone lacks what its log still holds
        closing(sqlite3.connect(origin.root / "mlflow" / "mlflow.db")) as source,
        closing(sqlite3.connect(folder / "mlflow" / "mlflow.db")) as target,
    ):
        source.backup(target)
    return Project(folder, set(origin.prepared))
