"""The file of a referee's rows: how it is read, and what in it is refused."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.referee_rows import DAYS, TABLE, N, stored
from viewcast.base.errors import ConfigError, DataError
from viewcast.referee import row_file
from viewcast.referee.row_file import Columns, Rows


@pytest.mark.parametrize(
    ("change", "names", "told"),
    [
        ({"views": [None, *range(1, N)]}, {}, "'views': missing in 1 of 120 rows, .* row 0"),
        ({"views": [np.inf, *range(1, N)]}, {}, "'views' holds an infinite number"),
        ({"views": DAYS}, {}, r"holds datetime64\[.*\]; expected numbers or labels"),
        ({"day": [DAYS[1], *DAYS[1:]]}, {"time": "day"}, "'2023-01-02' occurs twice"),
        ({"id": ["v7", "v7", *TABLE["id"][2:]]}, {"key": "id"}, "'v7' occurs twice"),
        ({"id": [None, *TABLE["id"][1:]]}, {"key": "id"}, "'id': missing in 1 of 120 rows"),
        ({"day": [None, *DAYS[1:]]}, {"key": "day"}, "'day': missing in 1 of 120 rows"),
        ({"shop": "Ghent"}, {"time": "week", "entity": "shop"}, "'Ghent 0' occurs twice"),
        ({}, {"time": "Day"}, "column 'Day' is missing; found .*'day'"),
    ],
)
def test_rows_that_cannot_judge_are_refused(
    tmp_path: Path, change: dict[str, Any], names: dict[str, str], told: str
) -> None:
    for name in ("rows.parquet", "rows.csv"):
        path = stored(tmp_path, TABLE.assign(**change), name)
        if name == "rows.csv" and "views" in change and "datetime" in told:
            continue  # text there: labels
        with pytest.raises(DataError, match=rf"{path.name}: .*{told}"):
            Rows.read(path, Columns("views", **names))


def test_a_target_cannot_name_the_rows_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="target = day: names the rows too"):
        Rows.read(stored(tmp_path, TABLE), Columns("day", time="day"))


@pytest.mark.parametrize("name", ["r.parquet", "r.csv", "r.csv.gz", "r.xlsx", "absent.csv", "."])
def test_a_damaged_table_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "r.csv.gz":
        path.write_bytes(gzip.compress(TABLE.to_csv(index=False).encode())[:-20])
    elif name.startswith("r."):
        path.write_bytes(b"PAR1\xff\x00" * 9)
    with pytest.raises(DataError, match=r"readable table|ends in|does not exist|is a folder"):
        Rows.read(path, Columns("views"))


def test_text_that_is_none_is_refused(tmp_path: Path) -> None:
    names = pa.array([b"\xff%d" % place for place in range(N)]).view(pa.string())
    pq.write_table(pa.table({"views": TABLE["views"], "id": names}), tmp_path / "rows.parquet")
    with pytest.raises(DataError, match=r"rows\.parquet: not a readable table .*UTF8"):
        Rows.read(tmp_path / "rows.parquet", Columns("views", key="id"))


@pytest.mark.parametrize(
    ("key", "most", "told"),
    [("rows", 119, "120 rows"), ("bytes", 900, "bytes or more"), ("columns", 6, "7 columns")],
)
def test_a_table_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, most: int, told: str
) -> None:
    limits = row_file.LIMITS.__class__(**{key: most})
    monkeypatch.setattr(row_file, "LIMITS", limits)
    for name in ("rows.parquet", "rows.csv", "rows.csv.gz"):
        with pytest.raises(DataError, match=rf"{name}: found .*{told}, expected at most {most}"):
            Rows.read(stored(tmp_path, TABLE, name), Columns("views", time="day"))


def test_a_line_with_more_cells_than_the_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    lines = TABLE.to_csv(index=False).splitlines()
    lines[4] = lines[4].replace("NA", "Ostend, BE")
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"rows\.csv, line 5: found 8 cells, expected 7"):
        Rows.read(path, Columns("views", time="day"))


def test_what_a_spreadsheet_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\xef\xbb\xbf" + TABLE.to_csv(index=False).replace("\n", "\r\n").encode())
    rows = Rows.read(path, Columns("views", time="day", entity="shop"))
    plain = Rows.read(
        stored(tmp_path, TABLE, "plain.csv"), Columns("views", time="day", entity="shop")
    )
    assert rows.holdout == plain.holdout
    assert set(rows.frame["entity"]) == {"NA", "Ghent", "Bruges"}
