"""A referee in MLflow: one run for each submission with its one bit, the verdict at the end."""

import json
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

import viewcast
from support.mlflow_store import Store
from support.refereed import BEGAN, DAYS, closing_of, plan_on, rows_of, submissions
from viewcast.base.errors import TrackingError
from viewcast.holdout.looks import Look, distinct
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.terms import Terms
from viewcast.tracking.look_tags import read
from viewcast.tracking.note_mark import is_ours
from viewcast.tracking.store import all_runs
from viewcast.tracking.write import many_runs, sqlite_runs
from viewcast.tracking.write.refereed import RefereeRuns, used_up

PLAN = plan_on()
MADE = {"accepted", "left", "acceptances"}  # all metrics before the end


def recorder(store: Store) -> RefereeRuns:
    return RefereeRuns(str(store.client.tracking_uri), "others")


def runs(store: Store) -> tuple[Run, list[Run]]:
    """The run of the only referee, and those of its submissions by number."""
    known = all_runs(store.client, store.experiment)
    (parent,) = [run for run in known if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in known if run is not parent]
    return parent, sorted(children, key=lambda run: int(run.data.tags[NUMBER]))


NUMBER = "viewcast.referee.submission"


def everything(store: Store) -> dict[str, Any]:
    """All that stands in the store, without ids that MLflow draws."""
    parent, children = runs(store)
    return {
        run.info.run_name: (
            {k: v for k, v in run.data.tags.items() if k != "mlflow.parentRunId"},
            dict(run.data.params),
            {
                name: sorted(
                    (point.step, point.timestamp, point.value)
                    for point in store.client.get_metric_history(run.info.run_id, name)
                )
                for name in run.data.metrics
            },
            (run.info.status, run.info.start_time, run.info.end_time),
        )
        for run in (parent, *children)
    }


def test_each_submission_is_a_run_under_the_referee_with_its_one_bit(others_store: Store) -> None:
    told = recorder(others_store)
    for one in submissions(4):
        told.submission(PLAN, one)
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
        told.submission(PLAN, one)
    parent, children = runs(others_store)
    assert {name for run in (parent, *children) for name in run.data.metrics} == MADE
    assert not any(run.inputs.dataset_inputs for run in (parent, *children))
    assert others_store.artifacts(parent) == {"plan.json"}
    steps = others_store.client.get_metric_history(parent.info.run_id, "acceptances")
    assert [(point.step, point.value) for point in steps] == [(1, 0), (2, 0), (3, 1)]


def test_what_is_told_again_after_a_restart_changes_nothing(others_store: Store) -> None:
    for one in submissions(5):
        recorder(others_store).submission(PLAN, one)
    before = everything(others_store)
    again = recorder(others_store)
    for one in submissions(5):
        again.submission(PLAN, one)
    assert everything(others_store) == before


