"""``viewcast ui``: when it starts a server, and when it does not."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import environment_variables

from support.servers import free_port
from support.simulated_store import SimulatedStore
from support.ui_command import experiment_tags, in_one_line, links, of_four_runs, ours, typed
from viewcast.commands import ui
from viewcast.report.views_text import ExperimentPage, Link

JOBS = "MLFLOW_SERVER_ENABLE_JOB_EXECUTION"


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return of_four_runs(tmp_path, empty_store)


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
