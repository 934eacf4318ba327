"""Many finished runs at once: by SQL for an SQLite store, by several requests for a server."""

import json
from concurrent.futures import ThreadPoolExecutor
from math import inf, nan
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

from support.project import Project
from support.sweeps import children, swept
from viewcast.tracking.store import connect
from viewcast.tracking.write import many_runs, sqlite_runs, sweep_recorder
from viewcast.tracking.write.changed_runs import Change, change
from viewcast.tracking.write.finished_run import FinishedRun

VALUES = (0.5, nan, inf, -inf, 0.25)
POINTS = [Metric("loss", value, 7, step) for step, value in enumerate(VALUES)]
REPEATED = [Metric("twice", 1.0, 7, 0), Metric("twice", 1.0, 7, 0), Metric("twice", 2.0, 7, 0)]


def finished(number: int, points: list[Metric] | None = None) -> FinishedRun:
    tags = {"mlflow.runName": f"run-{number:02d}", "mlflow.user": "ada"}
    params = [Param("lr", "0.1"), Param("long", "y" * 7000)]
    return FinishedRun(tags, 1000 + number, 2000, "FAILED", params, points or [*POINTS, *REPEATED])


def content(client: MlflowClient, experiment: str) -> list[Any]:
    """All that the runs of an experiment hold, by their names, without ids."""
    found = []
    for run in sorted(client.search_runs([experiment]), key=lambda run: run.info.run_name):
        run_id, said = run.info.run_id, run.to_dictionary()
        assert said["info"].pop("run_id")
        assert said["info"].pop("artifact_uri").endswith(f"/{run_id}/artifacts")
        del said["info"]["experiment_id"]
        histories = [client.get_metric_history(run_id, key) for key in sorted(run.data.metrics)]
        points = [(p.key, repr(p.value), p.step, p.timestamp) for h in histories for p in h]
        found.append((json.dumps(said, sort_keys=True), sorted(points)))
    return found


@pytest.fixture
def client(project: Project) -> MlflowClient:
    return project.client


