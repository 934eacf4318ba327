"""Data sets of daily views: the simulated channel, and exports of YouTube Studio."""

from abc import ABC, abstractmethod
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.data import cells, raw, studio, table
from viewcast.data.daily import check_daily, windows
from viewcast.data.dataset import DataSet
from viewcast.data.export import Wanted
from viewcast.data.limits import DEFAULT, Limits
from viewcast.data.not_counted import Policies, Policy
from viewcast.data.published import Published
from viewcast.data.split import ByDate, ByTail, known_split

STRICT = ConfigDict(extra="forbid")
Count = Annotated[int, Field(ge=1)]


def _kind(split: Any) -> str:
    tail = isinstance(split, ByTail) or (isinstance(split, dict) and "train" not in split)
    return "by tail" if tail else "by date"


Split = Annotated[
    Annotated[ByDate, Tag("by date")] | Annotated[ByTail, Tag("by tail")], Discriminator(_kind)
]


@dataclass(frozen=True, config=STRICT)
class DailyViews(ABC):
    """Base of the data sets of daily views.

    ``label``: how pages name the data. ``raw``: the folder under the project. ``unit`` and
    ``scale``: targets and lags are views divided by ``scale``. ``lags``: days of the window.
    ``country``: its public holidays are a feature (ISO code), null for none. ``splits``: by name,
    which days train, validate and test. ``split``: the one of ``splits`` that is used.
    ``features``: named feature sets. ``block``: days per block of dependent days in standard
    errors. ``published``: the lecturer's figures by model.
    """

    name: str
    label: str
    raw: str
    unit: str
    scale: Annotated[float, Field(gt=0)]
    lags: Count
    country: str | None
    splits: dict[str, Split]
    split: str
    features: dict[str, list[str]]
    block: Count
    published: dict[str, Published]
    part: ClassVar[None] = None
    cluster: ClassVar[None] = None

    @model_validator(mode="after")
    def _split_is_known(self) -> "DailyViews":
        known_split(self.split, self.splits)
        return self

    @property
    def feature_lookback(self) -> int:
        """The number of days before a day whose views are among its features."""
        return self.lags

    @abstractmethod
    def daily(self, folder: Path) -> pd.Series:
        """The checked daily series, in views (DatetimeIndex)."""

    def prepare(self, root: Path) -> pd.DataFrame:
        """The prepared table: lags, weekday, holiday, age, all known before the day begins."""
        series = self.daily(root / self.raw) / self.scale
        features = self.known_before(series)
        days = pd.DatetimeIndex(features.index)
        keys = pd.DataFrame(
            {
                "row": days.strftime("%Y-%m-%d"),
                "entity": self.name,
                "time": days,
                "target": series.loc[days],
            },
            index=days,
        )
        return table.assemble(keys, features, self.labels(days, root), self.unit)

    def known_before(self, series: pd.Series) -> pd.DataFrame:
        """The features of each day, all known before it begins."""
        return windows(series, self.lags, self.country)

    def labels(self, days: pd.DatetimeIndex, root: Path) -> dict[str, pd.Series]:
        """The split of each day, by the name of the split."""
        return {name: split.label(days) for name, split in self.splits.items()}


def daily_views(data: DataSet) -> DailyViews:
    """The data set as one of daily views; refuses (ConfigError) any other."""
    if not isinstance(data, DailyViews):
        raise ConfigError(f"data = {data.name}: expected a data set of daily views")
    return data


@dataclass(frozen=True, config=STRICT)
class Channel(DailyViews):
    """The simulated channel: ``simulated_daily_views.csv`` with columns date, views."""

    def daily(self, folder: Path) -> pd.Series:
        """The series of the one file."""
        source = folder / "simulated_daily_views.csv"
        text = raw.read_columns(source, ["date", "views"])
        dates = pd.to_datetime(text["date"], format="%Y-%m-%d", errors="coerce")
        return check_daily(dates, cells.numbers(text["views"], source), source)


@dataclass(frozen=True, config=STRICT)
class Studio(DailyViews):
    """An export of YouTube Studio as downloaded, or a daily series of another site.

    ``metric``: what is forecast, by its name (``viewcast.data.metric``) or by the header of its
    column. ``channel``: the word in the rows of one channel where a file holds several, null where
    it holds one. ``cumulative``: whether the figures are those of a counter that only grows.
    ``site``: whose count it is (``viewcast.data.regimes``), null for none that is known.
    ``column``: the column that holds the metric, by its header word for word or by its number; null
    for the one whose header is known to mean it.
    ``until``: the last day that was final when the export was imported; null for no limit.
    ``negative``: what becomes of a day with a figure below 0; ``newest_zeros``: of newest days with
    0 after weeks without one: missing, zero or refuse (``viewcast.data.not_counted``).
    ``limits``: how much its files may hold (``viewcast.data.limits``).
    """

    metric: str
    channel: str | None
    cumulative: bool
    site: str | None
    until: date | None
    column: str | int | None = None
    negative: Policy = "missing"
    newest_zeros: Policy = "missing"
    limits: Limits = DEFAULT

    @property
    def wanted(self) -> Wanted:
        """What is read of the export."""
        column = None if self.column is None else str(self.column)
        policies = Policies(self.negative, self.newest_zeros)
        return Wanted(
            self.metric,
            self.channel,
            self.cumulative,
            self.until,
            column,
            limits=self.limits,
            policies=policies,
        )

    @property
    def min_days(self) -> int:
        """The fewest days that an import takes: a window of lags, and the rows of the split."""
        split = self.splits[self.split]
        return self.lags + (split.min_rows if isinstance(split, ByTail) else 1)

    def daily(self, folder: Path) -> pd.Series:
        """The daily figures of the export."""
        return studio.read_export(folder, self.wanted)
