"""The evaluation: champion and challenger on fresh days, which no earlier choice has used."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.data.views import DailyViews
from viewcast.forecast.forecaster import Forecaster
from viewcast.retraining.dm_test import compare, interval
from viewcast.retraining.promotion_rule import PromotionRule, decide, decide_first
from viewcast.scoring.loss import Loss

Vector = NDArray[np.float64]
WEEK = 7


@dataclass(frozen=True)
class FreshDays:
    """The fresh days (D) and how a forecast of them is scored. ``views``: the whole series."""

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
        """Loss (D,) of the naive forecast: the same weekday a week before."""
        return self.losses(self.views.shift(WEEK))

    def rows(self) -> pd.DataFrame:
        """The fresh days as rows: entity, time, row, target."""
        target = self.views.reindex(self.days).to_numpy() / self.data.scale
        rows = pd.DataFrame({"entity": self.data.name, "time": self.days, "target": target})
        return rows.assign(row=self.days.strftime("%Y-%m-%d"))


def evaluate(
    fresh: FreshDays,
    champion: Forecaster | None,
    challenger: Forecaster,
    age: int,
    rule: PromotionRule,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The evaluation as plain values, and the loss of each forecast on every fresh day.

    ``age``: days since the champion was promoted. Without a champion the challenger is compared
    with the naive forecast.
    """
    unit, level = fresh.loss.unit(fresh.data.unit), rule.confidence_level
    losses = {"challenger": fresh.losses(challenger.follow(fresh.views)), "naive": fresh.naive()}
    if champion is None:
        decision = decide_first(losses["challenger"], losses["naive"], level, unit)
        result = None
    else:
        losses["champion"] = fresh.losses(champion.follow(fresh.views))
        result = compare(losses["champion"], losses["challenger"], level)
        decision = decide(result, age, rule, unit)
    values: dict[str, Any] = {
        "first": f"{fresh.days[0]:%Y-%m-%d}",
        "last": f"{fresh.days[-1]:%Y-%m-%d}",
        "days": len(fresh.days),
        "loss": fresh.loss.name,
        "unit": unit,
        "champion_loss": None if result is None else result.champion,
        "challenger_loss": float(losses["challenger"].mean()),
        "naive_loss": float(losses["naive"].mean()),
        "promised": loss_interval(losses["challenger"], level),
        "difference": None
        if result is None
        else {"mean": result.mean, "low": result.low, "high": result.high, "p": result.p},
        "age": age,
        **asdict(decision),
    }
    return values, fresh.rows().assign(split="gate", **losses)


def loss_interval(losses: Vector, level: float) -> dict[str, Any]:
    """The mean of losses (D,) with its interval at ``level``, as plain values."""
    mean, low, high = interval(losses, level)
    return {"mean": mean, "low": low, "high": high, "days": len(losses)}
