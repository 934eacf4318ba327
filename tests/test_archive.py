"""Zips of others: whatever is wrong with one is said in words, with the zip, the member and why."""

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcast.base.errors import CutFileError, DataError, ViewcastError
from viewcast.data.export import Wanted, read_days

TABLE = "".join(["Date,Views\n", *(f"2026-05-{day:02},{900 + day * 7}\n" for day in range(1, 29))])
ENTRY = b"PK\x01\x02"  # where the directory begins


def zipped(method: int = zipfile.ZIP_DEFLATED, **files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in (files or {"Totals.csv": TABLE}).items():
            member = zipfile.ZipInfo(name, (2026, 5, 29, 0, 0, 0))  # the same bytes at any time
            archive.writestr(member, content, method)
    return packed.getvalue()


def changed(content: bytes, at: int, value: int) -> bytes:
    return content[:at] + bytes([value]) + content[at + 1 :]


def entry(content: bytes, offset: int, value: int) -> bytes:
    """A byte of what the directory says of the member."""
    return changed(content, content.index(ENTRY) + offset, value)


def read(folder: Path, content: bytes) -> list[float]:
    (folder / "export.zip").write_bytes(content)
    return read_days(folder / "export.zip", Wanted())[0].views.tolist()


def refused(folder: Path, content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        read(folder, content)
    return str(caught.value)


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.mark.parametrize("method", METHODS)
def test_a_damaged_member_is_refused_however_it_is_packed(tmp_path: Path, method: int) -> None:
    whole = zipped(method)
    assert len(read(tmp_path, whole)) == 28
    message = refused(tmp_path, changed(whole, 90, whole[90] ^ 0xFF))
    assert message.startswith(f"{tmp_path}/export.zip/Totals.csv: is damaged (")
    assert message.endswith("; download it again")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (entry(zipped(), 8, 1), "Totals.csv: is protected by a password; unpack the zip"),
        (entry(zipped(), 10, 99), "Totals.csv: is packed in a way that is not read here"),
        (entry(zipped(), 41, 0xA1), "Totals.csv: is a link and no file"),
        (zipped(**{"inner.zip": "x"}), "found no CSV file but another zip, 'inner.zip'; give that"),
        (zipped(**{"a/": "", "__MACOSX/._Totals.csv": "x", ".b.csv": "x"}), "found no CSV file"),
        (zipped(**{f"{n}/T.csv": TABLE for n in "ab"}), "CSV files of the same name"),
        (zipped(**{f"{n}.csv": "" for n in range(1001)}), "1,001 files in it, expected at most"),
        (b"<html>sign in</html>", "export.zip: not a zip file"),
        (b"", "export.zip: not a complete zip file"),
    ],
)
def test_a_zip_that_is_not_read_says_why(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refused(tmp_path, content)


def test_a_zip_without_its_end_is_cut_short(tmp_path: Path) -> None:
    with pytest.raises(CutFileError, match=r"export\.zip: not a complete zip file"):
        read(tmp_path, zipped()[:-30])


def test_a_table_that_was_cut_before_it_was_packed_is_seen(tmp_path: Path) -> None:
    with pytest.raises(CutFileError, match=r"Totals\.csv, line 29: found '1' and no end of"):
        read(tmp_path, zipped(**{"Totals.csv": TABLE[:-4]}))


def test_names_of_folders_and_control_characters_of_a_member_are_only_quoted(
    tmp_path: Path,
) -> None:
    named = zipped(**{"..\\deep/To\x07tals.csv": "Date,Views\n2026-05-01,x\n2026-05-02,5\n"})
    assert r"To\x07tals.csv', line 2, column 'Views': found 'x'" in refused(tmp_path, named)


def test_a_gigabyte_in_a_megabyte_is_refused_by_what_the_zip_says(tmp_path: Path) -> None:
    whole = zipped()
    says = struct.pack("<L", 10**9)
    at = whole.index(ENTRY) + 24
    message = refused(tmp_path, whole[:at] + says + whole[at + 4 :])
    assert "found 1,000,000,000 bytes of CSV in it, expected at most 250,000,000" in message
    assert "limits.bytes" in message


def test_a_member_larger_than_the_zip_says_is_damaged_and_not_unpacked(tmp_path: Path) -> None:
    whole = zipped(**{"Totals.csv": TABLE * 1000})
    at = whole.index(ENTRY) + 24
    assert "is damaged" in refused(tmp_path, whole[:at] + struct.pack("<L", 99) + whole[at + 4 :])


@pytest.mark.parametrize("reader", ["zipfile.ZipExtFile.read", "zipfile.ZipFile.__init__"])
def test_a_zip_that_the_memory_does_not_hold_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    content = zipped()
    monkeypatch.setattr(reader, full)
    message = refused(tmp_path, content)
    assert "export.zip" in message
    assert "the memory is used up while it is read, which says nothing of the file" in message
    assert "damaged" not in message


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_any_bytes_of_a_zip_may_be_wrong(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = zipped(data.draw(st.sampled_from(METHODS)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content = changed(content, at, data.draw(st.integers(0, 255)))
    folder = tmp_path_factory.getbasetemp()
    try:
        assert len(read(folder, content)) == 28
    except ViewcastError as error:
        assert str(error)
