"""Which columns of a long table are the day, the video and its publication, by what they hold.

YouTube Studio writes the headers of its charts in the user's language, and only that of views is
known in all of them (``viewcast.data.metric``). The others show what they are: a row is one video
on one day, and its publication is the same day in all rows of a video, before which it has no view.

Shape letters: R rows.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from viewcast.base.errors import DataError
from viewcast.data.dates import is_date, parse_beside
from viewcast.data.export_table import is_number
from viewcast.data.panel.readers.batches import batches
from viewcast.data.panel.readers.long import TIME

SAMPLE = 200  # cells that tell what a column holds

Roles = tuple[str | None, str | None, str | None]


def by_content(
    source: Path,
    columns: Sequence[str],
    views: str,
    day: str | None = None,
    video: str | None = None,
) -> Roles:
    """The columns of the day, of the video and of its publication, by the first rows of a table.

    ``views``: that of views. ``day``, ``video``: those that are known by their names. The day is a
    column of dates and the video one of words, such that no row has both in common with another:
    the first such column, as YouTube Studio puts its own name of a video before the title. Each is
    None where no column is so; the publication is None where none or several are.
    """
    batch = next(iter(batches(source, columns, columns)), None)
    if batch is None:
        return day, video, None
    try:
        rows = batch.rows.to_pandas()
    except UnicodeDecodeError:  # a name of a Parquet file, which its reader refuses in words
        return day, video, None
    others = [name for name in columns if name != views]
    dates = [name for name in others if _holds(rows[name], _is_moment)]
    words = [n for n in others if n not in dates and not _holds(rows[n], is_number)]
    for on in [day] if day is not None else dates:
        for of in [video] if video is not None else words:
            if _is_key(rows, on, of):
                left = [name for name in dates if name != on]
                publications = [n for n in left if _is_publication(rows, on, of, views, n)]
                return on, of, publications[0] if len(publications) == 1 else None
    return day, video, None


def _is_key(rows: pd.DataFrame, day: str, video: str) -> bool:
    """Whether rows are days of videos: each has both, none twice, and a video has several days."""
    both = rows[[day, video]]
    return bool(
        not both.isin(["", None]).to_numpy().any()
        and not both.duplicated().any()
        and rows[video].duplicated().any()
    )


def _is_publication(rows: pd.DataFrame, day: str, video: str, views: str, name: str) -> bool:
    """Whether a column of dates is the same in all rows of a video, and no day before has views."""
    if rows.groupby(video)[name].nunique().max() != 1:
        return False
    filled = rows[rows[name].notna() & (rows[name] != "")]
    begun, on = (
        filled[column].astype(str).str.replace(TIME, "", regex=True) for column in (name, day)
    )
    try:
        begins = _days(begun, pd.Series(on.unique()))
        early = _days(on, pd.Series(begun.unique())) < begins
    except DataError:
        return False
    before = pd.to_numeric(filled[views], errors="coerce")[early.to_numpy()]
    return not before.fillna(0).to_numpy().any()


def _days(text: pd.Series, beside: pd.Series) -> pd.Series:
    """The days (R) of cells, as a panel reads them; refuses (DataError) what is no date."""
    known = pd.Series(text.unique())
    return text.map(dict(zip(known, parse_beside(known, beside, "the table"), strict=True)))


def _holds(cells: pd.Series, matches: Callable[[str], bool]) -> bool:
    """Whether all filled cells among the first ones match; some are filled."""
    filled = [str(cell) for cell in cells.drop_duplicates().iloc[:SAMPLE] if cell]
    return len(filled) > 0 and all(map(matches, filled))


def _is_moment(cell: str) -> bool:
    """Whether a cell is a day, maybe with a time of that day behind it."""
    return is_date(re.sub(TIME, "", cell))
