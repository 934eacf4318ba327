"""Names from others are harmless wherever they are shown."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import audited
from viewcast.base.escaped import csv_text, in_csv, in_markdown, on_screen
from viewcast.report.audit_text import audit_text
from viewcast.report.audits import named
from viewcast.report.figures import run_comparison
from viewcast.report.figures.style import applied
from viewcast.report.terminal_tables import print_table

HOSTILE = [
    r"$\frac{",
    "[red]name[/]",
    "[/red]",
    "\x1b[31mred\x07",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](http://example.org/x.png)",
    "a\n\n# Heading\n\n| a | b |",
    "=cmd|' /C calc'!A0",
    "\u202eevil",
    "x" * 300,
]


# CSV


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-abc", "'-abc"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("\r=1", "'\n=1"),
        ("-12.5", "-12.5"),
        ("+3e-7", "+3e-7"),
        ("a=1", "a=1"),
        ("", ""),
        (-3, -3),
        (None, None),
    ],
)
def test_text_that_begins_like_a_formula_gets_a_quote(cell: object, written: object) -> None:
    assert in_csv(cell) == written


@given(
    st.text(max_size=9) | st.sampled_from(HOSTILE),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
)
def test_no_cell_of_a_table_is_a_formula_and_numbers_stay_bit_by_bit(
    text: str, value: float, count: int
) -> None:
    table = pd.DataFrame({text: [text, None], "value": [value, 0.5], "count": [count, 1]})
    written = csv_text(table.rename(index={0: text, 1: "b"}))
    header, first, _ = csv.reader(io.StringIO(written, newline=""))
    for cell in (header[1], first[0], first[1]):
        assert not cell.lstrip().startswith(("=", "@")), cell
        if cell.lstrip()[:1] in ("+", "-"):
            assert np.isfinite(float(cell))
    assert (float(first[2]), int(first[3])) == (value, count)
    assert table.columns[0] == text, "the table itself is left as it is"


def test_a_table_of_numbers_and_days_is_written_as_pandas_writes_it() -> None:
    days = pd.date_range("2026-01-01", periods=2, name="date")
    table = pd.DataFrame({"views": [1.5, np.nan], "low": [-1, 2]}, index=days)
    options = {"date_format": "%Y-%m-%d"}
    assert csv_text(table, **options) == table.to_csv(lineterminator="\n", **options)


# Markdown


@given(st.text() | st.sampled_from(HOSTILE))
def test_a_name_is_one_line_of_markdown_without_html_links_or_cells(name: str) -> None:
    shown = in_markdown(name)
    bare = re.sub(r"\\[\\`*\[\]~_|]", "", shown)
    assert len(shown.splitlines()) <= 1
    assert not re.search(r"[<`*\[\]|$]", bare)


# The terminal


def test_bytes_of_a_name_that_are_no_text_are_written_out() -> None:
    assert on_screen("T\udcff.csv") == r"T\udcff.csv"


@given(st.text() | st.sampled_from(HOSTILE))
def test_no_character_moves_the_cursor_or_turns_the_line(name: str) -> None:
    shown = on_screen(name)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert on_screen(shown) == shown


@pytest.mark.parametrize("name", HOSTILE)
def test_an_audit_shows_any_name_as_it_stands(name: str) -> None:
    result = audited.channel()
    assert result.winner is not None
    changed = replace(result, label=name, winner=replace(result.winner, name=name))
    shown = audit_text(named([changed]), width=500)
    assert on_screen(name).split("\n")[0][:40] in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)


def test_a_table_of_runs_takes_brackets_for_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    figures = {"train_loss": 1.0, "val_loss": 2.0, "val_error": None}
    figures |= {"published_train": None, "published_val": None}
    row = {"label": "[/x]", "data": "a", "unit": "[b]", "loss": "mse", "key": "k", **figures}
    print_table([{**row, "model": "m", "experiment": "[red]", "verdict": "[/green]\x1b[1m"}])
    shown = capsys.readouterr().out
    for name in ("[/x]: MSE in [b]", "[red]", r"[/green]\x1b[1m"):
        assert name in shown


# Pictures


def test_runs_of_any_name_are_drawn(tmp_path: Path) -> None:
    result = audited.channel()
    names = HOSTILE * 9
    runs = [replace(run, name=name) for run, name in zip(result.runs, names, strict=False)]
    with applied():
        (drawing,) = run_comparison.of_audit(named([replace(result, runs=tuple(runs))])[0])
        assert drawing.save(tmp_path).path.is_file()
