"""New days from the source, checked before anything is written."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.paths import days_path
from viewcast.data import live
from viewcast.data.live import BRIDGED
from viewcast.data.metric import is_count
from viewcast.data.sources.source import left_out
from viewcast.retraining.data_check import CheckResult, check
from viewcast.retraining.merge import Merged, merge, settled
from viewcast.retraining.quarantine import quarantine
from viewcast.retraining.settings import Settings

BEFORE = 730  # days before the recent ones that the inputs are compared with


class RefusedError(DataError):
    """The new days cannot be right. They are in quarantine, and the series is unchanged."""


@dataclass(frozen=True)
class NewDays:
    """The series with the new days, and the result of the check.

    ``waiting``, ``refused``: what is told of files that were left out, because they may still be
    written, or because they are damaged or of another channel.
    """

    merged: Merged
    check: CheckResult
    waiting: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def newest(self) -> date:
        """The newest day of the series."""
        newest: date = self.merged.series.index[-1].date()
        return newest


def known(root: Path, channel: str, metric: str) -> pd.DataFrame | None:
    """The series of a channel so far, None before the first night.

    Refuses (ConfigError) a channel whose days count another ``metric``.
    """
    folder = days_path(root, channel)
    if not (folder / live.DAILY).is_file():
        return None
    stored = live.metric(folder)
    if stored != metric:
        raise ConfigError(
            f"data.metric = {metric}: the nights of retrain.channel = {channel} forecast {stored}; "
            "choose a channel of its own for another metric: retrain.channel=<name>"
        )
    return live.read(folder)


def fetch_new_days(settings: Settings, root: Path, today: date) -> NewDays:
    """Fetch the days of the source and check them, whether they are new or not.

    Raises SourceError where the source cannot be reached, and ConfigError where the channel
    forecasts another metric. Raises RefusedError for days that cannot
    be right, and stores them under ``nights/<channel>/quarantine``; the series is unchanged.
    """
    channel, metric = settings.retrain.channel, settings.source.metric
    former, whole = known(root, channel, metric), is_count(metric)
    since = None
    if former is not None:
        since = former.index[-1].date() - timedelta(days=settings.retrain.lookback_days)
    delivery: pd.DataFrame | None = None
    try:
        delivery = settings.source.fetch(root, since, today, _certain(former))
        days = settled(delivery, today, settings.settle_days, whole, settings.policies)
        merged = merge(former, days, whole, settings.check.max_lost_days)
        if merged.series.empty:
            raise DataError(
                "found no day that has ended in the delivery, expected at least one; look at the "
                "source, or run again tomorrow"
            )
        result = check(merged.series, today, BEFORE, settings.check)
    except DataError as error:
        folder = quarantine(delivery, str(error), today, root, channel)
        raise RefusedError(f"{error}\n  quarantined: {folder.relative_to(root)}") from error
    return NewDays(merged, result, *left_out(delivery))


def refuse_what_was_left_out(new: NewDays, today: date, root: Path, channel: str) -> None:
    """Refuse (RefusedError) what was left out of a delivery without any news; a person has to look.

    A night that has news goes on with these, and tells what was left out.
    """
    if new.refused:
        reason = "; ".join(new.refused)
        folder = quarantine(None, reason, today, root, channel)
        raise RefusedError(f"{reason}\n  quarantined: {folder.relative_to(root)}")


def _certain(former: pd.DataFrame | None) -> pd.Series | None:
    """The stored figures without those of bridged days, which are estimates."""
    if former is None:
        return None
    views: pd.Series = former["views"]
    return views[former[BRIDGED].isna()] if BRIDGED in former else views
