"""The forecast of the next days: as text, as a CSV file and as a picture."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from viewcast.base.errors import TrackingError
from viewcast.base.escaped import csv_text
from viewcast.base.files import write
from viewcast.base.numbers import plain, short
from viewcast.base.paths import backtest_path, days_path, forecast_path, ledger_path
from viewcast.base.settings import Tracking
from viewcast.data import live
from viewcast.forecast import ledger
from viewcast.forecast.coverage import Coverage
from viewcast.forecast.kept_errors import kept_errors
from viewcast.forecast.ledger import COMBINATION, SERVED
from viewcast.report.figures.forecast import write as write_figure
from viewcast.retraining.settings import model_name
from viewcast.tracking.tags import LABEL, MEMBERS
from viewcast.tracking.write.registry import Registry

RECENT = 60  # days before the forecast that the picture shows


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Predict:
    """``conf/predict.yaml``. ``days``: number of days. ``channel``: the folder under ``nights``.
    ``model_name``: of the registered model.
    """

    days: Annotated[int, Field(ge=1)]
    channel: str
    model_name: str
    tracking: Tracking

    def registry(self) -> Registry:
        """The versions of the channel."""
        return Registry(self.tracking, model_name(self.model_name, self.channel))


@dataclass(frozen=True)
class Forecast:
    """``days``: date, views, low, high, in views. ``total``: low, views and high of their sum.

    ``recent``: the views before them. ``version``, ``model``, ``label``: of what serves. ``level``:
    nominal coverage of its intervals, None without intervals. ``coverage``: the measured one, of
    forecasts one day ahead, None where there are too few.
    """

    days: pd.DataFrame
    total: tuple[float, float, float]
    recent: pd.Series
    version: int
    model: str
    label: str
    level: float | None
    coverage: Coverage | None


def forecast(settings: Predict, root: Path, registry: Registry) -> Forecast:
    """The forecast of the days after the newest of the channel, by the version that serves.

    Refuses (TrackingError) a registry without champion, and (DataError) a channel without days or
    more days than the version forecasts.
    """
    champion = registry.champion()
    if champion is None:
        raise TrackingError(
            f"model {registry.name} has no champion in {settings.tracking.uri}; "
            "`make retrain` makes one"
        )
    views = live.read(days_path(root, settings.channel))["views"].asfreq("D")
    forecaster = registry.forecaster(champion.number)
    return Forecast(
        days=forecaster.ahead(views, settings.days),
        total=forecaster.total(views, settings.days),
        recent=views.iloc[-RECENT:],
        version=champion.number,
        model=champion.tags.get(MEMBERS, ""),
        label=champion.tags.get(LABEL, "live channel"),
        level=None if forecaster.intervals is None else forecaster.intervals.level,
        coverage=_coverage(root, settings.channel, views, forecaster.horizon),
    )


def _coverage(root: Path, channel: str, views: pd.Series, horizon: int) -> Coverage | None:
    """How often what served, or the backtest before it, held its interval one day ahead."""
    lines = [*ledger.read(backtest_path(root, channel)), *ledger.read(ledger_path(root, channel))]
    found = kept_errors(lines, views, SERVED, horizon, COMBINATION).coverage()
    return next((each for each in found if each.of == "1"), None)


def store(result: Forecast, root: Path) -> Path:
    """Write ``reports/forecast.csv``; returns it."""
    path = forecast_path(root)
    days = csv_text(result.days, index=False, date_format="%Y-%m-%d", float_format="%.1f")
    write(path, days)
    return path


def picture(result: Forecast, root: Path) -> Path:
    """Draw ``reports/forecast.png``, beside the table; returns it."""
    known = None
    if result.coverage is not None:
        known = {**asdict(result.coverage), "days": result.coverage.count, "level": result.level}
    drawn = write_figure(
        forecast_path(root).parent,
        result.recent,
        result.days,
        result.label,
        "views",
        result.level or 0.0,  # not shown where there are no intervals
        known,
    )
    return drawn.path


def as_text(result: Forecast) -> list[str]:
    """The forecast as lines of text: a heading, one line per day, their sum, the coverage."""
    level = "" if result.level is None else f" ({result.level:.0%} between)"
    lines = [
        f"{result.label}: views a day by version {result.version}: {result.model}{level}",
        *(
            f"  {day:%a %Y-%m-%d}  {short(views, 4):>9}  {_between(low, high)}"
            for day, views, low, high in zip(
                result.days["date"],
                *(result.days[side].to_list() for side in ("views", "low", "high")),
                strict=True,
            )
        ),
    ]
    low, total, high = result.total
    if len(result.days) > 1:
        lines.append(f"  {len(result.days)} days together {short(total, 4)}  {_between(low, high)}")
    if result.level is None:
        lines.append("  no intervals: too few errors of forecasts are known yet")
    elif result.coverage is not None:
        error = result.coverage.error
        shown = f" ± {100 * error:.1f}" if error else ""  # 0 if all weeks are alike: no estimate
        lines.append(
            f"  such intervals covered {100 * result.coverage.covered:.1f}{shown} % of "
            f"{result.coverage.count} days, each forecast the day before"
        )
    return lines


def _between(low: float, high: float) -> str:
    return "" if pd.isna(low) else f"{plain(round(low))} to {plain(round(high))}"
