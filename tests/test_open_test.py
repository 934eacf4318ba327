"""The opening of the sealed test: recorded first, scored once, refused a second time."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException

from support.project import REPOSITORY, Project
from viewcast.base.errors import BudgetError, ConfigError, DataError, TrackingError, ViewcastError
from viewcast.base.paths import sealed_path
from viewcast.base.settings import construct
from viewcast.data import sealed, table
from viewcast.models.fitted import FittedNaive
from viewcast.runs.final_test import Opened, OpenTest, open_test, sentences

NAIVE = ("data=channel", "model=naive")


def opened(project: Project, run: object, reason: str | None = None, *more: str) -> Opened:
    tracking = project.plain(*more)["tracking"]
    settings = construct(OpenTest, {"run": run, "reason": reason, "tracking": tracking}, "")
    return open_test(settings, project.root)


def refused(project: Project, run: object, *more: str) -> str:
    with pytest.raises(BudgetError) as caught:
        opened(project, run, None, *more)
    return str(caught.value)


def openings(project: Project) -> list[Run]:
    experiments = [e.experiment_id for e in project.client.search_experiments()]
    mark = "tags.`viewcast.sealed_open` = '1'"
    return list(project.client.search_runs(experiments, mark, ViewType.ALL))


def kept_rows(project: Project, *overrides: str) -> pd.DataFrame:
    return sealed.read(project.root, "channel", project.config(*overrides).preparation())


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> tuple[Project, str]:
    """A project with the naive forecast of the channel, whose tests are sealed; and that run."""
    root = tmp_path_factory.mktemp("trained")
    (root / "mlflow").mkdir()
    shutil.copy(empty_store, root / "mlflow" / "mlflow.db")
    project = Project(root)
    return project, str(project.run(*NAIVE)["run_id"])


@pytest.fixture
def project(trained: tuple[Project, str], tmp_path: Path) -> Project:
    """A copy of that project, its artifacts too: a project that has moved reads its own."""
    origin, _ = trained
    for folder in ("build", "mlflow/artifacts"):
        shutil.copytree(origin.root / folder, tmp_path / folder)
    with (  # a file alone lacks what its log still holds
        closing(sqlite3.connect(origin.root / "mlflow" / "mlflow.db")) as source,
        closing(sqlite3.connect(tmp_path / "mlflow" / "mlflow.db")) as target,
    ):
        source.backup(target)
    return Project(tmp_path, set(origin.prepared))


@pytest.fixture
def naive(trained: tuple[Project, str]) -> str:
    """The naive forecast of the channel, trained."""
    return trained[1]


# What an opening shows and records


def test_the_test_loss_is_the_mean_loss_of_the_sealed_rows(project: Project, naive: str) -> None:
    shown = opened(project, naive)
    rows = kept_rows(project, *NAIVE)
    assert shown.score.rows == len(rows) == 45
    assert shown.score.mean == pytest.approx((rows["target"] - rows["lag_1"]).abs().mean())
    assert (shown.unit, shown.loss, shown.reuse) == ("thousand views", "mae", 0)


def test_an_opening_is_a_run_of_its_own_that_says_what_was_opened(
    project: Project, naive: str
) -> None:
    shown = opened(project, naive)
    run, rows = project.recorded(shown.run_id), kept_rows(project, *NAIVE)
    tags, metrics = run.data.tags, run.data.metrics
    assert run.info.status == "FINISHED"
    assert json.loads(tags["viewcast.looks"]) == [{"purpose": "test", "scores": 1, "among": 1}]
    assert tags["viewcast.opened_run"] == naive
    assert tags["viewcast.sealed"] == table.holdout(rows)
    assert tags["viewcast.reuse"] == "0"
    assert tags["mlflow.user"]
    assert "viewcast.holdout" not in tags, "it is no look at validation rows"
    assert "viewcast.reason" not in tags
    assert metrics["test_loss"] == shown.score.mean
    assert metrics["test_error"] == shown.score.error
    assert metrics["rows"] == 45
    (used,) = run.inputs.dataset_inputs
    assert used.tags[0].value == "test"
    assert used.dataset.digest == table.holdout(rows)
    assert json.loads(used.dataset.profile)["moments"] == table.moments(rows)
    assert project.recorded(naive).data.tags["viewcast.test_opened"] == shown.run_id


def test_the_loss_of_every_row_is_an_artifact(project: Project, naive: str) -> None:
    shown = opened(project, naive)
    stored = pd.read_parquet(project.client.download_artifacts(shown.run_id, "predictions.parquet"))
    rows = kept_rows(project, *NAIVE)
    assert stored["row"].tolist() == rows["row"].tolist()
    assert stored["time"].tolist() == rows["row"].tolist()
    assert set(stored["split"]) == {"test"}
    np.testing.assert_allclose(stored["loss"], (rows["target"] - rows["lag_1"]).abs())
    assert stored["loss"].mean() == shown.score.mean


def test_a_run_is_found_by_its_folder_or_the_folders_name(project: Project, naive: str) -> None:
    folder = project.output(project.config(*NAIVE))
    assert opened(project, folder.name).tested == naive
    again = opened(project, str(folder.relative_to(project.root)), "by its path")
    assert again.tested == naive


@pytest.mark.parametrize("model", ["linear", "memorizer"])
def test_every_kind_of_model_is_scored_on_the_one_test_lecture(
    project: Project, model: str
) -> None:
    shown = opened(project, project.run(f"model={model}")["run_id"])
    predicted = 0.0 if model == "memorizer" else None
    if predicted is None:
        folder = project.output(project.config("model=linear"))
        stored = pd.read_parquet(folder / "predictions.parquet")
        predicted = float(stored.loc[stored["split"] == "test", "prediction"].iloc[0])
    assert shown.score.mean == pytest.approx((107 - predicted) ** 2)
    assert (shown.score.rows, shown.score.error) == (1, None)
    assert "test_error" not in project.recorded(shown.run_id).data.metrics


def test_what_is_said_has_loss_error_unit_rows_and_how_often(project: Project, naive: str) -> None:
    first = "\n".join(sentences(opened(project, naive)))
    assert "test of naive of channel (simulated), run " in first
    assert "mae in thousand views: 0." in first
    assert "± standard error) on 45 test rows" in first
    assert "opened once: the first look" in first
    again = "\n".join(sentences(opened(project, naive, "labels were corrected")))
    assert "opened twice: the test set has been reused once" in again


# The second time


def test_a_second_opening_is_refused_with_when_who_and_what_was_seen(
    project: Project, naive: str
) -> None:
    opened(project, naive)
    message = refused(project, naive)
    assert message.startswith("the sealed test of channel has been opened once:")
    assert naive in message
    assert "thousand views), 45 of these 45 rows" in message
    assert "reason='...'" in message
    assert len(openings(project)) == 1


def test_a_reason_opens_it_again_and_is_recorded_with_the_count(
    project: Project, naive: str
) -> None:
    opened(project, naive)
    assert opened(project, naive, "labels were corrected").reuse == 1
    third = opened(project, naive, "curiosity")
    tags = project.recorded(third.run_id).data.tags
    assert (tags["viewcast.reuse"], tags["viewcast.reason"]) == ("2", "curiosity")
    message = refused(project, naive)
    assert "opened 3 times" in message
    assert "because 'labels were corrected'" in message


def test_the_rows_are_sealed_for_every_run_and_experiment(project: Project, naive: str) -> None:
    opened(project, naive)
    other = project.run("data=channel", "model=linear", "tracking.experiment=another")
    refused(project, other["run_id"], "tracking.experiment=another")


def test_deleting_the_record_does_not_seal_the_rows_again(project: Project, naive: str) -> None:
    project.client.delete_run(opened(project, naive).run_id)
    refused(project, naive)


def test_rows_that_overlap_with_an_earlier_opening_count(project: Project, naive: str) -> None:
    opened(project, naive)
    later = (*NAIVE, "data.splits.lecture.test.first=2021-03-22")
    project.prepared.clear()
    run = project.run(*later)["run_id"]
    assert "10 of these 10 rows" in refused(project, run)


@pytest.mark.parametrize("other", [("data.scale=1", "data.unit=views"), ("data.country=null",)])
def test_the_same_days_count_in_whatever_form_they_come(
    project: Project, naive: str, other: tuple[str, ...]
) -> None:
    opened(project, naive)
    project.prepared.clear()
    assert "45 of these 45 rows" in refused(project, project.run(*NAIVE, *other)["run_id"])


def test_rows_apart_from_every_earlier_opening_are_sealed_still(
    project: Project, naive: str
) -> None:
    early = (*NAIVE, "data.splits.lecture.test.last=2021-03-21")
    late = (*NAIVE, "data.splits.lecture.test.first=2021-03-22")
    for overrides, count in ((early, 35), (late, 10)):
        project.prepared.clear()
        shown = opened(project, project.run(*overrides)["run_id"])
        assert (shown.reuse, shown.score.rows) == (0, count)


def test_another_data_set_is_another_test(project: Project, naive: str) -> None:
    opened(project, naive)
    assert opened(project, project.run("model=linear")["run_id"]).reuse == 0


# Failures, and many at once


def test_an_opening_that_failed_before_its_figure_counts(
    project: Project, naive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(model: FittedNaive, rows: pd.DataFrame) -> Any:
        raise OSError("the machine went down")

    with monkeypatch.context() as patched:
        patched.setattr(FittedNaive, "predict", broken)
        with pytest.raises(OSError, match="went down"):
            opened(project, naive)
    (record,) = openings(project)
    assert record.info.status == "FAILED"
    assert record.data.tags["viewcast.failure"] == "the machine went down"
    assert "no figure stored" in refused(project, naive)


def test_an_opening_that_was_cut_off_before_its_rows_were_named_counts(
    project: Project, naive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(MlflowClient, "log_inputs", killed)
        with pytest.raises(KeyboardInterrupt):
            opened(project, naive)
    project.prepared.clear()
    run = project.run(*NAIVE, "data.splits.lecture.test.first=2021-03-22")["run_id"]
    refused(project, run)


def test_a_rival_that_records_first_is_found_and_one_withdraws(
    project: Project, naive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, shown = MlflowClient.create_run, []

    def late(client: MlflowClient, *given: Any, **named: Any) -> Run:
        monkeypatch.setattr(MlflowClient, "create_run", create)
        shown.append(opened(project, naive))
        return create(client, *given, **named)

    monkeypatch.setattr(MlflowClient, "create_run", late)
    refused(project, naive)
    (record,) = openings(project)
    assert record.info.run_id == shown[0].run_id
    assert record.data.tags["viewcast.reuse"] == "0"
    withdrawn = project.client.search_runs(["1"], "tags.`viewcast.sealed_open` = '0'")
    assert [(run.info.status, run.data.metrics) for run in withdrawn] == [("KILLED", {})]
    assert withdrawn[0].data.tags["viewcast.looks"] == "[]"


def test_a_dataset_that_another_wrote_at_the_same_moment_is_found_there(
    project: Project, naive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, refusals = MlflowClient.log_inputs, ["UNIQUE constraint failed: datasets.digest"]

    def crowded(client: MlflowClient, *given: Any, **named: Any) -> None:
        if refusals:
            raise MlflowException(refusals.pop())
        log(client, *given, **named)

    monkeypatch.setattr(MlflowClient, "log_inputs", crowded)
    record = project.recorded(opened(project, naive).run_id)
    assert len(record.inputs.dataset_inputs) == 1


def test_of_many_at_once_no_two_open_it(project: Project, naive: str) -> None:
    def attempt(_: int) -> bool:
        try:
            opened(project, naive)
        except BudgetError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        went_on = sum(pool.map(attempt, range(4)))
    # A stand-in that MLflow leaves there when threads load models at once; hypothesis trips on it.
    sys.modules.pop("dbutils", None)
    assert went_on <= 1
    assert sum("test_loss" in run.data.metrics for run in openings(project)) == went_on


# What cannot be opened


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
