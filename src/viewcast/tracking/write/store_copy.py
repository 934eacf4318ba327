"""A store in a database copied into an empty one, with every run: from SQLite to PostgreSQL.

Tables are found by reflection and copied in the order of their foreign keys, all in one transaction
of the target: it has everything, or nothing. Ids stay, so a run is found by its former id.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from mlflow import MlflowClient
from mlflow.utils.uri import is_local_uri
from sqlalchemy.exc import SQLAlchemyError

from viewcast.base.errors import TrackingError
from viewcast.base.quoted import quoted
from viewcast.tracking.first_use import alone, is_database

AT_ONCE = 1000  # rows
REVISION = "alembic_version"
FILLED = ("runs", "registered_models", "logged_models")  # none of them has a row in a new store
LOCATIONS = {  # columns that say where artifacts are
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("storage_location", "source"),
}
FILE = "file://"
DEFAULT = "0"  # the experiment that every store has from its beginning


@dataclass(frozen=True)
class Copied:
    """``rows``: how many, by table. ``folders``: where artifacts were, and their uri now."""

    rows: dict[str, int]
    folders: dict[str, str]


def copy_store(source: str, target: str, artifacts: str) -> Copied:
    """Copy every table of a store; the source is only read.

    ``artifacts``: the uri under which the target finds files that lie in local folders now, such as
    ``mlflow-artifacts:/`` of a server; the files themselves are not copied. Refuses (TrackingError)
    what is no store, one whose tables are of another version of MLflow, a target that holds runs or
    models, and local artifacts outside of their experiment's folder; the target is then as it was.
    """
    with _connected(source) as here:
        tables, revision = _tables(here), _revision(here, source)
        folders = _folders(here, tables, artifacts.rstrip("/"))
        _check_empty(target)
        try:
            with alone(target) if is_database(target) else nullcontext():
                MlflowClient(target).search_experiments(max_results=1)  # makes the tables
        except Exception as error:
            raise _unusable(target, error) from error
        with _connected(target) as there:
            found = _revision(there, target)
            if found != revision:
                raise TrackingError(
                    f"{_shown(source)} has tables of version {revision}, {_shown(target)} of "
                    f"{found}: copy the older one to a safe place, then bring it up to date by "
                    "`mlflow db upgrade <its uri>`"
                )
            rows = _copy(here, there, tables, folders)
    return Copied(rows, folders)


def _copy(
    here: sql.Connection,
    there: sql.Connection,
    tables: sql.MetaData,
    folders: Mapping[str, str],
) -> dict[str, int]:
    targets = _tables(there)
    own = there.execute(
        sql.select(targets.tables["experiments"].c.artifact_location).where(
            targets.tables["experiments"].c.experiment_id == int(DEFAULT)
        )
    ).scalar()
    for table in reversed(targets.sorted_tables):
        if table.name in tables.tables:
            there.execute(table.delete())
    rows = {}
    for table in targets.sorted_tables:
        if table.name in tables.tables:
            rows[table.name] = _copy_table(here, there, tables.tables[table.name], table, folders)
            _set_sequences(there, table)
    if own is not None:
        _keep_default(there, targets.tables["experiments"], own)
    return rows


def _copy_table(
    here: sql.Connection,
    there: sql.Connection,
    source: sql.Table,
    target: sql.Table,
    folders: Mapping[str, str],
) -> int:
    moved = LOCATIONS.get(source.name, ())
    for part in here.execute(sql.select(source)).mappings().partitions(AT_ONCE):
        lines = [dict(row) for row in part]
        for line in lines:
            for column in moved:
                line[column] = _moved(line[column], folders, source.name, line)
        there.execute(target.insert(), lines)
    counts = [
        connection.execute(sql.select(sql.func.count()).select_from(table)).scalar_one()
        for connection, table in ((here, source), (there, target))
    ]
    if counts[0] != counts[1]:
        raise TrackingError(
            f"table {source.name}: {counts[0]:,} rows in the source, {counts[1]:,} in the target; "
            "something still logs to the source: stop it, and begin again; nothing was kept"
        )
    return int(counts[1])


def _moved(place: Any, folders: Mapping[str, str], table: str, row: Mapping[str, Any]) -> Any:
    """A location in the target's words."""
    if not isinstance(place, str) or not place or not is_local_uri(place):
        return place
    path = place.removeprefix(FILE)
    for folder, uri in folders.items():
        if path == folder:
            return f"{uri}/"
        if path.startswith(f"{folder}/"):
            return f"{uri}{path.removeprefix(folder)}"
    if table == "experiments":
        return place  # without runs: nothing lies there
    raise TrackingError(
        f"table {table}: artifacts in {quoted(place)}, which is no folder of an experiment "
        f"({quoted(str(next(iter(row.values()))))}): move them there, or delete that run for good "
        "(`mlflow gc`); nothing was copied"
    )


