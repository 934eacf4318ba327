"""Tables of many videos as spreadsheets and YouTube Studio write them, in any language."""

import gzip
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.panels import by_video, long
from viewcast.base.errors import DataError
from viewcast.data.panel.panel import Panel
from viewcast.data.panel.readers.wide import Wide
from viewcast.data.panel.sniff import Understood, understand

DAYS = pd.date_range("2026-01-01", periods=9)
FIRST = int(DAYS[0].to_datetime64().astype("datetime64[D]").astype(int))
VIDEOS = {"vid00_AbCde": ("Küche", 0), "vid01_FgHij": ("Küche", 3), "vid02_KlMno": ("Öl", 5)}
RIGHT = {name: list(range(begin + 1, 10)) for name, (_, begin) in VIDEOS.items()}
GERMAN = "Datum;Inhalte;Videotitel;Veröffentlichungszeitpunkt des Videos;Auf\u00adrufe"


def chart(header: str = GERMAN, form: str = "%d.%m.%Y") -> str:
    """Studio's chart by content: a row for each day and video, 0 before a video was published."""
    rows = [
        f"{day:{form}};{name};{title};{DAYS[begin]:{form}};{place + 1 if place >= begin else 0}"
        for place, day in enumerate(DAYS)
        for name, (title, begin) in VIDEOS.items()
    ]
    return "\r\n".join([header, *rows, ""])


def read(folder: Path, content: bytes, name: str = "Diagrammdaten.csv") -> Panel:
    (folder / name).write_bytes(content)
    found = understand(folder)
    reader = long if found.reader == "long" else wide
    panel: Panel = reader(**found.settings).read(folder)
    return panel


def wide(**changed: Any) -> Wide:
    return Wide(**{"category": None, "clock": "age", **changed})


@pytest.mark.parametrize(
    "header",
    [
        GERMAN,
        "日期;內容;影片標題;影片發布時間;觀看次數",
        "Дата;Контент;Название видео;Время публикации видео;Просмотры",
        "Date;Contenu;Titre de la vidéo;Heure de publication de la vidéo;Vues",
        "Datum;Content;Videotitel;Publicatietijd van video;Weergaven",
    ],
)
def test_a_chart_by_content_is_known_by_what_its_columns_hold(tmp_path: Path, header: str) -> None:
    panel = read(tmp_path, chart(header).encode())
    assert by_video(panel) == RIGHT
    assert panel.videos["first"].tolist() == [FIRST, FIRST + 3, FIRST + 5]
    told = understand(tmp_path).told
    names = header.replace("\u00ad", r"\xad").split(";")
    assert told.startswith(f"'{names[1]}' is the video, '{names[0]}' the day")
    assert f"'{names[3]}' its publication" in told


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "a.csv"),
        ("utf-16", "a.CSV"),
        ("utf-16-le", "a.Csv"),
        ("utf-8-sig", "a.csv"),
        ("cp1252", "a.csv.gz"),
    ],
)
@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_a_panel_is_read_as_a_spreadsheet_saves_it(
    tmp_path: Path, encoding: str, name: str, separator: str
) -> None:
    content = chart().replace(";", separator).encode(encoding)
    panel = read(tmp_path, gzip.compress(content) if name.endswith("gz") else content, name)
    assert by_video(panel) == RIGHT


def test_days_with_views_before_another_date_of_a_video_stay(tmp_path: Path) -> None:
    rows = chart().replace(f"{DAYS[3]:%d.%m.%Y};0", f"{DAYS[3]:%d.%m.%Y};7")
    panel = read(tmp_path, rows.encode())
    assert panel.days.tolist() == [9, 9, 9]
    assert "not used: ['Videotitel', 'Ver" in understand(tmp_path).told


def test_rows_that_share_day_and_words_are_no_panel(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "Tag,Land,Aufrufe\n2026-01-01,DE,5\n2026-01-01,DE,6\n2026-01-02,DE,6\n"
    )
    with pytest.raises(DataError, match="no table of many videos was found"):
        understand(tmp_path)


def test_views_that_points_may_group_are_refused(tmp_path: Path) -> None:
    rows = chart().replace(";9\r\n", ";1.009\r\n")
    with pytest.raises(DataError, match=r"line 26, column .*found '1\.009', which is a thousand"):
        read(tmp_path, rows.encode())


