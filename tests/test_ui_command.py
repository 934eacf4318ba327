"""``viewcast ui``: which links it prints, what it writes, and when it starts a server."""

import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from mlflow import environment_variables

from support.servers import free_port
from support.simulated_store import SimulatedStore
from viewcast.api.audit import unwrite
from viewcast.commands import ui
from viewcast.commands.program import program
from viewcast.report.views_text import ExperimentPage, Link, Verdict, page_lines

LINK = re.compile(r"^ {4}(\S+)$", re.M)
JOBS = "MLFLOW_SERVER_ENABLE_JOB_EXECUTION"


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(program, ["ui", *arguments])


def links(told: str) -> list[str]:
    return LINK.findall(told)


def in_one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    """Four runs of somebody, each with a score, and an experiment without runs."""
    store = SimulatedStore.at(tmp_path, empty_store)
    for i in range(4):
        params = {"lr": str(0.1 * (1 + i))}
        store.bare(f"run-{i}", metrics={"val_loss": 1.0 - i / 9, "train_loss": 0.5}, params=params)
    store.client.create_experiment("not yet")
    return store


def looked_at(store: SimulatedStore, *arguments: str) -> str:
    """What is told of the store without a server."""
    told = typed("--tracking-uri", store.uri, "--no-serve", *arguments)
    assert told.exit_code == 0, told.output
    return told.output


def experiment_tags(store: SimulatedStore) -> dict[str, str]:
    return dict(store.client.get_experiment(store.experiment).tags)


def ours(store: SimulatedStore, verdicts: dict[str, str] | None = None) -> SimulatedStore:
    """The same, as an experiment that viewcast made, with these verdicts by holdout."""
    tags = {"viewcast.data": "channel", "viewcast.unit": "thousand views"}
    for holdout, verdict in (verdicts or {}).items():
        short = {"data": "channel", "split": "year", "rows": 366, "runs": 4, "verdict": verdict}
        tags[f"viewcast.audit.{holdout}"] = json.dumps(short)
    for name, value in tags.items():
        store.client.set_experiment_tag(store.experiment, name, value)
    for run in store.client.search_runs([store.experiment]):
        store.tag(run.info.run_id, **{"viewcast.compared": "true"})
        store.client.log_metric(run.info.run_id, "model_val_loss", 0.5)
    return store


# Somebody else's store


def test_somebody_else_s_store_is_only_read_and_what_write_would_add_is_told(
    store: SimulatedStore,
) -> None:
    before = (store.root / "mlflow.db").read_bytes()
    told = looked_at(store)
    assert (store.root / "mlflow.db").read_bytes() == before
    assert "study: 4 runs" in told and "not yet" not in told
    assert re.search(r"`--write` would add or renew \d views: 2 scores", in_one_line(told))
    charts = f"/#/experiments/{store.experiment}/runs?workflowType=machine_learning"
    assert links(told) == [f"http://127.0.0.1:5000{charts}&compareRunsMode=CHART"]


def test_with_write_each_view_is_stored_and_has_its_link(store: SimulatedStore) -> None:
    told = looked_at(store, "--write")
    keys = [link.partition("viewStateShareKey=")[2] for link in links(told)]
    stored = {
        name.removeprefix("mlflow.sharedViewState.")
        for name in experiment_tags(store)
        if name.startswith("mlflow.sharedViewState.")
    }
    assert len(keys) == len(set(keys)) >= 2
    assert set(keys) == stored
    assert "would add" not in told
    assert looked_at(store) == told  # it is there now


def test_what_write_added_unwrite_takes_away(store: SimulatedStore) -> None:
    before = experiment_tags(store)
    looked_at(store, "--write")
    assert experiment_tags(store) != before
    unwrite(store.uri, "study")
    assert experiment_tags(store) == before


def test_a_view_that_a_person_has_named_gets_its_link_too(store: SimulatedStore) -> None:
    for key, state in {"abc": {"name": "my forests", "state": "{}"}, "def": {}}.items():
        tag = f"mlflow.sharedViewState.{key}"
        store.client.set_experiment_tag(store.experiment, tag, json.dumps(state))
    told = looked_at(store)
    assert "my forests" in told
    assert [link.rpartition("=")[2] for link in links(told)] == ["abc"]


