"""A store of another MLflow: an audit reads it and changes none of its tables."""

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from alembic import command
from mlflow.store.db import utils
from mlflow.store.tracking.dbmodels.initial_models import Base
from sqlalchemy import create_engine

from viewcast.base.errors import TrackingError
from viewcast.tracking.schema import check_writable
from viewcast.tracking.store import connect_to, experiment_names

OF_MLFLOW_2_16 = "4465047574b1"


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as MLflow 2.16 left it, with one experiment."""
    file = tmp_path_factory.mktemp("older") / "runs.db"
    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    command.upgrade(utils._get_alembic_config(f"sqlite:///{file}"), OF_MLFLOW_2_16)
    engine.dispose()
    with closing(sqlite3.connect(file)) as database:
        database.execute(
            "INSERT INTO experiments (name, artifact_location, lifecycle_stage) "
            "VALUES ('rides', '/rides', 'active')"
        )
        database.commit()
    return file


def digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def test_a_store_of_an_older_mlflow_is_read_and_not_migrated(older: Path) -> None:
    before = digest(older)
    client = connect_to(f"sqlite:///{older}")
    assert "rides" in experiment_names(client).values()
    assert digest(older) == before
    assert [file.name for file in older.parent.iterdir()] == ["runs.db"]
    with pytest.raises(TrackingError, match="Leave --write out"):
        check_writable(client)


def test_a_store_of_a_newer_mlflow_is_refused_with_what_to_install(
    older: Path, tmp_path: Path
) -> None:
    newer = tmp_path / "runs.db"
    newer.write_bytes(older.read_bytes())
    with closing(sqlite3.connect(newer)) as database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        database.commit()
    before = digest(newer)
    with pytest.raises(TrackingError, match=r"ffffffffffff.*pip install --upgrade mlflow-skinny"):
        connect_to(f"sqlite:///{newer}")
    assert digest(newer) == before


@pytest.mark.parametrize("content", [b"", b"no database", None], ids=["empty", "text", "other"])
def test_a_file_that_is_no_store_gets_no_tables(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "optuna.db"
    if content is None:
        with closing(sqlite3.connect(file)) as database:
            database.execute("CREATE TABLE trials (number INTEGER)")
            database.commit()
    else:
        file.write_bytes(content)
    before = digest(file)
    with pytest.raises(TrackingError, match="without a version"):
        connect_to(f"sqlite:///{file}")
    assert digest(file) == before
