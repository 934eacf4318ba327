"""The identity of many rows at once: exact, in any order, and of every target."""

import numpy as np
import pandas as pd

from viewcast.data import row_hash
from viewcast.data.table import MANY, holdout, row_identities


def rows(count: int, outputs: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"entity": [f"v{i % 7}" for i in range(count)], "time": range(count)})
    for output in range(1, outputs + 1):
        frame[f"target_{output}"] = rng.normal(size=count)
    return frame


def test_the_order_of_rows_changes_no_identity() -> None:
    table = rows(50)
    assert holdout(table) == holdout(table.sample(frac=1, random_state=3))


def test_another_entity_time_or_target_is_another_set() -> None:
    table = rows(50)
    changed = [
        table.assign(entity=table["entity"].replace("v3", "v8")),
        table.assign(time=table["time"] + 1),
        table.assign(target_1=table["target_2"], target_2=table["target_1"]),
        table.assign(target_2=table["target_2"].where(table.index != 9, np.nextafter(0.3, 1))),
        table.iloc[1:],
    ]
    assert len({holdout(each) for each in [table, *changed]}) == 6


def test_a_day_is_the_same_as_text_and_as_a_date() -> None:
    days = pd.Series(pd.date_range("2026-01-01", periods=50))
    table = rows(50).assign(time=days)
    assert holdout(table) == holdout(table.assign(time=days.astype(str)))


def test_every_row_has_an_identity_of_its_own() -> None:
    names = row_identities(rows(5_000))
    assert len(set(names)) == 5_000
    assert {len(name) for name in names} == {16}


def test_minus_zero_is_zero() -> None:
    entity, time = pd.Series(["a"]), pd.Series([1])
    zero, minus = (row_hash.lanes(entity, time, np.array([[v]])) for v in (0.0, -0.0))
    assert (zero == minus).all()


def test_large_sets_of_one_target_are_hashed_at_once_and_in_any_order() -> None:
    table = rows(MANY + 1, outputs=1).rename(columns={"target_1": "target"})
    assert holdout(table) == holdout(table.iloc[::-1])


def test_class_labels_of_large_sets_have_an_identity_in_any_order() -> None:
    table = rows(MANY + 1, outputs=1).rename(columns={"target_1": "target"})
    labels = table.assign(target=np.where(table["target"] > 0, "kept", "lost"))
    assert holdout(labels) == holdout(labels.iloc[::-1])
    assert holdout(labels) != holdout(labels.assign(target="kept"))


def test_a_missing_time_is_a_value_of_its_own() -> None:
    table = rows(4).assign(time=["1", "2", "3", None])
    assert holdout(table) != holdout(table.assign(time=["1", "2", "3", "3"]))
