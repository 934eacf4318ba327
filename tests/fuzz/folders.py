"""Folders of several exports of a channel, imported: one of them may be damaged, or of another."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fuzz import evil, exports
from fuzz.archives import harmed, packed
from fuzz.case import Case
from fuzz.damages import damaged
from fuzz.sheet import Sheet, sheets
from fuzz.target import Accepted, Target
from viewcast.base.paths import imported_path
from viewcast.data.export import Wanted
from viewcast.data.import_export import import_export

OVERLAP = 10  # days that two exports of one channel share


def _parts(sheet: Sheet, count: int) -> list[Sheet]:
    """The days of an export as several that overlap, the oldest first."""
    rows = sorted(zip(sheet.days, sheet.rows, strict=True), key=lambda each: str(each[0]))
    rows = [each for each in rows if each[0] is not None]
    ends = [len(rows) * (n + 1) // count for n in range(count)]
    starts = [0, *(max(0, end - OVERLAP) for end in ends[:-1])]
    parts = [rows[start:end] for start, end in zip(starts, ends, strict=True)]
    return [
        replace(sheet, rows=tuple(row for _, row in part), days=tuple(day for day, _ in part))
        for part in parts
    ]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One to three exports, as zips, files and folders."""
    sheet = draw(sheets())
    parts = _parts(sheet, draw(st.integers(1, 3)))
    files: dict[str, bytes] = {}
    made: list[str] = []
    right: dict[str, Any] = {"days": sheet.right()["days"], "whole": True}
    for number, whole in enumerate(parts):
        part = whole
        if draw(st.integers(0, 3)) == 0:
            part, how = draw(damaged(whole))
            right = {**right, "whole": None}
            made.append(how)
        form = draw(st.sampled_from((".csv", ".zip", "/Totals.csv")))
        content = part.content()
        if form == ".zip":
            content = packed({"Totals.csv": content}, zipfile.ZIP_DEFLATED)
        if draw(st.integers(0, 4)) == 0:
            content, how = draw(harmed(content) if form == ".zip" else evil.broken(content))
            right = {**right, "whole": None}
            made.append(how)
        files[f"{number}{form}"] = content
    if draw(st.integers(0, 3)) == 0:
        files[
            draw(st.sampled_from(("other.csv", "other.zip", ".x.csv", "a.txt", "b.csv.part")))
        ] = draw(st.sampled_from((b"", b"PK\x03\x04", draw(sheets()).content())))
        right = {**right, "whole": None}
        made.append("one more")
    return Case(files, right, tuple(made))


def run(given: Path, project: Path) -> Accepted:
    """Import the folder into the project."""
    export = import_export(given, imported_path(project, "mine"), project, Wanted())
    return Accepted(exports.days_of(export.views))


TARGET = Target("folders", cases(), run, exports.agrees)
