"""A store that moves from SQLite to PostgreSQL with every run, and the copy of one in SQLite."""

import math
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sql
from alembic import command
from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.store.db import utils
from mlflow.store.tracking.dbmodels.initial_models import Base

from support.deployed import text
from support.postgres_server import Postgres, postgres
from support.simulated_store import SimulatedStore
from viewcast.api.audit import audit
from viewcast.base.errors import TrackingError
from viewcast.commands.program import program
from viewcast.tracking.write.store_copy import copy_store

pytestmark = pytest.mark.xdist_group("store copy")

SERVER = "mlflow-artifacts:/"
OF_MLFLOW_2_16 = "4465047574b1"
LATER = 2**40  # a step that needs more than 32 bits


@pytest.fixture(scope="module")
def upgraded() -> Iterator[tuple[Postgres, set[str]]]:
    """An empty store in PostgreSQL that an older MLflow made, upgraded by the recipe.

    Also the names of the experiments that it still had afterwards.
    """
    pytest.importorskip("psycopg", reason="the extra server is not installed")
    with postgres() as made:
        engine = sql.create_engine(made.uri)
        Base.metadata.create_all(engine)
        command.upgrade(utils._get_alembic_config(made.uri), OF_MLFLOW_2_16)
        rides = sql.text("insert into experiments (name, lifecycle_stage) values ('r', 'active')")
        with engine.begin() as connection:
            connection.execute(rides)
        from mlflow.cli import cli as mlflow_program  # noqa: PLC0415 (two seconds to import)

        (line,) = re.findall(r" mlflow (db upgrade) postgresql\+psycopg:", text("README.md"))
        done = CliRunner().invoke(mlflow_program, [*line.split(), made.uri])
        assert done.exit_code == 0, done.output
        names = {each.name for each in MlflowClient(made.uri).search_experiments()}
        with engine.begin() as connection:
            connection.execute(sql.text("delete from experiments where name = 'r'"))
        engine.dispose()
        yield made, names


def test_a_store_of_an_older_mlflow_is_upgraded_with_what_it_holds(
    upgraded: tuple[Postgres, set[str]],
) -> None:
    assert "r" in upgraded[1]


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    """Three runs with their losses, a registered version, and values that are hard to copy."""
    made = SimulatedStore.at(tmp_path, empty_store)
    rng = np.random.default_rng(7)
    ids = [made.run(f"run {n}", rng.exponential(size=60) + n / 20) for n in range(3)]
    client, run = made.client, made.client.get_run(ids[0])
    client.log_metric(ids[0], "odd", math.nan, step=LATER)
    client.set_tag(ids[0], "名", "喵 '\"\\")
    client.create_registered_model("kept")
    client.create_model_version("kept", run.info.artifact_uri, ids[0])
    client.set_registered_model_alias("kept", "champion", "1")
    return made


@pytest.fixture
def target(tmp_path: Path, empty_store: Path) -> str:
    """A store without runs in SQLite, whose tables take no time to be made."""
    shutil.copy(empty_store, tmp_path / "new.db")
    return f"sqlite:///{tmp_path}/new.db"


def audited(uri: str) -> dict[str, Any]:
    return audit(uri, "study", draws=50).to_dict()


def dumped_and_restored(database: Postgres, folder: Path) -> None:
    """What the README types in the container of the database, one program after another."""
    part = text("README.md").split("\n### Backup and restore\n")[1].split("\n### ")[0]
    path = f"{database.programs}{os.pathsep}{os.environ['PATH']}"
    for name in ("pg_dump", "dropdb", "createdb", "pg_restore"):
        (line,) = (line for line in part.splitlines() if f" postgres {name} " in line)
        words = ["sh", "-ec", line.split(" postgres ")[1]]
        subprocess.run(words, env={**database.environment, "PATH": path}, cwd=folder, check=True)


