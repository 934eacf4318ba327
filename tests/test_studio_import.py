"""An export of YouTube Studio is copied into the data, whole or not at all."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.studio_exports import CHART, COUNTS, DAYS, assert_good, refused, totals, writer
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.folders import MARK
from viewcast.data.import_export import import_export
from viewcast.data.studio import read_export


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    return writer(tmp_path / "export")


# --- import ---------------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != MARK}


def test_import_copies_byte_for_byte_and_replaces_the_earlier_import(export, tmp_path) -> None:
    folder = export(Totals=totals().encode("utf-8-sig"), Chart_data=CHART)
    into = tmp_path / "data" / "studio"
    assert import_export(folder, into, tmp_path).views.tolist() == COUNTS
    assert contents(into) == contents(folder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "Gesamtwerte.csv").write_text(totals("Datum,Aufrufe"))
    import_export(other, into, tmp_path)
    assert contents(into) == contents(other)
    assert [path.name for path in into.parent.iterdir()] == ["studio"]


def test_another_channel_is_not_imported_under_the_same_name(export, tmp_path) -> None:
    into = tmp_path / "data" / "mine"
    import_export(export(Totals=totals()), into, tmp_path)
    before = contents(into)
    with pytest.raises(DataError, match=r"two channels\? Keep .* NAME=<name>"):
        import_export(export(Totals=totals(counts=[9, 8, 7, 6])), into, tmp_path)
    assert contents(into) == before


def test_import_writes_nothing_of_a_bad_export(export, tmp_path) -> None:
    into = tmp_path / "data" / "studio"
    with pytest.raises(DataError, match="line 3, column 'Views'"):
        import_export(export(Totals=totals(counts=[1, "x", 2, 3])), into, tmp_path)
    assert not into.parent.exists()


def test_interrupted_copy_leaves_the_earlier_import(export, tmp_path, monkeypatch) -> None:
    into = tmp_path / "data" / "studio"
    import_export(export(Totals=totals()), into, tmp_path)
    before = contents(into)
    write = Path.write_bytes

    def stop(self: Path, content: bytes) -> int:
        if self.name == "Totals.csv":
            write(self, content[:5])
            raise KeyboardInterrupt
        return write(self, content)

    folder = export(Totals=totals(counts=[12345, 3, 2, 1]), Chart_data=CHART)
    monkeypatch.setattr(Path, "write_bytes", stop)
    with pytest.raises(KeyboardInterrupt):
        import_export(folder, into, tmp_path)
    assert contents(into) == before
    assert [path.name for path in into.parent.iterdir()] == ["studio"]


def test_failed_swap_puts_the_earlier_import_back(export, tmp_path, monkeypatch) -> None:
    into = tmp_path / "data" / "studio"
    import_export(export(Totals=totals()), into, tmp_path)
    before = contents(into)
    folder = export(Totals=totals(counts=[12345, 3, 2, 1]))
    rename = Path.rename

    def stop(self: Path, target: Path) -> Path:
        if self.name == ".studio.partial":
            raise OSError("disk full")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stop)
    with pytest.raises(OSError, match="disk full"):
        import_export(folder, into, tmp_path)
    assert contents(into) == before


def test_import_does_not_replace_a_folder_of_other_things(export, tmp_path) -> None:
    into = tmp_path / "thesis"
    into.mkdir()
    (into / "chapter.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"holds chapter\.txt, which no import"):
        import_export(export(Totals=totals()), into, tmp_path)
    assert contents(into) == {"chapter.txt": b"mine"}


def test_a_folder_of_several_exports_is_imported_as_one(export, tmp_path) -> None:
    export(Totals=totals(days=DAYS[:3], counts=COUNTS[:3]))
    with zipfile.ZipFile(tmp_path / "export" / "newer.zip", "w") as packed:
        packed.writestr("Totals.csv", totals())
    (tmp_path / "export" / "empty").mkdir()
    into = tmp_path / "data" / "mine"
    import_export(tmp_path / "export", into, tmp_path)
    assert sorted(contents(into)) == ["1 export Totals.csv", "2 newer Totals.csv"]
    assert_good(read_export(into))


def test_an_export_whose_name_is_no_text_is_refused_in_words(tmp_path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / os.fsdecode(b"T\xff.csv")).write_text(totals())
    with pytest.raises(DataError, match=r"left out, rename it, the name is no text: \['T\\udcff"):
        import_export(folder, tmp_path / "data" / "x", tmp_path)
    (folder / "a.csv").write_text(totals())
    export = import_export(folder, tmp_path / "data" / "x", tmp_path)
    assert export.notes == [r"left out, rename it, the name is no text: ['T\udcff.csv']"]
    assert_good(read_export(tmp_path / "data" / "x"))


def test_zip_cannot_write_beside_the_folder(tmp_path) -> None:
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("../../Totals.csv", totals())
    into = tmp_path / "a" / "b" / "studio"
    import_export(archive, into, tmp_path)
    assert contents(into) == {"Totals.csv": totals().encode()}
    assert not list(tmp_path.glob("*.csv")) + list(tmp_path.glob("a/*.csv"))


def test_zip_with_two_files_of_one_name_is_refused(tmp_path) -> None:
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("2020/Totals.csv", totals())
        packed.writestr("2021/Totals.csv", totals())
    assert "CSV files of the same name" in refused(archive)


def test_bad_cell_in_a_zip_is_named_with_the_zip(tmp_path) -> None:
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("Totals.csv", totals(counts=[1, 2, "x", 4]))
    assert f"{archive}/Totals.csv, line 4, column 'Views': found 'x'" in refused(archive)
