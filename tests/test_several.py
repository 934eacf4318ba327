"""Exports of one channel put together, and those of another channel kept out."""

import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.dropped_exports import MONTH, OTHER, dropped, read, saved, series, text
from viewcast.base.errors import DataError
from viewcast.data.export import Export, Wanted
from viewcast.data.import_export import import_export
from viewcast.data.several import Dropped, joined
from viewcast.data.studio import read_whole

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


@pytest.mark.parametrize("days", [1, -1])
def test_the_channels_own_figures_a_day_off_are_refused_and_no_corrections(days: int) -> None:
    known = series([1000 + 7 * (place * place % 11) for place in range(60)])
    moved = known.shift(days, freq="D")
    with pytest.raises(DataError, match=r"those known of this channel are the same a day apart"):
        joined([dropped(moved)], known)
    assert joined([dropped(known)], known).foreign == []


def test_figures_that_repeat_from_day_to_day_are_not_a_day_off() -> None:
    known = series([3] * 60)
    assert joined([dropped(known.copy())], known).foreign == []


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
