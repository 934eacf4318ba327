"""A referee in MLflow: one run for each submission with its one bit, the verdict at the end."""

import json
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from support.mlflow_store import Store
from support.refereed import BEGAN, closing_of, plan_on, submissions
from support.told_referees import everything, recorder, runs
from viewcast.base.errors import TrackingError
from viewcast.holdout.looks import Look, distinct
from viewcast.tracking.look_tags import read
from viewcast.tracking.write import many_runs, sqlite_runs
from viewcast.tracking.write.refereed import RefereeRuns, used_up

PLAN = plan_on()
MADE = {"accepted", "left", "acceptances"}  # all metrics before the end


def test_each_submission_is_a_run_under_the_referee_with_its_one_bit(others_store: Store) -> None:
    told = recorder(others_store)
    for one in submissions(4):
        told.submissions(PLAN, [one])
    parent, children = runs(others_store)
    assert parent.info.run_name == "gate"
    assert parent.info.status == "RUNNING"
    assert json.loads(parent.data.tags["viewcast.referee.plan"]) == PLAN.plain()
    assert parent.data.params["budget"] == "20"
    assert [run.info.run_name for run in children] == [f"submission {n}" for n in (1, 2, 3, 4)]
    third = children[2]
    assert third.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert third.data.metrics == {"accepted": 1.0, "left": 17.0}
    assert (third.info.start_time, third.info.end_time) == (BEGAN + 3000, BEGAN + 3000)
    assert third.info.status == "FINISHED"
    told_tags = third.data.tags
    assert told_tags["viewcast.referee.predictions"] == f"{3:016x}"
    assert told_tags["viewcast.referee.submitter"] == told_tags["mlflow.user"] == "agent"
    assert children[3].data.metrics["accepted"] == 0.0


def test_no_run_has_a_score_or_names_a_row_before_the_end(others_store: Store) -> None:
    told = recorder(others_store)
    for one in submissions(3):
        told.submissions(PLAN, [one])
    parent, children = runs(others_store)
    assert {name for run in (parent, *children) for name in run.data.metrics} == MADE
    assert not any(run.inputs.dataset_inputs for run in (parent, *children))
    assert others_store.artifacts(parent) == {"plan.json"}
    steps = others_store.client.get_metric_history(parent.info.run_id, "acceptances")
    assert [(point.step, point.value) for point in steps] == [(1, 0), (2, 0), (3, 1)]


def test_what_is_told_again_after_a_restart_changes_nothing(others_store: Store) -> None:
    for one in submissions(5):
        recorder(others_store).submissions(PLAN, [one])
    before = everything(others_store)
    again = recorder(others_store)
    for one in submissions(5):
        again.submissions(PLAN, [one])
    assert everything(others_store) == before


def test_an_outage_in_the_middle_is_caught_up(
    others_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, four = recorder(others_store), submissions(4)
    told.submissions(PLAN, [four[0]])
    with monkeypatch.context() as outage:
        outage.setattr(many_runs, "add", fails)
        with pytest.raises(TrackingError, match="the referee is not recorded there"):
            told.submissions(PLAN, [four[1]])
    for one in four[1:]:
        told.submissions(PLAN, [one])
    _, children = runs(others_store)
    assert len(children) == 4
    parent, _ = runs(others_store)
    history = others_store.client.get_metric_history(parent.info.run_id, "left")
    assert sorted(point.value for point in history) == [16, 17, 18, 19]


def fails(*_: object) -> None:
    raise MlflowException("the server is down")


def test_a_run_that_a_kill_left_half_told_is_completed(
    others_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a server: three requests for each run."""
    monkeypatch.setattr(sqlite_runs, "possible", lambda _: False)
    (first,) = submissions(1)
    with monkeypatch.context() as killed:
        killed.setattr(MlflowClient, "set_terminated", fails)
        with pytest.raises(TrackingError):
            recorder(others_store).submissions(PLAN, [first])
    _, (half,) = runs(others_store)
    assert half.info.status == "RUNNING"
    recorder(others_store).submissions(PLAN, [first])
    _, (whole,) = runs(others_store)
    assert whole.info.run_id == half.info.run_id
    assert whole.info.status == "FINISHED"
    assert whole.info.end_time == first.time


def test_a_store_that_is_not_there_yet_has_used_no_rows_up(tmp_path: Any) -> None:
    assert used_up(f"sqlite:///{tmp_path}/none.db", PLAN.holdout) is None
    assert not (tmp_path / "none.db").exists()


def test_other_predictions_under_a_number_that_was_told_are_refused(others_store: Store) -> None:
    (first,) = submissions(1)
    told = recorder(others_store)
    told.submissions(PLAN, [first])
    other = type(first)(**{**vars(first), "digest": "f" * 16})
    with pytest.raises(TrackingError, match="submission 1 stands in MLflow with other predictions"):
        told.submissions(PLAN, [other])


def test_submissions_are_looks_at_the_rows_and_the_end_is_one_more(others_store: Store) -> None:
    def looks() -> list[Look]:
        return distinct(read(others_store.client, others_store.experiment))

    told = recorder(others_store)
    for one in submissions(3):
        told.submissions(PLAN, [one])
    assert [look.user for look in looks()] == ["agent", "ann", "agent"]
    assert {look.holdout for look in looks()} == {PLAN.holdout}
    assert len({look.batch_id for look in looks()}) == 3  # each in sight of the answer before it
    told.closing(closing_of(PLAN, submissions(3)))
    uses = sorted(use.purpose for look in looks() for use in look.uses)
    assert uses == ["gate", "gate", "gate", "test"]


def test_a_server_that_is_not_there_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    told = RefereeRuns("http://ann:secret@127.0.0.1:9", "others")
    with pytest.raises(TrackingError, match="nobody listens there") as refused:
        told.submissions(PLAN, [submissions(1)[0]])
    assert "secret" not in str(refused.value)
    assert "It goes on, and tells it later" in str(refused.value)
