"""The last line of a long table of many videos, where the file may have been cut short in it."""

from pathlib import Path

import pytest

from support.panels import long
from viewcast.base.errors import CutFileError
from viewcast.data.panel.panel import Panel


def read(folder: Path, text: str) -> Panel:
    """The panel of a CSV file with this text."""
    (folder / "panel.csv").write_text(text)
    return long().read(folder)


def rows_of(last: str) -> str:
    days = [f"{name},{day},{1000 + 7 * day}" for name in "ab" for day in range(1, 20)]
    return "video,day,views\n" + "\n".join([*days, last])


@pytest.mark.parametrize(
    ("last", "found"),
    [
        ("b,20,11", "found '11' and no end of the line, below '1133'"),
        ("b,20,", "found '' and no end of the line"),
        ("c,20,11", "found '11' and no end of the line"),
        ("b,2", "found 2 fields, expected 3, and no end of the line"),
    ],
)
def test_a_last_row_cut_short_is_refused_by_its_line(tmp_path: Path, last: str, found: str) -> None:
    with pytest.raises(CutFileError, match=f"panel.csv, line 40: {found}"):
        read(tmp_path, rows_of(last))


def test_of_a_video_name_that_is_cut_nothing_is_taken_for_a_remark(tmp_path: Path) -> None:
    text = rows_of("b,20,1140").replace("b,", "bcd,").replace("a,", "abc,")
    with pytest.raises(CutFileError, match="found 1 field and no end of the line"):
        read(tmp_path, text + "\nbc")
    assert read(tmp_path, text + "\nShowing top 500 results").notes[-1].startswith("a line of one")


@pytest.mark.parametrize("last", ["b,20,1140", "b,20,1140\n", "c,1,9999", "b,20,11\n"])
def test_a_whole_last_row_is_a_row_with_an_end_of_the_line_and_without(
    tmp_path: Path, last: str
) -> None:
    views = read(tmp_path, rows_of(last)).views
    assert views[-1] == float(last.rsplit(",", maxsplit=1)[-1])


def test_a_last_row_is_judged_by_the_rows_of_its_own_video(tmp_path: Path) -> None:
    text = rows_of("a,20,1140").replace(",10", ",90")
    small = "".join(f"\nc,{day},3" for day in range(1, 9))
    assert read(tmp_path, text + small).views[-1] == 3
