import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from viewcast.base.errors import ConfigError, DataError, SourceError
from viewcast.base.folders import MARK
from viewcast.data.export import Wanted
from viewcast.data.export_file import read_table
from viewcast.data.import_export import import_export, last_settled
from viewcast.data.studio import read_export, read_whole

DAYS = ["2021-01-30", "2021-01-31", "2021-02-01", "2021-02-02"]
COUNTS = [12345, 0, 67890, 7]


def totals(
    header: str = "Date,Views", days: list[str] = DAYS, counts: list[object] = COUNTS
) -> str:
    rows = (f"{day},{count}" for day, count in zip(days, counts, strict=True))
    return "\n".join([header, *rows]) + "\n"


@pytest.fixture
def export(tmp_path: Path):
    folder = tmp_path / "export"

    def write(**files: str | bytes) -> Path:
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (folder / f"{name.replace('_', ' ')}.csv").write_bytes(data)
        return folder

    return write


def refused(folder: Path, metric: str = "views") -> str:
    with pytest.raises(DataError) as caught:
        read_export(folder, Wanted(metric))
    return str(caught.value)


def notes(folder: Path, metric: str = "views") -> list[str]:
    return read_whole(folder, Wanted(metric)).notes


def assert_good(series: pd.Series) -> None:
    assert series.tolist() == COUNTS
    assert series.index.tolist() == [pd.Timestamp(day) for day in DAYS]
    assert series.index.freq == "D"
    assert series.name == "views"


CHART = "Date,Geography,Views\n2021-01-30,NA,5\n2021-01-31,NA,0\n2021-01-30,US,9\n2021-01-31,US,8\n"
TABLE = "Geography,Views,Average view duration\nTotal,22,0:04:34\nUS,17,0:05:42\nNA,5,\n"
BY_DATE = (
    "Date,Views,Average view duration,Watch time (hours)\nTotal,80242,0:04:34,9.5\n"
    "2021-01-30,12345,0:04:34,4.25\n2021-01-31,0,,0\n2021-02-01,67890,0:04:34,5\n"
    "2021-02-02,7,0:00:34,0.25\n"
)


# --- real exports ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "days", "ends", "total"),
    [
        ("codingtrain-2021", 365, {"2020-12-31": 31964, "2021-12-30": 39142}, 15503810),
        ("wholebrainhealth-2020-2022", 803, {"2020-09-01": 3, "2022-11-12": 69}, 24299),
        ("weima-2020-german", 366, {"2020-01-01": 1607, "2020-12-31": 706}, 405712),
    ],
)
def test_real_export(shared, folder, days, ends, total) -> None:
    series = read_export(shared / "data" / "studio" / folder)
    assert len(series) == days
    assert {f"{day:%Y-%m-%d}": series[day] for day in series.index[[0, -1]]} == ends
    assert series.sum() == total


def test_real_export_survives_a_spreadsheet_and_any_name(shared, tmp_path) -> None:
    folder = shared / "data" / "studio" / "codingtrain-2021"
    header, *rows = (folder / "Totals.csv").read_text().splitlines()
    days, counts = zip(*(row.split(",") for row in rows), strict=True)
    for form in ("%d-%m-%Y", "%m/%d/%Y", "%d.%m.%Y"):
        written = pd.to_datetime(pd.Series(days)).dt.strftime(form)
        (tmp_path / "z.csv").write_text(totals(header, list(written), list(counts)))
        assert read_export(tmp_path).equals(read_export(folder))


def test_real_chart_alone_is_refused(shared) -> None:
    chart = shared / "data" / "studio" / "codingtrain-2021" / "Chart data.csv"
    message = refused(chart)
    assert "rows per 'Geography' do not add up to the day (countries reach 92.3 %)" in message


def test_real_table_by_country_is_no_table_by_date(shared) -> None:
    message = refused(shared / "data" / "studio" / "codingtrain-2021" / "Table data.csv")
    assert "Table data.csv" in message
    assert "expected dates in the first column" in message


# --- which file -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Totals", "Total", "Gesamtwerte", "Totales", "合計", "A", "z"])
def test_totals_are_found_by_content(export, name) -> None:
    assert_good(read_export(export(Chart_data=CHART, Table_data=TABLE, **{name: totals()})))


