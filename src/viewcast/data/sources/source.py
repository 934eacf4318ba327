"""The protocol of a source of days: the daily figures of one channel.

A *delivery* is a table with one row per day, indexed by day (datetime64 without zone, at midnight,
named ``date``): the days of the channel as the source counts them. It has the column ``views`` and,
where the source has them, further daily metrics; all float64. ``views`` holds the metric that is
forecast: the views, unless another one was asked for by name. Days may come in any order and more
than once: ``viewcast.retraining.merge`` orders them and refuses contradictions. What a reader
should know of a delivery, such as an export that was left out, goes with it by ``with_notes``.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

import pandas as pd

NOTES, WAITING, REFUSED = "notes", "waiting", "refused"  # in ``DataFrame.attrs`` of a delivery


class Source(Protocol):
    """A source of daily figures.

    ``label``: the name of its days in report and forecast; it says whether they are simulated.
    ``timezone``: IANA name; the days of the channel begin at midnight in this zone.
    """

    label: str
    timezone: str

    @property
    def settle_days(self) -> int:
        """How many days after its end a day's figure may not be final; days not settled yet are
        neither trained on nor scored.
        """

    @property
    def metric(self) -> str:
        """What the column ``views`` holds (``viewcast.data.metric``)."""

    @property
    def site(self) -> str | None:
        """Whose count it is, as in ``viewcast.data.regimes``; None for none that is known."""

    def fetch(
        self, root: Path, since: date | None, today: date, known: pd.Series | None = None
    ) -> pd.DataFrame:
        """The days from ``since`` (None: from the first one) that are known on ``today``.

        ``root``: the project, for sources inside it. ``today`` has not ended: its figures, and
        those of later days, are partial, and the caller leaves them out. ``known``: the figures
        that earlier nights have stored, by day, for sources in which those of another channel may
        lie; None before the first night.

        Raises SourceError where the source cannot be reached or refuses for now, and DataError for
        an answer that is no delivery. Writes nothing.
        """


def with_notes(delivery: pd.DataFrame, notes: Sequence[str]) -> pd.DataFrame:
    """The delivery with sentences that a reader should see."""
    delivery.attrs[NOTES] = [*notes]
    return delivery


def notes_of(delivery: pd.DataFrame) -> list[str]:
    """The sentences that came with a delivery; a source need not give any."""
    return [*delivery.attrs.get(NOTES, [])]


def with_left_out(
    delivery: pd.DataFrame, waiting: Sequence[str], refused: Sequence[str]
) -> pd.DataFrame:
    """The delivery with sentences on what was left out of it: what may still come, and what is
    damaged or of another channel, which a person has to look at.
    """
    delivery.attrs.update({WAITING: [*waiting], REFUSED: [*refused]})
    return delivery


def left_out(delivery: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The sentences of ``with_left_out``: on what is waited for, and on what is refused."""
    return [*delivery.attrs.get(WAITING, [])], [*delivery.attrs.get(REFUSED, [])]
