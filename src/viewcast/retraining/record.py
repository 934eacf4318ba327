"""The record of a channel's nights, made anew each night from what is kept on the disk.

A corrected day corrects the record. Judgements and evidence stay what they were.

Shape letters: H days ahead.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base.files import entries
from viewcast.base.paths import days_path, judgements_path, nights_log_path
from viewcast.data import live, regimes
from viewcast.data.gaps import bridged_note
from viewcast.forecast.conformal import Intervals
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.ledger import SERVED
from viewcast.report.nights_record import (
    Alarm,
    Coverage,
    DayAhead,
    Night,
    NightsRecord,
    PastDay,
    Reign,
    Total,
)
from viewcast.retraining import judgement
from viewcast.retraining.judging import judged
from viewcast.retraining.kept_lines import KeptLines
from viewcast.retraining.settings import Settings
from viewcast.retraining.standings import standings

Vector = NDArray[np.float64]
SHOWN_NIGHTS = 60  # the newest outcomes that the record holds
SHOWN_DAYS = 120  # the newest days that came


@dataclass(frozen=True)
class Ahead:
    """What is served: log(1 + views) ``log`` (H,), its intervals, and why these recipes.

    ``version``: of the registered model; None where none may serve yet, and the forecast is what
    would be served. ``alarms``: those that stand.
    """

    log: Vector
    intervals: Intervals | None
    version: int | None
    why: str
    claim: bool
    alarms: Sequence[Alarm] = ()


def record(
    settings: Settings, kept: KeptLines, ahead: Ahead, night: date, notes: Sequence[str], root: Path
) -> NightsRecord:
    """The record after the night of ``night``.

    ``notes``: sentences about tonight's days that a reader must know. ``root``: the project, whose
    judgements and outcomes are read.
    """
    channel, newest = settings.retrain.channel, kept.history.newest
    found = judged(settings, root)
    outcomes = entries(nights_log_path(root, channel))
    made = judgement.read(judgements_path(root, channel))
    first = min((line.origin for line in kept.kept), default=newest) + timedelta(days=1)
    return NightsRecord(
        channel=channel,
        label=settings.source.label,
        metric=settings.source.metric,
        unit=settings.unit,
        name=settings.model_name,
        version=ahead.version,
        night=night,
        newest=newest,
        level=settings.forecast.level,
        served=ahead.why,
        claim=ahead.claim,
        days=days_ahead(kept.history, ahead.log, ahead.intervals),
        total=_total(kept.history, ahead),
        past=_past(kept),
        coverage=[Coverage(**asdict(each)) for each in kept.errors(SERVED).coverage()],
        recipes=standings(made, found.evidence),
        threshold=found.evidence.threshold,
        evidence=found.evidence.weeks(),
        evidence_sentence=found.sentence,
        reigns=[Reign(each.recipe, each.night or first, each.why) for each in found.reigns],
        alarms=list(ahead.alarms),
        remarks=list(dict.fromkeys([*notes, *remarks(settings, root)])),
        nights=[_night(line) for line in outcomes[-SHOWN_NIGHTS:]],
    )


def days_ahead(history: History, log: Vector, intervals: Intervals | None) -> list[DayAhead]:
    """A forecast log(1 + views) (H,), day by day."""
    low, high = (None, None) if intervals is None else intervals.around(log)
    return [
        DayAhead(
            day.date(),
            float(views),
            None if low is None else float(low[place]),
            None if high is None else float(high[place]),
        )
        for place, (day, views) in enumerate(
            zip(history.dates_ahead(len(log)), np.expm1(log), strict=True)
        )
    ]


def remarks(settings: Settings, root: Path) -> list[str]:
    """What a reader must know of the days: bridged ones, and changes of what is counted."""
    series = live.read(days_path(root, settings.retrain.channel))
    said = []
    if live.BRIDGED in series:
        bridged = series.index[series[live.BRIDGED].notna()]
        said += [bridged_note([f"{day:%Y-%m-%d}" for day in bridged])] if len(bridged) else []
    first, last = (pd.Timestamp(day).date() for day in (series.index[0], series.index[-1]))
    source = settings.source
    return [*said, *regimes.sentences(source.site, source.metric, first, last)]


def _total(history: History, ahead: Ahead) -> Total:
    days = history.dates_ahead(len(ahead.log))
    first, last = days[0].date(), days[-1].date()
    if ahead.intervals is None:
        return Total(first, last, float(np.expm1(ahead.log).sum()), None, None)
    low, views, high = ahead.intervals.total(ahead.log)
    return Total(first, last, views, low, high)


def _past(kept: KeptLines) -> list[PastDay]:
    """The newest days in a row whose forecast of the evening before was kept."""
    found, views = kept.errors(SERVED), kept.views
    by_origin = {line.origin: line for line in found.lines}
    past: list[PastDay] = []
    for back in range(SHOWN_DAYS):
        day = kept.history.newest - timedelta(days=back)
        line = by_origin.get(day - timedelta(days=1))
        if line is None:
            break
        week_before = pd.Timestamp(day - timedelta(days=WEEK))
        naive = float(views[week_before]) if week_before in views.index else None
        past.append(
            PastDay(
                day=day,
                views=float(views[pd.Timestamp(day)]),
                forecast=line.views[0],
                low=None if line.low is None else line.low[0],
                high=None if line.high is None else line.high[0],
                naive=naive,
                backtest=line.backtest,
            )
        )
    return past[::-1]


def _night(line: dict[str, Any]) -> Night:
    return Night(date.fromisoformat(line["night"]), line["outcome"], line["code"], line["reason"])
