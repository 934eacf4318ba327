"""Tables that runs leave as artifacts: what is not as viewcast writes it is refused in words."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from viewcast.base.errors import DataError
from viewcast.tracking.metric_names import LOSSES
from viewcast.tracking.read import native_tables
from viewcast.tracking.read.native_tables import Keys

ROWS = ["a", "b"]


def stored(folder: Path, columns: dict[str, Any], name: str = "table.parquet") -> Path:
    path = folder / name
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"loss": ["x", "y"]}, "column 'loss' holds 'string', expected numbers"),
        ({"loss": [[1.0], [2.0]]}, "column 'loss' holds 'list<.*expected numbers"),
        ({"loss": [1.0, 2.0], "split": [1, 1]}, "column 'split' holds 'int64', expected text"),
        ({"row": ROWS}, "no column loss"),
    ],
)
def test_row_losses_of_another_kind_are_refused(
    tmp_path: Path, columns: dict[str, Any], told: str
) -> None:
    with pytest.raises(DataError, match=rf"table\.parquet: {told}"):
        native_tables.losses_of(stored(tmp_path, {"row": ROWS, **columns}), Keys())


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    table = pa.table(
        [pa.array(ROWS), pa.array([1.0, 2.0]), pa.array([3.0, 4.0])], ["row", "x", "x"]
    )
    pq.write_table(table, tmp_path / "table.parquet")
    with pytest.raises(DataError, match="two columns have one name"):
        native_tables.read(tmp_path / "table.parquet")


def test_damaged_notes_of_pandas_are_not_read(tmp_path: Path) -> None:
    table = pa.table({"row": ROWS, "loss": [1.0, 2.0]}).replace_schema_metadata({"pandas": "{"})
    pq.write_table(table, tmp_path / "table.parquet")
    found = native_tables.losses_of(tmp_path / "table.parquet", Keys())
    assert found is not None
    assert found.final.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"losses": [1.0, 2.0]}, "column 'losses' holds 'double', expected lists of numbers"),
        ({"losses": [["x"], ["y"]]}, "column 'losses' holds 'list<.*expected lists of numbers"),
        ({"losses": [[1.0], None]}, "epochs have different numbers of losses"),
        ({"epoch": [1, None]}, "column 'epoch' is missing in 1 rows"),
        ({"epoch": [1.0, float("nan")]}, "column 'epoch' holds 'double', expected whole numbers"),
        ({"candidate": ["1", "2"]}, "column 'candidate' holds 'string', expected whole numbers"),
    ],
)
def test_evaluated_epochs_of_another_kind_are_refused(
    tmp_path: Path, columns: dict[str, Any], told: str
) -> None:
    whole = {"epoch": [1, 2], "losses": [[1.0], [2.0]], **columns}
    with pytest.raises(DataError, match=told):
        native_tables.trajectories(stored(tmp_path, whole))


def test_predictions_of_candidates_that_are_text_are_refused(tmp_path: Path) -> None:
    path = stored(tmp_path, {"row": ROWS, "0": ["x", "y"]})
    with pytest.raises(DataError, match="column '0' holds 'string', expected numbers"):
        native_tables.hidden_losses_of(path, Keys())


def test_a_prediction_that_training_cannot_hold_is_an_infinite_loss(tmp_path: Path) -> None:
    path = stored(tmp_path, {"row": ROWS, "target": [1.0, 2.0], "0": [1e308, 2.5]})
    (losses,) = native_tables.candidates_of(path, LOSSES["mae"], Keys(), None).values()
    assert losses.final.tolist() == [float("inf"), 0.5]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("epoch,train_loss\n1,2\n", "no column val_loss"),
        ("epoch,train_loss,val_loss\n1,2,x\n", "column 'val_loss' holds .*expected numbers"),
        ("epoch\n1,2\n1,2,3\n", "damaged"),
        ("\xe0", "damaged"),
        ("", "damaged"),
    ],
)
def test_a_damaged_curve_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "curve.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=rf"curve\.csv: .*{told}"):
        native_tables.curves(tmp_path / "curve.csv")


def test_the_curves_of_a_sweep_are_told_apart_by_candidate(tmp_path: Path) -> None:
    curves = {"epoch": [1, 2, 1], "train_loss": [1.0, 2.0, 3.0], "val_loss": [1.0, 2.0, None]}
    path = stored(tmp_path, {"candidate": [0, 0, 7], **curves}, "curves.parquet")
    found = native_tables.curves(path)
    assert {number: len(curve) for number, curve in found.items()} == {0: 2, 7: 1}
    assert pd.isna(found[7]["val_loss"].iloc[0])
