"""The lectures: what is refused and where, and what stays unknown."""

import codecs
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from viewcast.base.cli import compose
from viewcast.base.errors import DataError
from viewcast.base.settings import build
from viewcast.data.lectures import Lectures

ROOT = Path(__file__).resolve().parents[1]
HEADER = "course,lecture,title,pages,words,minutes"
GOOD = ["A,1,One,10,100,20.5", "A,2,Two,20,,41", 'B,1,"One, again",30,300,59.5']


def lectures(**changed: Any) -> Lectures:
    section = {
        "_target_": "viewcast.data.lectures.Lectures",
        "name": "lectures",
        "label": "lectures",
        "raw": "data/lectures",
        "unit": "minutes",
        "block": 1,
        "split": "course",
        "splits": {"course": {"train": ["A/1", "A/2"], "validation": ["B/1"], "test": []}},
        "features": {"linear": ["pages"]},
        "published": {},
        **changed,
    }
    made: Lectures = build(section, "data")
    return made


def write(root: Path, content: str | bytes) -> Path:
    path = root / "data" / "lectures" / "lectures.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def prepared(root: Path, rows: list[str], **changed: Any) -> pd.DataFrame:
    write(root, "\n".join([HEADER, *rows]) + "\n")
    return lectures(**changed).prepare(root)


def refusal(root: Path, content: str | bytes) -> str:
    """The message of the refusal, after a look that nothing was written."""
    path = write(root, content)
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        lectures().prepare(root)
    files = [file for file in root.rglob("*") if file.is_file()]
    assert files == [path], "a refusal writes nothing"
    assert path.read_bytes() == before
    assert str(path) in str(caught.value)
    return str(caught.value)


def refused_row(root: Path, row: str) -> str:
    return refusal(root, "\n".join([HEADER, *GOOD, row]) + "\n")


# What is made of good input


def test_rows_are_lectures_with_their_minutes_as_target(tmp_path: Path) -> None:
    made = prepared(tmp_path, GOOD)
    assert made["row"].tolist() == ["A/1", "A/2", "B/1"]
    assert made["entity"].tolist() == ["A", "A", "B"]
    assert made["time"].tolist() == [1, 2, 1]
    assert made["target"].tolist() == [20.5, 41.0, 59.5]
    assert made["unit"].tolist() == ["minutes"] * 3
    assert made["split_course"].tolist() == ["train", "train", "validation"]


def test_words_that_are_unknown_stay_unknown(tmp_path: Path) -> None:
    made = prepared(tmp_path, GOOD)
    np.testing.assert_array_equal(made["words"], [100, np.nan, 300])
    np.testing.assert_array_equal(made["words_per_page"], [10, np.nan, 10])


def test_columns_may_come_in_any_order_and_others_are_ignored(tmp_path: Path) -> None:
    write(tmp_path, "minutes,note,words,pages,title,lecture,course\n20.5,x,100,10,One,1,A\n")
    split = {"course": {"train": ["A/1"], "validation": [], "test": []}}
    made = lectures(splits=split).prepare(tmp_path)
    assert made[["target", "pages", "words"]].to_numpy().tolist() == [[20.5, 10, 100]]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    plain = prepared(tmp_path, GOOD)
    text = "\r\n".join([HEADER, *GOOD]) + "\r\n"
    write(tmp_path, codecs.BOM_UTF8 + text.encode())
    pd.testing.assert_frame_equal(lectures().prepare(tmp_path), plain)


def test_a_course_called_na_is_not_taken_for_missing(tmp_path: Path) -> None:
    split = {"course": {"train": ["NA/1"], "validation": [], "test": []}}
    assert prepared(tmp_path, ["NA,1,One,1,1,1"], splits=split)["entity"].tolist() == ["NA"]


