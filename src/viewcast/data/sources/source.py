"""The protocol of a source of days: the daily figures of one channel.

A *delivery* is a table with one row per day, indexed by day (datetime64 without zone, at midnight,
named ``date``): the days of the channel as the source counts them. It has the column ``views`` and,
where the source has them, further daily metrics; all float64. Days may come in any order and more
than once: ``viewcast.retraining.merge`` orders them and refuses contradictions.
"""

from datetime import date
from pathlib import Path
from typing import Protocol

import pandas as pd


class Source(Protocol):
    """A source of daily figures.

    ``label``: the name of its days in report and forecast; it says whether they are simulated.
    ``timezone``: IANA name; the days of the channel begin at midnight in this zone.
    """

    label: str
    timezone: str

    def fetch(self, root: Path, since: date | None, today: date) -> pd.DataFrame:
        """The days from ``since`` (None: from the first one) that are known on ``today``.

        ``root``: the project, for sources inside it. ``today`` has not ended: its figures, and
        those of later days, are partial, and the caller leaves them out.

        Raises SourceError where the source cannot be reached or refuses for now, and DataError for
        an answer that is no delivery. Writes nothing.
        """
