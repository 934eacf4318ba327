"""A long table: a row for each video and day, in any order.

Shape letters: R rows, V videos, N days of all videos.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.errors import DataError
from viewcast.base.quoted import quoted
from viewcast.data.cells import refuse_half_grouped, refuse_undecided
from viewcast.data.dates import parse_beside, parse_dates
from viewcast.data.limits import PANEL, PanelLimits
from viewcast.data.panel.panel import Clock, Panel
from viewcast.data.panel.readers.batches import Batch, batches, files_in
from viewcast.data.panel.readers.counts import as_counts
from viewcast.data.panel.readers.ends import refuse_cut_end
from viewcast.data.panel.readers.policies import Counted, settled

Indices = NDArray[np.int64]
TIME = r"(?<=^\d{4}-\d\d-\d\d)[T ].*$"  # of the day, behind an ISO date
MOST_DAYS = 2**31  # an age or a date, counted in days


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Long:
    """Columns of a video's name, a day and a count of views, and what else is known of a video.

    ``file``: below the folder of the data, null for all tables in it. ``video``, ``day``,
    ``views``: names of columns. ``category``: a column of words, null for none; ``known``: columns
    of numbers that are known when a video is published. ``published``: the column of the day on
    which it was: days before it are left out, and where it is blank, days before the first view;
    null for none. ``clock``: whether days are dates (``calendar``) or ages in days (``age``).
    ``cumulative``: whether views are those of a counter: each day has the step from the day before.
    ``repeated``: what is done with a day that a video has twice, ``gaps``: with a day that it
    lacks, ``negative``: with a count below 0 (``viewcast.data.panel.readers.policies``).
    ``limits``: how much the tables may hold (``viewcast.data.limits``).
    """

    file: str | None
    video: str
    day: str
    views: str
    category: str | None
    known: tuple[str, ...]
    published: str | None
    clock: Clock
    cumulative: bool
    repeated: Literal["refuse", "last", "sum"]
    gaps: Literal["refuse", "missing", "zero"]
    negative: Literal["refuse", "missing", "zero"]
    limits: PanelLimits = PANEL

    def read(self, source: Path) -> Panel:
        """The panel. Refuses (DataError) wrong cells and, as policies say, days and counts."""
        source = source / self.file if self.file else source
        wanted = [self.video, self.day, self.views, *filter(None, [self.category, self.published])]
        wanted += self.known
        for file in files_in(source, self.limits):
            refuse_cut_end(file, self.video)
        rows, remarks = _Rows(), list[str]()
        # As text: what the first rows of a CSV file look like decides nothing for the later ones.
        for batch in batches(source, wanted, wanted, remarks, self.limits):
            try:
                self._take(batch, rows)
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{batch.file}: a name is not UTF-8 ({error}); save it anew"
                ) from error
        if not rows.codes:
            raise DataError(f"{source}: found no rows, expected a row for each video and day")
        counted = Counted(
            video=_joined(rows.videos),
            day=_joined(rows.days),
            views=_joined(rows.views),
            names=np.array(list(rows.codes), object),
            files=rows.files,
            columns=(self.video, self.day, self.views),
            calendar=self.clock == "calendar",
        )
        videos = self._videos(rows)
        first = videos.pop("published") if self.published else None
        begins = None if first is None else first.to_numpy(np.float64)
        panel = settled(counted, videos, self, begins)
        told = tuple(f"a line of one cell was left out: {line!r}" for line in remarks)
        return replace(panel, notes=(*panel.notes, *told))

    def _take(self, batch: Batch, rows: "_Rows") -> None:
        cells = batch.rows
        rows.files.append((batch.file, batch.first, len(cells)))
        found = cells[self.video]
        if found.null_count or (
            pa.types.is_string(found.type) and pc.any(pc.equal(found, "")).as_py()
        ):
            place = int(np.flatnonzero(pc.equal(pc.fill_null(found, ""), "").to_numpy(False))[0])
            raise DataError(
                f"{batch.file}, row {batch.first + place}, column {self.video!r}: found nothing, "
                "expected the name of a video"
            )
        encoded = pc.dictionary_encode(found)
        own = [str(name) for name in encoded.dictionary.to_pylist()]
        new = [name for name in dict.fromkeys(own) if name not in rows.codes]
        rows.codes |= {name: len(rows.codes) + place for place, name in enumerate(new)}
        codes = np.array([rows.codes[name] for name in own], np.int64)
        local = encoded.indices.to_numpy()
        rows.videos.append(codes[local].astype(np.int32))
        rows.days.append(self._days(cells[self.day], batch))
        if self.published and rows.day_cells is None and pa.types.is_string(cells[self.day].type):
            rows.day_cells = pd.Series(pc.unique(cells[self.day]).to_pylist()).dropna()
        rows.views.append(self._views(cells[self.views], batch))
        if new:
            self._note(new, own, local, cells, rows)

    def _note(
        self, new: list[str], own: list[str], local: Any, cells: pa.RecordBatch, rows: "_Rows"
    ) -> None:
        """What the first row of each new video tells of it."""
        _, first = np.unique(local, return_index=True)
        place = dict(zip(own, first, strict=True))
        taken = cells.take(pa.array([place[name] for name in new]))
        kept = [name for name in (self.category, self.published, *self.known) if name]
        for name in kept:
            rows.known.setdefault(name, []).extend(taken[name].to_pylist())

    def _days(self, cells: pa.Array, batch: Batch) -> NDArray[np.int32]:
        if self.clock == "age":
            return _whole(cells, batch, self.day, "an age in days")
        if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
            days = cells.cast(pa.timestamp("us")).cast(pa.date32())
            return _whole(days.cast(pa.int32()), batch, self.day, "a day")
        encoded = pc.dictionary_encode(pc.fill_null(cells.cast(pa.string()), ""))
        places = pd.Index(np.unique(encoded.indices.to_numpy(False), return_index=True)[1])
        text = pd.Series(encoded.dictionary.to_pylist(), index=places + batch.first, name=self.day)
        dates = parse_dates(text, Path(batch.file)).to_numpy("datetime64[D]").astype(np.int32)
        return np.asarray(dates[encoded.indices.to_numpy(False)])

    def _views(self, cells: pa.Array, batch: Batch) -> NDArray[np.float64]:
        if pa.types.is_string(cells.type) and pc.any(pc.match_substring(cells, ".")).as_py():
            text = pd.Series(cells.to_pylist(), range(batch.first, batch.first + len(cells)))
            text = text.rename(self.views).fillna("")
            refuse_undecided(text, batch.file)
            refuse_half_grouped(text, batch.file)
        try:
            return np.asarray(cells.cast(pa.float64()).to_numpy(zero_copy_only=False))
        except pa.ArrowInvalid:
            counts = as_counts(cells)
            wrong = np.isnan(counts) & ~np.asarray(pc.equal(pc.fill_null(cells, ""), ""))
            if not wrong.any():
                return counts
            place = int(wrong.argmax())
            raise DataError(
                f"{batch.file}, row {batch.first + place}, column {quoted(self.views)}: found "
                f"{quoted(str(cells[place]))}, expected a count"
            ) from None

    def _videos(self, rows: "_Rows") -> pd.DataFrame:
        videos = pd.DataFrame({"video": list(rows.codes)})
        if self.category:
            words = pd.Series(rows.known[self.category], dtype=object).fillna("").astype(str)
            videos["category"] = words.where(words != "", "unknown")
        for name in self.known:
            numbers = pd.to_numeric(pd.Series(rows.known[name], dtype=object), errors="coerce")
            videos[name] = numbers.astype(np.float64).fillna(numbers.astype(np.float64).median())
        if self.published:
            text = pd.Series(rows.known[self.published], dtype=object).fillna("").astype(str)
            known = text[text != ""]
            known = known.str.replace(TIME, "", regex=True)
            days = pd.Series(np.nan, index=text.index)
            if len(known):
                source = Path(rows.files[0][0])
                beside = pd.Series(dtype=object) if rows.day_cells is None else rows.day_cells
                dates = parse_beside(known.rename(self.published), beside, source)
                days[known.index] = dates.to_numpy("datetime64[D]").astype(np.int64)
            videos["published"] = days
        return videos


class _Rows:
    """What has been read: of each row its video by number, its day and its views; ``day_cells``:
    days of the first batch, as they are written.
    """

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.videos: list[NDArray[np.int32]] = []
        self.days: list[NDArray[np.int32]] = []
        self.views: list[NDArray[np.float64]] = []
        self.day_cells: pd.Series | None = None
        self.known: dict[str, list[Any]] = {}
        self.files: list[tuple[str, int, int]] = []


def _joined(parts: list[Any]) -> Any:
    """Arrays as one; the list is emptied, so that none of them stays in memory."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _whole(cells: pa.Array, batch: Batch, column: str, expected: str) -> NDArray[np.int32]:
    try:
        numbers = cells.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        numbers = pd.to_numeric(pd.Series(cells.to_pylist()), errors="coerce").to_numpy(np.float64)
    wrong = ~((numbers == np.round(numbers)) & (np.abs(numbers) < MOST_DAYS))
    if wrong.any():
        place = int(wrong.argmax())
        cell = str(cells[place].as_py() or "")
        raise DataError(
            f"{batch.file}, row {batch.first + place}, column {column!r}: found "
            f"{quoted(cell) if cell else 'nothing'}, expected {expected}"
        )
    return np.asarray(numbers.astype(np.int32))
