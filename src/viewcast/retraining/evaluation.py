"""The judgement: champion and challenger on days that nobody has used to choose anything."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.data.views import DailyViews
from viewcast.forecast.forecaster import Forecaster
from viewcast.retraining.dm_test import Rule, compare, decide, first, interval
from viewcast.scoring.loss import Loss

Vector = NDArray[np.float64]
WEEK = 7


@dataclass(frozen=True)
class Fair:
    """The fresh days (D): ``views`` of the whole series, and how a forecast of a day is scored."""

    views: pd.Series
    days: pd.DatetimeIndex
    data: DailyViews
    loss: Loss

    def losses(self, forecast: pd.Series) -> Vector:
        """Loss (D,) of forecasts in views, by day."""
        scale = self.data.scale
        predicted, target = (
            s.reindex(self.days).to_numpy() / scale for s in (forecast, self.views)
        )
        return np.asarray(self.loss.rows(predicted, target), dtype=np.float64)

    def naive(self) -> Vector:
        """Loss (D,) of the same weekday a week before."""
        return self.losses(self.views.shift(WEEK))

    def rows(self) -> pd.DataFrame:
        """The fresh days as rows: entity, time, row, target."""
        target = self.views.reindex(self.days).to_numpy() / self.data.scale
        rows = pd.DataFrame({"entity": self.data.name, "time": self.days, "target": target})
        return rows.assign(row=self.days.strftime("%Y-%m-%d"))


def judge(
    fair: Fair, champion: Forecaster | None, challenger: Forecaster, age: int, rule: Rule
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The judgement as plain values, and the loss of everybody on every fresh day.

    ``age``: days since the champion was promoted. Without a champion the challenger is measured by
    the naive forecast.
    """
    unit = fair.loss.unit(fair.data.unit)
    losses = {"challenger": fair.losses(challenger.follow(fair.views)), "naive": fair.naive()}
    if champion is None:
        decision = first(losses["challenger"], losses["naive"], rule.level, unit)
        found = None
    else:
        losses["champion"] = fair.losses(champion.follow(fair.views))
        found = compare(losses["champion"], losses["challenger"], rule.level)
        decision = decide(found, age, rule, unit)
    said: dict[str, Any] = {
        "first": f"{fair.days[0]:%Y-%m-%d}",
        "last": f"{fair.days[-1]:%Y-%m-%d}",
        "days": len(fair.days),
        "loss": fair.loss.name,
        "unit": unit,
        "champion_loss": None if found is None else found.champion,
        "challenger_loss": float(losses["challenger"].mean()),
        "naive_loss": float(losses["naive"].mean()),
        "promised": promised(losses["challenger"], rule.level),
        "difference": None
        if found is None
        else {"mean": found.mean, "low": found.low, "high": found.high, "p": found.p},
        "age": age,
        **asdict(decision),
    }
    return said, fair.rows().assign(split="gate", **losses)


def promised(losses: Vector, level: float) -> dict[str, Any]:
    """The word that is given for losses (D,): their mean with its interval."""
    mean, low, high = interval(losses, level)
    return {"mean": mean, "low": low, "high": high, "days": len(losses)}
