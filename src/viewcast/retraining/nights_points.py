"""The history of the nights as one point per day: what was promised, and what came true.

Shape letters: D days.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from viewcast.forecast.kept_errors import KeptErrors, kept_errors
from viewcast.forecast.ledger import COMBINATION, SERVED, Kept
from viewcast.report.kept_promise import WEEK, promise
from viewcast.report.nights_record import NightsRecord
from viewcast.tracking import tags

DAY = timedelta(days=1)
Points = dict[date, dict[str, float]]


def points(record: NightsRecord, lines: Sequence[Kept], views: pd.Series) -> Points:
    """The metrics of each day that a kept forecast was made for, one day ahead.

    ``lines``: of the ledger and of the backtest. ``views``: the settled days. For each day:
    ``promised_loss`` with ``promised_low`` and ``promised_high``, from the 60 forecasts before it;
    ``champion_version``, which forecast it; ``realised_loss``, ``naive_loss`` and ``kept_loss_``
    with the name of each recipe: means of the last 7 days up to this one, or of the fewer that
    there are, absent until the day is known. A single day would lie outside the promise now and
    then though the mean keeps it: weekdays differ. For the last day of each judged week:
    ``evidence`` and ``evidence_needed``. Losses are absolute errors in the unit of the days.
    """
    found: Points = defaultdict(dict)
    served = kept_errors(lines, views, SERVED, 1, stand_in=COMBINATION)
    _promises(found, served, record.level)
    _means(found, tags.REALISED_LOSS, _losses(served))
    _means(found, tags.NAIVE_LOSS, _naive(served, views))
    kept = [line for line in lines if not line.backtest]
    for name in sorted({line.recipe for line in kept} - {SERVED}):
        _means(found, f"{tags.KEPT_LOSS_OF}{name}", _losses(kept_errors(kept, views, name, 1)))
    for week in record.evidence:
        found[week.last] |= {tags.EVIDENCE: week.mean, tags.EVIDENCE_NEEDED: record.threshold}
    return dict(sorted(found.items()))


def _promises(found: Points, served: KeptErrors, level: float) -> None:
    """What was promised of each kept forecast, and the version that made it."""
    losses = served.losses[:, 0]
    known = np.isfinite(losses)
    for place, line in enumerate(served.lines):
        if line.backtest:
            continue
        values = found[line.origin + DAY]
        made = promise(losses[:place][known[:place]].tolist(), level)
        if made is not None:
            values[tags.PROMISED_LOSS] = made.mean
        if made is not None and made.low is not None and made.high is not None:
            values |= {tags.PROMISED_LOW: made.low, tags.PROMISED_HIGH: made.high}
        if line.version is not None:
            values[tags.CHAMPION_VERSION] = float(line.version)


def _losses(errors: KeptErrors) -> pd.Series:
    """The losses of kept forecasts (D,) by their day, those of a backtest left out."""
    days = pd.DatetimeIndex([origin + DAY for origin in errors.origins])
    return pd.Series(errors.losses[:, 0], days)[~errors.backtest]


def _naive(errors: KeptErrors, views: pd.Series) -> pd.Series:
    """The losses of the same weekday a week before, on the days of kept forecasts."""
    days = pd.DatetimeIndex(_losses(errors).index)
    before = views.reindex(days - WEEK * pd.Timedelta(days=1)).to_numpy(np.float64)
    return pd.Series(np.abs(views.reindex(days).to_numpy(np.float64) - before), days)


def _means(found: Points, name: str, losses: pd.Series) -> None:
    """Add the mean of the last seven days up to each; days without a forecast count for none."""
    if losses.empty:
        return
    means = losses.asfreq("D").rolling(WEEK, min_periods=1).mean()
    days: Iterable[date] = pd.DatetimeIndex(means.index).date
    for day, mean, known in zip(days, means, losses.asfreq("D").notna(), strict=True):
        if known and not math.isnan(mean):
            found[day][name] = float(mean)