def test_lectures_in_no_split_are_unused(tmp_path: Path) -> None:
    split = {"course": {"train": ["A/1"], "validation": [], "test": []}}
    labels = prepared(tmp_path, GOOD, splits=split)["split_course"]
    assert labels.tolist() == ["train", "unused", "unused"]


def test_the_real_lectures_are_accepted() -> None:
    made = build(compose(ROOT, ["data=lectures"])["data"], "data").prepare(ROOT)
    assert (made["entity"] == "ML2021").sum() == 17
    assert made[made["entity"] == "ML2021"]["words"].notna().all()
    assert made.set_index("row").loc["GenAI-ML-2025/5", ["pages", "target"]].tolist() == [84, 107]


# What is refused: file, line, column, found, expected


@pytest.mark.parametrize(
    ("row", "column", "found", "expected"),
    [
        ("C,1,X,-3,10,20", "pages", "-3.0", "a number above 0"),
        ("C,1,X,0,10,20", "pages", "0.0", "a number above 0"),
        ("C,1,X,2.5,10,20", "pages", "2.5", "a whole number"),
        ("C,1,X,,10,20", "pages", "nan", "a value (missing is not allowed)"),
        ("C,1,X,3,-10,20", "words", "-10.0", "a number above 0"),
        ("C,1,X,3,1.5,20", "words", "1.5", "a whole number"),
        ("C,1,X,3,10,-20", "minutes", "-20.0", "a number above 0"),
        ("C,1,X,3,10,0", "minutes", "0.0", "a number above 0"),
        ("C,1,X,3,10,", "minutes", "nan", "a value (missing is not allowed)"),
        ("C,-1,X,3,10,20", "lecture", "-1.0", "a number from 0"),
        ("C,1.5,X,3,10,20", "lecture", "1.5", "a whole number"),
        ("C,,X,3,10,20", "lecture", "nan", "a value (missing is not allowed)"),
        (",1,X,3,10,20", "course", "''", "the name of a course"),
        ("A,1,X,3,10,20", "row", "'A/1'", "a value that occurs once"),
    ],
)
def test_a_bad_cell_is_refused_by_line_and_column(
    tmp_path: Path, row: str, column: str, found: str, expected: str
) -> None:
    message = refused_row(tmp_path, row)
    assert f"line 5, column {column!r}: found {found}, expected {expected}" in message


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        ("C,1,X,3,10,an hour", "minutes", "'an hour'"),
        ("C,1,X,3,10,1:02", "minutes", "'1:02'"),
        ("C,1,X,3,n/a,20", "words", "'n/a'"),
        ("C,1,X,3 p.,10,20", "pages", "'3 p.'"),
        ("C,one,X,3,10,20", "lecture", "'one'"),
        ("C,1,X,3,10,nan", "minutes", "'nan'"),
        ('C,1,X,3,10,"20,5"', "minutes", "'20,5'"),
    ],
)
def test_text_where_a_number_belongs_is_refused_by_line_and_column(
    tmp_path: Path, row: str, column: str, found: str
) -> None:
    message = refused_row(tmp_path, row)
    assert f"line 5, column {column!r}: found {found}, expected a number" in message


@pytest.mark.parametrize("minutes", ["inf", "-inf", "Infinity", "1e999"])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_minutes_without_end_are_refused(tmp_path: Path, minutes: str) -> None:
    assert "line 5, column 'minutes'" in refused_row(tmp_path, f"C,1,X,3,10,{minutes}")


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_pages_without_end_are_refused(tmp_path: Path) -> None:
    assert "line 5, column 'pages'" in refused_row(tmp_path, "C,1,X,inf,10,20")


@pytest.mark.parametrize("number", ["01", "1.0", "+1"])
def test_a_lecture_that_is_there_twice_is_refused_however_it_is_spelt(
    tmp_path: Path, number: str
) -> None:
    assert "occurs once" in refused_row(tmp_path, f"A,{number},X,3,10,20")


