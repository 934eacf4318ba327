"""The live series: the days of a channel that nights store.

A folder holds one file, which is replaced whole: ``daily.csv``, one row per day without gaps, by
day: ``date``, the metric that is forecast and, where the source has them, further daily metrics.
In memory the metric that is forecast is called ``views``, whatever it counts; the file has its own
name, so that no other figure is taken for views.
"""

from pathlib import Path

import pandas as pd

from viewcast.base.errors import DataError
from viewcast.base.escaped import csv_text
from viewcast.data import cells, raw
from viewcast.data.daily import check_daily
from viewcast.data.metric import VIEWS, is_count

DAILY = "daily.csv"
BRIDGED = "bridged"  # column: 1 where a missing day was filled (``viewcast.data.gaps``)


def read(folder: Path) -> pd.DataFrame:
    """Every metric (float64) by day, the one that is forecast first, as ``views``.

    Refuses (DataError) a missing or damaged series.
    """
    name = metric(folder)
    source = folder / DAILY
    header = raw.read_header(source)
    text = raw.read_columns(source, ["date", *header[1:]])
    dates = pd.to_datetime(text["date"], format="%Y-%m-%d", errors="coerce")
    values = {column: cells.numbers(text[column], source) for column in text.columns[1:]}
    views = check_daily(dates, values.pop(name), source, is_count(name))
    others = {column: figures.to_numpy() for column, figures in values.items()}
    days = pd.DataFrame(others, index=dates).loc[views.index]
    days.insert(0, VIEWS, views)
    return days.rename_axis("date")


def metric(folder: Path) -> str:
    """What the series counts. Refuses (DataError) a missing or damaged one."""
    source = folder / DAILY
    if not source.is_file():
        raise DataError(f"{source}: no live series yet; `make retrain` makes one")
    header = raw.read_header(source)
    if header[0] != "date" or len(header) < 2:
        raise DataError(f"{source}, line 1: found {header}, expected date and a metric")
    return header[1]


def as_csv(days: pd.DataFrame, metric: str = VIEWS) -> str:
    """A series as the text of ``daily.csv``: whole numbers without a point, empty where unknown."""
    ordered = days[[VIEWS, *(column for column in days.columns if column != VIEWS)]]
    text = ordered.map(lambda value: "" if pd.isna(value) else f"{value:.17g}")
    return csv_text(text.rename(columns={VIEWS: metric}), date_format="%Y-%m-%d")
