"""The end of a referee in MLflow: its verdict, the rows it has used up, and who else read them."""

import json
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

import viewcast
from support.mlflow_store import Store
from support.refereed import DAYS, closing_of, plan_on, rows_of, submissions
from support.told_referees import everything, recorder, runs
from viewcast.base.errors import TrackingError
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.terms import Terms
from viewcast.tracking.note_mark import is_ours
from viewcast.tracking.store import all_runs
from viewcast.tracking.write.refereed import RefereeRuns, used_up

PLAN = plan_on()


def fails(*_: object) -> None:
    raise MlflowException("the server is down")


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
    told.submissions(PLAN, [submissions(1)[0]])
    assert used_up(uri, PLAN.holdout) is None
    told.closing(closing_of(PLAN, submissions(3)))
    assert used_up(uri, PLAN.holdout) == "gate"
    assert used_up(uri, "0" * 16) is None
    other = others_store.client.get_experiment_by_name("another experiment").experiment_id
    for run in all_runs(others_store.client, other):
        others_store.client.delete_run(run.info.run_id)
    assert used_up(uri, PLAN.holdout) == "gate"  # a deleted run has read them, too


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
