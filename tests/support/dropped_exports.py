"""Exports of a channel as they lie in a drop folder, and how they are read."""

import os
import zipfile
from pathlib import Path

import pandas as pd

from viewcast.data.drop import Watch
from viewcast.data.export import Export, Wanted
from viewcast.data.several import Dropped
from viewcast.data.studio import Folder, read_folder


def series(views: list[float], first: str = "2026-05-01") -> pd.Series:
    days = pd.date_range(first, periods=len(views), name="date")
    return pd.Series([*map(float, views)], index=days, name="views")


def dropped(views: pd.Series, changed: float = 0, name: str = "a.csv") -> Dropped:
    return Dropped(Export(name, views, "Views"), Path(name), changed)


def text(views: pd.Series) -> str:
    rows = [f"{day:%Y-%m-%d},{count:.0f}" for day, count in views.items()]
    return "\n".join(["Date,Views", *rows, ""])


def saved(file: Path, views: pd.Series, changed: float | None = None) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(zipfile.ZipInfo("Totals.csv"), text(views))
    else:
        file.write_text(text(views))
    if changed is not None:
        os.utime(file, (changed, changed))
    return file


def read(folder: Path, known: pd.Series | None = None) -> Folder:
    return read_folder(folder, Wanted(), known, quiet())


def quiet() -> Watch:
    """A clock by which nobody has written a file for long."""
    return Watch(now=lambda: 4e9)


MONTH = series([1000 + day % 7 for day in range(28)])
OTHER = series([20000 + day % 7 for day in range(28)])
