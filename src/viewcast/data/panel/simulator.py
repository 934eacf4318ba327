"""A simulated panel: videos whose views answer to promotion, with a known truth.

Each video is a Hawkes intensity process (Rizoiu, Xie, Sanner, Cebrian, Yu & Van Hentenryck 2017,
Expecting to be HIP, WWW, equation 5): views of a day come from promotion on that day, and from the
views of all days before, which are remembered by a power law::

    rate(t) = fame promotion(t) + share Σ_{s<t} rate(s) (t - s + lag)^-(1 + decay)

Views are drawn around rate times rhythm, with more spread than Poisson's. The rhythm has a weekly
cycle, and a factor of each day that all videos have in common.

Shape letters: V videos, T days.
"""

from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.data.simulator import Day, Seed

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Floats = NDArray[np.float64]

MOST = 20_000_000  # rows: videos times days
LONGEST = 36_525  # days


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class PanelSimulator:
    """The parameters of a panel.

    ``start``, ``days``: its calendar. ``videos``: V, uploaded on random days of the first
    ``uploads`` days. ``categories``: name, and how much larger its videos are (log views).
    ``level``, ``spread``: mean and standard deviation of a video's log fame. ``response``: mean of
    the share of a view that later views answer with, its ``response_spread`` over videos.
    ``decay``: exponent of the memory less 1, ``lag`` its shift in days. ``bursts``: promotions a
    day of a video, ``burst_tail``: the exponent of their sizes (Pareto). ``launch``: of the first
    day's promotion, in fames. ``base``: promotion of every day, in fames. ``weekday``: seven
    factors, Monday to Sunday. ``common``: standard deviation of the log factor of a day,
    ``common_memory``: the share of it that is left the next day. ``noise``: standard deviation of
    one video's day, log views.
    """

    start: Day
    days: Annotated[int, Field(ge=1, le=LONGEST)]
    videos: Count
    uploads: Count
    categories: Annotated[dict[str, float], Field(min_length=1)]
    level: float
    spread: Positive
    response: Share
    response_spread: Annotated[float, Field(ge=0)]
    decay: Positive
    lag: Positive
    bursts: Annotated[float, Field(ge=0)]
    burst_tail: Annotated[float, Field(gt=1)]
    launch: Positive
    base: Positive
    weekday: Annotated[tuple[Positive, ...], Field(min_length=7, max_length=7)]
    common: Annotated[float, Field(ge=0)]
    common_memory: Share
    noise: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _uploads_fit(self) -> "PanelSimulator":
        if self.uploads > self.days:
            raise ValueError(f"uploads = {self.uploads}: expected at most days = {self.days}")
        if self.videos * self.days > MOST:
            raise ValueError(
                f"videos = {self.videos}: expected at most {MOST // self.days:,} of "
                f"days = {self.days}, {MOST:,} rows in all"
            )
        return self

    def simulate(self, seed: int) -> pd.DataFrame:
        """A long table: video, day (a date), views, category, duration in seconds, by video.

        Raises ConfigError for parameters by which a rate of views is no number.
        """
        with np.errstate(all="ignore"):  # of what is too much: it is refused
            return self._simulated(seed)

    def _simulated(self, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        first = np.sort(rng.integers(0, self.uploads, self.videos))
        kinds = list(self.categories)
        kind = rng.integers(0, len(kinds), self.videos)
        larger = np.array([self.categories[name] for name in kinds])[kind]
        fame = np.exp(self.level + larger + self.spread * rng.standard_normal(self.videos))
        logit = np.log(self.response / (1 - self.response))
        response = 1 / (
            1 + np.exp(-logit - self.response_spread * rng.standard_normal(self.videos))
        )
        views = self._views(rng, first, fame, response)
        duration = np.round(np.exp(5.5 + 0.8 * rng.standard_normal(self.videos)))
        days = np.datetime64(self.start) + np.arange(self.days)
        alive = np.arange(self.days) >= first[:, None]
        video, day = np.nonzero(alive)
        width = len(str(self.videos - 1))
        names = np.array([f"simulated-{place:0{width}d}" for place in range(self.videos)])
        return pd.DataFrame(
            {
                "video": names[video],
                "day": days[day],
                "views": views[alive].astype(np.int64),
                "category": np.array(kinds)[kind[video]],
                "duration": duration[video].astype(np.int64),
            }
        )

    def _views(self, rng: Any, first: Any, fame: Floats, response: Floats) -> Floats:
        shape = self.videos, self.days
        promotion = self.base + np.where(
            rng.random(shape) < self.bursts, rng.pareto(self.burst_tail, shape) + 1, 0.0
        )
        promotion[np.arange(self.videos), first] += self.launch * (rng.pareto(2.5, self.videos) + 1)
        since = np.arange(1, self.days)
        memory = (since + self.lag) ** -(1 + self.decay)
        remembered = response[:, None] * memory / memory.sum()
        rhythm = self._rhythm(rng)
        rate, views = np.zeros(shape), np.zeros(shape)
        for day in range(self.days):
            answered = (rate[:, :day] * remembered[:, :day][:, ::-1]).sum(axis=1)
            rate[:, day] = np.where(day >= first, fame * promotion[:, day] + answered, 0.0)
            spread = np.exp(self.noise * rng.standard_normal(self.videos) - self.noise**2 / 2)
            expected = rhythm[day] * rate[:, day] * spread
            if np.isnan(expected).any():
                raise ConfigError(
                    "simulator: the views of a day are no number; lower level, spread, launch, "
                    "common or noise"
                )
            views[:, day] = rng.poisson(np.minimum(expected, 1e12))
        return views

    def _rhythm(self, rng: Any) -> Floats:
        """The factor of each day (T,)."""
        shock = rng.standard_normal(self.days) * np.sqrt(1 - self.common_memory**2)
        shock[0] = rng.standard_normal()
        common = np.zeros(self.days)
        for day in range(self.days):
            before = common[day - 1] if day else 0.0
            common[day] = self.common_memory * before + shock[day]
        weekday = (np.arange(self.days) + self.start.weekday()) % 7
        return np.asarray(np.array(self.weekday)[weekday] * np.exp(self.common * common))


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class SimulatedPanel:
    """``conf/panel_simulator.yaml``: the simulator behind a panel, its ``seed``, the ``file`` it
    wrote.
    """

    seed: Seed
    file: str
    simulator: PanelSimulator