@pytest.fixture
def by_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way that a server is taken."""
    monkeypatch.setattr(sqlite_runs, "possible", lambda _: False)


def test_both_ways_leave_the_very_same_runs(
    client: MlflowClient, request: pytest.FixtureRequest
) -> None:
    assert sqlite_runs.possible(client.tracking_uri), "the tables of MLflow have other columns"
    names = ("by SQL", "by requests")
    one, other = (client.create_experiment(name) for name in names)
    runs = [finished(number) for number in range(3)]
    many_runs.add(client, one, runs)
    request.getfixturevalue("by_requests")
    many_runs.add(client, other, runs)
    assert len(content(client, one)) == 3
    assert content(client, one) == content(client, other)


def test_tables_with_a_column_more_are_written_by_mlflow_alone(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = {**sqlite_runs.TABLES, "runs": sqlite_runs.TABLES["runs"][1:]}
    monkeypatch.setattr(sqlite_runs, "TABLES", columns)
    assert not sqlite_runs.possible(client.tracking_uri)
    assert not sqlite_runs.possible("http://127.0.0.1:9")


def test_of_runs_that_cannot_all_be_written_none_is(client: MlflowClient) -> None:
    experiment = client.create_experiment("torn")
    wrong = finished(1, [Metric("loss", 1.0, None, 0)])
    with pytest.raises(MlflowException, match="NOT NULL"):
        many_runs.add(client, experiment, [finished(0), wrong])
    assert client.search_runs([experiment]) == []


def test_more_points_than_a_request_takes_arrive(client: MlflowClient, by_requests: None) -> None:
    experiment = client.create_experiment("long")
    many_runs.add(client, experiment, [finished(0, [Metric("a", s, 1, s) for s in range(2001)])])
    (run,) = client.search_runs([experiment])
    assert len(client.get_metric_history(run.info.run_id, "a")) == 2001


def test_both_ways_change_runs_to_the_very_same(client: MlflowClient) -> None:
    one, other = (client.create_experiment(name) for name in ("changed by SQL", "by requests"))
    points = [[Metric("loss", 3.0, 9, 9)], [Metric("loss", 4.0, 6, 0)], [Metric("new", nan, 1, 0)]]
    tags: dict[str, str | None] = {"set": "1", "mlflow.user": "bob", "gone": None}
    for experiment, ours in ((one, True), (other, False)):
        runs = [finished(number) for number in range(4)]
        for run in runs:
            run.tags["gone"] = "here"
        many_runs.add(client, experiment, runs)
        found = sorted(client.search_runs([experiment]), key=lambda run: run.info.run_name)
        changes = [
            Change(run.info.run_id, tags, own) for run, own in zip(found, points, strict=False)
        ]
        change(client, [*changes, Change(found[3].info.run_id, {"set": "2"})], "changes", ours)
    assert content(client, one) == content(client, other)
    assert client.search_runs([one], "tags.set = '2'")[0].data.tags["gone"] == "here"


def test_a_store_that_cannot_be_written_to_is_refused_in_the_words_of_mlflow(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_runs._opened(client.tracking_uri) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(sqlite_runs, "WAIT", 0.01)
        with pytest.raises(MlflowException, match=r"mlflow\.db: cannot be written to \(.*locked"):
            change(client, [Change("run", {"tag": "1"})], "changes", ours=True)
    other.close()


@pytest.mark.parametrize("metrics", [[], [*POINTS, *REPEATED]])
def test_a_half_written_run_gets_what_it_lacks_once(
    client: MlflowClient, metrics: list[Metric]
) -> None:
    one, other = (client.create_experiment(name) for name in ("half", "whole"))
    run = finished(0)
    begun = client.create_run(one, run.start, run.tags)
    client.log_batch(begun.info.run_id, metrics=metrics, params=run.params[:1])
    many_runs.complete(client, client.get_run(begun.info.run_id), run)
    many_runs.add(client, other, [run])
    assert content(client, one) == content(client, other)


def test_runs_that_were_begun_when_an_error_came_end_killed_and_are_completed(
    client: MlflowClient, by_requests: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (client.create_experiment(name) for name in ("stopped", "undisturbed"))
    runs = [finished(number) for number in range(4)]
    many_runs.add(client, other, runs)
    write = MlflowClient.log_batch

    def refuses(of: MlflowClient, run_id: str, **given: Any) -> None:
        write(of, run_id, **{**given, "metrics": given["metrics"][:2]})
        if of.get_run(run_id).info.run_name == "run-02":
            raise MlflowException("no room")

    with monkeypatch.context() as server:
        server.setattr(MlflowClient, "log_batch", refuses)
        with pytest.raises(MlflowException, match="no room"):
            many_runs.add(client, one, runs)
        known = {run.info.run_name: run for run in client.search_runs([one])}
        statuses = {name: run.info.status for name, run in known.items()}
        assert statuses.pop("run-02") == "KILLED"
        assert set(statuses.values()) == {"FAILED"}  # as they should end
        assert many_runs.is_half_written(known["run-02"])
        with pytest.raises(MlflowException, match="no room"):
            many_runs.complete(client, known["run-02"], runs[2])
    assert client.get_run(known["run-02"].info.run_id).info.status == "KILLED"
    many_runs.complete(client, client.get_run(known["run-02"].info.run_id), runs[2])
    assert content(client, one)[2] == content(client, other)[2]


def test_of_two_that_record_a_sweep_at_once_the_second_finds_all_there(project: Project) -> None:
    folder, results, everyone = swept(project, "++sweep.seed='range(9)'")
    connect(everyone[0].config.tracking)
    with ThreadPoolExecutor(2) as pool:
        parents = pool.map(
            lambda _: sweep_recorder.record(results, everyone, folder, project.root), range(2)
        )
    (parent,) = set(parents)
    numbers = [run.data.tags["viewcast.candidate"] for run in children(project, parent)]
    assert sorted(map(int, numbers)) == list(range(9))
