"""The champion's forecast of the next days: as text, as a CSV file and as a picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from viewcast.base.errors import TrackingError
from viewcast.base.files import write
from viewcast.base.numbers import plain, short
from viewcast.base.paths import forecast_path, live_path
from viewcast.base.settings import Tracking
from viewcast.data import live
from viewcast.forecast.intervals import Coverage
from viewcast.report.figures.forecast import write as write_figure
from viewcast.tracking.tags import LABEL, MODEL
from viewcast.tracking.write.registry import Registry

RECENT = 60  # days before the forecast that the picture shows


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Predict:
    """``conf/predict.yaml``. ``days``: number of days. ``model_name``: of the registered model."""

    days: Annotated[int, Field(ge=1)]
    model_name: str
    tracking: Tracking


@dataclass(frozen=True)
class Forecast:
    """``days``: date, views, low, high, in views. ``recent``: the views before them. ``version``,
    ``model``, ``label``: of the champion. ``level``: nominal coverage of its intervals;
    ``coverage``: the measured one. Both None where the history is too short for intervals.
    """

    days: pd.DataFrame
    recent: pd.Series
    version: int
    model: str
    label: str
    level: float | None
    coverage: Coverage | None


def forecast(settings: Predict, root: Path, registry: Registry) -> Forecast:
    """The champion's forecast of the days after the newest of the live series.

    Refuses (TrackingError) a registry without champion, and (DataError) a missing live series or
    more days than the intervals were measured for.
    """
    champion = registry.champion()
    if champion is None:
        raise TrackingError(
            f"model {settings.model_name} has no champion in {settings.tracking.uri}; "
            "`make retrain` trains and promotes one"
        )
    views = live.read(live_path(root))["views"].asfreq("D")
    forecaster = registry.forecaster(champion.number)
    intervals = forecaster.intervals
    return Forecast(
        days=forecaster.ahead(views, settings.days),
        recent=views.iloc[-RECENT:],
        version=champion.number,
        model=champion.tags.get(MODEL, ""),
        label=champion.tags.get(LABEL, "live channel"),
        level=None if intervals is None else intervals.level,
        coverage=None if intervals is None else intervals.coverage,
    )


def store(result: Forecast, root: Path) -> Path:
    """Write ``reports/forecast.csv``; returns it."""
    path = forecast_path(root)
    text = result.days.to_csv(
        index=False, date_format="%Y-%m-%d", float_format="%.1f", lineterminator="\n"
    )
    write(path, text)
    return path


def picture(result: Forecast, root: Path) -> Path:
    """Draw ``reports/forecast.png``, beside the table; returns it."""
    drawn = write_figure(
        forecast_path(root).parent,
        result.recent,
        result.days,
        result.label,
        "views",
        result.level or 0.0,  # not shown where there are no intervals
        None if result.coverage is None else result.coverage.plain(),
    )
    return drawn.path


def as_text(result: Forecast) -> list[str]:
    """The forecast as lines of text: a heading, one line per day, the coverage."""
    level = "" if result.level is None else f" ({result.level:.0%} between)"
    lines = [
        f"{result.label}: views a day by champion version {result.version}, {result.model}{level}",
        *(
            f"  {day:%a %Y-%m-%d}  {short(views, 4):>9}  {_between(low, high)}"
            for day, views, low, high in zip(
                result.days["date"],
                *(result.days[side].to_list() for side in ("views", "low", "high")),
                strict=True,
            )
        ),
    ]
    if result.level is None:
        lines.append("  no intervals: the history was too short for a walk-forward")
    elif result.coverage is not None:
        error = result.coverage.error
        shown = f" ± {100 * error:.1f}" if error else ""  # 0 if all weeks are alike: no estimate
        lines.append(
            f"  such intervals covered {100 * result.coverage.covered:.1f}{shown} % of "
            f"{result.coverage.days} days, each forecast the day before"
        )
    return lines


def _between(low: float, high: float) -> str:
    return "" if pd.isna(low) else f"{plain(round(low))} to {plain(round(high))}"