def test_an_outage_in_the_middle_is_caught_up(
    others_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, four = recorder(others_store), submissions(4)
    told.submission(PLAN, four[0])
    with monkeypatch.context() as outage:
        outage.setattr(many_runs, "add", fails)
        with pytest.raises(TrackingError, match="the referee is not recorded there"):
            told.submission(PLAN, four[1])
    for one in four[1:]:
        told.submission(PLAN, one)
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
            recorder(others_store).submission(PLAN, first)
    _, (half,) = runs(others_store)
    assert half.info.status == "RUNNING"
    recorder(others_store).submission(PLAN, first)
    _, (whole,) = runs(others_store)
    assert whole.info.run_id == half.info.run_id
    assert whole.info.status == "FINISHED"
    assert whole.info.end_time == first.time


def test_the_verdict_stands_on_the_run_of_the_referee_when_it_is_closed(
    others_store: Store,
) -> None:
    told = recorder(others_store)
    closing = closing_of(PLAN, submissions(9, submitters=["<b>ann</b>"]))
    told.closing(closing)
    parent, children = runs(others_store)
    assert len(children) == 9  # none had been told before
    figures = parent.data.metrics
    assert (figures["estimate"], figures["claimed"], figures["raw_claim"]) == (0.12, 0.14, 0.31)
    assert (figures["estimate_low"], figures["estimate_high"]) == (0.05, 0.19)
    assert figures["acceptances"] == 1.0
    assert (parent.info.status, parent.info.end_time) == ("FINISHED", closing.closed)
    said = parent.data.tags["viewcast.referee.verdict"]
    assert said.startswith("gain 0.120 mae [0.050, 0.190] from 30 hidden rows; the raw loop would")
    file = mlflow.artifacts.load_dict(f"{parent.info.artifact_uri}/closing.json")
    assert file == json.loads(json.dumps(closing.plain()))
    note = parent.data.tags["mlflow.note.content"]
    assert is_ours(note)
    assert "**Gain 0.120 mae" in note
    assert "&lt;b&gt;ann" in note
    assert "The budget was not used up" in note


def test_a_verdict_that_is_told_again_changes_nothing(others_store: Store) -> None:
    closing = closing_of(PLAN, submissions(3))
    recorder(others_store).closing(closing)
    before = everything(others_store)
    recorder(others_store).closing(closing)
    assert everything(others_store) == before


def test_a_verdict_that_was_broken_off_is_completed(
    others_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing = closing_of(PLAN, submissions(3))
    with monkeypatch.context() as killed:
        killed.setattr(MlflowClient, "set_terminated", fails)
        with pytest.raises(TrackingError):
            recorder(others_store).closing(closing)
    recorder(others_store).closing(closing)
    parent, _ = runs(others_store)
    assert parent.info.status == "FINISHED"
    points = others_store.client.get_metric_history(parent.info.run_id, "estimate")
    assert [point.value for point in points] == [0.12]


def test_rows_that_a_closed_referee_has_read_are_known_in_the_whole_store(
    others_store: Store,
) -> None:
    uri = str(others_store.client.tracking_uri)
    told = RefereeRuns(uri, "another experiment", others_store.folder.as_uri())
    told.submission(PLAN, submissions(1)[0])
    assert used_up(uri, PLAN.holdout) is None
    told.closing(closing_of(PLAN, submissions(3)))
    assert used_up(uri, PLAN.holdout) == "gate"
    assert used_up(uri, "0" * 16) is None
    other = others_store.client.get_experiment_by_name("another experiment").experiment_id
    for run in all_runs(others_store.client, other):
        others_store.client.delete_run(run.info.run_id)
    assert used_up(uri, PLAN.holdout) == "gate"  # a deleted run has read them, too


def test_a_store_that_is_not_there_yet_has_used_no_rows_up(tmp_path: Any) -> None:
    assert used_up(f"sqlite:///{tmp_path}/none.db", PLAN.holdout) is None
    assert not (tmp_path / "none.db").exists()


def test_other_predictions_under_a_number_that_was_told_are_refused(others_store: Store) -> None:
    (first,) = submissions(1)
    told = recorder(others_store)
    told.submission(PLAN, first)
    other = type(first)(**{**vars(first), "digest": "f" * 16})
    with pytest.raises(TrackingError, match="submission 1 stands in MLflow with other predictions"):
        told.submission(PLAN, other)


def test_submissions_are_looks_at_the_rows_and_the_end_is_one_more(others_store: Store) -> None:
    def looks() -> list[Look]:
        return distinct(read(others_store.client, others_store.experiment))

    told = recorder(others_store)
    for one in submissions(3):
        told.submission(PLAN, one)
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
        told.submission(PLAN, submissions(1)[0])
    assert "secret" not in str(refused.value)
    assert "It goes on, and tells it later" in str(refused.value)


def test_who_read_some_of_the_rows_elsewhere_is_known_in_the_whole_store(
    others_store: Store,
) -> None:
    other = others_store.client.create_experiment("another", others_store.folder.as_uri())
    told = recorder(others_store)
    told.closing(closing_of(PLAN, submissions(3)))
    rows = rows_of(DAYS)
    assert told.outside(rows, {"ann"}) == []  # submissions themselves are no readers
    with mlflow.start_run(experiment_id=other):
        mlflow.set_tags({"mlflow.user": "ann", "mlflow.runName": "tuned"})
        viewcast.log_rows(DAYS[:40], DAYS[:40], metric="mae")
    (sentence,) = told.outside(rows, {"ann"})
    assert sentence.startswith("1 run of ann (“tuned”) had been shown scores of 40 of these rows")
    assert "ann submitted here as well" in sentence
    assert "ann submitted" not in told.outside(rows, {"bob"})[0]
    assert told.outside(rows_of(DAYS + 1.0), {"ann"}) == []  # other targets: other rows


def test_a_closing_tells_who_read_the_rows_elsewhere(others_store: Store, tmp_path: Path) -> None:
    table = DAYS.rename("y").rename_axis("day").reset_index()
    table.to_csv(tmp_path / "rows.csv", index=False)
    with others_store.run():
        viewcast.log_rows(DAYS, DAYS + 1.0, metric="mae", name="tuned")
    with RefereeFolder.start(
        tmp_path / "referee",
        tmp_path / "rows.csv",
        "y",
        "mae",
        Terms(budget=20),
        time="day",
        recorder=recorder(others_store),
    ) as referee:
        referee.submit(table.assign(prediction=table["y"] + 2.0).drop(columns="y"), "ann")
        closing = referee.close("ann")
    assert any("had been shown scores of 120 of these rows" in each for each in closing.deviations)


def test_a_store_that_cannot_be_asked_stops_no_closing(
    others_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    table = DAYS.rename("y").reset_index(drop=True).to_frame()
    table.to_csv(tmp_path / "rows.csv", index=False)
    nowhere = RefereeRuns("http://127.0.0.1:9", "others")
    with RefereeFolder.start(
        tmp_path / "referee",
        tmp_path / "rows.csv",
        "y",
        "mae",
        Terms(budget=20),
        recorder=nowhere,
    ) as referee:
        referee.submit(DAYS.to_numpy() + 2.0, "ann")
        closing = referee.close("ann")
    assert any("nobody knows who else read these rows" in each for each in closing.deviations)