def test_single_file_and_zip_are_accepted(export, tmp_path) -> None:
    folder = export(Totals=totals(), Chart_data=CHART)
    assert_good(read_export(folder / "Totals.csv"))
    archive = tmp_path / "Inhalte 2021.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(folder / "Totals.csv", "deep/Totals.csv")
        packed.write(folder / "Chart data.csv", "deep/Chart data.csv")
        packed.writestr("__MACOSX/deep/._Totals.csv", b"\x00\x05\x16\x07")
    assert_good(read_export(archive))


def test_hidden_and_other_files_are_left_alone(export) -> None:
    folder = export(Totals=totals())
    (folder / "._Totals.csv").write_bytes(b"\x00\x05\x16\x07")
    (folder / "notes.txt").write_text("mine")
    assert_good(read_export(folder))


def test_chart_alone_is_refused_with_the_reason(export) -> None:
    message = refused(export(Chart_data=CHART))
    assert "Chart data.csv: found ['Date', 'Geography', 'Views']" in message
    assert "rows per 'Geography' do not add up to the day (countries reach 92.3 %)" in message
    assert "`Totals.csv`" in message


def test_table_by_date_serves_where_no_totals_exist(export) -> None:
    assert_good(read_export(export(Table_data=BY_DATE)))


def test_total_row_may_come_last_and_in_any_language(export) -> None:
    assert_good(read_export(export(Gesamtwerte=totals("Datum,Aufrufe") + "Gesamt,80242\n")))
    assert_good(read_export(export(Gesamtwerte=totals("日付,視聴回数") + "合計,80242\n")))


def test_totals_are_preferred_to_the_table_by_date(export) -> None:
    cut = BY_DATE.replace("2021-01-30,12345,0:04:34,4.25\n", "")
    assert_good(read_export(export(Table_data=cut, Totals=totals())))


def test_table_by_date_is_preferred_to_totals_of_another_metric(export) -> None:
    hours = totals("Date,Watch time (hours)", counts=["4.25", "0", "5", "0.25"])
    assert_good(read_export(export(Table_data=BY_DATE, Totals=hours)))


def test_table_by_date_that_was_cut_is_refused(export) -> None:
    cut = BY_DATE.replace("2021-01-30,12345,0:04:34,4.25\n", "") + "Showing top 3 results\n"
    message = refused(export(Table_data=cut))
    assert "has cut this table ('Showing top 3 results'): found the 3 best days only" in message
    assert "use `Totals.csv` of the export, which has every day" in message


def test_a_row_of_totals_that_is_not_their_sum_is_refused(export) -> None:
    message = refused(export(Table_data=BY_DATE.replace("Total,80242", "Total,80243")))
    assert "Table data.csv, line 2, column 'Views': found 'Total' with '80243'" in message
    assert "expected a date, or the sum of all days, 80242" in message


def test_two_equal_files_are_one(export) -> None:
    assert_good(read_export(export(Totals=totals(), Chart_data=totals())))


def test_two_different_totals_are_refused(export) -> None:
    message = refused(export(A=totals(), B=totals(counts=[1, 2, 3, 4])))
    assert "A.csv and" in message
    assert "B.csv both hold daily totals and differ on 1 of 1 days in common (2021-01-30: 123" in (
        message
    )


# --- which column ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "Date,Views",
        "Da\u00adtum,Auf\u00adru\u00adfe",
        "Fecha,Visualizaciones",
        "日期,觀看次數",
    ],
)
def test_columns_are_matched_by_place_and_type(export, header) -> None:
    assert_good(read_export(export(Totals=totals(header))))


def test_namibia_is_no_missing_value(export) -> None:
    folder = export(Chart_data=CHART, Totals=totals())
    assert_good(read_export(folder))
    chart = read_table(folder / "Chart data.csv")
    assert chart.rows[1].tolist() == ["NA", "NA", "US", "US"]
    assert "NA" in read_table(export(Table_data=TABLE) / "Table data.csv").rows[0].tolist()


def test_first_metric_may_be_another(export) -> None:
    counts = [f"0:04:34,1.5,{count}" for count in COUNTS]
    header = "Datum,Durchschnittliche Wiedergabedauer,Wiedergabezeit (Stunden),Aufrufe"
    assert_good(read_export(export(Gesamtwerte=totals(header, counts=counts))))


