"""New days from the source, checked before anything is written."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from viewcast.base.errors import DataError
from viewcast.base.paths import days_path
from viewcast.data import live
from viewcast.retraining.data_check import CheckResult, check
from viewcast.retraining.merge import Merged, merge, settled
from viewcast.retraining.quarantine import quarantine
from viewcast.retraining.settings import Settings

BEFORE = 730  # days before the recent ones that the inputs are compared with


class RefusedError(DataError):
    """The new days cannot be right. They are in quarantine, and the series is unchanged."""


@dataclass(frozen=True)
class NewDays:
    """The series with the new days, and the result of the check."""

    merged: Merged
    check: CheckResult

    @property
    def newest(self) -> date:
        """The newest day of the series."""
        newest: date = self.merged.series.index[-1].date()
        return newest


def known(root: Path, channel: str) -> pd.DataFrame | None:
    """The series of a channel so far, None before the first night."""
    folder = days_path(root, channel)
    return live.read(folder) if (folder / live.DAILY).is_file() else None


def fetch_new_days(settings: Settings, root: Path, today: date) -> NewDays:
    """Fetch the days of the source and check them, whether they are new or not.

    Raises SourceError where the source cannot be reached. Raises RefusedError for days that cannot
    be right, and stores them under ``nights/<channel>/quarantine``; the series is unchanged.
    """
    channel = settings.retrain.channel
    former = known(root, channel)
    since = None
    if former is not None:
        since = former.index[-1].date() - timedelta(days=settings.retrain.lookback_days)
    delivery: pd.DataFrame | None = None
    try:
        delivery = settings.source.fetch(root, since, today)
        merged = merge(former, settled(delivery, today, settings.settle_days))
        if merged.series.empty:
            raise DataError(
                "found no day that has ended in the delivery, expected at least one; look at the "
                "source, or run again tomorrow"
            )
        result = check(merged.series, today, BEFORE, settings.check)
    except DataError as error:
        folder = quarantine(delivery, str(error), today, root, channel)
        raise RefusedError(f"{error}\n  quarantined: {folder.relative_to(root)}") from error
    return NewDays(merged, result)
