"""An export of YouTube Studio: which of its files is read, and which column."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from support.studio_exports import (
    BY_DATE,
    CHART,
    COUNTS,
    TABLE,
    assert_good,
    refused,
    totals,
    writer,
)
from viewcast.base.errors import ConfigError
from viewcast.data.export import Wanted
from viewcast.data.export_file import read_table
from viewcast.data.studio import read_export


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    return writer(tmp_path / "export")


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
