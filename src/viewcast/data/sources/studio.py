"""A folder of exports, to which new ones are added as they are downloaded.

Each folder, zip or CSV file in it is an export. Exports of one channel overlap
(``viewcast.data.several`` says which is right). Those of another channel are left out and told, and
so is what is damaged or not complete yet.
"""

from datetime import date
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.data.drop import Watch
from viewcast.data.export import Wanted
from viewcast.data.limits import DEFAULT, Limits
from viewcast.data.metric import folded, label
from viewcast.data.not_counted import Policies, Policy
from viewcast.data.sources.source import with_left_out, with_notes
from viewcast.data.sources.timezone import Zone
from viewcast.data.studio import read_folder


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class StudioFolder:
    """``folder``: of the exports (under the project, or absolute), or a single export.

    ``metric``: what is forecast, by its name (``viewcast.data.metric``) or by the header of its
    column. ``channel``: the word in the rows of one channel where a file holds several, null where
    it holds one. ``cumulative``: whether the figures are those of a counter that only grows.
    ``settle_days``: days after its end in which a day's figure may change. ``site``: whose count it
    is (``viewcast.data.regimes``), null for none that is known. ``column``: the column that holds
    the metric, by its header word for word or by its number; null for the one whose header is known
    to mean it. ``negative``: what becomes of a day with a figure below 0; ``newest_zeros``: of
    newest days with 0 after weeks without one: missing, zero or refuse
    (``viewcast.data.not_counted``). ``limits``: how much its files may hold
    (``viewcast.data.limits``).
    """

    label: str
    timezone: Zone
    folder: str
    metric: str
    channel: str | None
    cumulative: bool
    settle_days: Annotated[int, Field(ge=0)]
    site: str | None
    column: str | int | None = None
    negative: Policy = "missing"
    newest_zeros: Policy = "missing"
    limits: Limits = DEFAULT

    def fetch(
        self, root: Path, since: date | None, today: date, known: pd.Series | None = None
    ) -> pd.DataFrame:
        """The days of the exports from ``since`` on that had ended before ``today``.

        Single missing days may lie between them.
        """
        folder = (root / self.folder).expanduser()
        column = None if self.column is None else str(self.column)
        wanted = Wanted(
            self.metric,
            self.channel,
            self.cumulative,
            column=column,
            limits=self.limits,
            policies=Policies(self.negative, self.newest_zeros),
        )
        found = read_folder(folder, wanted, known, Watch())
        days = found.whole.views.rename("views").rename_axis("date").to_frame()
        days = days[days.index < pd.Timestamp(today)]
        notes = found.whole.notes
        if since is None:
            notes = [*notes, *_read_as(found.whole.header, label(self.metric))]
        else:
            days = days.loc[pd.Timestamp(since) :]
        return with_left_out(with_notes(days, notes), found.waiting, found.refused)


def _read_as(header: str, words: str) -> list[str]:
    """What is said of a header on the first night, where it does not say it itself."""
    if folded(header) == folded(words):
        return []
    return [f"the column {header!r} is read as {words}"]
