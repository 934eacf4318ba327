"""A referee's rows: read with care, known again as everywhere else, matched by their names."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import viewcast
from support.mlflow_store import Store
from viewcast.base.errors import ConfigError, DataError
from viewcast.referee import row_file
from viewcast.referee.answers import RefusedError
from viewcast.referee.predictions import Order
from viewcast.referee.row_file import Columns, Rows

N = 120
RNG = np.random.default_rng(5)
DAYS = pd.date_range("2023-01-01", periods=N)
TABLE = pd.DataFrame(
    {
        "day": DAYS,
        "id": [f"v{place:03d}" for place in RNG.permutation(N)],
        "number": RNG.permutation(N) * 3,
        "shop": np.resize(["NA", "Ghent", "Bruges"], N),
        "week": np.arange(N) // 3,
        "views": RNG.normal(size=N).astype(np.float32),
        "kind": np.resize(["yes", "no"], N),
    }
)
SHUFFLED = TABLE.sample(frac=1, random_state=1)
NAMED = [
    {},
    {"time": "day"},
    {"key": "id"},
    {"key": "number"},
    {"key": "day"},
    {"key": "id", "time": "day"},
    {"time": "week", "entity": "shop"},
    {"key": "id", "time": "week", "entity": "shop"},
]


def stored(folder: Path, table: pd.DataFrame, name: str = "rows.parquet") -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)
    return path


def order(folder: Path, target: str = "views", **names: str) -> Order:
    columns = Columns(target, names.get("key"), names.get("time"), names.get("entity"))
    return Order(Rows.read(stored(folder, SHUFFLED), columns), columns)


def predictions(table: pd.DataFrame) -> pd.DataFrame:
    """What is predicted of a row is its target, so that a right match shows."""
    return table.drop(columns=["views", "kind"]).assign(prediction=table["views"])


def matches(found: Order, given: Any) -> bool:
    return bool(np.array_equal(found.of(given), found.rows.targets.astype(np.float32)))


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("views", {"key": "number"}),
        ("views", {"time": "week", "entity": "shop"}),
        ("kind", {"key": "id"}),
    ],
)
def test_rows_have_the_identity_that_log_rows_gives_them(
    others_store: Store, tmp_path: Path, target: str, names: dict[str, str]
) -> None:
    """So an audit knows that a run has read the rows of a referee."""
    own = {"row" if role == "key" else role: column for role, column in names.items()}
    keys = pd.DataFrame({role: SHUFFLED[column].to_numpy() for role, column in own.items()})
    y = SHUFFLED[target].to_numpy()
    with others_store.run() as run:
        viewcast.log_rows(y, y, keys if len(own) > 1 else keys["row"])
    for name in ("rows.parquet", "rows.csv"):
        rows = Rows.read(stored(tmp_path, SHUFFLED, name), Columns(target, **names))
        assert rows.holdout == others_store.now(run).data.tags["viewcast.holdout"]


@pytest.mark.parametrize("names", NAMED)
def test_rows_are_stored_as_they_were_read(tmp_path: Path, names: dict[str, str]) -> None:
    table = SHUFFLED.assign(whole=np.arange(N))
    for target in ("views", "kind", "whole"):
        rows = Rows.read(stored(tmp_path, table), Columns(target, **names))
        rows.write(tmp_path / "stored.parquet")
        again = Rows.stored(tmp_path / "stored.parquet")
        assert (again.holdout, again.order) == (rows.holdout, rows.order)
        assert again.targets.dtype == rows.targets.dtype
        assert np.array_equal(again.targets, rows.targets)
        assert again.frame.astype(str).equals(rows.frame.astype(str))


def test_rows_stand_in_order_of_time(tmp_path: Path) -> None:
    for names in ({"time": "day"}, {"key": "day"}, {"key": "id", "time": "day"}):
        assert list(order(tmp_path, **names).rows.frame["time"]) == list(DAYS.astype(str))


@pytest.mark.parametrize("names", NAMED[1:])
def test_predictions_are_matched_by_key_in_any_order(tmp_path: Path, names: dict[str, str]) -> None:
    found = order(tmp_path, **names)
    for seed in (None, 1, 2, 2):
        table = TABLE if seed is None else TABLE.sample(frac=1, random_state=seed)
        assert matches(found, predictions(table))
        assert matches(found, predictions(table).astype({"day": str, "number": str, "week": str}))
        assert matches(found, predictions(table).set_index(names.get("key", names.get("time"))))


def test_predictions_without_keys_are_in_the_order_of_the_table(tmp_path: Path) -> None:
    for names in NAMED:
        found = order(tmp_path, **names)
        assert matches(found, SHUFFLED["views"].to_numpy())
        assert matches(found, SHUFFLED["views"])
        assert matches(found, list(SHUFFLED["views"]))
        alone = pd.DataFrame({"prediction": SHUFFLED["views"]})
        assert matches(found, alone)
        assert matches(found, alone.assign(__index_level_0__=alone.index))  # as Parquet has it


def test_another_order_of_the_same_names_is_not_taken_for_the_last_one(tmp_path: Path) -> None:
    found = order(tmp_path, time="day")
    given = predictions(TABLE)
    assert matches(found, given)
    given["day"] = given["day"].to_numpy()[::-1]  # in place: what was kept must not follow
    assert not matches(found, given)
    given["prediction"] = given["prediction"].to_numpy()[::-1]
    assert matches(found, given)
    with pytest.raises(RefusedError, match="is there twice"):
        found.of(given.assign(day=DAYS[0]))
    with pytest.raises(RefusedError, match="1 of 120 rows are unknown"):
        found.of(given.assign(day=given["day"].replace(DAYS[0], pd.Timestamp("1999-01-01"))))


def edited(**columns: Any) -> pd.DataFrame:
    return predictions(TABLE).assign(**columns)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (predictions(TABLE)[:-1], "1 of 120 rows are missing, such as '2023-04-30'"),
        (edited(day=DAYS.shift(1)), "1 of 120 rows are unknown, such as '2023-05-01'"),
        (edited(day=[*DAYS[1:], DAYS[1]]), "the row '2023-01-02' is there twice"),
        (edited(day=[None, *DAYS[1:]]), "'day' is missing in 1 of 120 rows"),
        (edited(day=range(N)), "120 of 120 rows are unknown, such as '0'"),
        (edited(prediction=[None, *range(1, N)]), "missing in 1 of 120 rows, .* row 0 "),
        (edited(probability_yes=0.5), "expected a column prediction, or .*; found both"),
        (TABLE[["day", "id"]], r"neither of them in \['day', 'id'\]"),
        (predictions(TABLE)[["id", "prediction"]], r"found the columns \['id'\] and none of"),
        (edited(Day=DAYS).drop(columns="day"), "and none of"),
        (edited()[["prediction"]][:5], "found 5 rows, expected 120, in the order"),
        (edited().rename(columns={"id": "shop"}), "the column 'shop' is there twice"),
        ([1.0, 2.0], "found 2 rows, expected 120"),
        (3.0, "no array"),
        ([[1.0], [2.0, 3.0]], "no array"),
        (None, "no array"),
    ],
)
def test_predictions_that_do_not_name_each_row_once_are_refused(
    tmp_path: Path, given: Any, told: str
) -> None:
    with pytest.raises(RefusedError, match=told):
        order(tmp_path, time="day").of(given)


def test_a_row_of_a_panel_is_named_by_entity_and_time(tmp_path: Path) -> None:
    found = order(tmp_path, time="week", entity="shop")
    assert matches(found, predictions(TABLE))
    with pytest.raises(RefusedError, match="column 'shop' is missing; a row is named by"):
        found.of(predictions(TABLE).drop(columns="shop"))
    with pytest.raises(RefusedError, match="the row 'Ghent 0' is there twice"):
        found.of(predictions(TABLE).assign(shop="Ghent"))


def test_probabilities_are_columns_of_exactly_the_classes(tmp_path: Path) -> None:
    found = order(tmp_path, "kind", time="day")
    given = pd.DataFrame({"day": DAYS, "probability_yes": 0.75, "probability_no": 0.25})
    assert np.array_equal(found.of(given), np.tile([0.25, 0.75], (N, 1)))  # no comes before yes
    for wrong in (
        given.drop(columns="probability_no"),
        given.assign(probability_maybe=0.0),
        given.rename(columns={"probability_no": "probability_No"}),
    ):
        with pytest.raises(RefusedError, match=r"expected \['probability_no', 'probability_yes'\]"):
            found.of(wrong)
    with pytest.raises(RefusedError, match="found text"):
        found.of(given.assign(probability_no="little"))


def test_classes_that_are_counted_may_lack_rows(tmp_path: Path) -> None:
    """Without a row of class 1 or 10, columns are known by their numbers."""
    columns = Columns("class", time="day")
    targets = np.resize([0, 2, 11], N)
    path = stored(tmp_path, TABLE.assign(**{"class": targets.astype(float)}))
    found = Order(Rows.read(path, columns), columns)
    given = {f"probability_{each}": np.full(N, each / 66) for each in range(11, -1, -1)}
    chances = found.of(pd.DataFrame({"day": DAYS, **given}))
    assert np.array_equal(chances[0], np.arange(12) / 66)
    chances = found.of(pd.DataFrame({"day": DAYS, **{f"probability_{c}": c for c in (11, 0, 2)}}))
    assert np.array_equal(chances[0], [0, 2, 11])


def test_amounts_are_told_to_nobody(tmp_path: Path) -> None:
    found = order(tmp_path, time="day")
    with pytest.raises(RefusedError, match="expected one column prediction") as refused:
        found.of(pd.DataFrame({"day": DAYS, "probability_1": 0.5}))
    digits = [f"{value:.3f}"[-3:] for value in TABLE["views"]]
    assert not [each for each in digits if each in str(refused.value)]


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
