"""The import: a checked export is copied into the project, byte for byte."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from viewcast.base import folders
from viewcast.base.errors import DataError, ViewcastError
from viewcast.base.folders import Kind
from viewcast.data.export import Export, Wanted
from viewcast.data.limits import Limits
from viewcast.data.metric import label
from viewcast.data.raw import csv_files
from viewcast.data.regimes import sentences
from viewcast.data.several import SETTLE_DAYS, Dropped, refuse_another_channel
from viewcast.data.sources.timezone import YOUTUBE_ZONE, day_at
from viewcast.data.studio import consecutive, read_folder, read_whole

IMPORT = Kind("import")


def import_export(
    source: Path, into: Path, root: Path, wanted: Wanted | None = None, min_days: int = 1
) -> Export:
    """Copy the CSV files of a checked export, byte for byte, to the folder ``into``; returns it.

    An earlier import in ``into`` is replaced as a whole once the copy is complete; until then it is
    untouched. Refuses, before anything is written, what ``read_whole`` refuses, fewer than
    ``min_days`` days, and an export of another channel than the earlier one (DataError); and a
    folder outside of the project ``root`` or one that holds anything but an earlier import
    (ConfigError). Version 0.1 left no mark in a folder: such a folder is known as an import only if
    it holds the same bytes as this export.
    """
    place = folders.within(root, into)
    folder = read_folder(source, wanted or Wanted())
    export = consecutive(source, folder, wanted or Wanted())
    if len(export.views) < min_days:
        raise DataError(
            f"{source}: found {len(export.views)} days, expected at least {min_days} to train, "
            "validate and test on. YouTube Studio exports the last 28 days unless another period "
            "is chosen: choose a longer one and export again. A night forecasts from fewer days, "
            "without validation scores: `make retrain SOURCE=... NAME=...`"
        )
    former = _former(place, wanted or Wanted())
    if former is not None:
        try:
            refuse_another_channel(former, export)
        except DataError as error:
            raise DataError(f"{error}, and give each a name of its own: NAME=<name>") from error
    contents = _contents(folder.used, (wanted or Wanted()).limits)
    if _holds(place, contents):
        folders.note_made(place, IMPORT, list(contents))
    with folders.replacing(root, into, IMPORT) as new:
        for name, content in contents.items():
            (new / name).write_bytes(content)
    return export


def last_settled(site: str | None, now: datetime) -> date:
    """The last day of a site whose figure is final at ``now``, which has any zone."""
    zone, late = (YOUTUBE_ZONE, SETTLE_DAYS) if site == "youtube" else ("UTC", 0)
    return day_at(now, zone) - timedelta(days=1 + late)


def summary(export: Export, metric: str, site: str | None) -> list[str]:
    """What is told of an imported export: its days, what they count, and what to know of them."""
    first, last = export.views.index[0].date(), export.views.index[-1].date()
    days = f"{len(export.views)} days, {first} to {last}"
    return [
        f"{days}; column {export.header!r}, read as {label(metric)}",
        *export.notes,
        *sentences(site, metric, first, last),
    ]


def _former(place: Path, wanted: Wanted) -> Export | None:
    """The earlier import; None where there is none, or it can no longer be read in this way."""
    try:
        return read_whole(place, wanted)
    except ViewcastError:
        return None


def _contents(exports: Sequence[Dropped], limits: Limits) -> dict[str, bytes]:
    """The CSV files by the names they get; those of several exports begin with a number.

    The number says which is newer: of files that DVC has brought, the times say nothing.
    """
    if len(exports) == 1:
        return {file.name: file.read_bytes() for file in csv_files(exports[0].place, limits)}
    numbers = {dropped.export.name: number for number, dropped in enumerate(exports, start=1)}
    places = {dropped.place: number for number, dropped in enumerate(exports, start=1)}
    return {
        f"{numbers.get(str(file), number)} {place.stem} {file.name}": file.read_bytes()
        for place, number in places.items()
        for file in csv_files(place, limits)
    }


def _holds(folder: Path, contents: Mapping[str, bytes]) -> bool:
    """Whether a folder holds these files and nothing else."""
    if not folder.is_dir() or {file.name for file in folder.iterdir()} != contents.keys():
        return False
    return all((folder / name).is_file() for name in contents) and all(
        (folder / name).read_bytes() == content for name, content in contents.items()
    )
