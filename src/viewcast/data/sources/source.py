"""What every source of days gives: the daily figures of one channel, as the source knows them.

A *delivery* is a table with one row per day, indexed by day (datetime64 without zone, at midnight,
named ``date``): the days of the channel as the source counts them. Column ``views`` and, where the
source has them, further daily metrics; all float64. Days may come in any order and more than once:
putting them in order, and refusing contradictions, is the business of ``viewcast.retraining``.
"""

from datetime import date
from pathlib import Path
from typing import Protocol

import pandas as pd


class Source(Protocol):
    """A source of daily figures.

    ``name``: of its file in conf/source/. ``label``: what its days are called wherever they are
    shown; it says so if they are simulated. ``timezone``: the zone whose midnights part the days of
    the channel, as the source counts them (IANA name).
    """

    name: str
    label: str
    timezone: str

    def fetch(self, root: Path, since: date | None, today: date) -> pd.DataFrame:
        """The days from ``since`` (None: from the first there is) that are known on ``today``.

        ``root``: the project, for sources that lie in it. ``today`` has not ended: what is
        delivered of it, or of later days, is partial and left out by the caller.

        Raises SourceError where the source cannot be reached or refuses for now, and DataError for
        an answer that is no delivery. Writes nothing.
        """
