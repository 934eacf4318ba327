"""Letters of other people's names in pictures: a font that has them, else a stand-in.

The names of runs, channels and videos may be in any script. matplotlib's own font has no Chinese
letters; where this machine has a font with them, it draws them. What no font has would be a box, so
``?`` and a short hash stand in its place, and the caption, which a browser shows, says for what.
"""

import hashlib
import logging
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from pathlib import Path

from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

OWN = "DejaVu Sans"  # comes with matplotlib: the same letters on every machine
# The first font with a letter draws it. Of a file that holds several fonts, matplotlib finds the
# first one, which has the letters of all of them.
OTHERS = (
    "Noto Sans CJK TC", "Noto Sans TC", "Noto Sans CJK JP", "Source Han Sans TC", "Source Han Sans",
    "PingFang TC", "Heiti TC", "Microsoft JhengHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "SimHei", "Arial Unicode MS",
    "Noto Sans KR", "Malgun Gothic", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Sans Bengali",
)  # fmt: skip
BOLD = ("bold", "heavy", 700, 800)
NEVER_SEEN = ("Cf", "Mn")  # categories of marks that change other letters and are none themselves


@cache
def families() -> list[str]:
    """The fonts of pictures, in the order in which they are asked for a letter."""
    known = [font for font in font_manager.fontManager.ttflist if font.name in OTHERS]
    here = {font.name for font in known if Path(font.fname).is_file()}  # one may be gone since
    return [OWN, *(name for name in OTHERS if name in here)]


@contextmanager
def silent() -> Iterator[None]:
    """Within the context matplotlib does not log that a font comes in one weight only."""
    logger = logging.getLogger(font_manager.__name__)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def drawable(text: str, weight: str | int = "normal") -> tuple[str, dict[str, str]]:
    """The text with stand-ins for what no font draws, and what each stand-in is for."""
    known = _letters(weight in BOLD)
    if all(ord(letter) in known for letter in text):
        return text, {}
    parts, meant = [], {}
    for drawn, letters in groupby(_seen(text, known), lambda letter: ord(letter) in known):
        part = "".join(letters)
        if not drawn:
            part, original = _stand_in(part), part
            meant[part] = original
        parts.append(part)
    return "".join(parts), meant


def replace_undrawable(figure: Figure) -> dict[str, str]:
    """Put stand-ins into all texts of a figure; returns what each is for."""
    meant: dict[str, str] = {}
    for text in _texts(figure):
        shown, found = drawable(text.get_text(), text.get_fontweight())
        if found or shown != text.get_text():
            text.set_text(shown)
        meant |= found
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            meant |= _replace_labels(axis)
    return meant


def width(text: str) -> int:
    """How many Latin letters are as wide as the text: a Chinese letter is as wide as two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _replace_labels(axis: Axis) -> dict[str, str]:
    """The labels of fixed ticks, which matplotlib makes anew whenever it draws."""
    locator, formatter = axis.get_major_locator(), axis.get_major_formatter()
    if not isinstance(locator, FixedLocator):
        return {}
    places = list(locator())
    labels = [drawable(formatter(place, number)) for number, place in enumerate(places)]
    meant = {key: value for _, found in labels for key, value in found.items()}
    if meant:
        axis.set_ticks(places, [shown for shown, _ in labels])
    return meant


def _texts(artist: Artist) -> Iterator[Text]:
    """All texts but the labels of ticks: to ask an axis for these makes ticks."""
    if isinstance(artist, Axis):
        yield artist.label
        return
    if isinstance(artist, Text):
        yield artist
    for child in artist.get_children():
        yield from _texts(child)


def _stand_in(letters: str) -> str:
    return f"?{hashlib.sha256(letters.encode(errors='surrogatepass')).hexdigest()[:4]}"


def _seen(text: str, known: frozenset[int]) -> str:
    """The text less the marks that no font has: joiners, variants of emoji."""
    return "".join(
        letter
        for letter in text
        if ord(letter) in known or unicodedata.category(letter) not in NEVER_SEEN
    )


@cache
def _letters(bold: bool) -> frozenset[int]:
    """The letters that can be drawn, and the line's end."""
    found = {ord("\n")}
    for family in families():
        wanted = font_manager.FontProperties(family=[family], weight="bold" if bold else "normal")
        path = font_manager.findfont(wanted, fallback_to_default=False)
        found |= set(FT2Font(path).get_charmap())
    return frozenset(found)
