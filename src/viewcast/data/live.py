"""The live series: the days of a channel that retraining stores, and which of them are fresh.

The folder ``data/live`` holds two files. Each is replaced whole:

- ``daily.csv``: one row per day without gaps, by day: ``date``, ``views`` and, where the source has
  them, further daily metrics;
- ``fresh.json``: ``{"from": "2021-03-01"}``, the first day that no choice has used.
"""

import json
from datetime import date
from pathlib import Path

import pandas as pd
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError
from viewcast.data import raw
from viewcast.data.daily import check_daily, windows, with_levels
from viewcast.data.split import Rolling
from viewcast.data.views import DailyViews

DAILY, FRESH = "daily.csv", "fresh.json"
BRIDGED = "bridged"  # column: 1 where a missing day was filled (``viewcast.data.gaps``)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Live(DailyViews):
    """The series that the retraining stores. Its splits move with the fresh days."""

    splits: dict[str, Rolling]  # type: ignore[assignment]

    def daily(self, folder: Path) -> pd.Series:
        """The views."""
        return read(folder)["views"].asfreq("D")

    def known_before(self, series: pd.Series) -> pd.DataFrame:
        """The usual features, and the level by weekday."""
        return with_levels(windows(series, self.lags, self.country))

    def labels(self, days: pd.DatetimeIndex, root: Path) -> dict[str, pd.Series]:
        """The split of each day: windows that end before the fresh days, which are the test."""
        fresh = pd.Timestamp(fresh_from(root / self.raw))
        return {name: split.label(days, fresh) for name, split in self.splits.items()}


def read(folder: Path) -> pd.DataFrame:
    """Every metric (float64) by day. Refuses (DataError) a missing or damaged series."""
    source = folder / DAILY
    if not source.is_file():
        raise DataError(f"{source}: no live series yet; `make retrain` makes one")
    header = raw.read_rows(source)[1]
    text = raw.read_columns(source, ["date", "views", *header[2:]])
    dates = pd.to_datetime(text["date"], format="%Y-%m-%d", errors="coerce")
    values = {name: raw.numbers(text[name], source) for name in text.columns[1:]}
    views = check_daily(dates, values["views"], source)
    others = pd.DataFrame({name: values[name].to_numpy() for name in values}, index=dates)
    return others.loc[views.index].assign(views=views).rename_axis("date")


def fresh_from(folder: Path) -> date:
    """The first of the fresh days. Refuses (DataError) a missing or damaged file."""
    file = folder / FRESH
    try:
        return date.fromisoformat(json.loads(file.read_text())["from"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f'{file}: expected {{"from": "2021-03-01"}}, found {error!r}; `make retrain` writes it'
        ) from error


def as_csv(days: pd.DataFrame) -> str:
    """A series as the text of ``daily.csv``: whole numbers without a point, empty where unknown."""
    return days.map(lambda value: "" if pd.isna(value) else f"{value:.17g}").to_csv(
        date_format="%Y-%m-%d", lineterminator="\n"
    )


def as_fresh(day: date) -> str:
    """The text of ``fresh.json``."""
    return json.dumps({"from": day.isoformat()}) + "\n"
