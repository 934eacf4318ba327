"""The sealed test rows: separated when data are prepared, so that no later step can look at them.

Preparation writes two tables. Training, evaluation and report read only the open one. No cell of
it depends on the target of a test row; a test compares its bytes. The sealed table holds the
complete test rows. Only the opening of the test reads it.

The tables of a panel are written part by part (``viewcast.data.panel.prepared``). There the split
itself keeps every open row apart from the days that the test asks (``PanelSplit``), and test rows
leave the open table.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from viewcast.base.errors import DataError
from viewcast.base.paths import prepared_path, sealed_path
from viewcast.data import table
from viewcast.data.table import SPLIT

IN_USE = ("train", "validation")


def seal(whole: pd.DataFrame, feature_lookback: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a prepared table into its open and its sealed part; returns both.

    ``feature_lookback``: the features of a row may contain the targets of this many earlier rows
    of its entity. It is the number of lags of a series, and 0 where features contain no target.
    With 0, a test row stays in the open table, without its target. With lags, its features are
    targets of other test rows. It then leaves the open table, and so does every unused row whose
    lookback contains a test row.

    Refuses (DataError) a row that is test in one split and train or validation in another, and a
    train or validation row whose lookback contains a test row.
    """
    columns = [column for column in whole.columns if column.startswith(SPLIT)]
    sealed = whole[columns].isin(["test"]).any(axis=1)
    in_use = whole[columns].isin(IN_USE).any(axis=1)
    if (sealed & in_use).any():
        row = whole[sealed & in_use].iloc[0]
        tested = next(column for column in columns if row[column] == "test")
        raise DataError(
            f"row {row['row']!r} is test in {_name(tested)} and {_use(row, columns)}; a test row "
            "may only be test or unused elsewhere; change one of the two"
        )
    if feature_lookback == 0:
        return whole.assign(target=whole["target"].mask(sealed)), whole[sealed]
    touched = _touched(whole, sealed, feature_lookback) & ~sealed
    if (touched & in_use).any():
        row = whole[touched & in_use].iloc[0]
        raise DataError(
            f"row {row['row']!r} is {_use(row, columns)} and has targets of test rows among its "
            f"{feature_lookback} lags; put the test after it, or end the test more than "
            f"{feature_lookback} rows before it"
        )
    return whole[~sealed & ~touched], whole[sealed]


def write(whole: pd.DataFrame, feature_lookback: int, root: Path, data: str, identity: str) -> None:
    """Store both parts of a prepared table, the sealed one first. Each file is replaced whole."""
    open_, sealed = seal(whole, feature_lookback)
    table.write(sealed.reset_index(drop=True), sealed_path(root, data), identity)
    table.write(open_.reset_index(drop=True), prepared_path(root, data), identity)


def read(root: Path, data: str, identity: str, part: str | None = None) -> pd.DataFrame:
    """The sealed rows of a data set, or of a part of it.

    Refuses (DataError) a missing file, and one made with other settings.
    """
    return table.read(sealed_path(root, data, part), identity, data)


def _touched(whole: pd.DataFrame, sealed: pd.Series, feature_lookback: int) -> pd.Series:
    """Mask of the rows with a sealed row among the ``feature_lookback`` rows before them.

    Rows are counted by time within their entity.
    """
    touched = pd.Series(False, index=whole.index)
    for _, of_entity in whole.groupby("entity", sort=False):
        in_time = of_entity["time"].sort_values().index
        before = np.concatenate([[0], np.cumsum(sealed[in_time])])
        places = np.arange(len(in_time))
        touched[in_time] = before[places] > before[np.maximum(places - feature_lookback, 0)]
    return touched


def _use(row: pd.Series, columns: list[str]) -> str:
    column = next(column for column in columns if row[column] in IN_USE)
    return f"{row[column]} in {_name(column)}"


def _name(column: str) -> str:
    return f"data.splits.{column.removeprefix(SPLIT)}"
