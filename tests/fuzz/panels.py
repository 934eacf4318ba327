"""Tables of many videos: long and wide, CSV and Parquet, one file or several, and damaged ones.

They are taken as ``pipelines/import_panel.py`` takes them. Where a case says what is right, it is
the sum of the views of each video.
"""

import gzip
import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import yaml
from hypothesis import strategies as st

from fuzz import evil
from fuzz.case import Case
from fuzz.target import Accepted, Target
from viewcast.base.paths import imported_path
from viewcast.base.settings import build
from viewcast.data.panel.importing import (
    copied,
    refuse_counter,
    refuse_other_steps,
    refuse_totals,
)
from viewcast.data.panel.panel import Panel
from viewcast.data.panel.readers.reader import Reader
from viewcast.data.panel.sniff import understand

CONF = Path(__file__).resolve().parents[2] / "conf" / "reader"
VIDEOS, DAYS = 6, 40
TOLERANCE = 1e-6  # views of a panel are float32
Columns = dict[str, list[Any]]
GERMAN = {"video_id": "Inhalte", "day": "Tag", "views": "Aufrufe", "category": "Größe"}
PAGES = ("utf-8", "cp1252", "utf-16", "utf-16-le")
ODD: tuple[Any, ...] = (
    *(None, -1, 0, 2**31, 2**63, 1e308, float("nan"), float("inf"), -(2**40), 1.5, True),
    *evil.CELLS,
)


@cache
def views() -> Any:
    """The views (V, D) of the panel that is damaged."""
    return np.random.default_rng(7).poisson(300, (VIDEOS, DAYS)) + 1


def _names() -> list[str]:
    return [f"video {n}" for n in range(VIDEOS)]


def right() -> dict[str, float]:
    """The sum of each video's views."""
    return dict(zip(_names(), views().sum(axis=1).astype(float).tolist(), strict=True))


def long_table(dated: bool) -> Columns:
    """A row for each video and day."""
    first = np.datetime64("2024-03-01")
    days = [str(first + n) for n in range(DAYS)] if dated else list(range(1, DAYS + 1))
    return {
        "video_id": [name for name in _names() for _ in range(DAYS)],
        "day": days * VIDEOS,
        "views": views().ravel().tolist(),
        "category": [f"kind {n % 2}" for n in range(VIDEOS) for _ in range(DAYS)],
    }


def wide_table() -> Columns:
    """A row for each video, a column for each day."""
    return {"video_id": _names(), **{f"d{n + 1}": views()[:, n].tolist() for n in range(DAYS)}}


def content(table: Columns, suffix: str) -> bytes:
    """The bytes of a table in a kind of file."""
    arrays = {name: _array(cells) for name, cells in table.items()}
    made = io.BytesIO()
    plain = pa.table(list(arrays.values()), list(arrays))
    if suffix == ".parquet":
        pq.write_table(plain, made)
        return made.getvalue()
    pacsv.write_csv(plain, made)
    return gzip.compress(made.getvalue(), 1) if suffix == ".csv.gz" else made.getvalue()


def respelt(file: bytes, mark: str, page: str) -> bytes:
    """A CSV file as a spreadsheet saves it, where its letters are those of the page."""
    packed = file.startswith(b"\x1f\x8b")
    text = (gzip.decompress(file) if packed else file).decode("utf-8", "replace")
    try:
        spelt = text.replace(",", mark).encode(page)
    except UnicodeEncodeError:
        return file
    return gzip.compress(spelt, 1) if packed else spelt


def _array(cells: list[Any]) -> pa.Array:
    try:
        return pa.array(cells)
    except (pa.ArrowException, OverflowError):
        return pa.array([str(cell) for cell in cells])