def test_several_metrics_of_unknown_names_need_a_choice(export) -> None:
    folder = export(Totals=totals("Dato,Timer,Sýningar", counts=[f"1,{n}" for n in COUNTS]))
    message = refused(folder)
    assert "line 1: found no column that is called views in a language known here" in message
    assert "but 'Timer', 'Sýningar'. No other figure is taken for views" in message
    assert "data.metric='Sýningar'" in message
    assert_good(read_export(folder, Wanted("sýningar")))
    with pytest.raises(ConfigError, match=r"found no metric 'Plays', expected one of 'Timer', 'S"):
        read_export(folder, Wanted("Plays"))


def test_equal_twin_columns_are_one(export) -> None:
    counts = [f"{n},{n}" for n in COUNTS]
    assert_good(read_export(export(Totals=totals("Date,Views,Views", counts=counts))))


def test_differing_twin_columns_are_refused(export) -> None:
    counts = ["12345,12345", "0,1", "67890,67890", "7,7"]
    message = refused(export(Totals=totals("Date,Views,Views", counts=counts)))
    assert "Totals.csv, line 3, column 'Views': found '0' and '1', expected one value" in message


def test_watch_time_is_not_taken_for_views(export) -> None:
    hours = totals("Date,Watch time (hours)", counts=["4.25", "0", "5", "0.25"])
    message = refused(export(Totals=hours))
    assert "but 'Watch time (hours)' (estimated minutes watched). No other figure is" in message


@pytest.mark.parametrize(
    "header",
    [
        "Engaged views",
        "Subscribers",
        "Abonnenten",
        "Stayed to watch (%)",
        "Impressions",
        "Cats",
        "!",
    ],
)
def test_a_lone_column_of_another_name_is_taken_only_when_it_is_named(export, header) -> None:
    folder = export(Totals=totals(f"Date,{header}"))
    assert "No other figure is taken for views" in refused(folder)
    assert_good(read_export(folder, Wanted(header)))


def test_a_metric_is_found_by_its_name_in_any_language(export) -> None:
    folder = export(Totals=totals("Datum,Aufrufe,Abonnenten", counts=[f"1,{n}" for n in COUNTS]))
    assert_good(read_export(folder, Wanted("subscribers")))
    assert read_export(folder).tolist() == [1, 1, 1, 1]


def test_hours_of_watch_time_become_minutes(export) -> None:
    folder = export(Totals=totals("Datum,Wiedergabezeit (Stunden)", counts=[0.5, 0, 1.25, 2]))
    wanted = Wanted("estimatedMinutesWatched")
    assert read_export(folder, wanted).tolist() == [30, 0, 75, 120]


def test_durations_are_no_counts(export) -> None:
    message = refused(export(Totals=totals("Date,Duration", counts=["0:04:34"] * 4)))
    assert "expected dates in the first column and counts" in message
    assert "found ['Date', 'Duration'], line 2: ['2021-01-30', '0:04:34']" in message


# --- how it is written ----------------------------------------------------------------------------


def test_byte_order_mark_is_no_part_of_the_header(export) -> None:
    assert_good(read_export(export(Totals=totals().encode("utf-8-sig"))))


def test_windows_line_ends_and_blank_lines(export) -> None:
    assert_good(read_export(export(Totals=(totals() + ",\n\n").replace("\n", "\r\n"))))


@pytest.mark.parametrize(
    "note",
    ["Showing top 500 results", "Die 500 besten Ergebnisse,,", "Mostrando os 500 melhores, enfim"],
)
def test_remark_in_the_last_line_is_dropped(export, note) -> None:
    header, counts = "Date,Views,Hours,More", [f"{n},1.5,2.5" for n in COUNTS]
    assert_good(read_export(export(Totals=totals(header, counts=counts) + note + "\n")))


def test_remark_padded_by_a_spreadsheet_is_dropped(export) -> None:
    assert_good(read_export(export(Totals=totals() + "Showing top 500 results,\n")))


