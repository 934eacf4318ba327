"""A zip of tables of many videos is read and imported as the folder that it holds."""

import zipfile
from pathlib import Path

import pytest

from support.panels import by_video, long
from viewcast.base.errors import CutFileError, DataError
from viewcast.data.limits import PanelLimits
from viewcast.data.panel import importing
from viewcast.data.panel.sniff import understand
from viewcast.data.panel.unpacked import unpacked

TABLE = "video,day,views\na,2026-01-01,5\na,2026-01-02,6\nb,2026-01-02,7\n"
RIGHT = {"a": [5, 6], "b": [7]}


def packed(file: Path, **tables: str) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return file


@pytest.mark.parametrize(
    "name",
    ["a.csv", "x/y/a.CSV", "x\\y\\a.csv", "../../a.csv", "/a.csv", "kind=x/a.csv", "🎬\n/a.csv"],
)
@pytest.mark.parametrize("by_folder", [False, True])
def test_a_zip_is_imported_as_its_tables(tmp_path: Path, name: str, by_folder: bool) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    others = {"__MACOSX/._a.csv": "x", "~$a.csv": "x", "notes.txt": "x"}
    file = packed(drop / "videos.ZIP", **{name: TABLE}, **others)
    with unpacked(drop if by_folder else file) as tables:
        assert by_video(long(**understand(tables).settings).read(tables)) == RIGHT
        importing.copied(tables, tmp_path / "data" / "mine", tmp_path)
    assert not tables.exists()
    (copied,) = (tmp_path / "data" / "mine").rglob("*.[cC][sS][vV]")
    assert copied.read_text() == TABLE
    assert sorted(place.name for place in tmp_path.iterdir()) == ["data", "drop"]


def test_of_studios_export_by_content_the_chart_is_taken(tmp_path: Path) -> None:
    tables = {
        "Chart data.csv": "Date,Content,Views\n2026-01-01,a,5\n2026-01-02,a,6\n2026-01-02,b,7\n",
        "Table data.csv": "Content,Video title,Views\nTotal,,18\na,One,11\nb,Two,7\n",
        "Totals.csv": "Date,Views\n2026-01-01,5\n2026-01-02,13\n",
    }
    with unpacked(packed(tmp_path / "Content.zip", **tables)) as folder:
        assert by_video(long(**understand(folder).settings).read(folder)) == RIGHT


def test_tables_beside_a_zip_are_taken_and_the_zip_is_not(tmp_path: Path) -> None:
    packed(tmp_path / "a.zip", **{"a.csv": "x"})
    (tmp_path / "b.csv").write_text(TABLE)
    with unpacked(tmp_path) as tables:
        assert tables == tmp_path


def test_errors_name_the_zip_and_not_where_it_was_unpacked(tmp_path: Path) -> None:
    file = packed(tmp_path / "a.zip", **{"x/a.csv": TABLE.replace("7", "many")})
    wrong = pytest.raises(DataError, match=r"x/a\.csv, row 4, column 'views'")
    with wrong as caught, unpacked(file) as tables:
        long(**understand(tables).settings).read(tables)
    assert str(caught.value).startswith(f"{file}/x/a.csv")


def test_a_zip_that_is_cut_or_too_large_is_refused(tmp_path: Path) -> None:
    file = packed(tmp_path / "a.zip", **{"a.csv": "x" * 5000, "b.csv": "x" * 5000})
    large = pytest.raises(DataError, match="found 10,000 bytes of tables in it, expected at most")
    with large, unpacked(file, PanelLimits(bytes=9999)):
        pass
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(CutFileError, match=r"a\.zip: not a complete zip file"), unpacked(file):
        pass


def test_a_zip_with_a_table_twice_or_with_none_is_refused(tmp_path: Path) -> None:
    packed(tmp_path / "a.zip", **{"a.csv": TABLE, "./a.csv": TABLE})
    with pytest.raises(DataError, match=r"a\.zip: holds a\.csv twice"), unpacked(tmp_path):
        pass
    packed(tmp_path / "a.zip", **{"a.xlsx": "x"})
    none = pytest.raises(DataError, match=r"a\.zip: found no table, expected")
    with none, unpacked(tmp_path) as tables:
        understand(tables)


def test_two_zips_are_to_be_unpacked_by_hand(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        packed(tmp_path / name, **{"a.csv": TABLE})
    with unpacked(tmp_path) as tables, pytest.raises(DataError, match="unpack the zip, and give"):
        understand(tables)
