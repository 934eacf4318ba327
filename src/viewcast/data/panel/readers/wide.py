"""A wide table: a row for each video, a column for each day."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError
from viewcast.base.quoted import listed, quoted
from viewcast.data.archive import check_unzipped
from viewcast.data.dates import parse_dates
from viewcast.data.limits import PANEL, PanelLimits
from viewcast.data.panel.panel import Clock, Panel
from viewcast.data.panel.readers.batches import files_in, is_parquet
from viewcast.data.panel.readers.counts import as_counts
from viewcast.data.panel.readers.written import written

MOST = 2.0**53  # beyond it float64 cannot hold every count


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Wide:
    """Columns ``video``, maybe ``category``, and one column a day, from the first to the last.

    ``file``: its name below the folder of the data, null for the only table there. ``video``,
    ``category``: names of columns, the latter null for none. ``days``: what the names of the days
    look like, a regular expression whose group is the number of the day, or the date. ``clock``:
    whether it is an age in days (``age``) or a date (``calendar``), where a video begins with the
    first day that is filled. ``limits``: how much the table may hold (``viewcast.data.limits``).
    """

    file: str | None
    video: str
    category: str | None
    days: str
    clock: Clock
    limits: PanelLimits = PANEL

    def read(self, source: Path) -> Panel:
        """The panel; days that are empty at the end of a row are not there yet, and those of a
        calendar at its beginning neither.
        """
        path = source / self.file if self.file else files_in(source, self.limits)[0]
        if not path.is_file():
            raise DataError(f"{path}: no such file")
        whole = self._whole(path)
        days = self._days(whole.column_names, path)
        columns = sorted(days, key=lambda name: days[name])
        missing = [c for c in (self.video, self.category) if c and c not in whole.column_names]
        if missing or not columns:
            what = (
                f"column {quoted(missing[0])}" if missing else f"columns of days like {self.days}"
            )
            raise DataError(f"{path}: has no {what}; found {listed(whole.column_names)}")
        numbers = [days[name] for name in columns]
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            dates = np.array([numbers[0], numbers[-1]]).astype("datetime64[D]")
            first, last = dates if self.clock == "calendar" else (numbers[0], numbers[-1])
            raise DataError(
                f"{path}: found columns of {len(numbers)} days from {first} to {last}, "
                "expected one for each of these days"
            )
        views = np.empty((len(whole), len(columns)), np.float32)
        fractions = []
        for place, name in enumerate(columns):
            counts = _counts(whole[name], name, path)
            views[:, place] = counts
            fractions.append(counts[np.isfinite(counts) & (counts != np.round(counts))])
        if not is_parquet(path):
            _refuse_undecided(np.concatenate(fractions), path)
        videos = pd.DataFrame({"video": whole[self.video].to_pandas().astype(str)})
        again = videos["video"].duplicated() | (videos["video"] == "")
        if again.any():
            place = int(again.to_numpy().argmax())
            row = place + (1 if is_parquet(path) else 2)
            raise DataError(
                f"{path}, row {row}, column {self.video!r}: found "
                f"{quoted(videos['video'][place])}, expected the name of a video, each in one row"
            )
        filled = np.isfinite(views)
        last = views.shape[1] - filled[:, ::-1].argmax(axis=1)
        begin = filled.argmax(axis=1) if self.clock == "calendar" else np.zeros_like(last)
        videos["first"] = np.int64(days[columns[0]]) + begin
        if self.category:
            videos["category"] = whole[self.category].to_pandas().astype(str)
        places = np.arange(views.shape[1])
        inside = (places < last[:, None]) & (places >= begin[:, None])
        starts = np.concatenate([[0], np.cumsum(last - begin)])
        return Panel(videos, views[inside], starts, self.clock)

    def _days(self, columns: list[str], path: Path) -> dict[str, int]:
        """The columns of days, and the number of each: an age, or days since 1970."""
        matches = ((name, re.fullmatch(self.days, name)) for name in columns)
        found = {name: match[1] for name, match in matches if match}
        if self.clock == "age":
            return {name: int(day) for name, day in found.items()}
        if not found:
            return {}
        dates = parse_dates(pd.Series(list(found.values()), name="of days"), path)
        numbers = dates.to_numpy("datetime64[D]").astype(np.int64).tolist()
        return dict(zip(found, numbers, strict=True))

    def _whole(self, path: Path) -> pa.Table:
        """The table as it is written; its limits are checked before it is read."""
        files_in(path, self.limits)
        words = dict.fromkeys(filter(None, [self.video, self.category]), pa.string())
        as_written = pacsv.ConvertOptions(column_types=words)
        if path.suffix.lower() == ".gz":
            check_unzipped(path, self.limits)
        try:
            if is_parquet(path):
                about = pq.read_metadata(path)
                self.limits.refuse("rows", path, about.num_rows, "rows")
                self.limits.refuse("columns", path, about.num_columns, "columns")
                return pq.read_table(path)
            how = written([path])
            table = pacsv.read_csv(
                path,
                pacsv.ReadOptions(encoding=how.encoding),
                pacsv.ParseOptions(delimiter=how.delimiter),
                as_written,
            )
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path}: not a readable table ({quoted(str(error), 200)})") from error
        self.limits.refuse("rows", path, len(table), "rows")
        self.limits.refuse("columns", path, table.num_columns, "columns")
        return table


def _refuse_undecided(fractions: NDArray[np.float64], path: Path) -> None:
    """Refuse (DataError) a table of text whose fractions may all be thousands that points group.

    Arrow has read 1.234 as a number: all are from 1 to 1000, with three decimals that some need.
    """
    exact = np.round(fractions * 1000, 6)
    if not np.all((exact == np.round(exact)) & (fractions >= 1) & (fractions < 1000)):
        return
    needed = np.round(fractions * 100, 6) % 1 != 0
    if needed.any():
        raise DataError(
            f"{path}: found {fractions[needed][0]:.3f}, which is a thousand and more or a "
            "fraction; expected figures without points between thousands, or with another number "
            "of decimals"
        )


def _counts(cells: pa.ChunkedArray, column: str, path: Path) -> NDArray[np.float64]:
    """The counts of one day; refuses (DataError) the first cell that is none."""
    broken = np.zeros(len(cells), bool)
    if pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
        counts = cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    else:
        counts = as_counts(cells)
        empty = np.array([cell in (None, "") for cell in cells.to_pylist()], bool)
        broken = np.isnan(counts) & ~empty
    wrong = broken | (counts < 0) | (counts > MOST)
    if wrong.any():
        place = int(wrong.argmax())
        row = place + (1 if is_parquet(path) else 2)
        found = quoted(str(cells[place].as_py()))
        raise DataError(
            f"{path}, row {row}, column {column!r}: found {found}, expected a count of at least 0 "
            "and at most 2**53"
        )
    return np.asarray(counts)
