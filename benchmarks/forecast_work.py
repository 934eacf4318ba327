"""The walk-forward of one recipe or peer over the origins of one series; each is kept in a file, so
that a benchmark that was stopped goes on.

Shape letters: D days, O origins, H days ahead.
"""

from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml
from forecast_peers import cpu_seconds, peers
from forecast_scores import Forecasts
from rich.progress import track

from viewcast.base.settings import build
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.recipe import Recipe

HORIZON = WEEK
WEEKS = 26  # weekly origins that are scored
KEPT = 60  # nights before the first of them whose forecasts make its intervals
WITHOUT_INTERVALS = ("deep",)  # it serves nobody, and is slow
CONF = Path(__file__).parents[1] / "conf" / "recipe"


class Work(NamedTuple):
    """``history``: days of it that a forecast may see, None for all."""

    series: str
    method: str
    history: int | None = None

    @property
    def file(self) -> str:
        """Its name in the folder of what is kept."""
        return f"{self.series}-{self.method}-{self.history}.npz".replace(" ", "_")


def recipes() -> dict[str, Recipe]:
    """Every recipe of ``conf/recipe``, by name."""
    found = {}
    for file in sorted(CONF.glob("*.yaml")):
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
        found[file.stem] = build(settings, f"recipes.{file.stem}", Recipe)
    return found


def weekly(days: int) -> np.ndarray:
    """The last 26 weekly origins: how many days are known at each."""
    return days - WEEK * np.arange(WEEKS, 0, -1)


def daily(days: int) -> np.ndarray:
    """The same with the days between, and 60 nights before."""
    first, *_, last = weekly(days)
    return np.arange(max(first - KEPT, 60), last + 1)


def all_done(work: list[Work], series: dict[str, pd.Series], folder: Path, processes: int) -> None:
    """Do the work whose file is not in the folder yet."""
    folder.mkdir(parents=True, exist_ok=True)
    due = [each for each in work if not (folder / each.file).exists()]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        tasks = [pool.submit(done, each, series[each.series], folder / each.file) for each in due]
        for task in track(as_completed(tasks), "forecasts", len(tasks)):
            task.result()


def read(work: Work, folder: Path) -> Forecasts:
    """What ``done`` has kept."""
    with np.load(folder / work.file) as kept:
        arrays = {name: kept[name] for name in ("origins", "middle", "low", "high")}
        return Forecasts(**arrays, cpu=float(kept["cpu"]))


def done(work: Work, views: pd.Series, file: Path) -> None:
    """Forecast at every origin: recipes each night; peers, cut histories and the net each week."""
    history, known = History.of(views), recipes()
    ours = known.get(work.method)
    nightly = work.history is None and ours is not None and work.method not in WITHOUT_INTERVALS
    origins = daily(len(views)) if nightly else weekly(len(views))
    middle, low, high = (np.full((len(origins), HORIZON), np.nan) for _ in range(3))
    peer = None if ours is not None else peers()[0][work.method]
    spent = []
    for row, origin in enumerate(origins):
        first = 0 if work.history is None else origin - work.history
        seen = History(history.first + timedelta(days=int(first)), history.log[first:origin])
        start = cpu_seconds()
        if ours is not None:
            if len(seen) >= ours.min_days:
                middle[row] = ours.fit(seen, HORIZON).forecast(seen)
        else:
            bands = peer(seen, HORIZON)
            middle[row], low[row], high[row] = bands.middle, bands.low, bands.high
        spent.append(cpu_seconds() - start)
    arrays = {"origins": origins, "middle": middle, "low": low, "high": high}
    part = file.with_suffix(".part.npz")
    np.savez(part, **arrays, cpu=np.median(spent))  # the first one imports and compiles
    part.rename(file)
