"""A wide table: a row for each video, a column for each day."""

import re
from pathlib import Path
from typing import Literal

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
from viewcast.data.limits import PANEL, PanelLimits
from viewcast.data.panel.panel import Panel
from viewcast.data.panel.readers.batches import files_in

MOST = 2.0**53  # beyond it float64 cannot hold every count


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Wide:
    """Columns ``video``, maybe ``category``, and one column a day, from the first to the last.

    ``file``: its name below the folder of the data, null for the only table there. ``video``,
    ``category``: names of columns, the latter null for none. ``days``: what the names of the days
    look like, a regular expression whose group is the number of the day. ``clock``: ``age``, the
    only one of such tables. ``limits``: how much the table may hold (``viewcast.data.limits``).
    """

    file: str | None
    video: str
    category: str | None
    days: str
    clock: Literal["age"]
    limits: PanelLimits = PANEL

    def read(self, source: Path) -> Panel:
        """The panel; days that are empty at the end of a row are not there yet."""
        path = source / self.file if self.file else files_in(source, self.limits)[0]
        if not path.is_file():
            raise DataError(f"{path}: no such file")
        whole = self._whole(path)
        parquet = path.suffix == ".parquet"
        found = ((name, re.fullmatch(self.days, name)) for name in whole.column_names)
        days = {name: int(match[1]) for name, match in found if match}
        columns = sorted(days, key=lambda name: days[name])
        missing = [c for c in (self.video, self.category) if c and c not in whole.column_names]
        if missing or not columns:
            what = (
                f"column {quoted(missing[0])}" if missing else f"columns of days like {self.days}"
            )
            raise DataError(f"{path}: has no {what}; found {listed(whole.column_names)}")
        numbers = [days[name] for name in columns]
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise DataError(
                f"{path}: found columns of {len(numbers)} days from {numbers[0]} to {numbers[-1]}, "
                "expected one for each of these days"
            )
        views = np.empty((len(whole), len(columns)), np.float32)
        for place, name in enumerate(columns):
            views[:, place] = _counts(whole[name], name, path)
        videos = pd.DataFrame({"video": whole[self.video].to_pandas().astype(str)})
        again = videos["video"].duplicated() | (videos["video"] == "")
        if again.any():
            place = int(again.to_numpy().argmax())
            raise DataError(
                f"{path}, row {place + (1 if parquet else 2)}, column {self.video!r}: found "
                f"{quoted(videos['video'][place])}, expected the name of a video, each in one row"
            )
        videos["first"] = np.int64(days[columns[0]])
        if self.category:
            videos["category"] = whole[self.category].to_pandas().astype(str)
        last = views.shape[1] - np.isfinite(views)[:, ::-1].argmax(axis=1)
        inside = np.arange(views.shape[1]) < last[:, None]
        starts = np.concatenate([[0], np.cumsum(last)])
        return Panel(videos, views[inside], starts, "age")

    def _whole(self, path: Path) -> pa.Table:
        """The table as it is written; its limits are checked before it is read."""
        files_in(path, self.limits)
        words = dict.fromkeys(filter(None, [self.video, self.category]), pa.string())
        as_written = pacsv.ConvertOptions(column_types=words)
        if path.suffix == ".gz":
            check_unzipped(path, self.limits)
        try:
            if path.suffix == ".parquet":
                about = pq.read_metadata(path)
                self.limits.refuse("rows", path, about.num_rows, "rows")
                self.limits.refuse("columns", path, about.num_columns, "columns")
                return pq.read_table(path)
            table = pacsv.read_csv(path, convert_options=as_written)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path}: not a readable table ({quoted(str(error), 200)})") from error
        self.limits.refuse("rows", path, len(table), "rows")
        self.limits.refuse("columns", path, table.num_columns, "columns")
        return table


def _counts(cells: pa.ChunkedArray, column: str, path: Path) -> NDArray[np.float64]:
    """The counts of one day; refuses (DataError) the first cell that is none."""
    broken = np.zeros(len(cells), bool)
    if pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
        counts = cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    else:
        text = pd.Series(cells.to_pylist(), dtype=object).replace("", None)
        counts = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
        broken = np.isnan(counts) & text.notna().to_numpy()
    wrong = broken | (counts < 0) | (counts > MOST)
    if wrong.any():
        place = int(wrong.argmax())
        row = place + (1 if path.suffix == ".parquet" else 2)
        found = quoted(str(cells[place].as_py()))
        raise DataError(
            f"{path}, row {row}, column {column!r}: found {found}, expected a count of at least 0 "
            "and at most 2**53"
        )
    return np.asarray(counts)