def test_remark_elsewhere_is_refused(export) -> None:
    text = totals().replace("2021-02-01", "Showing top 500 results\n2021-02-01")
    assert "Totals.csv, line 4: found 1 fields, expected 2" in refused(export(Totals=text))


def test_last_line_cut_short_is_refused(export) -> None:
    text = totals().removesuffix(",7\n")
    assert "Totals.csv, line 5: found 1 fields, expected 2" in refused(export(Totals=text))


@pytest.mark.parametrize("form", ["%d-%m-%Y", "%m/%d/%Y", "%d.%m.%Y"])
def test_dates_of_a_spreadsheet(export, form) -> None:
    days = [pd.Timestamp(day).strftime(form) for day in DAYS]
    assert_good(read_export(export(Totals=totals(days=days))))


@pytest.mark.parametrize("mark", [",", ".", "'", "\u202f", "\u00a0"])
def test_thousands_separators_of_a_spreadsheet(export, mark) -> None:
    counts = [f'"{count:,}"'.replace(",", mark) for count in COUNTS]
    assert_good(read_export(export(Totals=totals(counts=counts))))


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_of_a_spreadsheet(export, delimiter) -> None:
    assert_good(read_export(export(Totals=totals().replace(",", delimiter))))


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "found", "expected"),
    [
        ("many", "'many'", "a number"),
        ("NA", "'NA'", "a number"),
        ("nan", "'nan'", "a number"),
        ("1.5", "1.5", "a whole number"),
        ("1e999", "'1e999'", "a finite number"),
    ],
)
def test_bad_count_is_refused_by_its_line(export, count, found, expected) -> None:
    message = refused(export(Totals=totals(counts=[1, 2, count, 4])))
    assert "Totals.csv" in message
    assert f"line 4, column 'Views': found {found}, expected {expected}" in message


def test_a_long_gap_is_refused_with_its_days(export) -> None:
    text = totals().replace("2021-01-31,0\n2021-02-01,67890\n", "")
    message = refused(export(Totals=text))
    assert "Totals.csv: 2 days are missing (2021-01-31 to 2021-02-01); a single missing" in message


@pytest.mark.parametrize("cell", ["", "-1", None])
def test_a_single_missing_day_is_bridged_and_told(export, cell) -> None:
    """A day without a row, an empty cell, and a count below 0 where views were taken back."""
    text = totals(counts=[3, 5, "?", 15]).replace("2021-02-01,?\n", f"2021-02-01,{cell}\n")
    folder = export(Totals=text if cell is not None else text.replace("2021-02-01,None\n", ""))
    assert read_export(folder).tolist() == [3, 5, 9, 15]
    *before, bridged = notes(folder)
    assert bridged == (
        "1 missing day was bridged by the geometric mean of the days beside it: 2021-02-01"
    )
    assert len(before) == (cell is not None)


def test_days_before_the_channel_began_are_left_out_and_told(export) -> None:
    folder = export(Totals=totals(counts=["", "", 5, 6]))
    assert read_export(folder).tolist() == [5, 6]
    assert notes(folder) == ["days without a figure were left out: 2021-01-30 to 2021-01-31"]


def test_newest_days_with_0_after_weeks_without_are_not_counted_yet(export) -> None:
    days = [f"2021-03-{day:02}" for day in range(1, 13)]
    folder = export(Totals=totals(days=days, counts=[*range(5, 15), 0, 0]))
    assert len(read_export(folder)) == 10
    assert notes(folder) == ["newest days with 0 are not counted yet: 2021-03-11 to 2021-03-12"]
    quiet = export(Totals=totals(days=days, counts=[*range(5, 13), 0, 9, 0, 0]))
    assert len(read_export(quiet)) == 12


def test_a_last_line_without_its_end_is_a_day(export) -> None:
    """Editors write no end there; ``test_cut_short.py`` has what is cut."""
    whole = totals(counts=[*COUNTS[:-1], 71234]).removesuffix("\n")
    assert read_export(export(Totals=whole)).tolist() == [*COUNTS[:-1], 71234]


@pytest.mark.parametrize(("step", "name"), [("W", "week"), ("MS", "month")])
def test_a_table_by_week_or_month_is_refused(export, step, name) -> None:
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2021-01-01", periods=4, freq=step)]
    message = refused(export(Totals=totals("Week,Views", days=days)))
    assert f"found one row per {name}, expected one per day; choose Day in YouTube Stud" in message


