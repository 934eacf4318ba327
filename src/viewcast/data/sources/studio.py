"""A folder of exports, to which new ones are added as they are downloaded.

Each folder, zip or CSV file in it is an export. Exports of one channel overlap
(``viewcast.data.studio`` says which is right) and those of another channel are refused. A zip that
is not complete yet is left out for now and told.
"""

import zipfile
from datetime import date
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError, SourceError
from viewcast.data.export import Wanted, read_days
from viewcast.data.raw import is_csv
from viewcast.data.sources.source import with_notes
from viewcast.data.sources.timezone import Zone
from viewcast.data.studio import combined


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class StudioFolder:
    """``folder``: of the exports (under the project, or absolute), or a single export.

    ``metric``, ``channel``, ``cumulative``: what is read of them (``viewcast.data.export.Wanted``).
    ``settle_days``, ``site``: of the protocol.
    """

    label: str
    timezone: Zone
    folder: str
    metric: str
    channel: str | None
    cumulative: bool
    settle_days: Annotated[int, Field(ge=0)]
    site: str | None

    def fetch(self, root: Path, since: date | None, today: date) -> pd.DataFrame:
        """The days of the exports from ``since`` on that had ended before ``today``.

        Single missing days may lie between them.
        """
        folder = (root / self.folder).expanduser()
        places, notes = _exports(folder)
        wanted = Wanted(self.metric, self.channel, self.cumulative)
        whole = combined([export for place in places for export in read_days(place, wanted)])
        days = whole.views.rename("views").rename_axis("date").to_frame()
        days = days[days.index < pd.Timestamp(today)]
        days = days if since is None else days.loc[pd.Timestamp(since) :]
        return with_notes(days, [*notes, *whole.notes])


def _exports(folder: Path) -> tuple[list[Path], list[str]]:
    """The exports in a folder, those changed last at the end, and what is told of the others.

    The files of one export lie side by side; where a folder holds CSV files and also zips or
    folders, the files together are an export as each of those is.
    """
    if not folder.exists():
        raise SourceError(
            f"source.folder = {folder}: no such folder; make it and put an export into it"
        )
    if not folder.is_dir():
        return [folder], []
    inside = sorted(place for place in folder.iterdir() if not place.name.startswith("."))
    packed = [place for place in inside if place.suffix.lower() == ".zip"]
    broken = [place for place in packed if not zipfile.is_zipfile(place)]
    places = [
        place for place in inside if place.is_dir() or (place in packed and place not in broken)
    ]
    loose = [place for place in inside if is_csv(place)]
    notes = [f"{place} is not a complete zip yet and was left out" for place in broken]
    if broken and not places and not loose:
        raise SourceError(f"source.folder = {folder}: {notes[0]}; run again when it is complete")
    if not places and not loose:
        raise DataError(f"source.folder = {folder}: holds no export; put a folder or zip into it")
    changed = {place: (place.stat().st_mtime_ns, place.name) for place in places}
    if loose:
        changed[folder] = max((file.stat().st_mtime_ns, file.name) for file in loose)
    return sorted(changed, key=lambda place: changed[place]), notes
