"""The history of champions for the report: the expected losses, and the losses that followed.

Everything is derived anew each night: the champions from the log of promotions, their forecasts
from the registered versions and the days as they are known now. A corrected day therefore corrects
the history.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base.files import entries
from viewcast.base.paths import challenger_path, outcomes_path, promotions_path
from viewcast.data.views import daily_views
from viewcast.report.champion_record import ChampionHistory, parsed, write
from viewcast.retraining import challenger
from viewcast.retraining.dm_test import MIN_DAYS
from viewcast.retraining.evaluation import FreshDays, loss_interval
from viewcast.tracking.write.registry import Registry
from viewcast.training.config import Config

Line = dict[str, Any]  # of registry/promotions.jsonl
SHOWN_NIGHTS = 60  # the newest outcomes that the history holds


def write_history(
    registry: Registry, config: Config, views: pd.Series, level: float, root: Path
) -> ChampionHistory:
    """Write ``reports/retraining.json``; returns its content.

    ``config``: of a nightly run. ``views``: the live series. ``level``: of the intervals.
    """
    history = champion_history(registry, config, views, level, root)
    write(history, root)
    return history


def champion_history(
    registry: Registry, config: Config, views: pd.Series, level: float, root: Path
) -> ChampionHistory:
    """The history of champions; arguments as ``write_history``."""
    promotions, outcomes = entries(promotions_path(root)), entries(outcomes_path(root))
    daily, coverage = _daily(registry, config, views, promotions)
    return parsed(
        {
            "label": config.data.label,
            "loss": config.loss.name,
            "unit": config.data.unit,
            "loss_unit": config.loss.unit(config.data.unit),
            "name": registry.name,
            "newest": f"{views.index[-1]:%Y-%m-%d}",
            "level": level,
            "error_rate": round((1 - level) / 2, 10),
            "champions": _champions(promotions, daily, level),
            "daily": daily.to_dict("records"),
            "gates": [{"night": o["night"], **o["gate"]} for o in outcomes if o.get("gate")],
            "nights": outcomes[-SHOWN_NIGHTS:],
            "walk_forward": _walk_forward(root),
            "coverage": coverage,
        }
    )


def _daily(
    registry: Registry, config: Config, views: pd.Series, promotions: list[Line]
) -> tuple[pd.DataFrame, dict[str, Any] | None]:
    """Every day with the forecast of its champion; the coverage of the present champion."""
    columns = ["day", "version", "views", "predicted", "loss", "naive_loss"]
    parts, forecasters, coverage = [], {}, None
    data = daily_views(config.data)
    for line, following in zip(promotions, [*promotions[1:], None], strict=True):
        version = line["version"]
        if version not in forecasters:
            forecasters[version] = registry.forecaster(version)
        intervals = forecasters[version].intervals
        measured = None if intervals is None else intervals.coverage
        coverage = None if measured is None else measured.plain()
        days = pd.DatetimeIndex(views.loc[line["night"] :].index)
        if following is not None:
            days = days[days < pd.Timestamp(following["night"])]
        if days.empty:
            continue
        fresh = FreshDays(views, days, data, config.loss)
        forecast = forecasters[version].follow(views)
        part = {
            "day": days.strftime("%Y-%m-%d"),
            "version": version,
            "views": views[days].to_numpy() / data.scale,
            "predicted": forecast[days].to_numpy() / data.scale,
            "loss": fresh.losses(forecast),
            "naive_loss": fresh.naive(),
        }
        parts.append(pd.DataFrame(part))
    daily = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return daily, coverage


def _champions(promotions: list[Line], daily: pd.DataFrame, level: float) -> list[dict[str, Any]]:
    champions = []
    for line, following in zip(promotions, [*promotions[1:], None], strict=True):
        until = None if following is None else following["night"]
        own = daily[(daily["day"] >= line["night"]) & (daily["version"] == line["version"])]
        own = own if until is None else own[own["day"] < until]
        champions.append(
            {
                **line,
                "promoted": line["night"],
                "until": until,
                "realised": _realised(own["loss"].to_numpy(dtype=float), level),
            }
        )
    return champions


def _realised(losses: NDArray[np.float64], level: float) -> dict[str, Any] | None:
    """The realised mean loss, with its interval once there are enough days for one."""
    if len(losses) == 0:
        return None
    if len(losses) < MIN_DAYS:
        return {"mean": float(losses.mean()), "low": None, "high": None, "days": len(losses)}
    return loss_interval(losses, level)


def _walk_forward(root: Path) -> list[dict[str, Any]]:
    """The walk-forward of the challenger's recipe, week by week; empty without a challenger."""
    file = challenger_path(root) / "weeks.parquet"
    model = challenger.read(root)["model"] if file.is_file() else None
    if model is None:
        return []
    weeks = pd.read_parquet(file)
    weeks["week"] = pd.to_datetime(weeks["week"]).dt.strftime("%Y-%m-%d")
    rows: Any = weeks.assign(model=model).to_dict("records")
    return list(rows)
