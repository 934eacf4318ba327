"""The history of champions: what each promised, and what came true, for the report.

Everything is derived: reigns from the log of promotions, forecasts from the registered versions and
the days as they are known today, so that a corrected day corrects the history.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from viewcast.base.files import entries, write
from viewcast.base.paths import challenger_path, outcomes_path, promotions_path, retraining_path
from viewcast.data.views import daily_views
from viewcast.retraining import challenger
from viewcast.retraining.evaluation import Fair, promised
from viewcast.training.config import Config

if TYPE_CHECKING:
    from viewcast.tracking.write.registry import Registry

NIGHTS = 60  # that are told


def write_history(
    registry: "Registry", config: Config, views: pd.Series, level: float, root: Path
) -> None:
    """Write ``reports/retraining.json``. ``config``: of a nightly run; ``views``: the series."""
    lines = entries(promotions_path(root))
    outcomes = entries(outcomes_path(root))
    daily, coverage = _daily(registry, config, views, lines)
    told = {
        "label": config.data.label,
        "loss": config.loss.name,
        "unit": config.data.unit,
        "loss_unit": config.loss.unit(config.data.unit),
        "name": registry.name,
        "newest": f"{views.index[-1]:%Y-%m-%d}",
        "level": level,
        "error_rate": round((1 - level) / 2, 10),
        "champions": _champions(lines, daily, level),
        "daily": daily.to_dict("records"),
        "gates": [{"night": o["night"], **o["gate"]} for o in outcomes if o.get("gate")],
        "nights": [
            {key: one[key] for key in ("night", "outcome", "code", "reason")}
            for one in outcomes[-NIGHTS:]
        ],
        "walk_forward": _walked(root),
        "coverage": coverage,
    }
    write(retraining_path(root), json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def _daily(
    registry: "Registry", config: Config, views: pd.Series, lines: list[dict[str, Any]]
) -> tuple[pd.DataFrame, dict[str, Any] | None]:
    """Every day forecast by who reigned that morning; the present champion's coverage."""
    columns = ["day", "version", "views", "predicted", "loss", "naive_loss"]
    parts, known, coverage = [], {}, None
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        version = line["version"]
        if version not in known:
            known[version] = registry.forecaster(version)
        intervals = known[version].intervals
        told = None if intervals is None else intervals.coverage
        coverage = None if told is None else told.plain()
        days = pd.DatetimeIndex(views.loc[line["night"] :].index)
        if following is not None:
            days = days[days < pd.Timestamp(following["night"])]
        if days.empty:
            continue
        data = daily_views(config.data)
        fair = Fair(views, days, data, config.loss)
        forecast = known[version].follow(views)
        part = {
            "day": days.strftime("%Y-%m-%d"),
            "version": version,
            "views": views[days].to_numpy() / data.scale,
            "predicted": forecast[days].to_numpy() / data.scale,
            "loss": fair.losses(forecast),
            "naive_loss": fair.naive(),
        }
        parts.append(pd.DataFrame(part))
    daily = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return daily, coverage


def _champions(
    lines: list[dict[str, Any]], daily: pd.DataFrame, level: float
) -> list[dict[str, Any]]:
    champions = []
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        until = None if following is None else following["night"]
        own = daily[(daily["day"] >= line["night"]) & (daily["version"] == line["version"])]
        own = own if until is None else own[own["day"] < until]
        shown = ("version", "model", "trained_to", "why", "reason", "promised")
        champions.append(
            {
                **{key: line[key] for key in shown},
                "promoted": line["night"],
                "until": until,
                "realised": _realised(own["loss"].to_numpy(dtype=float), level),
            }
        )
    return champions


def _realised(losses: Any, level: float) -> dict[str, Any] | None:
    """What came true: with an interval once there are enough days for one."""
    if len(losses) == 0:
        return None
    if len(losses) < FEWEST:
        return {"mean": float(losses.mean()), "low": None, "high": None, "days": len(losses)}
    return promised(losses, level)


FEWEST = 3  # days that an interval takes


def _walked(root: Path) -> list[dict[str, Any]]:
    """The walk-forward of the challenger's recipe, week by week."""
    file = challenger_path(root) / "weeks.parquet"
    if not file.is_file():
        return []
    weeks, model = pd.read_parquet(file), challenger.read(root)["model"]
    weeks["week"] = pd.to_datetime(weeks["week"]).dt.strftime("%Y-%m-%d")
    told: Any = weeks.assign(model=model).to_dict("records")
    return list(told)
