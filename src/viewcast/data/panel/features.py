"""The features of a moment: what is known of a video before the days that are asked.

Shape letters: M moments, L days of the window, H days of the horizon, O outputs.

Views enter as log1p, less the level of the window's last week: so what a model learns of one
video holds for one with a thousand times its views. ``size`` alone tells that level.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.data.panel.moments import Moments
from viewcast.data.panel.task import Task

WEEK = 7
SPANS = (7, 14, 28, 56, 84)  # days of the medians and means, as far as the window reaches
WEEKDAYS = ("tue", "wed", "thu", "fri", "sat", "sun")
KNOWN = ["video", "first", "category"]  # columns of ``Panel.videos`` that are no number of a video

Floats = NDArray[np.float32]
Columns = dict[str, NDArray[Any]]


def level(given: Floats, task: Task) -> NDArray[np.float64]:
    """log1p of what would come if it went on as in the last week (M,): the origin of targets.

    Of ``each`` day: the mean of the last seven days; of the ``sum``: as many days of it as are
    asked; of the ``total``: what the window has brought already.
    """
    last_week = given[:, -WEEK:].mean(axis=1, dtype=np.float64)
    if task.asked == "each":
        return np.asarray(np.log1p(last_week))
    if task.asked == "sum":
        return np.asarray(np.log1p(task.horizon * last_week))
    return np.asarray(np.log1p(given.sum(axis=1, dtype=np.float64)))


def targets(given: Floats, asked: Floats, task: Task) -> NDArray[np.float64]:
    """log1p of the views that came, less the level (M, O)."""
    came = asked.astype(np.float64)
    if task.asked != "each":
        came = came.sum(axis=1, keepdims=True)
    if task.asked == "total":
        came = came + given.sum(axis=1, keepdims=True, dtype=np.float64)
    return np.asarray(np.log1p(came) - level(given, task)[:, None])


def features(moments: Moments, categories: list[str]) -> pd.DataFrame:
    """All features (M, F), float32; ``categories``: those of the whole panel, in their order."""
    given, task = moments.given(), moments.task
    columns = {
        **_naive(given, task),
        **_history(given),
        **_weekdays(given, task),
        **_of_video(moments, given, categories),
    }
    return pd.DataFrame({name: np.asarray(c, np.float32) for name, c in columns.items()})


def _naive(given: Floats, task: Task) -> Columns:
    """Forecasts without a model, as targets are: a week as the last one, days as the last ones."""
    origin = level(given, task)
    last, week = given[:, -1].astype(np.float64), given[:, -WEEK:].astype(np.float64)
    if task.asked == "each":
        ahead = min(task.horizon, WEEK) if given.shape[1] >= WEEK else 0
        same = {f"same_day_{h + 1}": np.log1p(week[:, h]) - origin for h in range(ahead)}
        return {"last_day": np.log1p(last) - origin, "last_week": np.zeros(len(given)), **same}
    known = given.sum(axis=1, dtype=np.float64) if task.asked == "total" else 0.0
    ways = {"last_day": last, "last_week": week.mean(axis=1)}
    return {name: np.log1p(known + task.horizon * v) - origin for name, v in ways.items()}


def _history(given: Floats) -> Columns:
    """Lags, medians and means of spans, trend and spread, all less the level of one day."""
    logs, window = np.log1p(given), given.shape[1]
    daily = np.log1p(given[:, -WEEK:].mean(axis=1))
    columns = {f"lag_{lag}": logs[:, -lag] - daily for lag in range(1, window + 1)}
    spans = [span for span in SPANS if span <= window]
    for span in spans:
        columns[f"median_{span}"] = np.log1p(np.median(given[:, -span:], axis=1)) - daily
        columns[f"mean_{span}"] = logs[:, -span:].mean(axis=1) - daily
    for span in spans:
        if 2 * span <= window:
            before = logs[:, -2 * span : -span].mean(axis=1)
            columns[f"trend_{span}"] = logs[:, -span:].mean(axis=1) - before
    steps = np.diff(logs, axis=1) if window > 1 else np.zeros((len(given), 1), np.float32)
    columns["spread"] = steps.std(axis=1)
    columns["spread_7"] = steps[:, -WEEK:].std(axis=1)
    columns["peak"] = logs.max(axis=1) - daily
    columns["since_peak"] = np.log1p(window - 1 - logs.argmax(axis=1))
    return columns


def _weekdays(given: Floats, task: Task) -> Columns:
    """How much more than its week each of the next seven days has had in the weeks before."""
    weeks = given.shape[1] // WEEK
    if weeks == 0:
        return {}
    logs = np.log1p(given[:, -weeks * WEEK :]).reshape(len(given), weeks, WEEK)
    factors = (logs - logs.mean(axis=2, keepdims=True)).mean(axis=1)
    return {f"weekday_{h + 1}": factors[:, h] for h in range(min(task.horizon, WEEK))}


def _of_video(moments: Moments, given: Floats, categories: list[str]) -> Columns:
    """Size, age, category and whatever numbers are known of a video; the weekday of a calendar."""
    videos = moments.panel.videos
    columns: Columns = {
        "size": np.log1p(given[:, -WEEK:].mean(axis=1)),
        "age": np.log1p(moments.end).astype(np.float32),
    }
    if "category" in videos:
        own = videos["category"].to_numpy()[moments.video]
        columns |= {f"category_{slug(name)}": own == name for name in categories}
    for name in videos.columns.difference(KNOWN, sort=False):
        columns[f"video_{slug(name)}"] = _number(videos[name])[moments.video]
    if moments.panel.clock == "calendar":
        # Day 0 of the clock is a Thursday; Monday is the base.
        weekday = (moments.first_asked() + 3) % WEEK
        columns |= {name: weekday == place for place, name in enumerate(WEEKDAYS, start=1)}
    return columns


def slug(name: str) -> str:
    """A name as a part of a column: small letters and digits, ``_`` between words."""
    plain = "".join(c if c.isalnum() else " " for c in str(name).lower())
    return "_".join(plain.split()) or "none"


def _number(values: pd.Series) -> Floats:
    """A number of videos; log1p of what is never negative, such as seconds and counts."""
    number = values.to_numpy(np.float64)
    return np.asarray(np.log1p(number) if np.nanmin(number, initial=0) >= 0 else number, np.float32)
