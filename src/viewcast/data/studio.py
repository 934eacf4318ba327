"""Several exports of one channel as one series: where they overlap, the newest is right.

Shape letters: D days.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from viewcast.base.errors import DataError, SourceError
from viewcast.data.export import Export, Wanted, read_days
from viewcast.data.gaps import missing, spans
from viewcast.data.metric import is_count
from viewcast.data.raw import is_csv

SETTLE_DAYS = 3  # YouTube has a day's figures 48 to 72 hours after its end
MAX_CHANGED = 0.5  # share of the days in common that may differ
DIFFERENCE = 0.1  # from which on two figures of a day differ; corrections are smaller


def read_export(source: Path, wanted: Wanted | None = None) -> pd.Series:
    """The daily figures of one export: a folder of CSV files, one CSV file, or a zip.

    Returns those of D consecutive days (float64, DatetimeIndex of frequency ``D``, name ``views``).
    ``wanted``: by default the views. Refuses what ``read_whole`` refuses.
    """
    return read_whole(source, wanted or Wanted()).views


def read_whole(source: Path, wanted: Wanted) -> Export:
    """An export, or a folder of several, of consecutive days, with what is told of it.

    Refuses (DataError) an export without daily totals, without the metric or with bad cells, two
    files of different channels, and a long gap; (ConfigError) an unknown metric or channel.
    """
    whole = read_folder(source, wanted).settled(wanted.until)
    if whole.views.empty:
        raise DataError(f"{source}: found no day up to {wanted.until}, the last that is final")
    return whole.bridged(is_count(wanted.metric))


def read_folder(folder: Path, wanted: Wanted) -> Export:
    """A folder of exports, or a single one, as one; maybe with gaps. Notes say what was left out.

    Refuses what ``read_days`` and ``combined`` refuse, and (SourceError) a folder that is not there
    or holds nothing complete yet.
    """
    places, notes = exports_in(folder)
    whole = combined([export for place in places for export in read_days(place, wanted)])
    return replace(whole, notes=[*notes, *whole.notes])


def combined(exports: Sequence[Export]) -> Export:
    """Exports of one channel, at least one, as one; maybe with gaps.

    Where several hold a day, the one with the latest last day is used, and among those the last one
    of ``exports``. Days that it lacks come from the others, which is told. Refuses (DataError)
    exports that differ on most of their settled days in common: they are of two channels.
    """
    if len(exports) > 1:
        exports = [replace(one, notes=[f"{one.name}: {n}" for n in one.notes]) for one in exports]
    whole, *later = sorted(exports, key=lambda export: export.views.index[-1])
    for newer in later:
        refuse_another_channel(whole, newer)
        known, new = whole.views, newer.views
        lost = missing(pd.DatetimeIndex(new.index)).intersection(pd.DatetimeIndex(known.index))
        notes = [*whole.notes, *newer.notes]
        if len(lost):
            notes.append(f"days that {newer.name} lacks come from an older export: {spans(lost)}")
        views = pd.concat([known[~known.index.isin(new.index)], new]).sort_index()
        whole = Export(newer.name, views, newer.header, notes)
    return whole


def refuse_another_channel(known: Export, new: Export) -> None:
    """Refuse (DataError) exports that differ on most of their settled days in common."""
    settled = min(known.views.index[-1], new.views.index[-1]) - pd.Timedelta(days=SETTLE_DAYS)
    shared = known.views.index.intersection(new.views.index)
    shared = shared[shared <= settled]
    before, after = known.views[shared], new.views[shared]
    changed = (before - after).abs() > DIFFERENCE * pd.concat([before, after], axis=1).max(axis=1)
    if changed.sum() > MAX_CHANGED * len(shared):
        day = shared[changed.to_numpy()][0]
        raise DataError(
            f"{known.name} and {new.name} both hold daily totals and differ on {changed.sum()} of "
            f"{len(shared)} days in common ({day:%Y-%m-%d}: {before[day]:g} and {after[day]:g}): "
            "do they come from two channels? Keep the exports of one channel in a folder"
        )


def exports_in(folder: Path) -> tuple[list[Path], list[str]]:
    """The exports in a folder, those changed last at the end, and what is told of the others.

    The files of one export lie side by side; where a folder holds CSV files and also zips or
    folders, the files together are an export as each of those is.
    """
    if not folder.exists():
        raise SourceError(f"{folder}: no such folder; make it and put an export into it")
    if not folder.is_dir():
        return [folder], []
    inside = sorted(place for place in folder.iterdir() if not place.name.startswith("."))
    packed = [place for place in inside if place.suffix.lower() == ".zip"]
    broken = [place for place in packed if not zipfile.is_zipfile(place)]
    complete = [place for place in packed if place not in broken]
    filled = [place for place in inside if place.is_dir() and any(map(is_csv, place.iterdir()))]
    places = [*filled, *complete]
    loose = [place for place in inside if is_csv(place)]
    notes = [f"{place} is not a complete zip yet and was left out" for place in broken]
    if broken and not places and not loose:
        raise SourceError(f"{folder}: {notes[0]}; run again when it is complete")
    if not places and not loose:
        raise DataError(f"{folder}: found no CSV file, expected a folder, zip or file of CSV")
    changed = {place: (place.stat().st_mtime_ns, place.name) for place in places}
    if loose:
        changed[folder] = max((file.stat().st_mtime_ns, file.name) for file in loose)
    return sorted(changed, key=lambda place: changed[place]), notes
