"""Small panels for tests, and a reader of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from viewcast.data.panel.panel import Clock, Panel
from viewcast.data.panel.readers.long import Long
from viewcast.data.panel.task import Task


def panel_of(
    series: dict[str, Any], clock: Clock = "age", first: dict[str, int] | None = None, **known: Any
) -> Panel:
    """A panel of lists of views by video; ``first``: first days, day 1 where not given."""
    lengths = [len(views) for views in series.values()]
    videos = pd.DataFrame({"video": list(series), **known})
    videos["first"] = np.array([(first or {}).get(name, 1) for name in series], np.int64)
    views = np.concatenate([np.asarray(views, np.float32) for views in series.values()])
    return Panel(videos, views, np.concatenate([[0], np.cumsum(lengths)]), clock)


def random_panel(seed: int, videos: int, most: int, clock: Clock) -> Panel:
    """Videos of different lengths, 1 to ``most`` days, which begin on different days."""
    random = np.random.default_rng(seed)
    names = [f"v{place}" for place in range(videos)]
    series = {name: random.integers(0, 1000, random.integers(1, most + 1)) for name in names}
    first = {name: int(random.integers(1, 20)) for name in names} if clock == "calendar" else None
    category = [f"Kind {place % 3}" for place in range(videos)]
    return panel_of(series, clock, first, category=category)


def task_of(**changed: Any) -> Task:
    """A short task: from 7 days each of the next two, at every moment."""
    keys = {"window": 7, "horizon": 2, "asked": "each", "moments": "sliding", "step": 1}
    return Task(**{**keys, "least_views": 0, "least_views_train": 0, **changed})


@dataclass(frozen=True)
class Table:
    """A reader of ``panel.csv``: video, day, views, ordered; ages."""

    file: str

    def read(self, source: Path) -> Panel:
        rows = pd.read_csv(source / self.file)
        series = {str(name): part["views"].tolist() for name, part in rows.groupby("video")}
        return panel_of(series)


def written(panel: Panel, folder: Path) -> None:
    """The file that ``Table`` reads."""
    rows = pd.DataFrame({"views": panel.views.astype(int)})
    rows.insert(0, "video", np.repeat(panel.videos["video"].to_numpy(), panel.days))
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / "panel.csv", index=False)


def long(**changed: Any) -> Long:
    """The reader of a long table of ages, with the settings of ``conf/reader/long.yaml``."""
    keys: dict[str, Any] = {"file": None, "video": "video", "day": "day", "views": "views"}
    keys |= {"category": None, "known": (), "published": None, "clock": "age"}
    keys |= {"cumulative": False, "repeated": "refuse", "gaps": "missing", "negative": "refuse"}
    return Long(**{**keys, **changed})


def by_video(panel: Panel) -> dict[str, list[float]]:
    """The views of each video, by name."""
    return {str(name): panel.of(v).tolist() for v, name in enumerate(panel.videos["video"])}
