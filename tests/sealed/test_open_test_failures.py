"""An opening of the sealed test that fails, or that meets another at the same moment."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from support.openings import NAIVE, opened, openings, refused
from support.project import Project
from viewcast.base.errors import BudgetError
from viewcast.models.fitted import FittedNaive


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