def _folders(here: sql.Connection, tables: sql.MetaData, artifacts: str) -> dict[str, str]:
    """The local folders of the experiments that hold runs or models, and what they become."""
    experiments = tables.tables["experiments"]
    used = {
        found
        for name in ("runs", "logged_models")
        if name in tables.tables
        for (found,) in here.execute(sql.select(tables.tables[name].c.experiment_id).distinct())
    }
    places = {
        number: place.removeprefix(FILE).rstrip("/")
        for number, place in here.execute(
            sql.select(experiments.c.experiment_id, experiments.c.artifact_location)
        )
        if number in used and place and is_local_uri(place)
    }
    if len(set(places.values())) == 1:
        return dict.fromkeys(places.values(), artifacts)
    return {place: f"{artifacts}/{number}" for number, place in places.items()}


def _keep_default(there: sql.Connection, experiments: sql.Table, own: str) -> None:
    """The experiment of every store keeps the target's place, unless it has moved with its runs."""
    (place,) = there.execute(
        sql.select(experiments.c.artifact_location).where(
            experiments.c.experiment_id == int(DEFAULT)
        )
    ).scalars().all() or [None]
    if place is not None and is_local_uri(place):
        there.execute(
            experiments.update()
            .where(experiments.c.experiment_id == int(DEFAULT))
            .values(artifact_location=own)
        )


def _set_sequences(there: sql.Connection, table: sql.Table) -> None:
    """The next row that the target numbers itself gets a number after those that were copied."""
    if there.dialect.name != "postgresql":
        return
    for column in table.primary_key.columns:
        if not isinstance(column.type, sql.Integer):
            continue
        sequence = there.execute(
            sql.select(sql.func.pg_get_serial_sequence(table.name, column.name))
        ).scalar()
        last = there.execute(sql.select(sql.func.max(column))).scalar()
        if sequence is not None and last is not None:
            there.execute(sql.select(sql.func.setval(sequence, max(int(last), 1))))


def _check_empty(target: str) -> None:
    with _connected(target) as there:
        names = sql.inspect(there).get_table_names()
        if names and REVISION not in names and "experiments" not in names:
            raise TrackingError(
                f"{_shown(target)}: holds tables of something else; expected an empty database"
            )
        tables = _tables(there)
        counts = {
            name: there.execute(
                sql.select(sql.func.count()).select_from(tables.tables[name])
            ).scalar_one()
            for name in (*FILLED, "experiments")
            if name in tables.tables
        }
    full = [f"{count:,} {name}" for name, count in counts.items() if count > (name not in FILLED)]
    if full:
        raise TrackingError(
            f"{_shown(target)}: holds {', '.join(full)} already; expected a new store: nothing was "
            "copied. Name an empty database"
        )


def _tables(connection: sql.Connection) -> sql.MetaData:
    """Every table but those that number versions of tables."""
    found = sql.MetaData()
    found.reflect(connection, only=lambda name, _: not name.startswith("alembic_"))
    return found


def _revision(connection: sql.Connection, uri: str) -> str:
    if REVISION not in sql.inspect(connection).get_table_names():
        raise TrackingError(f"{_shown(uri)}: is no store of MLflow; expected a database of one")
    version = sql.table(REVISION, sql.column("version_num"))
    return str(connection.execute(sql.select(version.c.version_num)).scalar_one())


@contextmanager
def _connected(uri: str) -> Iterator[sql.Connection]:
    """A connection in one transaction. TrackingError for what the database says."""
    try:
        engine = sql.create_engine(uri)
    except (SQLAlchemyError, ImportError) as error:
        raise _unusable(uri, error) from error
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise _unusable(uri, error) from error
    finally:
        engine.dispose()


def _unusable(uri: str, error: Exception) -> TrackingError:
    what = str(getattr(error, "orig", None) or error).splitlines()[0]
    return TrackingError(
        f"{_shown(uri)}: cannot be used ({quoted(what, 200)}); expected sqlite:///<file> or "
        "postgresql+psycopg://<user>@<host>/<database> (the extra server)"
    )


def _shown(uri: str) -> str:
    """A uri without its password."""
    try:
        return sql.make_url(uri).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return "the store"
