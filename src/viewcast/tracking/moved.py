"""A project that has moved: its SQLite store names the place where its artifacts lie now.

MLflow stores where the artifacts of each experiment, run and model lie, as absolute addresses.
After a rename, under another mount, or in a copy, these name the place of before, and MLflow makes
that folder anew for the next run. So a project's store is compared to its place before it is used.
Locations below the former folder of artifacts are then rewritten in one transaction, and the store
as it was stays beside it. Files are never moved, and nothing is written to the former place: a copy
beside a living project leaves that project alone.

A project has moved where its experiments name another folder of artifacts than the configuration,
and one of these holds: artifacts of that folder lie in the configured one; the folder is gone;
beside it lies another store, that of the project from which this one was copied. Otherwise somebody
has chosen another folder for new artifacts, and those that are known stay where they are.
"""

import os
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from viewcast.base import files
from viewcast.base.errors import TrackingError
from viewcast.base.progress import tell
from viewcast.base.settings import Tracking
from viewcast.tracking.artifacts import folder_of
from viewcast.tracking.schema import SQLITE
from viewcast.tracking.tags import DATA

BESIDE = "artifacts"  # folder of artifacts beside the database of a project
COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),
)
OWN = f"""
SELECT DISTINCT artifact_location FROM experiments WHERE artifact_location IS NOT NULL AND
(name = ? OR experiment_id IN (SELECT experiment_id FROM experiment_tags WHERE key = '{DATA}'))
"""
BELOW = "WHERE {1} = :old OR substr({1}, 1, length(:old) + 1) = :old || '/'"
FOUND = f"SELECT substr({{1}}, length(:old) + 2) FROM {{0}} {BELOW}"
REWRITE = f"UPDATE {{0}} SET {{1}} = :new || substr({{1}}, length(:old) + 1) {BELOW}"
WAIT = 20.0  # seconds for another writer, as MLflow waits


def follow(tracking: Tracking) -> None:
    """Rewrite the locations of artifacts in a project's SQLite store if the project has moved.

    To be called by one process at a time, see ``follow_project``. Says on standard error what was
    done. Raises TrackingError where the store cannot be written to; a file that is no store of
    MLflow is left to MLflow.
    """
    database = _database(tracking.uri)
    if database is None or tracking.artifacts is None:
        return
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as opened:
            # Versions before 0.3 logged to one experiment, which has no tag of ours.
            known = _moves(opened, Path(tracking.artifacts), tracking.experiment)
            moves = [move for move in known if move.is_due(database, opened)]
    except sqlite3.DatabaseError:  # no store yet, or in use: MLflow will tell
        return
    for move in moves:
        tell(move.done(database))


def follow_project(tracking: Tracking) -> None:
    """The same where it is not known that other processes wait, as they do for the first use.

    A store that cannot be written to stays as it is: its artifacts are found all the same
    (``viewcast.tracking.relocated``).
    """
    database = _database(tracking.uri)
    if (
        database is not None
        and os.access(database, os.W_OK)
        and os.access(database.parent, os.W_OK)
    ):
        with FileLock(database.with_suffix(".lock")):
            follow(tracking)


def follow_beside(uri: str) -> None:
    """The same for a store of which no configuration is known: its artifacts lie beside it, in the
    folder that ``conf/tracking/sqlite.yaml`` names; without that folder nothing is done.
    """
    database = _database(uri)
    if database is not None and (database.parent / BESIDE).is_dir():
        follow_project(Tracking(uri, str(database.parent / BESIDE), "", 0.0))


def _database(uri: str) -> Path | None:
    """The file of a SQLite store, where there is one."""
    database = Path(uri.removeprefix(SQLITE)).absolute()
    return database if uri.startswith(SQLITE) and database.is_file() else None


def backup_of(database: Path) -> Path:
    """Where the store lies as it was before its locations were rewritten the last time."""
    return database.with_name(f"{database.stem}.before-move{database.suffix}")


