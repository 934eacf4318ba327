"""The champion's forecast of the next days: as a table, a CSV file and a picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from viewcast.tracking.tags import LABEL, MODEL

if TYPE_CHECKING:
    from viewcast.tracking.write.registry import Registry

RECENT = 60  # days before the forecast that the picture shows


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Predict:
    """``conf/predict.yaml``. ``days``: how many days ahead. ``name``: of the registered model."""

    days: Annotated[int, Field(ge=1)]
    name: str
    tracking: Tracking


@dataclass(frozen=True)
class Forecast:
    """``days``: date, views, low, high, in views. ``recent``: the views before it. ``version``,
    ``model``, ``label``: of the champion. ``level``, ``coverage``: what its intervals promise, and
    what they have covered; None where the history is too short for intervals.
    """

    days: pd.DataFrame
    recent: pd.Series
    version: int
    model: str
    label: str
    level: float | None
    coverage: Coverage | None


def forecast(settings: Predict, root: Path, registry: "Registry") -> Forecast:
    """Ask the champion for the days after the newest of the live series.

    Refuses (TrackingError) a registry without champion, and (DataError) a missing live series or
    more days than the intervals were measured for.
    """
    champion = registry.champion()
    if champion is None:
        raise TrackingError(
            f"model {settings.name} has no champion in {settings.tracking.uri}; "
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


def store(found: Forecast, root: Path) -> Path:
    """Write ``reports/forecast.csv``; returns it."""
    path = forecast_path(root)
    text = found.days.to_csv(
        index=False, date_format="%Y-%m-%d", float_format="%.1f", lineterminator="\n"
    )
    write(path, text)
    return path


def picture(found: Forecast, root: Path) -> Path:
    """Draw ``reports/forecast.png``, beside the table; returns it."""
    from viewcast.report.figures.forecast import write as draw  # noqa: PLC0415 (matplotlib)

    drawn = draw(
        forecast_path(root).parent,
        found.recent,
        found.days,
        found.label,
        "views",
        found.level or 0.0,  # not shown where there are no intervals
        None if found.coverage is None else found.coverage.plain(),
    )
    return drawn.path


def told(found: Forecast) -> list[str]:
    """The forecast in sentences and rows."""
    level = "" if found.level is None else f" ({found.level:.0%} between)"
    lines = [
        f"{found.label}: views a day by champion version {found.version}, {found.model}{level}",
        *(
            f"  {day:%a %Y-%m-%d}  {short(views, 4):>9}  {_between(low, high)}"
            for day, views, low, high in zip(
                found.days["date"],
                *(found.days[side].to_list() for side in ("views", "low", "high")),
                strict=True,
            )
        ),
    ]
    if found.level is None:
        lines.append("  no intervals: the history was too short for a walk-forward")
    elif found.coverage is not None:
        error = found.coverage.error
        shown = f" ± {100 * error:.1f}" if error else ""  # weeks that are all alike tell of none
        lines.append(
            f"  such intervals covered {100 * found.coverage.covered:.1f}{shown} % of "
            f"{found.coverage.days} days, each told the day before"
        )
    return lines


def _between(low: float, high: float) -> str:
    return "" if pd.isna(low) else f"{plain(round(low))} to {plain(round(high))}"