def rows(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as known:
        count: int = known.execute(f"select count(*) from {table}").fetchone()[0]
    return count


def test_every_run_moves_to_postgresql_and_comes_back_from_a_dump_and_the_audit_says_the_same(
    store: SimulatedStore, upgraded: tuple[Postgres, set[str]]
) -> None:
    database, _ = upgraded
    before = audited(store.uri)
    elsewhere = store.root / "elsewhere"
    words = ["copy-store", store.uri, database.uri, "--artifacts", elsewhere.as_uri()]
    done = CliRunner().invoke(program, words)
    assert done.exit_code == 0, done.output
    assert re.search(r"^ +3  runs$", done.output, re.MULTILINE)
    (folder, uri) = re.findall(r"Copy all in (\S+) to where the target keeps (\S+)", done.output)[0]
    assert (folder, uri) == (str(store.root / "artifacts"), elsewhere.as_uri())
    (store.root / "artifacts").rename(elsewhere)
    assert audited(database.uri) == before
    client = MlflowClient(database.uri)
    champion = client.get_model_version_by_alias("kept", "champion")
    run = client.get_run(champion.run_id)
    assert champion.source == run.info.artifact_uri
    assert run.data.tags["名"] == "喵 '\"\\" and math.isnan(run.data.metrics["odd"])
    (point,) = client.get_metric_history(champion.run_id, "odd")
    assert point.step == LATER
    known = {each.experiment_id for each in client.search_experiments()}
    assert client.create_experiment("next") not in known, "numbers go on after those that came"
    again = CliRunner().invoke(program, words)
    assert again.exit_code == 1 and "holds 3 runs, 1 registered_models" in again.output
    password = database.environment["PGPASSWORD"]
    assert password not in again.output and "***" in again.output
    dumped_and_restored(database, store.root)
    assert audited(database.uri) == before


def test_files_are_found_where_a_server_keeps_them(store: SimulatedStore, target: str) -> None:
    assert copy_store(store.uri, target, SERVER).folders == {
        str(store.root / "artifacts"): SERVER.rstrip("/")
    }
    client = MlflowClient(target)
    study = client.get_experiment_by_name("study")
    assert study.artifact_location == SERVER
    for run in client.search_runs([study.experiment_id]):
        assert run.info.artifact_uri == f"{SERVER}{run.info.run_id}/artifacts"


def test_what_lies_outside_of_its_experiment_is_refused_and_nothing_is_copied(
    store: SimulatedStore, target: str
) -> None:
    with closing(sqlite3.connect(store.root / "mlflow.db")) as known:
        known.execute("update runs set artifact_uri = '/lost/artifacts' where name = 'run 1'")
        known.commit()
    with pytest.raises(TrackingError, match=r"'/lost/artifacts'.*nothing was copied"):
        copy_store(store.uri, target, SERVER)
    assert rows(store.root / "new.db", "runs") == rows(store.root / "new.db", "params") == 0
    assert rows(store.root / "new.db", "experiments") == 1


def test_tables_of_another_version_are_refused(store: SimulatedStore, target: str) -> None:
    with closing(sqlite3.connect(store.root / "mlflow.db")) as known:
        known.execute("update alembic_version set version_num = 'older'")
        known.commit()
    with pytest.raises(TrackingError, match=r"version older.*mlflow db upgrade"):
        copy_store(store.uri, target, SERVER)


def test_what_is_no_store_is_refused(store: SimulatedStore, target: str) -> None:
    other = store.root / "other.db"
    with closing(sqlite3.connect(other)) as made:
        made.execute("create table visitors (name text)")
    with pytest.raises(TrackingError, match="is no store of MLflow"):
        copy_store(f"sqlite:///{other}", target, SERVER)
    with pytest.raises(TrackingError, match="holds tables of something else"):
        copy_store(store.uri, f"sqlite:///{other}", SERVER)
    with pytest.raises(TrackingError, match="the store: cannot be used"):
        copy_store(store.uri, "nothing", SERVER)
    done = CliRunner().invoke(program, ["copy-store", "sqlite:///absent.db", "sqlite:///new.db"])
    assert done.exit_code == 1 and "no such file" in done.output


def test_a_backup_of_sqlite_lets_the_audit_say_the_same(store: SimulatedStore) -> None:
    (line,) = re.findall(r'^\.venv/bin/python -c "(.*VACUUM.*)"$', text("README.md"), re.MULTILINE)
    (store.root / "mlflow").mkdir()
    (store.root / "mlflow.db").rename(store.root / "mlflow" / "mlflow.db")
    subprocess.run([sys.executable, "-c", line], cwd=store.root, check=True)
    copy = store.root / "mlflow.backup.db"
    assert audited(f"sqlite:///{copy}") == audited(f"sqlite:///{store.root}/mlflow/mlflow.db")
