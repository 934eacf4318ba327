"""A folder of exports of one channel, read as one series.

A folder, a zip or a loose CSV file in it is one export each (``viewcast.data.drop`` says which
files are). Exports that cannot be read are left out and told where others can be: a damaged new
download does not block the good older one. ``viewcast.data.several`` puts the exports together.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from viewcast.base.errors import ConfigError, CutFileError, DataError, SourceError, ViewcastError
from viewcast.data.drop import Found, Stat, Watch, downloaded, has_end, look
from viewcast.data.export import Export, Wanted, read_days
from viewcast.data.metric import is_count
from viewcast.data.raw import is_csv
from viewcast.data.several import Dropped, joined, some

WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers", ".gsheet")


@dataclass(frozen=True)
class Folder:
    """The exports of a folder as one.

    ``whole``: their figures, maybe with gaps; its notes tell what was left out. ``used``: the
    exports, the newest last. ``waiting``: what is told of files that somebody may still be writing.
    ``refused``: what is told of files that are damaged, unreadable or of another channel.
    """

    whole: Export
    used: list[Dropped]
    waiting: list[str]
    refused: list[str]


def read_export(source: Path, wanted: Wanted | None = None) -> pd.Series:
    """The daily figures of one export: a folder of CSV files, one CSV file, or a zip.

    Returns those of D consecutive days (float64, DatetimeIndex of frequency ``D``, name ``views``).
    ``wanted``: by default the views. Refuses what ``read_whole`` refuses.
    """
    return read_whole(source, wanted or Wanted()).views


def read_whole(source: Path, wanted: Wanted) -> Export:
    """An export, or a folder of several, of consecutive days, with what is told of it.

    Refuses what ``read_folder`` and ``consecutive`` refuse.
    """
    return consecutive(source, read_folder(source, wanted), wanted)


def consecutive(source: Path, folder: Folder, wanted: Wanted) -> Export:
    """The settled days of a folder without gaps. Refuses (DataError) a long gap, and no day."""
    whole = folder.whole.settled(wanted.until)
    if whole.views.empty:
        raise DataError(f"{source}: found no day up to {wanted.until}, the last that is final")
    return whole.bridged(is_count(wanted.metric))


def read_folder(
    folder: Path, wanted: Wanted, known: pd.Series | None = None, watch: Watch | None = None
) -> Folder:
    """A folder of exports, or a single one, as one; maybe with gaps. Notes say what was left out.

    ``known``: figures by day that are known to be those of the channel; exports of another channel
    are recognised by them. ``watch``: how it is seen that a file may still grow; None where a
    person names the files, so that none is waited for.

    Refuses (DataError, ConfigError) a folder of which no export can be read, and what ``joined``
    refuses; (SourceError) one that is not there, or holds nothing complete yet.
    """
    found = look(folder)
    reading = _Reading(wanted, watch)
    reading.waiting += [f"{file} is still being downloaded; left out" for file in found.going_on]
    wanted.limits.refuse("files", folder, len(found.places), "exports in it")
    for place in found.places:
        reading.read(place)
    if not reading.exports:
        raise _nothing(folder, found, reading)
    both = joined(reading.exports, known)
    waiting, refused = some(reading.waiting), some([*both.foreign, *reading.refused])
    notes = [*waiting, *refused, *found.told, *both.whole.notes]
    return Folder(replace(both.whole, notes=notes), both.used, waiting, refused)


@dataclass
class _Reading:
    """What reading the places of a folder gives; ``errors``: why some could not be read."""

    wanted: Wanted
    watch: Watch | None
    exports: list[Dropped] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    errors: list[ViewcastError] = field(default_factory=list)

    def read(self, place: Path) -> None:
        """Read one place."""
        before = self._look(place)
        if not place.exists():
            self.waiting.append(f"{place} was taken away while the folder was read")
            return
        try:
            self.exports += self._dropped(place, place)
        except (DataError, ConfigError, OSError) as error:
            if not (place.is_dir() and self._apart(place)):
                self._leave_out(error, place, before)

    def _apart(self, folder: Path) -> bool:
        """Read the files in a folder one by one, as they cannot be read together; whether any can.

        Those that cannot are left out.
        """
        files = [*filter(is_csv, sorted(folder.iterdir()))]
        if len(files) > self.wanted.limits.files:
            return False
        exports: list[Dropped] = []
        errors: list[tuple[Exception, Path, Stat | None]] = []
        for file in files:
            before = self._look(file)
            try:
                exports += self._dropped(file, folder)
            except (DataError, ConfigError, OSError) as error:
                errors.append((error, file, before))
        if exports:
            self.exports += exports
            for each in errors:
                self._leave_out(*each)
        return len(exports) > 0

    def _leave_out(self, error: Exception, place: Path, before: Stat | None) -> None:
        if isinstance(error, CutFileError) and self._grows(place, before):
            self.waiting.append(
                f"{error.source} is not complete yet and was left out: {error.found}"
            )
        elif isinstance(error, ViewcastError):
            self._refuse(error)
        else:
            self._refuse(DataError(f"{place}: cannot be read ({error})"))

    def _look(self, place: Path) -> Stat | None:
        try:
            return None if self.watch is None else self.watch.look(place)
        except OSError:  # it has been taken away, which reading it will tell
            return None

    def _grows(self, place: Path, before: Stat | None) -> bool:
        return self.watch is not None and self.watch.growing(place, before)

    def _dropped(self, source: Path, place: Path) -> list[Dropped]:
        return [
            Dropped(export, place, downloaded(place, export.name), has_end(Path(export.name)))
            for export in read_days(source, self.wanted)
        ]

    def _refuse(self, error: ViewcastError) -> None:
        self.errors.append(error)
        self.refused.append(f"left out: {str(error).splitlines()[0]}")


def _nothing(folder: Path, found: Found, reading: _Reading) -> ViewcastError:
    """The error of a folder of which no export can be read."""
    if reading.errors:
        return reading.errors[0]
    if reading.waiting:
        return SourceError(f"{folder}: {reading.waiting[0]}; run again when it is complete")
    told = f" ({found.told[0]}{_named_csv(found.others)})" if found.told else ""
    return DataError(f"{folder}: found no CSV file, expected a folder, zip or file of CSV{told}")


def _named_csv(others: list[Path]) -> str:
    """How files that are no exports by their names become some."""
    if any(place.suffix.lower() in WORKBOOKS for place in others):
        return "; save a workbook as 'CSV UTF-8'"
    return "; a table of text needs the name .csv" if others else ""
