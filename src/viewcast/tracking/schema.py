"""The tables of a store in a database: an audit must not migrate them.

MLflow brings the tables of an older store up to its own version as soon as it opens the file, and
the older MLflow beside the user's code cannot open it any more. So a SQLite store of an older
MLflow is copied first, and the copy is read. Nothing is created in a database that is no store.
"""

import atexit
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from mlflow import MlflowClient

from viewcast.base.errors import TrackingError

SQLITE = "sqlite:///"
COPY = "viewcast-store-"


def untouched(uri: str) -> str:
    """The uri to read a store by: its own, or that of a copy if MLflow would migrate its tables.

    A copy lies in the folder of temporary files until the process ends. Raises TrackingError for a
    SQLite file that is no store of MLflow, or that of a newer MLflow than the installed one.
    """
    if not uri.startswith(SQLITE):
        return uri
    # Both take a second to import: a store behind a server needs neither.
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415
    from mlflow.store.db import utils  # noqa: PLC0415

    file = Path(uri.removeprefix(SQLITE))
    found = _revision(file)
    if found == utils._get_latest_schema_revision():
        return uri
    scripts = ScriptDirectory.from_config(utils._get_alembic_config(uri))
    try:
        known = found is not None and scripts.get_revision(found) is not None
    except CommandError:
        known = False
    if not known:
        raise TrackingError(
            f"tracking uri = {uri}: its tables ({found or 'without a version'}) are not those of a "
            "store that the installed MLflow knows; name the file of the store, or, if a newer "
            "MLflow wrote it, install that one: pip install --upgrade mlflow-skinny"
        )
    return SQLITE + str(_copied(file.resolve(), file.stat().st_mtime_ns))


def check_writable(client: MlflowClient) -> None:
    """Refuse (TrackingError) to write to the copy of a store of an older MLflow."""
    if is_copy(client):
        raise TrackingError(
            "the store is of an older MLflow, and writing to it would migrate its tables, so that "
            "the older one cannot open it. Leave --write out, or migrate it yourself: "
            "mlflow db upgrade <tracking uri>"
        )


def is_copy(client: MlflowClient) -> bool:
    """Whether a client reads the copy of a store of an older MLflow."""
    return COPY in client.tracking_uri


def _revision(file: Path) -> str | None:
    """The version of the tables; None where the file names none."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        try:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.DatabaseError:
            return None
    return None if row is None else str(row[0])


@cache
def _copied(file: Path, _changed: int) -> Path:
    """A copy of a database, made once for each state of the file; it goes when the process ends."""
    folder = tempfile.mkdtemp(prefix=COPY)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy = Path(folder) / file.name
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    return copy
