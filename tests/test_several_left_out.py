"""Which exports of a folder are left out or waited for, and what is told of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.dropped_exports import MONTH, OTHER, read, saved, series, text
from viewcast.base.errors import CutFileError, DataError, SourceError
from viewcast.data.drop import QUIET, Stat, Watch, look
from viewcast.data.export import Export, Wanted
from viewcast.data.limits import Limits
from viewcast.data.several import Dropped, joined
from viewcast.data.studio import read_folder, read_whole

BROKEN = b"PK\x03\x04 half of a zip"


def test_a_damaged_new_zip_does_not_block_the_good_older_one(tmp_path: Path) -> None:
    saved(tmp_path / "a.zip", MONTH)
    whole = saved(tmp_path / "b.zip", series([1000] * 300)).read_bytes()
    (tmp_path / "b.zip").write_bytes(whole.replace(b"2026-05-01,1000", b"2026-05-01,1009"))
    (tmp_path / "c.zip").write_bytes(BROKEN)
    found = read(tmp_path)
    assert found.whole.views.equals(MONTH)
    assert len(found.refused) == 2
    assert "b.zip/Totals.csv: is damaged" in found.refused[0]
    assert "c.zip: not a complete zip file, its end is missing" in found.refused[1]


def test_one_bad_file_does_not_block_those_beside_it(tmp_path: Path) -> None:
    saved(tmp_path / "Totals.csv", MONTH)
    (tmp_path / "Totals (1).csv").write_text(text(MONTH).replace("05-06,1005", "05-06,many"))
    found = read(tmp_path)
    assert found.whole.views.equals(MONTH)
    assert "Totals (1).csv, line 7, column 'Views': found 'many'" in found.refused[0]


def test_a_folder_of_which_no_export_can_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text(MONTH).replace("05-06,1005", "05-06,many"))
    (tmp_path / "b.zip").write_bytes(BROKEN)
    with pytest.raises(DataError, match=r"a\.csv, line 7"):
        read(tmp_path)


@pytest.mark.parametrize("age", [0, QUIET + 1])
def test_what_may_still_be_written_is_waited_for(tmp_path: Path, age: int) -> None:
    saved(tmp_path / "a.csv", MONTH)
    (tmp_path / "b.zip").write_bytes(BROKEN)
    os.utime(tmp_path / "b.zip", (1e9, 1e9))
    found = read_folder(tmp_path, Wanted(), None, Watch(now=lambda: 1e9 + age))
    assert (len(found.waiting), len(found.refused)) == ((1, 0) if age == 0 else (0, 1))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.csv", b""),
        ("b.csv", b"\xff\xfe"),
        ("b.csv", text(MONTH)[:99].encode() + bytes(4000)),
        ("b.csv.gz", b""),
        ("b.zip", b""),
        ("b.zip", b"PK"),
        ("b.zip", bytes(4000)),
    ],
)
@pytest.mark.parametrize("ahead", [0, QUIET // 2])
def test_what_an_upload_has_just_begun_is_waited_for_even_by_a_clock_that_is_ahead(
    tmp_path: Path, name: str, content: bytes, ahead: int
) -> None:
    saved(tmp_path / "a.csv", MONTH)
    (tmp_path / name).write_bytes(content)
    os.utime(tmp_path / name, (1e9, 1e9))
    found = read_folder(tmp_path, Wanted(), None, Watch(now=lambda: 1e9 - ahead))
    assert f"{name} is not complete yet and was left out" in found.waiting[0]
    assert (found.refused, len(found.whole.views)) == ([], len(MONTH))


def test_a_time_long_after_the_clock_is_none_of_an_upload(tmp_path: Path) -> None:
    saved(tmp_path / "a.csv", MONTH)
    (tmp_path / "b.csv").write_bytes(b"")
    os.utime(tmp_path / "b.csv", (1e9, 1e9))
    found = read_folder(tmp_path, Wanted(), None, Watch(now=lambda: 1e9 - QUIET - 1))
    assert (found.waiting, len(found.refused)) == ([], 1)


def test_what_systems_and_programs_put_beside_exports_is_left_alone(tmp_path: Path) -> None:
    saved(tmp_path / "a.csv", MONTH)
    for name in ("~$a.csv", "~$a.xlsx", ".a.csv.Xy12ab", "._a.csv", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"\x05 \0")
    (tmp_path / "__MACOSX").mkdir()
    saved(tmp_path / "__MACOSX" / "b.csv", OTHER)
    assert read(tmp_path).whole.notes == []


def test_links_that_lead_nowhere_and_what_is_no_file_are_told(tmp_path: Path) -> None:
    saved(tmp_path / "a.csv", MONTH)
    (tmp_path / "b.csv").symlink_to(tmp_path / "gone.csv")
    (tmp_path / "c.zip").symlink_to(tmp_path / "c.zip")
    os.mkfifo(tmp_path / "d.zip")
    (tmp_path / "e.zip.download").mkdir()
    (tmp_path / ".f.csv.icloud").write_bytes(b"bplist00")
    found = read(tmp_path)
    assert found.whole.notes == [
        f"{tmp_path}/.f.csv.icloud is still being downloaded; left out",
        f"{tmp_path}/e.zip.download is still being downloaded; left out",
        "left out, no exports by their names: ['d.zip']",
        "left out, links to files that are not there: ['b.csv', 'c.zip']",
    ]


def test_a_table_cut_short_waits_in_a_drop_folder_and_is_refused_by_hand(tmp_path: Path) -> None:
    saved(tmp_path / "a.csv", MONTH)
    (tmp_path / "b.csv").write_text(text(MONTH) + "2026-05-29,1")
    os.utime(tmp_path / "b.csv", (1e9, 1e9))
    growing = read_folder(tmp_path, Wanted(), None, Watch(now=lambda: 1e9))
    assert "b.csv is not complete yet and was left out: found '1' and no end" in growing.waiting[0]
    assert growing.whole.views.equals(MONTH)
    assert "b.csv, line 30: found '1'" in read(tmp_path).refused[0]
    with pytest.raises(CutFileError, match="it seems to be cut short: download it again"):
        read_whole(tmp_path / "b.csv", Wanted())


@pytest.mark.parametrize("by_night", [True, False])
def test_a_last_figure_that_begins_as_the_known_one_is_cut(tmp_path: Path, by_night: bool) -> None:
    """The other figures of the file are as small, so that alone it would be read."""
    views = [12, 30, 11, 25, 1117]
    cut = text(series(views)).removesuffix("17\n")
    (tmp_path / "b.csv").write_text(cut)
    if not by_night:
        saved(tmp_path / "a.csv", series(views), changed=0)
    known = series(views) if by_night else None
    found = read(tmp_path, known)
    assert found.whole.views.tolist() == (views[:-1] if by_night else views)
    assert any("its 11 is the beginning of 1117" in note for note in found.whole.notes)
    (tmp_path / "b.csv").write_text(text(series(views)).removesuffix("\n"))
    assert read(tmp_path, known).whole.views.tolist() == views


def test_a_file_that_grew_while_it_was_read_is_waited_for(tmp_path: Path) -> None:
    saved(tmp_path / "a.csv", MONTH)
    (tmp_path / "b.zip").write_bytes(BROKEN)
    sizes = iter(range(10))
    found = read_folder(
        tmp_path, Wanted(), None, Watch(lambda _: Stat(next(sizes), 1e9), lambda: 4e9)
    )
    (told,) = found.waiting
    assert told.startswith(f"{tmp_path}/b.zip is not complete yet and was left out")


def test_downloads_that_go_on_and_files_that_are_no_exports_are_told(tmp_path: Path) -> None:
    saved(tmp_path / "a.csv", MONTH)
    for name in ("README.txt", ".DS_Store", "b.zip.crdownload", "c.csv.part", "old.xlsx"):
        (tmp_path / name).write_bytes(b"x")
    notes = read(tmp_path).whole.notes
    assert notes == [
        f"{tmp_path}/b.zip.crdownload is still being downloaded; left out",
        f"{tmp_path}/c.csv.part is still being downloaded; left out",
        "left out, no exports by their names: ['README.txt', 'old.xlsx']",
    ]
    (tmp_path / "a.csv").unlink()
    with pytest.raises(SourceError, match=r"b\.zip\.crdownload is still being downloaded"):
        read(tmp_path)


def test_folders_in_folders_are_looked_at_and_a_link_to_a_folder_above_is_not(
    tmp_path: Path,
) -> None:
    saved(tmp_path / "2026" / "May" / "Totals.csv", MONTH)
    saved(tmp_path / "2026" / "new.zip", series([1030, 1031], "2026-05-29"))
    (tmp_path / "2026" / "again").symlink_to(tmp_path)
    (tmp_path / "elsewhere.csv").symlink_to(tmp_path / "2026" / "May" / "Totals.csv")
    assert len(look(tmp_path).places) == 3
    assert len(read(tmp_path).whole.views) == 30


def test_a_folder_that_cannot_be_read_is_left_out_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path / "a.csv", MONTH)
    (tmp_path / "closed").mkdir()
    inside = Path.iterdir

    def closed(folder: Path) -> Iterator[Path]:
        if folder.name == "closed":
            raise PermissionError(13, "Permission denied")
        return inside(folder)

    monkeypatch.setattr(Path, "iterdir", closed)
    assert read(tmp_path).whole.notes == ["left out, folders that cannot be read: ['closed']"]
    with pytest.raises(SourceError, match="cannot be read; look at its rights"):
        read(tmp_path / "closed")


def test_a_file_that_is_taken_away_meanwhile_blocks_nothing(tmp_path: Path) -> None:
    saved(tmp_path / "a.csv", MONTH)
    saved(tmp_path / "b.zip", MONTH)

    def taken(place: Path) -> Stat:
        (tmp_path / "b.zip").unlink(missing_ok=True)
        return Stat.of(place)

    found = read_folder(tmp_path, Wanted(), None, Watch(taken))
    assert found.whole.views.equals(MONTH)
    assert len(found.waiting) == 1


def test_more_exports_than_are_allowed_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        saved(tmp_path / name / "Totals.csv", MONTH)
    with pytest.raises(DataError, match="found 3 exports in it, expected at most 2"):
        read_folder(tmp_path, Wanted(limits=Limits(files=2)))


def test_of_many_sentences_the_first_are_told() -> None:
    exports = [
        Dropped(Export(f"{number}.csv", MONTH, "Views", ["told"]), Path("x"), float(number))
        for number in range(9)
    ]
    newest = [f"{number}.csv: told" for number in (8, 7, 6, 5, 4)]
    assert joined(exports).whole.notes == [*newest, "and 4 more of this kind"]
