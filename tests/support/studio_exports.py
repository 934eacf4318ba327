"""Exports of YouTube Studio in a few words, and what is made of them."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from viewcast.base.errors import DataError
from viewcast.data.export import Wanted
from viewcast.data.studio import read_export, read_whole

DAYS = ["2021-01-30", "2021-01-31", "2021-02-01", "2021-02-02"]
COUNTS = [12345, 0, 67890, 7]


def totals(
    header: str = "Date,Views", days: list[str] = DAYS, counts: list[object] = COUNTS
) -> str:
    rows = (f"{day},{count}" for day, count in zip(days, counts, strict=True))
    return "\n".join([header, *rows]) + "\n"


def writer(folder: Path) -> Callable[..., Path]:
    """What writes files of these names and contents into a folder, and gives the folder."""

    def write(**files: str | bytes) -> Path:
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (folder / f"{name.replace('_', ' ')}.csv").write_bytes(data)
        return folder

    return write


def refused(folder: Path, metric: str = "views") -> str:
    with pytest.raises(DataError) as caught:
        read_export(folder, Wanted(metric))
    return str(caught.value)


def notes(folder: Path, metric: str = "views") -> list[str]:
    return read_whole(folder, Wanted(metric)).notes


def assert_good(series: pd.Series) -> None:
    assert series.tolist() == COUNTS
    assert series.index.tolist() == [pd.Timestamp(day) for day in DAYS]
    assert series.index.freq == "D"
    assert series.name == "views"


CHART = "Date,Geography,Views\n2021-01-30,NA,5\n2021-01-31,NA,0\n2021-01-30,US,9\n2021-01-31,US,8\n"
TABLE = "Geography,Views,Average view duration\nTotal,22,0:04:34\nUS,17,0:05:42\nNA,5,\n"
BY_DATE = (
    "Date,Views,Average view duration,Watch time (hours)\nTotal,80242,0:04:34,9.5\n"
    "2021-01-30,12345,0:04:34,4.25\n2021-01-31,0,,0\n2021-02-01,67890,0:04:34,5\n"
    "2021-02-02,7,0:00:34,0.25\n"
)