@pytest.mark.parametrize("wide_form", [False, True])
@pytest.mark.parametrize(
    ("mark", "digits"),
    [
        *((mark, "0123456789") for mark in (",", "'", " ", "\u00a0", "\u202f")),
        ("٬", "٠١٢٣٤٥٦٧٨٩"),
        ("", "０１２３４５６７８９"),
    ],
)
def test_views_grouped_in_thousands_or_in_digits_of_another_script_are_read(
    tmp_path: Path, mark: str, digits: str, wide_form: bool
) -> None:
    views = {"a": [998, 1234, 0, 12345, 7, 1234567, 1000], "b": [5, 4, 3, 2, 1, 10000, 9]}
    script = str.maketrans("0123456789,", f"{digits}{mark or '_'}")
    shown = {
        name: [f"{v:,}".translate(script).replace("_", "") for v in of]
        for name, of in views.items()
    }
    if wide_form:
        rows = [";".join([name, *of]) for name, of in shown.items()]
        text = "\n".join([";".join(["video", *map(str, range(1, 8))]), *rows, ""])
    else:
        rows = [f"{n};2026-01-0{day};{v}" for n, of in shown.items() for day, v in enumerate(of, 1)]
        text = "\n".join(["video;day;views", *rows, ""])
    assert by_video(read(tmp_path, text.encode())) == views


@pytest.mark.parametrize("cell", ["1,234", "1.234"])
def test_views_of_which_some_are_grouped_are_refused(tmp_path: Path, cell: str) -> None:
    rows = chart().replace(";8\r\n", ";5678\r\n").replace(";9\r\n", f";{cell}\r\n")
    with pytest.raises(DataError, match=f"column 'Auf.*rufe': found '{re.escape(cell)}'"):
        read(tmp_path, rows.encode())


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "the file is empty"), (b"<html>", "is a web page"), (b"%PDF-1", "is a PDF")],
)
def test_what_is_no_table_of_text_is_called_by_what_it_is(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(DataError, match=f"Diagrammdaten.csv: {words}"):
        read(tmp_path, content)


def test_what_excel_puts_beside_a_table_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "~$Diagrammdaten.csv").write_bytes(b"\x05me\0")
    assert by_video(read(tmp_path, chart().encode())) == RIGHT


def test_a_name_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the name of the file or of a folder is no text; rename"):
        read(tmp_path, chart().encode(), os.fsdecode(b"v\xff.csv"))


def test_tables_that_are_written_in_different_ways_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(chart().encode("utf-16"))
    with pytest.raises(DataError, match=r"letters: \['cp1252', 'utf-16'\], between cells"):
        read(tmp_path, chart().encode("cp1252"), "a.csv")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.zip", "unpack the zip, and give the folder"),
        ("a.csv.GZ", "rename it, in small letters: a.csv.gz"),
    ],
)
def test_packed_tables_that_are_not_read_say_what_to_do(
    tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(DataError, match=words):
        understand(tmp_path)


# --- dates as columns -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%Y-%m-%d 00:00:00"]
)
def test_a_column_for_each_date_makes_a_table_wide(tmp_path: Path, form: str) -> None:
    dates = [f"{day:{form}}" for day in DAYS]
    rows = ["Inhalte,Titel," + ",".join(dates), "a,x,,,3,4,5,6,,8,", "b,y,1,2,3,4,5,6,7,8,9"]
    panel = read(tmp_path, "\n".join([*rows, ""]).encode())
    found = understand(tmp_path)
    assert found.settings["clock"] == panel.clock == "calendar"
    assert found.told == f"a row for each 'Inhalte', days {dates[0]} to {dates[-1]}"
    assert panel.videos["first"].tolist() == [FIRST + 2, FIRST]
    np.testing.assert_array_equal(panel.of(0), np.array([3, 4, 5, 6, np.nan, 8], np.float32))
    assert panel.of(1).tolist() == list(range(1, 10))


def test_a_wide_table_without_one_of_its_dates_is_refused(tmp_path: Path) -> None:
    dates = [f"{day:%Y-%m-%d}" for day in DAYS if day.day != 4]
    content = "\n".join(["id," + ",".join(dates), "a,1,2,3,4,5,6,7,8", ""]).encode()
    message = "found columns of 8 days from 2026-01-01 to 2026-01-09, expected one for each"
    with pytest.raises(DataError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("cells", "read_as"),
    [("1.234,2.500", None), ("12.5,2.5", [12.5, 2.5]), ("1.234,0.500", [1.234, 0.5])],
)
def test_a_wide_table_whose_points_may_group_thousands_is_refused(
    tmp_path: Path, cells: str, read_as: list[float] | None
) -> None:
    head = "id," + ",".join(f"day{number}" for number in range(1, 8))
    content = f"{head}\na,{cells},3,4,5,6,7\n".encode()
    if read_as is None:
        with pytest.raises(DataError, match=r"found 1\.234, which is a thousand and more or a f"):
            read(tmp_path, content)
    else:
        assert read(tmp_path, content).of(0)[:2].tolist() == pytest.approx(read_as)


def test_ages_are_no_dates(tmp_path: Path) -> None:
    head = "id," + ",".join(f"day{number}" for number in range(1, 8))
    (tmp_path / "a.csv").write_text(f"{head}\na,1,2,3,4,5,6,7\n")
    settings = {"file": "a.csv", "video": "id", "category": None, "days": r"day(\d+)"}
    told = "a row for each 'id', days 1 to 7 after its upload"
    assert understand(tmp_path) == Understood("wide", settings, told)
