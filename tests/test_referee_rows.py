"""A referee's rows: read with care, known again as everywhere else, matched by their names."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import viewcast
from support.mlflow_store import Store
from support.referee_rows import DAYS, SHUFFLED, TABLE, N, order, stored
from viewcast.referee.answers import RefusedError
from viewcast.referee.predictions import Order
from viewcast.referee.row_file import Columns, Rows

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
