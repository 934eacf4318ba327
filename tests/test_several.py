"""Exports of one channel put together, and those of another channel kept out."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcast.base.errors import CutFileError, DataError, SourceError
from viewcast.data.drop import QUIET, Stat, Watch, look
from viewcast.data.export import Export, Wanted
from viewcast.data.import_export import import_export
from viewcast.data.limits import Limits
from viewcast.data.several import Dropped, joined
from viewcast.data.studio import Folder, read_folder, read_whole


def series(views: list[float], first: str = "2026-05-01") -> pd.Series:
    days = pd.date_range(first, periods=len(views), name="date")
    return pd.Series([*map(float, views)], index=days, name="views")


def dropped(views: pd.Series, changed: float = 0, name: str = "a.csv") -> Dropped:
    return Dropped(Export(name, views, "Views"), Path(name), changed)


def text(views: pd.Series) -> str:
    rows = [f"{day:%Y-%m-%d},{count:.0f}" for day, count in views.items()]
    return "\n".join(["Date,Views", *rows, ""])


def saved(file: Path, views: pd.Series, changed: float | None = None) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(zipfile.ZipInfo("Totals.csv"), text(views))
    else:
        file.write_text(text(views))
    if changed is not None:
        os.utime(file, (changed, changed))
    return file


def read(folder: Path, known: pd.Series | None = None) -> Folder:
    return read_folder(folder, Wanted(), known, quiet())


def quiet() -> Watch:
    """A clock by which nobody has written a file for long."""
    return Watch(now=lambda: 4e9)


MONTH = series([1000 + day % 7 for day in range(28)])
OTHER = series([20000 + day % 7 for day in range(28)])
BROKEN = b"PK\x03\x04 half of a zip"


# --- which download is newer ----------------------------------------------------------------------


@settings(max_examples=30)
@given(data=st.data())
def test_neither_names_nor_the_order_of_arrival_change_the_result(data: st.DataObject) -> None:
    spans = st.tuples(st.integers(0, 20), st.integers(5, 30), st.integers(0, 3), st.integers(0, 2))
    parts = data.draw(st.lists(spans, min_size=1, max_size=5))
    exports = [
        dropped(series([1000 + more] * count, f"2026-05-{1 + first:02}"), changed)
        for first, count, more, changed in parts
    ]
    names = data.draw(st.permutations([f"{n}.csv" for n in range(len(exports))]))
    order = data.draw(st.permutations(range(len(exports))))
    moved = [
        Dropped(Export(name, exports[n].export.views, "Views"), Path(name), exports[n].changed)
        for n, name in zip(order, names, strict=True)
    ]
    pd.testing.assert_series_equal(joined(exports).whole.views, joined(moved).whole.views)


def test_the_export_that_reaches_further_is_newer_whatever_its_time() -> None:
    older, newer = series([10, 11, 12]), series([99, 13], "2026-05-03")
    whole = joined([dropped(newer, 1, "new"), dropped(older, 9, "old")]).whole
    assert whole.views.tolist() == [10, 11, 99, 13]
    assert whole.notes == [
        "days that new lacks come from an older export: 2026-05-01 to 2026-05-02",
        "1 day is counted differently in several exports; the newer download is used "
        "(2026-05-03: 12 became 99)",
    ]


def test_exports_without_times_of_their_own_are_told_apart_by_their_newest_days() -> None:
    """A restored backup gives every file the same time; YouTube still counts the newest days."""
    early, late = series([10, 11, 4]), series([10, 11, 12])
    for pair in ([early, late], [late, early]):
        assert joined([*map(dropped, pair)]).whole.views.tolist() == [10, 11, 12]


def test_a_copy_of_a_zip_is_as_old_as_the_zip(tmp_path: Path) -> None:
    for name, views, year in (("a.zip", [10, 11, 12], 2026), ("b.zip", [10, 11, 13], 2025)):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            info = zipfile.ZipInfo("Totals.csv", (year, 8, 1, 0, 0, 0))
            archive.writestr(info, text(series(views)))
        copied = 1.9e9 if name == "b.zip" else 1.8e9
        os.utime(tmp_path / name, (copied, copied))
    assert read(tmp_path).whole.views.tolist() == [10, 11, 12]


def test_what_an_import_has_put_together_is_read_the_same_whatever_the_times(
    tmp_path: Path,
) -> None:
    saved(tmp_path / "drop" / "Totals.csv", series([10, 11, 12]), 200)
    saved(tmp_path / "drop" / "Totals (1).csv", series([10, 11, 13]), 100)
    into = tmp_path / "data" / "mine"
    import_export(tmp_path / "drop", into, tmp_path)
    names = sorted(file.name for file in into.glob("*.csv"))
    assert names == ["1 drop Totals (1).csv", "2 drop Totals.csv"]
    for number, name in enumerate(reversed(names)):
        os.utime(into / name, (number, number))
    assert read_whole(into, Wanted()).views.tolist() == [10, 11, 12]


# --- another channel ------------------------------------------------------------------------------


def test_another_channel_is_recognised_by_the_days_that_are_known(tmp_path: Path) -> None:
    saved(tmp_path / "own.zip", series([1000 + day % 7 for day in range(30)]))
    saved(tmp_path / "other.zip", OTHER)
    found = read(tmp_path, MONTH)
    assert found.whole.views.tolist() == [1000 + day % 7 for day in range(30)]
    (told,) = found.refused
    assert "other.zip/Totals.csv: is it another channel's?" in told
    assert "differ on 25 of 25 days in common (2026-05-01: 1000 and 20000)" in told
    assert told in found.whole.notes


def test_an_export_beyond_the_known_days_is_judged_by_the_ones_that_reach_there() -> None:
    own = dropped(series([1000] * 60), name="own")
    later = dropped(series([20000] * 28, "2026-06-05"), name="later")
    both = joined([later, own], known=series([1000] * 10))
    assert [one.export.name for one in both.used] == ["own"]
    assert both.foreign[0].startswith("later: is it another channel's?")


def test_where_all_are_of_another_channel_they_are_refused() -> None:
    with pytest.raises(DataError, match=r"a\.csv: is it another channel's\?"):
        joined([dropped(OTHER)], known=MONTH)


def test_two_channels_of_which_none_is_known_are_refused() -> None:
    with pytest.raises(DataError, match=r"do they come from two channels\?"):
        joined([dropped(OTHER), dropped(MONTH)])


def test_corrections_are_no_other_channel() -> None:
    both = joined([dropped(MONTH * 1.05)], known=MONTH)
    assert both.foreign == []


@pytest.mark.parametrize(("views", "large"), [(9000.0, True), (1200.0, False)])
def test_a_large_step_where_exports_share_no_day_is_told_and_no_part_of_a_known_channel(
    views: float, large: bool
) -> None:
    own, later = series([1000.0] * 28), dropped(series([views] * 28, "2026-05-29"), name="later")
    both = joined([dropped(own), later])
    words = "later has no day in common with"
    assert any(words in note and "9 times more" in note for note in both.whole.notes) == large
    assert len(both.whole.views) == 56
    known = joined([dropped(own, name="own"), later], known=own)
    assert [one.export.name for one in known.used] == (["own"] if large else ["own", "later"])
    assert len(known.foreign) == large
    if large:
        with pytest.raises(DataError, match="It was left out: bring a longer period if not"):
            joined([later], known=own)


# --- what is left out -----------------------------------------------------------------------------


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


def test_a_table_cut_short_waits_in_a_drop_folder_and_is_refused_by_hand(tmp_path: Path) -> None:
    saved(tmp_path / "a.csv", MONTH)
    (tmp_path / "b.csv").write_text(text(MONTH) + "2026-05-29,1")
    growing = read_folder(tmp_path, Wanted(), None, Watch())
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
        "left out, no exports by their names: ['.DS_Store', 'README.txt', 'old.xlsx']",
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