def test_an_experiment_that_no_audit_has_seen_says_how_to_audit_it(store: SimulatedStore) -> None:
    store.client.rename_experiment(store.experiment, "my study")
    assert "viewcast audit --experiment 'my study' --write" in in_one_line(looked_at(store))


# A store of viewcast


def test_views_of_viewcast_s_own_experiments_are_brought_up_to_date_unasked(
    store: SimulatedStore,
) -> None:
    told = looked_at(ours(store))
    assert "study: 4 runs, thousand views" in told
    assert "viewStateShareKey=viewcast" in told and "would add" not in told
    assert any(
        name.startswith("mlflow.sharedViewState.viewcast") for name in experiment_tags(store)
    )


def test_the_verdicts_are_those_of_the_rows_that_the_runs_were_validated_on(
    store: SimulatedStore,
) -> None:
    store.bare("validated", {"viewcast.holdout": "a"})
    told = in_one_line(looked_at(ours(store, {"a": "fine: all is well", "b": "of another part"})))
    assert "year, 366 rows: Fine: all is well." in told
    assert "of another part" not in told and "not audited" not in told


def test_an_experiment_of_nights_says_whether_its_forecasts_keep_their_promise(
    store: SimulatedStore,
) -> None:
    said = "In the last 7 days the forecasts were off by 201 views, at most 334 were promised"
    store.client.set_experiment_tag(store.experiment, "viewcast.verdict", said)
    told = in_one_line(looked_at(ours(store, {"a": "fine: all is well"})))
    assert f"nights: {said}." in told
    assert "all is well" not in told and "not audited" not in told


# Which experiments, and where they are


def test_one_experiment_may_be_named_and_an_unknown_one_is_refused_with_those_there_are(
    store: SimulatedStore,
) -> None:
    other = store.client.create_experiment("other")
    store.client.create_run(other)
    assert "other: 1 run" in looked_at(store)
    assert "other" not in looked_at(store, "--experiment", "study")
    told = typed("--tracking-uri", store.uri, "--no-serve", "--experiment", "stduy")
    assert told.exit_code == 1
    assert "experiment = stduy: unknown" in told.output and "study" in told.output


def test_a_store_without_runs_says_so(tmp_path: Path, empty_store: Path) -> None:
    told = looked_at(SimulatedStore.at(tmp_path, empty_store))
    assert told.startswith("No experiment of ") and not links(told)


def test_a_store_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    told = typed("--tracking-uri", f"sqlite:///{tmp_path}/none.db")
    assert told.exit_code == 1
    assert "no such file" in told.output and "Traceback" not in told.output
    assert not list(tmp_path.iterdir())


