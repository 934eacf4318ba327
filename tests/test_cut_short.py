"""A last line without its end: whole as editors write it, or cut short wherever it was cut."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from viewcast.base.errors import CutFileError
from viewcast.data.cut_short import is_shorter
from viewcast.data.export import Wanted, read_days

LINES = [f"2026-05-{day:02},{count},0:04:{day:02}" for day, count in enumerate(range(905, 932), 1)]
VIEWS_LAST = [line.rpartition(",")[0] for line in LINES]


def days(folder: Path, content: str) -> list[float]:
    file = folder / "Totals.csv"
    file.write_text(content)
    return read_days(file, Wanted())[0].views.tolist()


@pytest.mark.parametrize("lines", [LINES, VIEWS_LAST])
def test_a_whole_last_line_without_its_end_is_a_day(tmp_path: Path, lines: list[str]) -> None:
    header = "Date,Views,Average view duration" if lines is LINES else "Date,Views"
    assert days(tmp_path, "\n".join([header, *lines])) == list(range(905, 932))


@pytest.mark.parametrize("left", range(1, len(LINES[-1])))
def test_wherever_a_last_line_is_cut_the_file_is_refused(tmp_path: Path, left: int) -> None:
    content = "\n".join(["Date,Views,Average view duration", *LINES[:-1], LINES[-1][:left]])
    with pytest.raises(CutFileError, match=r"Totals\.csv, line 28: found .*download it again"):
        days(tmp_path, content)


@pytest.mark.parametrize("left", range(1, len(VIEWS_LAST[-1])))
def test_so_is_one_that_ends_with_views(tmp_path: Path, left: int) -> None:
    with pytest.raises(CutFileError):
        days(tmp_path, "\n".join(["Date,Views", *VIEWS_LAST[:-1], VIEWS_LAST[-1][:left]]))


def test_the_error_has_the_facts_for_those_who_wait(tmp_path: Path) -> None:
    with pytest.raises(CutFileError) as caught:
        days(tmp_path, "\n".join(["Date,Views", *VIEWS_LAST[:-1], "2026-05"]))
    assert caught.value.source == tmp_path / "Totals.csv"
    assert caught.value.line == 28
    assert caught.value.found == "found 1 fields, expected 2, and no end of the line"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('Date,Views\n2026-05-01,"9', 'found a quote (") that no other one closes'),
        ("Date,Views\n2026-05-01,9\nÜ".encode()[:-1], "the text ends in the middle of a letter"),
        ("Date,Views\n2026-05-01,9\n".encode("utf-16")[:-1], "ends in the middle of a letter"),
    ],
)
def test_so_is_a_file_that_ends_in_a_quote_or_a_letter(
    tmp_path: Path, content: str | bytes, found: str
) -> None:
    file = tmp_path / "Totals.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CutFileError) as caught:
        read_days(file, Wanted())
    assert found in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "above", "shorter"),
    [
        ("94", ["942", "1117"], True),
        ("114", ["934", "1117"], True),  # as many digits as a neighbour, and far below all
        ("", ["942", "1117"], True),
        ("1,11", ["1,117", "1,174"], True),
        ("0:04", ["0:04:34", "0:03:59"], True),
        ("٩٤", ["٩٤٢", "١١١٧"], True),
        ("600", ["942", "1117"], False),
        ("0", ["942", "1117"], False),  # no number begins so: a day that is not counted yet
        ("", ["", ""], False),
        ("7", ["12", "3"], False),
        ("9" * 5000, ["942", "1117"], False),
    ],
)
def test_a_cell_is_suspect_below_longer_ones(cell: str, above: list[str], shorter: bool) -> None:
    assert is_shorter(cell, above) is shorter


@given(st.lists(st.integers(1000, 9999), min_size=2, max_size=30), st.integers(1, 3))
def test_a_figure_that_lost_digits_among_figures_of_one_length_is_always_seen(
    counts: list[int], left: int
) -> None:
    *above, last = map(str, counts)
    assert is_shorter(last[:left], above)


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=30))
def test_a_figure_of_at_least_half_the_smallest_and_its_length_is_never_suspect(
    counts: list[int],
) -> None:
    *above, last = counts
    assume(last * 2 >= min(above) and len(str(last)) in {len(str(one)) for one in above})
    assert not is_shorter(str(last), [str(one) for one in above])
