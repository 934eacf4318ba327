"""The last line of a long table: refused where the file may have been cut short in it.

A row that lacks cells is refused as it is read; this is about a last cell that lost its end, and
about a row of which one cell is left.
"""

import csv
import io
from pathlib import Path

from viewcast.base.errors import CutFileError
from viewcast.base.quoted import quoted
from viewcast.data.cut_short import NEIGHBOURS, may_be_cut, refuse_cut
from viewcast.data.panel.readers.written import written

TAIL = 2**16  # bytes in which the rows before the last one are
STEP = 2**20


def refuse_cut_end(file: Path, video: str) -> None:
    """Refuse (CutFileError) a CSV file whose last row is suspect and has no end of a line.

    ``video``: the column of the video, whose own rows tell what is short; where it has no other
    one, a cell is suspect that has the form of the beginning of others alone. Packed files, which
    say themselves that they are cut, and UTF-16 pass.
    """
    if file.suffix.lower() != ".csv":
        return
    how = written([file])
    size = file.stat().st_size
    with file.open("rb") as opened:
        start = opened.read(TAIL)
        opened.seek(max(0, size - TAIL))
        tail = opened.read()
    if how.encoding.startswith("utf-16") or tail.endswith((b"\n", b"\r", b'"')):
        return
    if size > TAIL:
        tail = tail[tail.find(b"\n") + 1 :]
    rows = _rows(tail, how.encoding, how.delimiter)
    header = next(iter(_rows(start, how.encoding, how.delimiter)), [])
    if size <= TAIL:
        rows = rows[1:]
    above = [row for row in rows[:-1] if len(row) == len(header)]
    if not above or video not in header:
        return
    last, line = rows[-1], _lines(file)
    if len(last) == 1 != len(header):
        if may_be_cut(last[0], [row[0] for row in above[-NEIGHBOURS:]]):
            raise CutFileError(file, "found 1 field and no end of the line", line)
        return
    place = header.index(video)
    own = [row for row in above if len(last) > place and row[place] == last[place]]
    if own or len(last) < len(header):
        refuse_cut(file, line, last, own, len(header))
    elif may_be_cut(last[-1], [row[-1] for row in above]):
        raise CutFileError(file, f"found {quoted(last[-1])} and no end of the line", line)


def _rows(content: bytes, encoding: str, delimiter: str) -> list[list[str]]:
    """The rows in a part of a table; none where they cannot be told apart."""
    text = content.decode(encoding, "ignore").removeprefix("\ufeff")
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [[cell.strip() for cell in row] for row in rows if row]
    except csv.Error:
        return []


def _lines(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(part.count(b"\n") for part in iter(lambda: opened.read(STEP), b"")) + 1
