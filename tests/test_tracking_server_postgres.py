"""A team's server: `mlflow server` with passwords on PostgreSQL. One for all tests of this file."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import pytest
import sqlalchemy as sql
from mlflow import MlflowClient

from support.postgres_server import PostgresServer, team_server
from support.processes import exit_codes
from support.project import Project
from viewcast.assessment.settings import AuditSettings
from viewcast.base.errors import TrackingError
from viewcast.base.paths import audit_path
from viewcast.base.settings import Tracking
from viewcast.runs.audit import audit_experiment
from viewcast.runs.run import run
from viewcast.tracking import first_use, store
from viewcast.tracking.first_use import Tables, alone, tables
from viewcast.tracking.store import connect, connect_to
from viewcast.tracking.write.refereed import used_up
from viewcast.training.config import Config, parse

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgres_server")]

DEEP = ("model=deep", "trainer.epochs=6", "trainer.patience=null", "tracking.flush_seconds=0")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    folder = tmp_path_factory.mktemp("server")
    with team_server(folder) as started, pytest.MonkeyPatch.context() as patch:
        for name, value in started.login.items():
            patch.setenv(name, value)
        yield started


@dataclass
class OnServer(Project):
    """A project whose store is the server at ``address``."""

    address: str = ""
    experiment_name: str = "viewcast"

    def config(self, *overrides: str) -> Config:
        plain = self.plain(*overrides)
        plain["tracking"] |= {"uri": self.address, "artifacts": None}
        plain["tracking"]["experiment"] = self.experiment_name
        return parse(plain)

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(self.address)


def train_at_once(root: Path, address: str, login: dict[str, str], model: str) -> None:
    os.environ.update(login)
    OnServer(root, address=address, experiment_name="race").run(f"model={model}")


def test_two_clones_that_use_a_new_server_at_the_same_moment_share_one_experiment(
    server: PostgresServer, tmp_path: Path
) -> None:
    models = ("linear", "naive", "memorizer")
    calls = [
        (train_at_once, (tmp_path / model, server.address, server.login, model)) for model in models
    ]
    assert exit_codes(calls) == [0, 0, 0]
    client = MlflowClient(server.address)
    (made,) = client.search_experiments(filter_string="name LIKE 'race%'")
    runs = client.search_runs([made.experiment_id])
    assert {run.data.tags["viewcast.model"] for run in runs} == set(models)
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_a_wrong_password_and_none_are_told_and_never_shown(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Tracking(server.address, None, "viewcast", 1.0)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "a wrong one")
    with pytest.raises(TrackingError, match=r"refuses the password of user 'admin' \(401\)") as no:
        connect(here)
    assert "a wrong one" not in str(no.value)
    monkeypatch.delenv("MLFLOW_TRACKING_PASSWORD")
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME")
    with pytest.raises(TrackingError, match=r"asks for a password \(401\); give MLFLOW_TRACKING_U"):
        connect(here)
    login = f"http://{server.user}:{server.password}@"
    connect(replace(here, uri=server.address.replace("http://", login)))


def test_a_server_that_is_killed_in_the_middle_of_a_run_and_started_again_loses_nothing(
    server: PostgresServer, tmp_path: Path
) -> None:
    project = OnServer(tmp_path, address=server.address, experiment_name="killed")
    config = project.config(*DEEP)
    project.prepare(config)

    def progress(epoch: int, train_loss: float, val_loss: float | None) -> None:
        if epoch == 3:
            server.kill()
        if epoch == 6:
            server.start()

    result = run(config, tmp_path, project.output(config), progress)
    recorded = project.recorded(result["run_id"])
    assert recorded.info.status == "FINISHED"
    assert recorded.data.metrics["best_epoch"] == result["best_epoch"]
    points = project.client.get_metric_history(result["run_id"], "val_loss")
    assert sorted(point.step for point in points) == [1, 2, 3, 4, 5, 6]


def test_the_audit_of_a_server_is_that_of_sqlite(server: PostgresServer, tmp_path: Path) -> None:
    here = Project(tmp_path / "here")
    there = OnServer(tmp_path / "there", address=server.address)
    for project in (here, there):
        for model in ("linear", "augmented", "naive"):
            project.run(f"model={model}")
        audit_experiment(AuditSettings(project.config().tracking, draws=50), project.root)
    stored = [audit_path(project.root).read_text() for project in (here, there)]
    assert stored[0] == stored[1]


# The database itself, without a server before it


def database(server: PostgresServer, name: str) -> str:
    """The uri of a new and empty database."""
    server.database.run("createdb", name)
    return server.database.uri.replace("/mlflow?", f"/{name}?")


def said(uri: str, statement: str) -> Any:
    """What a database answers to one statement, None where that is nothing."""
    engine = sql.create_engine(uri, poolclass=sql.NullPool)
    with engine.begin() as connection:
        answer = connection.execute(sql.text(statement))
        return answer.scalar() if answer.returns_rows else None


def test_of_clients_that_use_a_new_database_at_once_one_makes_its_tables_and_the_others_wait(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, inside, others, go = database(server, "new"), Lock(), [], Event()

    def asked(_: str) -> Any:
        alone_here = inside.acquire(blocking=False)
        others.append(alone_here)
        assert go.wait(60)
        inside.release()

    monkeypatch.setattr(store, "_asked", asked)
    clients = [Thread(target=connect, args=(Tracking(uri, None, "x", 1.0),)) for _ in range(2)]
    for client in clients:
        client.start()
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    while said(uri, waiting) != 1 and len(others) < 2:
        pass
    go.set()
    for client in clients:
        client.join()
    assert others == [True, True]


def test_a_client_that_makes_tables_for_ever_is_told(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_use, "WAIT", 0.01)
    uri = database(server, "held")
    with (
        alone(uri),
        pytest.raises(TrackingError, match=r"another client has been making its tables for 0\.01"),
    ):
        connect(Tracking(uri, None, "x", 1.0))


def test_reading_makes_no_tables_and_changes_none_of_an_older_mlflow(
    server: PostgresServer,
) -> None:
    uri = database(server, "others")
    with pytest.raises(TrackingError, match="holds no store of MLflow yet; mend the uri") as no:
        connect_to(uri)
    assert server.database.environment["PGPASSWORD"] not in str(no.value)
    assert used_up(uri, "0" * 16) is None
    assert tables(uri) == Tables(None, last=False)
    said(uri, "create table alembic_version as select '4465047574b1' as version_num")
    said(uri, "create table experiments as select 0 as experiment_id")
    with pytest.raises(TrackingError, match=r"4465047574b1.*would migrate.*mlflow db upgrade"):
        connect_to(uri)
    assert said(uri, "select count(*) from pg_tables where schemaname = 'public'") == 2


def test_a_database_that_is_in_use_is_asked_without_a_lock(server: PostgresServer) -> None:
    uri = server.database.uri
    with alone(uri):
        assert connect_to(uri).search_experiments(filter_string="name = 'Default'")


def test_a_user_who_may_not_make_tables_is_told_so(server: PostgresServer) -> None:
    uri = database(server, "strict")
    said(uri, "create role guest login password 'guest'")
    engine = sql.make_url(uri).set(username="guest", password="guest")
    with pytest.raises(TrackingError, match="permission denied for schema public"):
        connect(Tracking(engine.render_as_string(hide_password=False), None, "x", 1.0))
