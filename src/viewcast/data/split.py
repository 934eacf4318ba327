"""Splits: which rows train, which validate, and which are the test, by time or by lecture."""

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import pandas as pd
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError

STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=STRICT)
class Span:
    """Days from ``first`` to ``last``, both included (ISO dates)."""

    first: str
    last: str

    @model_validator(mode="after")
    def _in_order(self) -> "Span":
        for day in (self.first, self.last):
            # A slice reads a year or a month alone as other days than a comparison does.
            datetime.strptime(day, "%Y-%m-%d")
        if pd.Timestamp(self.first) > pd.Timestamp(self.last):
            raise ValueError(f"the first day {self.first} is after the last day {self.last}")
        return self


@dataclass(frozen=True, config=STRICT)
class ByDate:
    """Three spans of days; days outside all of them are unused."""

    train: Span
    validation: Span
    test: Span

    @model_validator(mode="after")
    def _apart(self) -> "ByDate":
        spans = {"train": self.train, "validation": self.validation, "test": self.test}
        ordered = sorted(spans, key=lambda name: pd.Timestamp(spans[name].first))
        for before, after in itertools.pairwise(ordered):
            if pd.Timestamp(spans[before].last) >= pd.Timestamp(spans[after].first):
                raise ValueError(f"{before} and {after} share days; a day may be in one only")
        return self

    def label(self, days: pd.DatetimeIndex) -> pd.Series:
        """The split of each day."""
        split = pd.Series("unused", index=days, dtype="str")
        for name in ("train", "validation", "test"):
            span: Span = getattr(self, name)
            split.loc[span.first : span.last] = name
        return _with_training_rows(split)


@dataclass(frozen=True, config=STRICT)
class ByTail:
    """The newest ``test`` days, the ``validation`` days before them, and all earlier days."""

    validation: Annotated[int, Field(ge=1)]
    test: Annotated[int, Field(ge=1)]

    @property
    def min_rows(self) -> int:
        """The fewest days with a full window of lags: one of them is left for training."""
        return self.validation + self.test + 1

    def label(self, days: pd.DatetimeIndex) -> pd.Series:
        """The split of each day."""
        if len(days) < self.min_rows:
            raise DataError(
                f"found {len(days)} days with a full window of lags, expected more than "
                f"{self.validation} for validation and {self.test} for the test; "
                "bring a longer export or set smaller data.splits"
            )
        split = pd.Series("train", index=days, dtype="str")
        split.iloc[-self.test - self.validation :] = "validation"
        split.iloc[-self.test :] = "test"
        return split


@dataclass(frozen=True, config=STRICT)
class ByLecture:
    """Lists of lectures (``ML2021/1``) of each split; lectures in none are unused."""

    train: list[str]
    validation: list[str]
    test: list[str]

    @model_validator(mode="after")
    def _apart(self) -> "ByLecture":
        listed = [*self.train, *self.validation, *self.test]
        twice = sorted({row for row in listed if listed.count(row) > 1})
        if twice:
            raise ValueError(
                f"lectures {twice} are listed twice; a lecture may be in one split only"
            )
        return self

    def label(self, rows: pd.Series) -> pd.Series:
        """The split of each row key. Refuses (DataError) lectures that are not in the data."""
        split = pd.Series("unused", index=rows.index, dtype="str")
        for name in ("train", "validation", "test"):
            wanted: list[str] = getattr(self, name)
            absent = sorted(set(wanted) - set(rows))
            if absent:
                raise DataError(f"data.splits.{name}: lectures {absent} are not in the data")
            split[rows.isin(wanted)] = name
        return _with_training_rows(split)


def known_split(split: str, splits: Mapping[str, object]) -> None:
    """Refuse (ValueError, which the configuration reports) a split that is not configured."""
    if split not in splits:
        raise ValueError(f"split = {split} is not one of data.splits; allowed: {', '.join(splits)}")


def _with_training_rows(split: pd.Series) -> pd.Series:
    if not (split == "train").any():
        raise DataError("no row of the data falls into the training split; check data.splits")
    return split
