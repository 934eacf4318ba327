"""The tables that runs leave as artifacts, read as row losses.

Shape letters: C candidates of a sweep, E epochs, M validation rows, L cells of rows.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from viewcast.assessment.row_losses import KEYS, Losses, RowLosses
from viewcast.base.errors import DataError
from viewcast.base.quoted import listed, quoted
from viewcast.scoring.loss import Loss

NUMBERS = (pa.types.is_floating, pa.types.is_integer)
KINDS: Mapping[str, tuple[Callable[[pa.DataType], bool], ...]] = {
    "numbers": NUMBERS,
    "whole numbers": (pa.types.is_integer,),
    "text": (pa.types.is_string, pa.types.is_large_string),
    "lists of numbers": (lambda kind: _is_list(kind) and pa.types.is_floating(kind.value_type),),
}
DIGITS = 9  # of a candidate's number
States = tuple[NDArray[np.int64], NDArray[np.float32]]  # epochs (E,), losses (E, L)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


class Keys:
    """Key tables, each kept once: hundreds of runs share their rows."""

    def __init__(self) -> None:
        self.known: list[tuple[pa.Table, pd.DataFrame]] = []

    def of(self, table: pa.Table) -> pd.DataFrame:
        """Entity, time, row and target, as far as ``table`` has them; the same object for equals.

        Targets tell equal rows apart only where the name of a row was given twice.
        """
        names = [name for name in (*KEYS, "target") if name in table.column_names]
        keys = table.select(names)
        for known, frame in self.known:
            if known.equals(keys):
                return frame
        frame = keys.to_pandas()
        text = {name: frame[name].astype("str") for name in names if name != "target"}
        self.known.append((keys, frame.assign(**text)))
        return self.known[-1][1]


def read(path: Path) -> pa.Table:
    """A Parquet file; refuses (DataError) a damaged one, and one with two columns of a name."""
    try:
        with pq.ParquetFile(path) as file:
            table = file.read(use_threads=False)
        table.validate(full=True)  # text that is no text
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    names = table.column_names
    if len(set(names)) < len(names):
        raise DataError(f"{path.name}: two columns have one name in {listed(names)}; log it again")
    return table.replace_schema_metadata(None)  # pandas' own notes, which may be damaged too


def losses_of(path: Path, keys: Keys, states: Path | None = None) -> RowLosses | None:
    """Losses of the validation rows of ``predictions.parquet``, or of the rows of a hidden holdout.

    ``states``: ``trajectory.parquet``. None where no row validates. Raises DataError for files that
    are damaged, lack a column or contradict each other.
    """
    table = read(path)
    _need(table, ("row", "loss"), path)
    if "split" in table.column_names:
        table = table.filter(pc.equal(_column(table, "split", path, "text"), "validation"))
    if not table.num_rows:
        return None
    final = _column(table, "loss", path).to_numpy()
    if states is None:
        return RowLosses(keys.of(table), final)
    return _with_states(RowLosses(keys.of(table), final), trajectories(states).get(0), states)


def candidates_of(path: Path, loss: Loss, keys: Keys, states: Path | None) -> dict[int, RowLosses]:
    """Losses of a sweep's candidates, by number, from its ``tables/predictions.parquet``.

    ``states``: ``tables/trajectories.parquet``. Without a column ``target`` the columns hold
    the losses of rows that a measure has scored. Candidates with different features may have
    different rows: a missing value in a column is a row that its candidate does not have.
    """
    table = read(path)
    _need(table, ("row",), path)
    scored = "target" not in table.column_names
    target = np.empty(0) if scored else _column(table, "target", path).to_numpy()
    known = {} if states is None else trajectories(states)
    losses = {}
    for number, own, rows, predicted in _columns(table, keys, path):
        final = predicted if scored else _lost(loss, predicted, target[rows])
        losses[number] = _with_states(RowLosses(own, final), known.get(number), states)
    return losses


def _lost(loss: Loss, predicted: Losses, target: Losses) -> Losses:
    """Losses in the numbers that a sweep is trained in; what those cannot hold is infinite, and
    sets its candidate aside.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(loss.rows(predicted.astype(np.float32), target.astype(np.float32)))


