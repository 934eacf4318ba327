"""What cannot be opened of the sealed test is refused in words, and nothing is recorded."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from support.openings import NAIVE, kept_rows, opened, openings
from support.project import REPOSITORY, Project
from viewcast.base.errors import ConfigError, DataError, TrackingError, ViewcastError
from viewcast.base.paths import sealed_path
from viewcast.base.settings import construct
from viewcast.data import table
from viewcast.runs.final_test import OpenTest, sentences


def test_a_run_that_nobody_knows_is_refused(project: Project) -> None:
    with pytest.raises(TrackingError, match="run = nonsense: neither a run of sqlite"):
        opened(project, "nonsense")


def test_a_run_without_a_model_is_refused(project: Project) -> None:
    diverged = project.run("experiment=lectures_descent_diverges")
    assert diverged["status"] == "diverged"
    with pytest.raises(TrackingError, match=r"FINISHED|FAILED") as caught:
        opened(project, diverged["run_id"])
    assert "holds no settings and model of viewcast" in str(caught.value)


def test_data_prepared_with_other_settings_are_refused(project: Project, naive: str) -> None:
    project.prepared.clear()
    project.prepare(project.config("data=channel", "data.lags=28", "model.features=[lag_1]"))
    with pytest.raises(DataError, match="prepared with other settings"):
        opened(project, naive)


def test_settings_that_are_none_today_are_refused(project: Project) -> None:
    run = str(project.run(*NAIVE, "seed=3")["run_id"])
    project.client.log_dict(run, {**project.plain(*NAIVE), "cores": 2}, "config.yaml")
    with pytest.raises(ConfigError, match="unknown key cores") as caught:
        opened(project, run)
    assert f"run {run} was recorded with settings that are none today" in str(caught.value)


@pytest.fixture
def lagless(project: Project, naive: str) -> Iterator[Any]:
    """Rewrites the sealed rows with some of the feature that the run needs taken away."""
    path, identity = sealed_path(project.root, "channel"), project.config(*NAIVE).preparation()

    def take(days: int | None) -> None:
        rows = kept_rows(project, *NAIVE)
        if days is None:
            rows = rows.drop(columns="lag_1")
        else:
            rows.loc[: days - 1, "lag_1"] = np.nan
        table.write(rows, path, identity)

    return take


@pytest.mark.parametrize(("days", "said"), [(None, "lack lag_1"), (45, "all lack a feature")])
def test_test_rows_without_the_features_are_refused(
    project: Project, naive: str, lagless: Any, days: int | None, said: str
) -> None:
    lagless(days)
    with pytest.raises(DataError, match=said):
        opened(project, naive)


def test_test_rows_that_lack_a_feature_are_left_out_and_it_is_said(
    project: Project, naive: str, lagless: Any
) -> None:
    lagless(5)
    shown = opened(project, naive)
    assert shown.score.rows == 40
    assert sentences(shown)[-1] == "  5 of 45 test rows left out: features unknown"


def test_nothing_is_recorded_where_nothing_could_be_scored(
    project: Project, naive: str, lagless: Any
) -> None:
    lagless(None)
    for run in (naive, "nonsense"):
        with pytest.raises(ViewcastError):
            opened(project, run)
    assert openings(project) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"reason": ""}, "reason = '': String should have at least 1 character"),
        ({"run": ""}, "run = '': String should have at least 1 character"),
        ({"runs": "x"}, "unknown key runs; allowed: run, reason, tracking"),
    ],
)
def test_wrong_settings_are_refused(project: Project, given: dict[str, str], said: str) -> None:
    tracking = project.plain()["tracking"]
    with pytest.raises(ConfigError, match=said):
        construct(OpenTest, {"run": "x", "reason": None, "tracking": tracking, **given}, "")


def test_a_name_of_digits_stays_a_name(project: Project) -> None:
    tracking = project.plain()["tracking"]
    made = construct(OpenTest, {"run": 1234567890123456, "reason": 7, "tracking": tracking}, "")
    assert (made.run, made.reason) == ("1234567890123456", "7")


def test_the_program_says_what_is_wrong_without_a_traceback(project: Project) -> None:
    store = f"tracking.uri=sqlite:///{project.root}/mlflow/mlflow.db"
    command = [sys.executable, str(REPOSITORY / "pipelines" / "open_test.py"), "run=nonsense"]
    done = subprocess.run([*command, store], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("open_test.py: run = nonsense: neither a run of")
    assert "Traceback" not in done.stderr
