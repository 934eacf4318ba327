"""Which SQLite stores write ahead, and what a kill loses of one that does: nothing."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from support.processes import KILLED, die, exit_code
from support.project import Project
from support.simulated_store import SimulatedStore
from viewcast.base.errors import TrackingError
from viewcast.tracking import write_ahead
from viewcast.tracking.schema import check_writable
from viewcast.tracking.store import connect, connect_to

MOUNTS = """\
22 1 254:0 / / rw - {root} /dev/vda rw
23 22 0:40 / {home} rw shared:1 - {inner} server:/export rw
"""


def mode(database: Path) -> str:
    with closing(sqlite3.connect(database)) as opened:
        return str(opened.execute("PRAGMA journal_mode").fetchone()[0])


def test_the_store_of_a_project_writes_ahead_and_waits_less(project: Project) -> None:
    client, _ = project.experiment()
    assert mode(project.root / "mlflow" / "mlflow.db") == "wal"
    with client._tracking_client.store.engine.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 1


def test_a_store_of_others_stays_as_it_is_however_it_is_opened(
    tmp_path: Path, empty_store: Path
) -> None:
    store = SimulatedStore.at(tmp_path, empty_store)
    connect_to(store.uri).search_experiments()
    client = connect(store.tracking)
    client.create_experiment("another")
    assert mode(tmp_path / "mlflow.db") == "delete"
    with client._tracking_client.store.engine.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2


def test_a_look_at_a_store_of_ours_changes_nothing_in_it(tmp_path: Path, empty_store: Path) -> None:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    connect_to(f"sqlite:///{tmp_path}/mlflow.db")
    assert mode(tmp_path / "mlflow.db") == "delete"


@pytest.mark.parametrize(
    ("kinds", "local"),
    [
        ({"root": "ext4", "inner": "ext4"}, True),
        ({"root": "nfs4", "inner": "xfs"}, True),
        ({"root": "ext4", "inner": "nfs4"}, False),
        ({"root": "ext4", "inner": "fuse.sshfs"}, False),
    ],
)
def test_only_a_file_system_of_this_machine_is_written_to_ahead(
    project: Project, monkeypatch: pytest.MonkeyPatch, kinds: dict[str, str], local: bool
) -> None:
    home = project.root / "a home"
    home.mkdir()
    table = project.root / "mountinfo"
    table.write_text(MOUNTS.format(home=str(home).replace(" ", r"\040"), **kinds))
    monkeypatch.setattr(write_ahead, "MOUNTS", table)
    assert write_ahead.is_local(home / "mlflow.db") is local
    write_ahead.write_ahead(home / "mlflow.db")
    assert (home / "mlflow.db").exists() is local


def test_without_a_table_of_mounts_the_store_stays_as_it_is(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_ahead, "MOUNTS", project.root / "absent")
    project.experiment()
    assert mode(project.root / "mlflow" / "mlflow.db") == "delete"


def test_a_store_in_a_folder_that_cannot_be_written_to_is_read_with_its_log(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, experiment = project.experiment()
    client.create_run(experiment)
    access = os.access
    monkeypatch.setattr("os.access", lambda path, how: how != os.W_OK and access(path, how))
    seen = connect_to(client.tracking_uri)
    assert len(seen.search_runs([experiment])) == 1
    assert seen.tracking_uri != client.tracking_uri
    with pytest.raises(TrackingError, match="folder of the store cannot be written to"):
        check_writable(seen)


def write_and_die(root: Path) -> None:
    client, experiment = Project(root).experiment()
    for number in range(5):
        client.create_run(experiment, run_name=f"run-{number}")
    die()


def test_a_process_that_is_killed_loses_no_run(project: Project) -> None:
    assert exit_code(write_and_die, project.root) == KILLED
    assert len(project.runs()) == 5
