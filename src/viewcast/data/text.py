"""The text of a file of others: which bytes it may have, and whether it ends too early."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from viewcast.base.errors import CutFileError, DataError
from viewcast.data import letters
from viewcast.data.archive import Member, unzipped, whole
from viewcast.data.kinds import other_kind
from viewcast.data.limits import DEFAULT, Limits

SAVE = "save the file as 'CSV UTF-8' and try again"
UNSEEN = b"\0 \t\r\n"
UNFILLED = b"\0" * 4
MARKED = {  # how a text begins whose first bytes say its letters; UTF-16's are in UTF-32's
    "UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    "UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}
EMPTY = "the file is empty; expected a header and rows"
CUT = ("unexpected end of data", "truncated data")  # reasons of UnicodeDecodeError
BLANK = 2**12  # bytes that are looked at before a copy of all is made
File = Path | Member


@dataclass(frozen=True)
class Text:
    """The text of a file in UTF-8, without byte-order mark and soft hyphens.

    ``ended``: whether it ends with the end of a line; else it may have been cut, maybe before it
    was packed. ``told``: what is told of how its letters were known; empty for UTF-8 and for UTF-16
    with its mark.
    """

    source: File
    content: bytes
    ended: bool
    told: str = ""


def read_text(file: File, limits: Limits = DEFAULT, any_page: bool = False) -> Text:
    """The text of a file, or of a member of a zip.

    ``any_page``: whether it may be in a code page (``viewcast.data.letters``), too. Refuses
    (DataError) a file that is missing, empty, larger than allowed, or in none of these.
    """
    if not file.is_file():
        raise DataError(f"{file}: no such file; `dvc pull` fetches the embedded data")
    content = whole(file, limits) if isinstance(file, Path) else file.read_bytes()
    if file.name.lower().endswith(".gz"):
        content = unzipped(content, file, limits)
    for name, marks in MARKED.items():
        if content.startswith(marks):
            try:
                content = content.decode(name).encode()
            except UnicodeDecodeError as error:
                raise _not_text(file, content, error, name) from error
    content = content.removeprefix(codecs.BOM_UTF8)
    if (other := other_kind(content)) is not None:
        raise DataError(f"{file}: {other}")
    if not content[:BLANK].strip(UNSEEN) and not content.strip(UNSEEN):
        begun = not content.strip(b"\0")  # as an upload is
        raise CutFileError(file, EMPTY) if begun else DataError(f"{file}: {EMPTY}")
    if content.endswith(UNFILLED):
        raise CutFileError(file, "ends in zero bytes, room that a download has not filled")
    told = ""
    if b"\0" in content:
        content, told = _utf_16(file, content)
    try:
        _check_utf8(content)
    except UnicodeDecodeError as error:
        cut = error.reason in CUT
        known = letters.code_page(content) if any_page and not cut else None
        if known is None:
            raise _not_text(file, content, error, "UTF-8") from error
        content, told = known.content, known.told
    ended = content.endswith((b"\n", b"\r"))
    return Text(file, content.replace("\u00ad".encode(), b""), ended, told)


def _utf_16(file: File, content: bytes) -> tuple[bytes, str]:
    """A text with zero bytes, and what is told of it."""
    try:
        known = letters.utf_16(content)
    except UnicodeDecodeError as error:
        raise _not_text(file, content, error, "UTF-16") from error
    if known is None:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise DataError(
            f"{file}, line {line}: found a zero byte, and no UTF-16, whose letters have one each: "
            f"the file is damaged, or no text; download it again, or {SAVE}"
        )
    return known.content, known.told


def _check_utf8(content: bytes, step: int = 2**20) -> None:
    """Raise UnicodeDecodeError, by its place, for bytes that are no UTF-8.

    A part at a time, since text takes up to 4 times the room.
    """
    if content.isascii():
        return
    decoder, view = codecs.getincrementaldecoder("utf-8")(), memoryview(content)
    for first in range(0, len(content), step):
        kept = len(decoder.getstate()[0])
        try:
            decoder.decode(view[first : first + step], final=first + step >= len(content))
        except UnicodeDecodeError as error:
            error.start += first - kept
            raise


def _not_text(file: File, content: bytes, error: UnicodeDecodeError, name: str) -> DataError:
    line = content.count(b"\n", 0, error.start) + 1
    if error.reason in CUT:
        return CutFileError(file, "the text ends in the middle of a letter", line)
    byte = content[error.start]
    return DataError(f"{file}, line {line}: byte {byte:#04x} is not {name}; {SAVE}")
