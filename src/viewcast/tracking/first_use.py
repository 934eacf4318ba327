"""The first use of a store in a database, which makes its tables: by one client at a time.

MLflow makes the tables of an empty database when a client first uses it, and guards it against
nobody: of several clients at once all but one end with an error of the database. It also brings
the tables of an older MLflow up to its own version. So whoever only reads is refused both.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from viewcast.base.errors import TrackingError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

DATABASES = ("postgresql", "mysql", "mssql")  # that MLflow knows, beside SQLite
VERSIONS, EXPERIMENTS = "alembic_version", "experiments"
KEY = int.from_bytes(b"viewcast", "big") % 2**62  # of PostgreSQL's lock, which is a number
WAIT = 60  # seconds for another client, which needs about five
TAKEN = "55P03"  # PostgreSQL's code for a lock that was not free in time


@dataclass(frozen=True)
class Tables:
    """What a database holds of a store: the ``version`` of its tables, None where it has none, and
    whether the experiment of every store is there, the ``last`` thing that MLflow makes.
    """

    version: str | None
    last: bool

    @property
    def made(self) -> bool:
        """Whether they are those of the installed MLflow, made to the end."""
        return self.last and _is_known(self.version)


def is_database(uri: str) -> bool:
    """Whether a store lies in the database of a server that MLflow knows."""
    return urlsplit(uri).scheme.partition("+")[0] in DATABASES


def tables(uri: str) -> Tables:
    """What a database holds; nothing is made. Raises OSError where it cannot be asked."""
    with _connected(uri) as connection:
        return _tables(connection)


@contextmanager
def alone(uri: str) -> Iterator[None]:
    """Use a database whose tables are not made yet while no other client of viewcast does so.

    Other clients wait, those on other hosts too, by a lock of PostgreSQL that ends with the
    connection (https://www.postgresql.org/docs/current/explicit-locking.html). Other databases have
    no such lock here. Raises OSError for what a database says, also inside of the context.
    """
    import sqlalchemy as sql  # noqa: PLC0415 (as in _connected)

    with _connected(uri) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sql.text(f"SET LOCAL lock_timeout = '{WAIT}s'"))
            connection.execute(sql.select(sql.func.pg_advisory_xact_lock(KEY)))
        yield


def check_is_there(found: Tables, uri: str) -> None:
    """Refuse (TrackingError) to read a database that is no store, or one of another MLflow."""
    if found.version is None:
        raise TrackingError(
            f"tracking uri = {uri}: this database holds no store of MLflow yet; mend the uri, or "
            "log a run first"
        )
    if not _is_known(found.version):
        raise TrackingError(
            f"tracking uri = {uri}: its tables ({found.version}) are those of another MLflow than "
            "the installed one, which would migrate them; give the address of its server, install "
            "that MLflow here, or migrate them yourself: mlflow db upgrade <tracking uri>"
        )


def wait_for_tables(database: Path) -> None:
    """Wait while another process makes the tables of an SQLite store, as ``store.reach`` does."""
    lock = lock_of(database)
    if not lock.is_file():
        return
    try:
        with FileLock(lock, timeout=WAIT):
            pass
    except (OSError, Timeout):  # not to be written to, or still held: the store itself will tell
        return


def lock_of(database: Path) -> Path:
    """The file beside an SQLite store that its first user locks."""
    return database.with_suffix(".lock")


@contextmanager
def _connected(uri: str) -> Iterator["Connection"]:
    """A connection to a database; MLflow would try for minutes to get one."""
    import sqlalchemy as sql  # noqa: PLC0415 (a store behind a server needs none)

    try:
        engine = sql.create_engine(uri, poolclass=sql.NullPool)
        with engine.connect() as connection:
            yield connection
    except (sql.exc.SQLAlchemyError, ImportError) as error:
        raise OSError(_said(error)) from error


def _said(error: Exception) -> str:
    told = getattr(error, "orig", None)
    if TAKEN in (getattr(told, "sqlstate", None), getattr(told, "pgcode", None)):  # by driver
        return f"another client has been making its tables for {WAIT} seconds"
    return str(error).splitlines()[0]


def _tables(connection: "Connection") -> Tables:
    import sqlalchemy as sql  # noqa: PLC0415 (as in _connected)

    known = sql.inspect(connection).get_table_names()
    if VERSIONS not in known or EXPERIMENTS not in known:
        return Tables(None, last=False)
    version = connection.scalar(sql.text(f"SELECT version_num FROM {VERSIONS}"))
    count = connection.scalar(sql.text(f"SELECT count(*) FROM {EXPERIMENTS}"))
    return Tables(version, last=bool(count))


def _is_known(version: str | None) -> bool:
    """Whether tables are of the version of the installed MLflow."""
    from mlflow.store.db import utils  # noqa: PLC0415 (takes a second to import)

    return bool(version == utils._get_latest_schema_revision())