def hidden_losses_of(path: Path, keys: Keys) -> dict[int, RowLosses]:
    """Losses of a sweep's candidates on the hidden rows, by number."""
    table = read(path)
    _need(table, ("row",), path)
    return {
        number: RowLosses(own, losses) for number, own, _, losses in _columns(table, keys, path)
    }


def _columns(
    table: pa.Table, keys: Keys, path: Path
) -> Iterator[tuple[int, pd.DataFrame, NDArray[np.bool_], Losses]]:
    """Number, keys, mask of the rows, and values of each candidate that has any."""
    whole = np.ones(table.num_rows, bool)
    own = keys.of(table) if table.num_rows else None
    for name in table.column_names:
        if not name.isdecimal() or len(name) > DIGITS or own is None:
            continue
        values = _column(table, name, path).to_numpy()
        given = ~np.isnan(values)
        if given.all():
            yield int(name), own, whole, values
        elif given.any():
            yield int(name), keys.of(table.filter(pa.array(given))), given, values[given]


def trajectories(path: Path) -> dict[int, States]:
    """Evaluated states, by candidate (0 where there is one run only); none without epochs."""
    table = read(path)
    _need(table, ("epoch", "losses"), path)
    if not table.num_rows:
        return {}
    lists = _column(table, "losses", path, "lists of numbers")
    values = pc.list_flatten(lists).to_numpy()
    if lists.null_count or len(values) % table.num_rows:
        raise DataError(f"{path.name}: epochs have different numbers of losses; log it again")
    losses = values.reshape(table.num_rows, -1)
    epochs = _column(table, "epoch", path, "whole numbers").to_numpy().astype(np.int64)
    if "candidate" not in table.column_names:
        return {0: (epochs, losses)}
    candidate = _column(table, "candidate", path, "whole numbers").to_numpy()
    order = np.argsort(candidate, kind="stable")
    numbers, starts = np.unique(candidate[order], return_index=True)
    parts = zip(
        np.split(epochs[order], starts[1:]), np.split(losses[order], starts[1:]), strict=True
    )
    return dict(zip(numbers.tolist(), parts, strict=True))


def curves(path: Path) -> dict[int, pd.DataFrame]:
    """Epoch, train_loss, val_loss by candidate, from ``curves.parquet`` or ``curve.csv``.

    Raises DataError for a file that is damaged or lacks one of them.
    """
    if path.suffix == ".csv":
        try:
            table = pa.Table.from_pandas(pd.read_csv(path), preserve_index=False)
        except (ValueError, pa.ArrowException) as error:
            raise _damaged(path, error) from error
        return {0: _curve(table, path)}
    table = read(path)
    _need(table, ("candidate",), path)
    _column(table, "candidate", path, "whole numbers")
    frame: Any = _curve(table, path)
    return {int(number): part for number, part in frame.groupby("candidate")}


def _curve(table: pa.Table, path: Path) -> pd.DataFrame:
    names = ("epoch", "train_loss", "val_loss")
    _need(table, names, path)
    for name in names:
        _column(table, name, path)
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _with_states(losses: RowLosses, states: States | None, path: Path | None) -> RowLosses:
    if states is None or path is None:
        return losses
    epochs, cells = states
    expected = -(-len(losses.final) // losses.cell)
    if cells.shape[1] != expected:
        raise DataError(
            f"{path.name}: {cells.shape[1]} losses for each epoch, expected {expected} for "
            f"{len(losses.final)} validation rows"
        )
    return replace(losses, states=cells, epochs=epochs)


def _column(table: pa.Table, name: str, path: Path, expected: str = "numbers") -> pa.ChunkedArray:
    """A column of a kind in ``KINDS``; refuses (DataError) one of another kind, and whole numbers
    of which one is missing.
    """
    column = table[name]
    if not any(known(column.type) for known in KINDS[expected]):
        raise DataError(
            f"{path.name}: column {quoted(name)} holds {quoted(str(column.type))}, expected "
            f"{expected}; log it again"
        )
    if expected == "whole numbers" and column.null_count:
        raise DataError(
            f"{path.name}: column {quoted(name)} is missing in {column.null_count:,} rows; log it "
            "again"
        )
    return column


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path.name}: damaged ({quoted(str(error), 200)}); log it again")


def _need(table: pa.Table, columns: tuple[str, ...], path: Path) -> None:
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise DataError(f"{path.name}: no column {', '.join(missing)}; log it again")
