"""The experiments: each run once, by one process or by several."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import pandas as pd
import pytest

from support.processes import FRESH
from support.project import Project
from viewcast.base.errors import ViewcastError
from viewcast.base.paths import experiment_path
from viewcast.runs import experiments as module
from viewcast.runs.experiments import run_experiments

NAMES = ("lectures_descent_diverges", "lectures_course", "lectures_swap", "lectures_deep")


@pytest.fixture
def plans(project: Project) -> dict[str, Any]:
    project.prepare(project.config("data=lectures"))
    shorter = {"lectures_deep": ["trainer.epochs=20", "trainer.patience=null"]}
    whole = {name: project.plain(f"experiment={name}", *shorter.get(name, [])) for name in NAMES}
    return {
        name: {k: v for k, v in plan.items() if k != "tracking"} for name, plan in whole.items()
    }


def statuses(project: Project, plans: dict[str, Any], workers: int) -> dict[str, str]:
    return run_experiments(plans, project.plain("data=lectures")["tracking"], project.root, workers)


def losses(project: Project) -> dict[str, Any]:
    found = {}
    for name in NAMES:
        folder = experiment_path(project.root, name)
        result = json.loads((folder / "result.json").read_text())
        curve = pd.read_csv(folder / "curve.csv").to_numpy().tolist()
        found[name] = (result["train_loss"], result["val_loss"], curve)
    return found


def test_two_workers_leave_what_one_leaves(
    project: Project, plans: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FEW", 2)
    outcome = statuses(project, plans, workers=2)
    assert outcome == dict.fromkeys(NAMES, "finished") | {NAMES[0]: "diverged"}
    assert len({run.data.tags["viewcast.batch_id"] for run in project.runs()}) == 1
    together = losses(project)
    for name in NAMES:
        (experiment_path(project.root, name) / "key").unlink()
    assert statuses(project, plans, workers=1) == outcome
    assert str(losses(project)) == str(together)  # as text, because NaN is not NaN


def test_runs_that_a_former_version_logged_to_its_one_experiment_are_kept(
    project: Project, plans: dict[str, Any]
) -> None:
    plan = {"lectures_course": plans["lectures_course"]}
    assert statuses(project, plan, workers=1) == {"lectures_course": "finished"}
    one = project.client.create_experiment("viewcast")
    with closing(sqlite3.connect(project.root / "mlflow" / "mlflow.db")) as database:
        database.execute("UPDATE runs SET experiment_id = ?", (int(one),))
        database.commit()
    assert statuses(project, plan, workers=1) == {"lectures_course": "kept"}


def test_what_is_done_is_kept_and_what_is_not_planned_any_more_goes(
    project: Project, plans: dict[str, Any]
) -> None:
    statuses(project, plans, workers=2)
    del plans["lectures_swap"]
    assert set(statuses(project, plans, workers=2).values()) == {"kept"}
    assert not experiment_path(project.root, "lectures_swap").exists()


def test_a_run_that_is_refused_ends_the_study_and_the_next_one_goes_on(
    project: Project, plans: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FEW", 2)
    monkeypatch.setattr(module, "get_context", lambda method: FRESH)
    holdout = plans["lectures_course"]["holdout"]
    spent = {**plans["lectures_course"], "seed": 7, "holdout": {**holdout, "looks": 1}}
    statuses(project, {"lectures_course": plans["lectures_course"]}, workers=1)
    with pytest.raises(ViewcastError, match="looks spent"):
        statuses(project, {**plans, "lectures_course": spent}, workers=2)
    assert statuses(project, plans, workers=2)["lectures_swap"] in ("kept", "finished")
