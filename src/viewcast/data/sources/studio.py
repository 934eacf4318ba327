"""A folder of exports of YouTube Studio, to which new exports are added as they are downloaded.

Each folder, zip or CSV file in it is one export. Exports overlap. If several hold a day, the export
with the latest last day is used, and among those the one that was changed last.
"""

from datetime import date
from pathlib import Path
from typing import ClassVar

import pandas as pd
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError, SourceError
from viewcast.data.raw import is_csv
from viewcast.data.sources.timezone import Zone
from viewcast.data.studio import read_export


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class StudioFolder:
    """``folder``: of the exports (under the project, or absolute), or a single export. ``column``:
    header of the metric, null to find the views.
    """

    label: str
    timezone: Zone
    folder: str
    column: str | None
    settle_days: ClassVar[int] = 3  # YouTube has a day's figures 48 to 72 hours after its end
    metric: ClassVar[str] = "views"
    site: ClassVar[str] = "youtube"

    def fetch(self, root: Path, since: date | None, today: date) -> pd.DataFrame:
        """The days of the exports from ``since`` on that had ended before ``today``."""
        folder = (root / self.folder).expanduser()
        series = [read_export(export, self.column) for export in _exports(folder)]
        in_order: list[pd.Series] = sorted(series, key=lambda views: views.index[-1])
        days: pd.DataFrame = pd.concat(in_order).to_frame()
        days = days[~days.index.duplicated(keep="last")].sort_index()
        days = days[days.index < pd.Timestamp(today)]
        return days if since is None else days.loc[pd.Timestamp(since) :]


def _exports(folder: Path) -> list[Path]:
    """The exports in a folder, those changed last at the end; the folder itself if it is one."""
    if not folder.exists():
        raise SourceError(
            f"source.folder = {folder}: no such folder; make it and put an export into it"
        )
    if not folder.is_dir() or any(map(is_csv, folder.iterdir())):
        return [folder]
    places = [
        place
        for place in folder.iterdir()
        if not place.name.startswith(".") and (place.is_dir() or place.suffix.lower() == ".zip")
    ]
    if not places:
        raise DataError(f"source.folder = {folder}: holds no export; put a folder or zip into it")
    return sorted(places, key=lambda place: (place.stat().st_mtime_ns, place.name))
