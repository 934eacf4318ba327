"""Which letters the bytes of a text mean that is not UTF-8: UTF-16 without its mark, code pages.

Many spreadsheets save a CSV file in the code page of their language, and nothing in the file says
which one. Digits, separators and ends of lines have the same bytes in all pages that are tried
here, so no choice among them changes a day or a figure written in digits. It decides words alone:
the header, names of months and channels. So the page is taken in which most cells of the header
mean a known figure.
"""

import codecs
import re
from dataclasses import dataclass

from viewcast.data import metric

WESTERN = "cp1252"
PAGES = {
    WESTERN: "Windows-1252 (western Europe)",
    "cp1250": "Windows-1250 (central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp1257": "Windows-1257 (Baltic)",
    "cp1258": "Windows-1258 (Vietnamese)",
    "cp874": "Windows-874 (Thai)",
    "cp950": "Big5 (traditional Chinese)",
    "gbk": "GBK (simplified Chinese)",
    "cp932": "Shift JIS (Japanese)",
    "cp949": "Windows-949 (Korean)",
    "mac_roman": "Mac Roman",
    "cp850": "code page 850 (MS-DOS)",
}
HEADS = 4  # lines among which the header is
LOOK = 2**14  # bytes in which they are
_CELLS = re.compile(r"[,;\t]")
_UTF_16 = {"utf-16-le": 1, "utf-16-be": 0}  # where the zero byte of an ASCII letter lies


@dataclass(frozen=True)
class Letters:
    """A text in UTF-8. ``told``: how its letters were known. ``encoding``: what they were written
    in, a codec of Python.
    """

    content: bytes
    told: str
    encoding: str


def utf_16(content: bytes) -> Letters | None:
    """A text with zero bytes as UTF-16, if it is one in one order of bytes alone; else None.

    Most letters have a zero byte there, and in the other order the end of a line is a letter of
    another script. Raises UnicodeDecodeError for one that ends in the middle of a letter.
    """
    start, texts = content[:LOOK], []
    for order, high in _UTF_16.items():
        if 2 * start[high::2].count(0) < len(start[high::2]):
            continue
        text = content.decode(order)
        if "\0" not in text and ("\n" in text or "\r" in text):
            texts.append(Letters(text.encode(), "the text is UTF-16, which no mark says", order))
    return texts[0] if len(texts) == 1 else None


def code_page(content: bytes) -> Letters | None:
    """A text in a code page; None where it is none, or where two pages give its header other
    meanings.

    Where no page makes a cell of the header known it is the western one, unless some letters are
    those of UTF-8: such a text is damaged.
    """
    meanings = {page: _meanings(content, page) for page in PAGES}
    most = max(map(len, meanings.values()))
    best = [page for page, known in meanings.items() if len(known) == most]
    if not most:
        best = [WESTERN] if content.decode("utf-8", "ignore").isascii() else []
    elif len({meanings[page] for page in best}) > 1:
        return None
    for page in best:
        try:
            text = content.decode(page)
        except UnicodeDecodeError:
            continue
        told = f"the text is not UTF-8 and was read as {PAGES[page]}"
        return Letters(text.encode(), told, page)
    return None


def _meanings(content: bytes, page: str) -> frozenset[tuple[int, str]]:
    """The cells of the header that are known in a page, by their place, and not in ASCII alone."""
    # A letter may be cut at the end of what is looked at; what cannot be read has no meaning.
    start = codecs.getincrementaldecoder(page)("replace").decode(content[:LOOK])
    found = set()
    for line in start.splitlines()[:HEADS]:
        for place, cell in enumerate(_CELLS.split(line)):
            meaning = None if cell.isascii() else metric.known(cell.strip(' "'))
            if meaning is not None:
                found.add((place, meaning))
    return frozenset(found)