@dataclass(frozen=True)
class _Move:
    """From one folder of artifacts to another; ``address``: of the former, as the store has it."""

    address: str
    former: Path
    new: Path

    def is_due(self, database: Path, opened: sqlite3.Connection) -> bool:
        """Whether the project has moved, and not only its setting changed."""
        if not self.former.is_dir() or self._copied_from(database):
            return True
        return any((self.new / rest).exists() for rest in self._rests(opened))

    def done(self, database: Path) -> str:
        """Rewrite what lies below the former folder; returns what to tell."""
        backup = backup_of(database)
        try:
            with closing(sqlite3.connect(database, timeout=WAIT)) as opened:
                with (
                    files.replacing(backup) as partial,
                    closing(sqlite3.connect(partial)) as kept,
                ):
                    opened.backup(kept)
                rests = set(self._rests(opened))
                with opened:
                    opened.execute("BEGIN IMMEDIATE")
                    for pair, (table, column) in self._places(opened):
                        opened.execute(REWRITE.format(table, column), pair)
        except (sqlite3.Error, OSError) as error:
            raise TrackingError(
                f"{database}: the project has moved, and its store still names artifacts in "
                f"{self.former}; that cannot be changed ({error}); let this user write to "
                f"{database.parent}, and repeat"
            ) from error
        return (
            f"The project has moved: its artifacts are looked for in {self.new}, no more in "
            f"{self.former} (the store as it was: {backup.name}){self._left(rests)}"
        )

    def _left(self, rests: set[str]) -> str:
        """What to do where artifacts lie in the former folder alone."""
        if not self.former.is_dir():
            return ""
        left = [
            rest
            for rest in rests
            if (self.former / rest).exists() and not (self.new / rest).exists()
        ]
        if not left:
            return ""
        former, new = (shlex.quote(f"{folder}/") for folder in (self.former, self.new))
        return f"; {len(left)} runs or models have theirs only there: cp -Rn {former}. {new}"

    def _copied_from(self, database: Path) -> bool:
        """Whether the store of another project lies beside the former folder, as this one's does
        beside the new one.
        """
        if not self.new.is_relative_to(database.parent):
            return False
        within = self.new.relative_to(database.parent).parts
        if self.former.parts[-len(within) :] != within:
            return False
        other = self.former.parents[len(within) - 1] / database.name
        return other.is_file() and not other.samefile(database)

    def _rests(self, opened: sqlite3.Connection) -> Iterator[str]:
        """Where artifacts of runs and models lie, below the former folder."""
        for pair, (table, column) in self._places(opened):
            if table in ("runs", "logged_models"):
                for (rest,) in opened.execute(FOUND.format(table, column), pair):
                    yield rest

    def _places(
        self, opened: sqlite3.Connection
    ) -> Iterator[tuple[dict[str, str], tuple[str, str]]]:
        """Each way to write the former folder, with the new one, in each column there is."""
        ways = {self.former.as_uri(): self.new.as_uri(), str(self.former): str(self.new)}
        as_uri = self.address.startswith("file:")
        ways[self.address] = self.new.as_uri() if as_uri else str(self.new)
        for table, column in COLUMNS:
            known = {row[1] for row in opened.execute(f"PRAGMA table_info({table})")}
            if column in known:
                for old, new in ways.items():
                    yield {"old": old, "new": new}, (table, column)


def _moves(opened: sqlite3.Connection, artifacts: Path, experiment: str) -> Iterator[_Move]:
    """From each folder of artifacts of our experiments that is another one than the configured."""
    for (address,) in opened.execute(OWN, (experiment,)).fetchall():
        former = folder_of(address)
        if former is not None and not _same(former, artifacts):
            yield _Move(address, former, artifacts)


def _same(former: Path, new: Path) -> bool:
    """Whether both are one folder: under another name too, such as that of a link to it."""
    return former == new or (former.is_dir() and new.is_dir() and former.samefile(new))
