"""New days from the source, checked before anything is written."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from viewcast.base.errors import DataError
from viewcast.base.paths import live_path
from viewcast.data import live
from viewcast.retraining.check import Findings, check
from viewcast.retraining.merge import Merged, merge, settled
from viewcast.retraining.quarantine import set_aside
from viewcast.retraining.settings import Settings


class RefusedError(DataError):
    """New days that cannot be right; nothing was changed, and they are excluded."""


@dataclass(frozen=True)
class Arrival:
    """What came in: the series with it, and what the check saw."""

    merged: Merged
    findings: Findings

    @property
    def newest(self) -> date:
        """The newest day of the series."""
        newest: date = self.merged.series.index[-1].date()
        return newest


def known(root: Path) -> pd.DataFrame | None:
    """The live series so far, None before the first night."""
    folder = live_path(root)
    return live.read(folder) if (folder / live.DAILY).is_file() else None


def arrive(settings: Settings, train: int, root: Path, today: date) -> Arrival | None:
    """Ask the source for its days and look at them; None where nothing is new.

    ``train``: days of the training window, for the test of drift. Raises SourceError where the
    source cannot be asked. Refuses (DataError) what cannot be right, and sets it excluded under
    data/quarantine; the series is as it was.
    """
    former = known(root)
    since = None
    if former is not None:
        since = former.index[-1].date() - timedelta(days=settings.retrain.lookback)
    delivery: pd.DataFrame | None = None
    try:
        delivery = settings.source.fetch(root, since, today)
        merged = merge(former, settled(delivery, today, settings.retrain.settle))
        if merged.series.empty:
            raise DataError("the source delivers no day that has ended; expected some")
        findings = check(merged.series, today, train, settings.check)
    except DataError as error:
        where = set_aside(delivery, str(error), today, root)
        raise RefusedError(f"{error}\n  excluded: {where.relative_to(root)}") from error
    return Arrival(merged, findings) if merged.changed else None
