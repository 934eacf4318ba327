"""Predictions, put in the referee's order of rows.

Shape letters: N rows, C classes.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from viewcast.base.quoted import listed, quoted
from viewcast.referee.answers import RefusedError
from viewcast.referee.row_file import Columns, Rows, names_of
from viewcast.scoring.metric import Array
from viewcast.scoring.metrics.given import as_array

PREDICTION = "prediction"
INDEX = re.compile(r"__index_level_\d+__")  # what Parquet calls an index without a name
CHANCE = "probability_"  # prefix of a column; the class follows, as viewcast.log_rows writes it


@dataclass(frozen=True, eq=False)
class _Matched:
    """``names``: the columns that named the rows last; ``places``: (N,), what came of them."""

    names: pd.DataFrame
    places: Array

    @cached_property
    def index(self) -> pd.Index | None:
        """The names as they stand, where equal ones are the same text: whole numbers, days, text;
        None of two columns and of others.
        """
        dtype = self.names.iloc[:, 0].dtype
        plain = dtype.kind in "iuM" or isinstance(dtype, pd.StringDtype)
        return pd.Index(self.names.iloc[:, 0]) if plain and self.names.shape[1] == 1 else None

    def places_in(self, names: pd.DataFrame) -> Array | None:
        """What comes of the same names in the same or another order; None of other names."""
        if names.equals(self.names):
            return self.places
        if self.index is None or list(names.dtypes) != list(self.names.dtypes):
            return None
        given = pd.Index(names.iloc[:, 0])
        if len(given) != len(self.index) or not given.is_unique:
            return None
        found = given.get_indexer(self.index)
        return None if (found < 0).any() else np.asarray(found[self.places], np.int64)


@dataclass(eq=False)
class Order:
    """The order of a referee's ``rows``, which ``columns`` of the user's table name.

    A loop names its rows in the same order again and again: the last match is kept.
    """

    rows: Rows
    columns: Columns
    _last: _Matched | None = field(default=None, init=False)

    @cached_property
    def _names(self) -> pd.Index:
        return self.rows.names(self.columns)

    def of(self, given: Any) -> Array:
        """Predictions (N,) or (N, C) in the order of the rows.

        ``given``: an array in the order of the user's table; or a frame with ``prediction``, or one
        column ``probability_<class>`` for each class. A frame with the columns that name a row is
        in any order; one without them has no other columns, and the order of the table.

        Refuses (RefusedError) other columns, missing cells, and rows that are missing, unknown or
        there twice.
        """
        if not isinstance(given, pd.DataFrame):
            found = _array(given.to_numpy() if isinstance(given, pd.Series) else given)
            return found[_places(len(found), self.rows)]
        frame = _with_names(given, self.columns)
        found = _predicted(frame, self.rows)
        if not set(self.columns.names) & set(frame):
            _refuse_others(frame, self.columns)
            return found[_places(len(frame), self.rows)]
        return found[self._matched(frame)]

    def _matched(self, frame: pd.DataFrame) -> Array:
        for name in self.columns.names:
            if name not in frame:
                raise RefusedError(
                    f"predictions: the column {quoted(name)} is missing; a row is named by "
                    f"{listed(self.columns.names)}"
                )
        names, last = frame[list(self.columns.names)], self._last
        known = None if last is None else last.places_in(names)
        if known is not None:
            return known
        places = _matched(names, self._names, self.columns)
        self._last = _Matched(names.copy(), places)
        return places


def _array(given: Any) -> Array:
    try:
        found = as_array(given)
        if not found.ndim:
            raise ValueError("found one value")
    except (TypeError, ValueError, OverflowError) as error:
        raise RefusedError(
            f"predictions: no array ({quoted(str(error))}); expected one number or label for each "
            "row, or one probability for each class"
        ) from None
    return found


def _places(count: int, rows: Rows) -> Array:
    if count != len(rows):
        raise RefusedError(
            f"predictions: found {count:,} rows, expected {len(rows):,}, in the order of the "
            "referee's table"
        )
    return rows.places


def _with_names(given: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The frame with its index as a column where that names the rows, its columns as text."""
    if set(given.index.names) & (set(columns.names) - set(given)):
        given = given.reset_index()
    frame = given.set_axis([str(name) for name in given], axis=1).reset_index(drop=True)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise RefusedError(
            f"predictions: the column {quoted(twice[0])} is there twice; expected each once"
        )
    return frame


