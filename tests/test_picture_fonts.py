"""Names in any script reach a picture without boxes, warnings or mathematics."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import font_manager
from PIL import Image

from viewcast.report.figures import fonts, style
from viewcast.report.figures.style import Drawing, Picture

CHINESE = "預測觀看次數"


@pytest.fixture(autouse=True)
def no_other_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has only the fonts of matplotlib."""
    manager = font_manager.fontManager
    own = [font for font in manager.ttflist if font.name not in fonts.OTHERS]
    monkeypatch.setattr(manager, "ttflist", own)
    forget()
    yield
    forget()


def forget() -> None:
    fonts.families.cache_clear()
    fonts._letters.cache_clear()


def with_font(folder: Path, letters: str) -> None:
    """Install a font of one of the known names, whose letters are filled squares."""
    pen = TTGlyphPen(None)
    for turn, (x, y) in enumerate([(0, 0), (0, 900), (900, 900), (900, 0)]):
        (pen.lineTo if turn else pen.moveTo)((x, y))
    pen.closePath()
    names = [".notdef", *(f"uni{ord(letter):04X}" for letter in letters)]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({ord(letter): f"uni{ord(letter):04X}" for letter in letters})
    font.setupGlyf(dict.fromkeys(names, pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    font.setupHorizontalHeader(ascent=900, descent=-100)
    font.setupNameTable({"familyName": "Noto Sans CJK TC", "styleName": "Regular"})
    font.setupOS2(sTypoAscender=900, usWinAscent=900, usWinDescent=100)
    font.setupPost()
    font.save(folder / "letters.ttf")
    font_manager.fontManager.addfont(folder / "letters.ttf")
    forget()


def drawn(folder: Path, name: str) -> Picture:
    """A picture with a name wherever pictures have names: title, legend, row, annotation."""
    with style.applied():
        figure, (axes,) = style.sheet(name, f"The run {name} is the best of all", 1.2)
        axes.plot([0, 1], [0, 1], label=name)
        axes.annotate(name, (0.5, 0.5))
        style.row_labels(axes, [(0, name), (1, "linear")], [0])
        style.legend_above(axes)
        return Drawing("picture", figure, "a title", "A caption.", "alt", []).save(folder)


def pixels(picture: Picture) -> np.ndarray:
    return np.asarray(Image.open(picture.path).convert("RGB"))


def test_what_no_font_draws_has_a_stand_in_that_the_caption_explains(tmp_path: Path) -> None:
    caption = drawn(tmp_path, CHINESE).caption
    stand_in, _ = fonts.drawable(CHINESE)
    assert stand_in.startswith("?")
    assert caption.endswith(
        f"In the picture {stand_in} is “{CHINESE}”: no font of this machine has these letters."
    )


def test_different_names_have_different_stand_ins_and_the_rest_of_a_name_stays() -> None:
    first, second = (fonts.drawable(f"run 1, 課程{which}, lr 0.1")[0] for which in "一二")
    assert first != second
    assert first.startswith("run 1, ?") and first.endswith(", lr 0.1")


def test_a_font_of_the_machine_draws_chinese_names(tmp_path: Path) -> None:
    without = pixels(drawn(tmp_path, CHINESE))
    with_font(tmp_path, CHINESE)
    picture = drawn(tmp_path, CHINESE)
    assert fonts.families() == ["DejaVu Sans", "Noto Sans CJK TC"]
    assert "no font" not in picture.caption
    assert not np.array_equal(pixels(picture), without)


def test_a_font_that_was_removed_since_is_not_asked(tmp_path: Path) -> None:
    with_font(tmp_path, CHINESE)
    (tmp_path / "letters.ttf").unlink()
    assert fonts.families() == ["DejaVu Sans"]


def test_a_further_font_changes_no_pixel_of_latin_names(tmp_path: Path) -> None:
    before = pixels(drawn(tmp_path, "linear_28"))
    with_font(tmp_path, "linear 課")
    assert np.array_equal(pixels(drawn(tmp_path, "linear_28")), before)


@pytest.mark.parametrize("name", ["$x_{1$", "$\\frac{$", "a\tb\x07c", "👩‍🔬 ❤️", "\ud800", "हिन्दी"])
def test_no_name_stops_a_picture(tmp_path: Path, name: str) -> None:
    assert drawn(tmp_path, name).path.is_file()


@settings(max_examples=50)
@given(st.text(max_size=30))
def test_every_letter_that_is_left_can_be_drawn(text: str) -> None:
    shown, _ = fonts.drawable(text)
    assert fonts.drawable(shown) == (shown, {})


def test_a_title_in_chinese_is_broken_where_its_wide_letters_end() -> None:
    wide, narrow = (style._balanced(letter * 40 + " end", 51) for letter in ("課", "a"))
    assert (len(wide), len(narrow)) == (2, 1)