def test_in_a_project_folder_its_own_store_is_meant_unless_the_environment_names_one(
    store: SimulatedStore, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path_factory.mktemp("project")
    for folder in ("conf", "pipelines", "mlflow"):
        (project / folder).mkdir()
    (project / "pipelines" / "train.py").touch()
    shutil.copy(store.root / "mlflow.db", project / "mlflow")
    monkeypatch.chdir(project / "conf")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    # As in a process of its own: MLflow remembers the store that was set last.
    monkeypatch.setattr("mlflow.tracking._tracking_service.utils._tracking_uri", None)
    assert "study: 4 runs" in typed("--no-serve").output
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/none.db")
    assert "none.db: no such file" in in_one_line(typed("--no-serve").output)


def test_the_links_of_a_server_are_its_own_and_no_other_is_started(
    store: SimulatedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = "http://tracking.example:5000"
    page = [ExperimentPage("study", 4, "", [], [Link("2 scores", f"{server}/#/x")], [])]
    asked: list[Any] = []
    monkeypatch.setattr(
        "viewcast.api.ui.experiment_pages", lambda *given: asked.append(given) or page
    )
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("a server was started"))
    told = typed("--tracking-uri", server)
    assert told.exit_code == 0, told.output
    assert asked == [(server, server, None, False)]
    assert links(told.output) == [f"{server}/#/x"]
    assert f"The server at {server} answers" in told.output
    assert "Assistant" not in told.output


# When a server is started


@pytest.fixture
def environments() -> list[dict[str, str]]:
    """What those programs would have been told."""
    return []


@pytest.fixture
def started(
    monkeypatch: pytest.MonkeyPatch, environments: list[dict[str, str]]
) -> Iterator[list[list[str]]]:
    """The programs that this process would have become."""
    commands: list[list[str]] = []

    def become(_: str, command: list[str], environment: dict[str, str]) -> None:
        commands.append(command)
        environments.append(environment)

    monkeypatch.setattr(os, "execve", become)
    yield commands


def test_the_server_of_a_file_store_is_started_after_the_links(
    store: SimulatedStore, started: list[list[str]]
) -> None:
    port = str(free_port())
    told = typed("--tracking-uri", store.uri, "--port", port)
    assert told.exit_code == 0, told.output
    (command,) = started
    assert command[1:4] == ["-m", "mlflow", "ui"]
    assert {"--port", port, "--backend-store-uri", store.uri} <= set(command)
    assert links(told.output)[0].startswith(f"http://127.0.0.1:{port}/#/")
    assert in_one_line(told.output).endswith("Assistant panel by itself: close it once.")


def test_the_server_starts_no_workers_for_jobs_unless_the_user_asks_for_them(
    store: SimulatedStore,
    started: list[list[str]],
    environments: list[dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    typed("--tracking-uri", store.uri, "--port", str(free_port()))
    monkeypatch.setenv(JOBS, "true")
    typed("--tracking-uri", store.uri, "--port", str(free_port()))
    assert [environment[JOBS] for environment in environments] == ["false", "true"]
    assert getattr(environment_variables, JOBS).name == JOBS, "MLflow knows another name"


def test_a_port_that_is_taken_is_refused_before_anything_is_written(
    store: SimulatedStore, started: list[list[str]]
) -> None:
    before = experiment_tags(store)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = typed("--tracking-uri", store.uri, "--port", str(port), "--write")
    assert told.exit_code == 1 and not started
    assert f"port = {port}" in told.output and f"make ui PORT={port + 1}" in told.output
    assert experiment_tags(store) == before


def test_without_a_server_in_the_installed_mlflow_it_says_what_to_type(
    store: SimulatedStore, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui, "find_spec", lambda _: None)
    told = typed("--tracking-uri", store.uri)
    assert told.exit_code == 0 and not started
    assert "mlflow-skinny" in told.output and "  pip install mlflow\n" in told.output
    assert f"  mlflow ui --port 5000 --backend-store-uri {store.uri}\n" in told.output


def test_a_store_that_the_server_would_migrate_is_only_read(
    store: SimulatedStore, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = store.root / "viewcast-store-1"
    copied.mkdir()
    shutil.copy(store.root / "mlflow.db", copied)
    copy = f"sqlite:///{copied}/mlflow.db"
    monkeypatch.setattr("viewcast.tracking.store.untouched", lambda _: copy)
    before = experiment_tags(ours(store))
    told = typed("--tracking-uri", store.uri)
    assert told.exit_code == 0 and not started
    assert "would migrate its tables" in in_one_line(told.output)
    assert f"  mlflow db upgrade {store.uri}\n" in told.output
    assert typed("--tracking-uri", store.uri, "--write").exit_code == 1
    assert experiment_tags(store) == before


# On the screen


def test_an_address_keeps_its_line_on_a_narrow_terminal_and_all_else_is_wrapped() -> None:
    page = ExperimentPage(
        "viewcast-channel", 23, "thousand views", [Verdict("year, 366 rows", 9 * "worn out, ")],
        [Link("1 curves", "http://127.0.0.1:5000/#/" + 90 * "x")], ["2 scores (a)", "2 scores (b)"],
    )  # fmt: skip
    lines = [line.plain for line in page_lines(page, 60).lines]
    assert [line for line in lines if len(line) > 60] == [f"    {page.links[0].address}"]
    assert "  `--write` would add or renew 2 views: 2 scores" in lines