def test_repeated_day_is_refused(export) -> None:
    message = refused(export(Totals=totals() + "2021-01-31,0\n"))
    assert "line 6, column 'Date': found 2021-01-31, expected a value that occurs once" in message


@pytest.mark.parametrize("day", ["2021-02-31", "", "31.01.2021"])
def test_wrong_date_is_refused(export, day) -> None:
    message = refused(export(Totals=totals().replace("2021-02-01", day)))
    assert f"Totals.csv, line 4, column 'Date': found {day!r}, expected a date like" in message


def test_word_in_place_of_the_first_day_is_no_total(export) -> None:
    message = refused(export(Totals=totals().replace("2021-01-30", "yesterday")))
    assert "line 2, column 'Views': found 'yesterday' with '12345', expected a date" in message


def test_future_day_is_refused(export) -> None:
    days = [f"2999-01-0{day}" for day in range(1, 5)]
    message = refused(export(Totals=totals(days=days)))
    assert "line 2, column 'Date': found 2999-01-01, expected a day not later than" in message


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff", "\ufeff\n"])
def test_empty_file_is_refused(export, text) -> None:
    assert "Totals.csv: the file is empty" in refused(export(Totals=text))


def test_file_without_rows_is_refused(export) -> None:
    assert "Totals.csv: found ['Date', 'Views'], no rows" in refused(export(Totals="Date,Views\n"))
    assert "Totals.csv, line 1: found no header" in refused(export(Totals=",,\n,,\n"))


@pytest.mark.parametrize(
    ("encoding", "header", "found"),
    [
        ("utf-16-le", "Datum,Aufrufe", "line 1: found a zero byte, as in UTF-16"),
        ("latin-1", "Da\u00adtum,Aufrufe", "line 1: byte 0xad is not UTF-8"),
    ],
)
def test_wrong_encoding_is_refused(export, encoding, header, found) -> None:
    message = refused(export(Gesamtwerte=totals(header).encode(encoding)))
    assert f"Gesamtwerte.csv, {found}" in message
    assert "'CSV UTF-8'" in message


def test_nothing_to_read_is_refused(tmp_path) -> None:
    assert "found no CSV file" in refused(tmp_path)
    with pytest.raises(SourceError, match="absent: no such folder"):
        read_export(tmp_path / "absent")
    (tmp_path / "x.zip").write_bytes(b"no zip")
    assert "x.zip: not a zip file" in refused(tmp_path / "x.zip")


def test_days_that_are_not_final_are_left_out_and_told(export) -> None:
    whole = read_whole(export(Totals=totals()), Wanted(until=date(2021, 1, 31)))
    assert whole.views.tolist() == COUNTS[:2]
    assert whole.notes == [
        "days whose figures are not final yet were left out: 2021-02-01 to 2021-02-02"
    ]


def test_youtube_has_the_figures_of_a_day_three_days_after_its_end() -> None:
    night = datetime(2026, 11, 27, 4, tzinfo=UTC)  # the evening of the 26th in California
    assert last_settled("youtube", night) == date(2026, 11, 22)
    assert last_settled(None, night) == date(2026, 11, 26)


def test_another_site_may_write_utf_16_a_title_and_midnight(export) -> None:
    days = [f"{day}T00:00:00" for day in DAYS]
    text = 'sep=,\r\n"Page reach"\r\n' + totals("Date,Page reach", days=days)
    assert_good(read_export(export(Reach=text.encode("utf-16")), Wanted("Page reach")))


@pytest.mark.parametrize("form", ["%Y%m%d", "%Y%m%d00", "%b %d, %Y", "%d %B %Y"])
def test_dates_of_other_sites(export, form) -> None:
    days = [f'"{pd.Timestamp(day).strftime(form)}"' for day in DAYS]
    assert_good(read_export(export(Totals=totals(days=days))))


def test_the_grouping_of_india(export) -> None:
    counts = ['"1,50,000"', '"12,34,567"', "7", '"99,000"']
    assert read_export(export(Totals=totals(counts=counts))).tolist() == [150000, 1234567, 7, 99000]


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
