"""How tables of text are written: their letters, and what parts their cells, by how each begins.

The names of days and figures are read by pyarrow, which has to be told both.
"""

import codecs
import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from viewcast.base.errors import CutFileError, DataError
from viewcast.base.quoted import listed
from viewcast.data import letters
from viewcast.data.columns import delimiter
from viewcast.data.kinds import other_kind
from viewcast.data.text import EMPTY, Text

DELIMITERS = ";\t,"
UTF_8, ASCII = "utf-8", "ascii"


@dataclass(frozen=True)
class Written:
    """``encoding``: a codec of Python. ``delimiter``: what parts the cells of a row."""

    encoding: str = UTF_8
    delimiter: str = ","


def written(files: Sequence[Path]) -> Written:
    """How tables of text are written, maybe packed by gzip; of one that cannot be read nothing is
    known, and it is taken for UTF-8.

    Refuses (DataError) tables that are written in different ways, and what is no table of text.
    """
    forms = [_written(file) for file in files]
    pages = sorted({form.encoding for form in forms} - {ASCII})
    marks = sorted({form.delimiter for form in forms})
    if len(pages) > 1 or len(marks) > 1:
        raise DataError(
            f"{files[0].parent}: the tables are written in different ways (letters: "
            f"{listed(pages)}, between cells: {listed(marks)}); save them alike, as 'CSV UTF-8'"
        )
    return Written((pages or [UTF_8])[0], (marks or [","])[0])


def _written(file: Path) -> Written:
    content = _start(file)
    if file.stat().st_size == 0:
        raise CutFileError(file, EMPTY)
    if (other := other_kind(content.removeprefix(codecs.BOM_UTF8))) is not None:
        raise DataError(f"{file}: {other}")
    mark = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if mark else _encoding(content)
    text = content.decode(encoding, "ignore")
    return Written(encoding, delimiter(Text(file, text.encode(), ended=True), DELIMITERS))


def _encoding(content: bytes) -> str:
    if content.isascii() and b"\0" not in content:
        return ASCII
    if b"\0" in content:
        known = letters.utf_16(content[: len(content) // 2 * 2])
    else:
        try:
            codecs.getincrementaldecoder(UTF_8)().decode(content)
        except UnicodeDecodeError:
            whole_lines = content[: content.rfind(b"\n") + 1]
            known = letters.code_page(whole_lines or content)
        else:
            return UTF_8
    return UTF_8 if known is None else known.encoding


def _start(file: Path) -> bytes:
    try:
        with gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb") as opened:
            return opened.read(letters.LOOK)
    except (OSError, EOFError, zlib.error):
        return b""