def test_every_bad_cell_is_named_at_once(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"{HEADER}\nA,1,X,-1,10,20\nA,2,X,3,10,\n")
    assert "line 2, column 'pages'" in message
    assert "line 3, column 'minutes'" in message


def test_very_many_bad_cells_are_counted_and_not_listed(tmp_path: Path) -> None:
    rows = [f"A,{i},X,-1,10,20" for i in range(40)]
    message = refusal(tmp_path, "\n".join([HEADER, *rows]))
    assert message.count("line ") == 5
    assert "and 35 more" in message


@pytest.mark.parametrize("column", HEADER.split(","))
def test_a_missing_column_is_refused_by_name(tmp_path: Path, column: str) -> None:
    header = HEADER.replace(column, f"{column}_")
    message = refusal(tmp_path, "\n".join([header, *GOOD]))
    assert f"line 1: columns ['{column}'] are missing" in message
    assert f"{column}_" in message, "the message shows what there is instead"


@pytest.mark.parametrize(("row", "count"), [("C,1,X,3,10", 5), ("C,1,X, a title,3,10,20", 7)])
def test_a_line_of_the_wrong_number_of_fields_is_refused(
    tmp_path: Path, row: str, count: int
) -> None:
    assert f"line 5: found {count} fields, expected 6" in refused_row(tmp_path, row)


@pytest.mark.parametrize("content", [b"", b"\n \n", codecs.BOM_UTF8])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "the file is empty; expected a header and rows" in refusal(tmp_path, content)


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    write(tmp_path, HEADER + "\n")
    with pytest.raises(DataError):
        lectures().prepare(tmp_path)


def test_utf_16_with_its_mark_is_read(tmp_path: Path) -> None:
    as_usual = prepared(tmp_path, GOOD)
    write(tmp_path, "\n".join([HEADER, *GOOD]).encode("utf-16"))
    pd.testing.assert_frame_equal(lectures().prepare(tmp_path), as_usual)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_read(tmp_path: Path, encoding: str) -> None:
    as_usual = prepared(tmp_path, GOOD)
    write(tmp_path, "\n".join([HEADER, *GOOD]).encode(encoding))
    pd.testing.assert_frame_equal(lectures().prepare(tmp_path), as_usual)


def test_zero_bytes_without_a_pattern_are_refused_with_what_to_do(tmp_path: Path) -> None:
    message = refusal(tmp_path, "\n".join([HEADER, *GOOD]).encode().replace(b"One", b"O\0e"))
    assert "line 2: found a zero byte" in message
    assert "save the file as 'CSV UTF-8'" in message


def test_latin_1_is_refused_with_the_line(tmp_path: Path) -> None:
    text = "\n".join([HEADER, *GOOD, "C,1,Übung,3,10,20"])
    message = refusal(tmp_path, text.encode("latin-1"))
    assert "line 5: byte 0xdc is not UTF-8" in message


def test_a_quote_that_never_ends_is_refused(tmp_path: Path) -> None:
    assert "not a CSV file" in refusal(tmp_path, f'{HEADER}\nA,1,"One,10,100,20\n')


def test_a_title_of_two_lines_does_not_shift_the_lines_of_messages(tmp_path: Path) -> None:
    rows = ['A,1,"One\nand a half",10,100,20', "A,2,Two,-20,200,40"]
    message = refusal(tmp_path, "\n".join([HEADER, *rows]))
    assert "line 4, column 'pages'" in message


def test_a_missing_file_is_refused_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="dvc pull") as caught:
        lectures().prepare(tmp_path)
    assert "lectures.csv" in str(caught.value)


def test_a_split_of_lectures_that_are_not_there_is_refused(tmp_path: Path) -> None:
    split = {"course": {"train": ["A/1", "A/9"], "validation": [], "test": []}}
    with pytest.raises(DataError, match=r"data\.splits\.train: lectures \['A/9'\]"):
        prepared(tmp_path, GOOD, splits=split)