def _predicted(frame: pd.DataFrame, rows: Rows) -> Array:
    """Predictions (N,) or (N, C) in the order of the frame."""
    columns = list(map(str, frame))
    chances = [name for name in columns if name.startswith(CHANCE)]
    if (PREDICTION in frame) == bool(chances):
        found = "both" if chances else f"neither of them in {listed(columns)}"
        raise RefusedError(
            f"predictions: expected a column {PREDICTION}, or columns {CHANCE}<class>; found "
            f"{found}"
        )
    wanted = _of_classes(chances, rows) if chances else [PREDICTION]
    missing = frame[wanted].isna().any(axis=1).to_numpy()
    if missing.any():
        raise RefusedError(
            f"predictions: missing in {int(missing.sum()):,} of {len(frame):,} rows, the first is "
            f"row {int(np.flatnonzero(missing)[0])} (from 0); expected one for each row"
        )
    if not chances:
        return _array(frame[PREDICTION])
    values = _array(frame[wanted])
    if values.dtype.kind not in "biuf":
        raise RefusedError(f"predictions: found text in columns {CHANCE}<class>; expected numbers")
    return values


def _of_classes(found: list[str], rows: Rows) -> list[str]:
    """The columns of all classes, sorted by label as scikit-learn does."""
    counted = [f"{CHANCE}{place}" for place in range(len(found))]
    allowed = [counted] if rows.are_counted(len(found)) else []
    if rows.classes is not None:
        allowed.append([f"{CHANCE}{label}" for label in rows.classes])
    for names in allowed:
        if set(names) == set(found):
            return names
    expected = listed(allowed[-1]) if allowed else f"one column {PREDICTION}"
    raise RefusedError(
        f"predictions: found the columns {listed(sorted(found))}, expected {expected}"
    )


def _refuse_others(frame: pd.DataFrame, columns: Columns) -> None:
    """Columns that name no row may be misspelt: by its place a row would be judged as another."""
    names = [str(name) for name in frame if not INDEX.fullmatch(str(name))]
    others = [name for name in names if name != PREDICTION and not name.startswith(CHANCE)]
    if columns.names and others:
        raise RefusedError(
            f"predictions: found the columns {listed(others)} and none of "
            f"{listed(columns.names)}, which name a row; name the rows, or give the predictions "
            "alone, in the order of the referee's table"
        )


def _matched(names: pd.DataFrame, wanted: pd.Index, columns: Columns) -> Array:
    """The place (N,) among ``names`` of each of the ``wanted`` rows."""
    for name in columns.names:
        missing = int(names[name].isna().sum())
        if missing:
            raise RefusedError(
                f"predictions: the column {quoted(name)} is missing in {missing:,} of "
                f"{len(names):,} rows; name each row"
            )
    try:
        found = names_of(names, columns)
    except (TypeError, ValueError) as error:
        raise RefusedError(f"predictions: {quoted(str(error))}; expected names of rows") from None
    if not found.is_unique:
        twice = found[found.duplicated()]
        raise RefusedError(
            f"predictions: the row {_shown(twice[0])} is there twice; expected each once"
        )
    unknown = wanted.get_indexer(found) < 0
    if unknown.any():
        raise RefusedError(
            f"predictions: {int(unknown.sum()):,} of {len(found):,} rows are unknown, such as "
            f"{_shown(found[unknown][0])}; the referee has {len(wanted):,} rows, such as "
            f"{_shown(wanted[0])}"
        )
    places = found.get_indexer(wanted)
    if (places < 0).any():
        absent = wanted[places < 0]
        raise RefusedError(
            f"predictions: {len(absent):,} of {len(wanted):,} rows are missing, such as "
            f"{_shown(absent[0])}; expected one for each row"
        )
    return np.asarray(places, np.int64)


def _shown(name: str) -> str:
    return quoted(name.replace("\x1f", " ").strip())