@st.composite
def damaged(draw: st.DrawFn, table: Columns) -> tuple[Columns, str]:
    """A table in which something is wrong, and what."""
    changed = {name: list(cells) for name, cells in table.items()}
    how = draw(
        st.sampled_from(("cell", "cell", "column", "name", "gone", "double", "drop", "none"))
    )
    key, odd = draw(st.sampled_from(list(changed))), draw(st.sampled_from(ODD))
    at = evil.place(draw(evil.shares), len(changed[key]))
    if how == "cell":
        changed[key][at] = odd
    elif how == "column":
        changed[key] = [odd] * len(changed[key])
    elif how == "name":
        changed[draw(st.sampled_from((*evil.WORDS, "views", "day"))) or " "] = changed.pop(key)
    elif how == "gone":
        del changed[key]
    elif how == "double":
        changed = {name: [*cells, cells[at]] for name, cells in changed.items()}
    elif how == "drop":
        changed = {name: cells[:at] + cells[at + 1 :] for name, cells in changed.items()}
    else:
        changed = {name: [] for name in changed}
    return changed, f"{how} {key} {str(odd)[:20]!r}"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One table or a folder of them."""
    form = draw(st.sampled_from(("dated", "ages", "wide")))
    table = wide_table() if form == "wide" else long_table(form == "dated")
    suffix = draw(st.sampled_from((".csv", ".csv.gz", ".parquet")))
    made, known = [form, suffix], True
    if form == "dated" and draw(st.booleans()):  # the headers of Studio in another language
        table = {GERMAN.get(name, name): cells for name, cells in table.items()}
    if draw(st.integers(0, 3)):
        table, how = draw(damaged(table))
        made.append(how)
        known = False
    files = {f"panel{suffix}": content(table, suffix)}
    if form != "wide" and draw(st.integers(0, 3)) == 0 and known:
        half = len(table[list(table)[1]]) // 2
        parts = ({k: c[:half] for k, c in table.items()}, {k: c[half:] for k, c in table.items()})
        files = {f"part{n}{suffix}": content(part, suffix) for n, part in enumerate(parts)}
        if draw(st.booleans()):
            files["part1.parquet"] = content(parts[1], ".parquet")
            known = suffix == ".parquet"
    if draw(st.integers(0, 2)) == 0 and not any(name.endswith(".parquet") for name in files):
        mark, page = draw(st.sampled_from(";\t")), draw(st.sampled_from(PAGES))
        files = {name: respelt(file, mark, page) for name, file in files.items()}
        made.append(f"{mark!r} {page}")
    if draw(st.integers(0, 2)) == 0:
        name = draw(st.sampled_from(sorted(files)))
        files[name], how = draw(evil.broken(files[name]))
        made.append(how)
        known = False
    return Case(files, right() if known else None, tuple(made))


def agrees(value: Any, known: Any) -> bool:
    """Whether each video has its views."""
    return value.keys() == known.keys() and all(
        abs(value[name] - total) <= TOLERANCE * total for name, total in known.items()
    )


@cache
def _settings(reader: str) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load((CONF / f"{reader}.yaml").read_text())
    return settings


def run(given: Path, project: Path) -> Accepted:
    """Understand, read, check and copy the tables."""
    files = sorted(given.iterdir())
    source = files[0] if len(files) == 1 else given
    found = understand(source)
    alone = {"file": source.name} if source.is_file() else {}
    settings = {**_settings(found.reader), **alone, **found.settings}
    reader: Reader = build(settings, "data.reader", Reader)
    panel = reader.read(given)
    refuse_counter(panel, source)
    refuse_other_steps(panel, source)
    refuse_totals(panel, source)
    copied(source, imported_path(project, "mine"), project)
    return Accepted(_sums(panel))


def _sums(panel: Panel) -> dict[str, float]:
    totals = np.add.reduceat(np.nan_to_num(panel.views.astype(np.float64)), panel.starts[:-1])
    return dict(zip(panel.videos["video"], totals.tolist(), strict=True))


TARGET = Target("panels", cases(), run, agrees, places=("data.reader",))
