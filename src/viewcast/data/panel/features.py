"""The features of a moment: what is known of a video before the days that are asked.

Shape letters: M moments, L days of the window, H days of the horizon, O outputs, F features.

Views enter as log1p, less the level of the window's last week: so what a model learns of one
video holds for one with a thousand times its views. ``size`` alone tells that level. Logarithms are
made in double and rounded to single precision, so that their last bits are the same everywhere.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewcast.base.logarithm import log1p
from viewcast.data.panel.moments import Moments
from viewcast.data.panel.panel import Panel

WEEK = 7
WEEKDAYS = ("tue", "wed", "thu", "fri", "sat", "sun")  # Monday is the base
THURSDAY = 3  # the weekday of 1970-01-01, day 0 of a calendar
MOST_CATEGORIES = 50  # that have a column of their own

Doubles = NDArray[np.float64]
Column = tuple[str, NDArray[np.floating] | NDArray[np.bool_]]


@dataclass(frozen=True)
class Known:
    """What the whole panel decides of the features, so that all its parts have the same columns.

    ``categories``: the names in the column of each category; of very many, the most frequent have
    one. ``numbers``: the columns of ``Panel.videos`` that are numbers of a video.
    """

    categories: dict[str, list[str]]
    numbers: list[str]

    @classmethod
    def of(cls, panel: Panel) -> "Known":
        """What is known of the videos of a whole panel."""
        categories: dict[str, list[str]] = {}
        if "category" in panel.videos:
            # Equally frequent ones in the order of their names: the order of rows decides nothing.
            counts = panel.videos["category"].sort_values().value_counts(sort=True)
            for name in sorted(map(str, counts.index[:MOST_CATEGORIES])):
                categories.setdefault(f"category_{slug(name)}", []).append(name)
        numbers = panel.videos.select_dtypes("number").columns.difference(["first"])
        return cls(categories, list(map(str, numbers)))


@dataclass(frozen=True, eq=False)
class Measured:
    """Moments as numbers.

    ``targets`` (O, M): log1p of the views that came, less the level. ``level`` (M,): log1p of what
    would come if it went on as in the last week: of ``each`` day the mean of the last seven days,
    of the ``sum`` as many of it as days are asked; of the ``total`` what the window has brought
    already. ``features`` (F, M): float32, and their ``names``.
    """

    targets: Doubles
    level: Doubles
    features: NDArray[np.float32]
    names: list[str]


class _Measures:
    """All that is measured of moments; what several features share is made once.

    Every number is made of the moment's own window: one of another video, or of a later day, cannot
    change a bit of it. ``given`` and ``logs`` (L, M): views of the window, newest first, and log1p
    of them.
    """

    def __init__(self, moments: Moments, known: Known) -> None:
        self.moments, self.task, self.known = moments, moments.task, known
        panel, begin = moments.panel, moments.begin()
        places = begin - np.arange(1, self.task.window + 1)[:, None]
        logs = log1p(panel.views.astype(np.float64))
        self.given, self.logs = panel.views.astype(np.float64)[places], logs[places]
        self.week = min(WEEK, self.task.window)
        self.daily = log1p(self.given[: self.week].mean(axis=0))
        self.lags = (self.logs - self.daily).astype(np.float32)
        self.asked = begin + np.arange(self.task.horizon)[:, None]
        self.total = self.given.sum(axis=0) if self.task.asked == "total" else np.zeros(len(begin))
        self.level = self.daily
        if self.task.asked == "sum":
            self.level = log1p(self.task.horizon * self.given[: self.week].mean(axis=0))
        elif self.task.asked == "total":
            self.level = log1p(self.total)

    def targets(self) -> Doubles:
        """The targets (O, M)."""
        came = self.moments.panel.views.astype(np.float64)[self.asked]
        if self.task.asked != "each":
            came = (self.total + came.sum(axis=0))[None]
        return np.asarray(log1p(came) - self.level)

    def features(self) -> tuple[NDArray[np.float32], list[str]]:
        """The features (F, M) and their names."""
        columns = dict(self._columns())
        names = [*columns, *(f"lag_{lag}" for lag in range(1, self.task.window + 1))]
        cells = np.empty((len(names), len(self.level)), np.float32)
        for place, column in enumerate(columns.values()):
            cells[place] = column
        cells[len(columns) :] = self.lags
        return cells, names

    def _columns(self) -> Iterator[Column]:
        """All features but the lags."""
        yield from self._naive()
        yield from self._history()
        if self.task.window >= WEEK:
            yield from self._weekdays()
        yield from self._of_video()

    def _forecast(self, per_day: Doubles) -> Doubles:
        """What comes with so many views a day, as targets are: it is predicted as it stands."""
        days = 1 if self.task.asked == "each" else self.task.horizon
        return np.asarray(log1p(self.total + days * per_day) - self.level)

    def _naive(self) -> Iterator[Column]:
        """Forecasts without a model: days as the last one, as the last week, as the same weekday
        in it.
        """
        yield "last_day", self._forecast(self.given[0])
        yield "last_week", self._forecast(self.given[: self.week].mean(axis=0))
        if self.task.asked == "each" and self.task.window >= WEEK:
            for day in range(1, self.task.horizon + 1):
                yield f"same_day_{day}", self.logs[_weekday_before(day) - 1] - self.level

    def _history(self) -> Iterator[Column]:
        """Medians and means of spans, trends and spread, less the level of one day."""
        window, by_row = self.task.window, np.ascontiguousarray(self.lags.T)
        for span in spans(window):
            mean = self.logs[:span].mean(axis=0)
            yield f"median_{span}", np.median(by_row[:, :span], axis=1)
            yield f"mean_{span}", mean - self.daily
            if 2 * span <= window:
                yield f"trend_{span}", mean - self.logs[span : 2 * span].mean(axis=0)
        steps = np.diff(self.logs, axis=0) if window > 1 else np.zeros_like(self.logs)
        yield "spread", steps.std(axis=0)
        yield "spread_7", steps[:WEEK].std(axis=0)
        since = by_row.argmax(axis=1)
        yield "peak", by_row[np.arange(len(by_row)), since]
        yield "since_peak", log1p(since)
        yield "zeros", (self.given == 0).mean(axis=0)

    def _weekdays(self) -> Iterator[Column]:
        """How much more than its week each of the next seven days has had in the weeks before."""
        weeks = self.task.window // WEEK
        logs = self.logs[: weeks * WEEK].reshape(weeks, WEEK, -1)
        factor = logs.mean(axis=0) - logs.mean(axis=(0, 1))
        for day in range(1, min(self.task.horizon, WEEK) + 1):
            yield f"weekday_{day}", factor[_weekday_before(day) - 1]

    def _of_video(self) -> Iterator[Column]:
        """Size, age, category and whatever numbers are known of a video; the weekday of a
        calendar.
        """
        panel, video = self.moments.panel, self.moments.video
        yield "size", self.daily
        asked = self.moments.first_asked()
        yield "age", log1p(asked if panel.clock == "age" else self.moments.end)
        for name, members in self.known.categories.items():
            yield name, panel.videos["category"].isin(members).to_numpy()[video]
        for name in self.known.numbers:
            values = panel.videos[name].to_numpy(np.float64)
            logs = np.sign(values) * log1p(np.abs(values))  # seconds, counts; keeps a sign
            yield f"video_{slug(name)}", logs[video]
        if panel.clock == "calendar":
            weekday = (asked + THURSDAY) % WEEK
            for place, name in enumerate(WEEKDAYS, start=1):
                yield name, weekday == place


def measured(moments: Moments, known: Known) -> Measured:
    """Targets, level and features of moments; ``known``: of the whole panel.

    No feature depends on a view of the first asked day or of one after it.
    """
    measures = _Measures(moments, known)
    return Measured(measures.targets(), measures.level, *measures.features())


def features(moments: Moments, known: Known) -> Measured:
    """The same without targets (0, M), of moments whose next days have not come yet."""
    measures = _Measures(moments, known)
    nothing = np.empty((0, len(moments)))
    return Measured(nothing, measures.level, *measures.features())


def spans(window: int) -> list[int]:
    """Days of the medians and means: 7, 14, 28, ... as far as the window reaches."""
    return [WEEK * 2**power for power in range(window.bit_length()) if WEEK * 2**power <= window]


def slug(name: str) -> str:
    """A name as a part of a column: small letters and digits, ``_`` between words."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_") or "none"


def _weekday_before(day: int) -> int:
    """How many days before the first asked day the last one with the weekday of asked day ``day``
    lies.
    """
    return -day % WEEK + 1
