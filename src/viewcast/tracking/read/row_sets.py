"""The rows of many tables, each set of rows kept once, in one order.

Rows are one set where their keys and their targets are the same. Rows that are named by their
position alone are matched by their targets, or by targets and features, where these are unique: a
table that was shuffled and numbered anew is then read in the order of the first.

Shape letters: M rows.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.data.row_keys import dated, keys_of, text
from viewcast.tracking.read.columns import Columns

KEYS = ("entity", "time", "row")
ALIKE = 1e-6  # relative, of targets: tables of MLflow have 10 digits, float32 has 7
Order = NDArray[np.intp]
Targets = NDArray[Any]
Roles = dict[str, str]


@dataclass(frozen=True, eq=False)
class RowSet:
    """``keys``: entity, time, row (text) of M rows in order of time, and target where it is a known
    number. ``identity`` (16 hex), ``counted``: see ``viewcast.tracking.read.row_table.RowTable``.
    """

    keys: pd.DataFrame
    identity: str
    counted: bool


@dataclass(frozen=True, eq=False)
class _Known:
    """A set, the digest of its keys, its targets (M,) where known, and the features of counted
    rows.
    """

    rows: RowSet
    named: str
    targets: Targets | None
    features: pd.DataFrame | None


class RowSets:
    """Sets of rows as they are met; the first to be met gives its set the order."""

    def __init__(self) -> None:
        self.raw: dict[tuple[object, ...], list[tuple[pd.DataFrame, RowSet, Order]]] = {}
        self.known: list[_Known] = []

    def of(
        self, table: pd.DataFrame, columns: Columns, features: list[str]
    ) -> tuple[RowSet, Order]:
        """The set of a table's rows, and which of them stands at each place of the set (M,).

        ``features``: columns that tell rows apart besides the target. Refuses (DataError) a missing
        key, and a ``row`` that occurs twice.
        """
        roles = _roles(table, columns)
        raw = table[list(dict.fromkeys(roles.values()))].reset_index(drop=True)
        signature = (len(raw), *roles.items(), *_ends(raw))
        for other, rows, order in self.raw.setdefault(signature, []):
            if raw.equals(other):
                return rows, order
        rows, order = self._new(table, raw, roles, features)
        self.raw[signature].append((raw, rows, order))
        return rows, order

    def _new(
        self, table: pd.DataFrame, raw: pd.DataFrame, roles: Roles, features: list[str]
    ) -> tuple[RowSet, Order]:
        keys, counted = _keys(raw, roles)
        named = f"{len(keys)} counted" if counted else _digest(_lines(keys))
        order = keys.index.to_numpy().astype(np.intp)
        keys = keys.reset_index(drop=True)
        targets = _targets(raw[roles["target"]])[order] if "target" in roles else None
        if targets is not None and targets.dtype != object:
            keys = keys.assign(target=targets)
        told = table[features].iloc[order].reset_index(drop=True) if counted else None
        own = _Known(RowSet(keys, "", counted), named, targets, told)
        for known in self.known:
            places = _places(known, keys, own) if known.named == named else None
            if places is not None:
                return known.rows, order[places]
        rows = RowSet(keys, _identity(keys, counted, targets), counted)
        self.known.append(replace(own, rows=rows))
        return rows, order


def _roles(table: pd.DataFrame, columns: Columns) -> Roles:
    """The columns that name rows, and the target, by their meaning."""
    row = columns.row
    if row is not None and row.lower() != "row" and not _tells(table[row]):
        row = None
    if row is None and columns.time is None and columns.index is not None:
        row = columns.index if _tells(table[columns.index]) else None
    parts = {"row": row, "entity": columns.entity, "time": columns.time, "target": columns.target}
    return {part: name for part, name in parts.items() if name is not None}


def _tells(column: pd.Series) -> bool:
    """Whether a column names rows: each has its own value, and not just its position."""
    if column.isna().any() or not column.is_unique:
        return False
    counts = pd.api.types.is_integer_dtype(column) and column.iloc[0] in (0, 1)
    return not (counts and (np.diff(column.to_numpy()) == 1).all())


def _ends(raw: pd.DataFrame) -> tuple[str, ...]:
    """First and last value of each column: most tables that differ do so there."""
    columns = [raw[name].array for name in raw] if len(raw) else []
    return tuple(str(values[at]) for values in columns for at in (0, len(raw) - 1))


def _keys(raw: pd.DataFrame, roles: Roles) -> tuple[pd.DataFrame, bool]:
    """Keys as in ``viewcast.data.row_keys``, and whether they are positions alone.

    Numbers that come more than once are no time (a day of the week, an hour), unless a column
    ``row`` names the rows.
    """
    row, entity, time = (roles.get(part) for part in ("row", "entity", "time"))
    if time is not None:
        raw = raw.assign(**{time: dated(raw[time])})
        if row is None and pd.api.types.is_numeric_dtype(raw[time]):
            key = [time] if entity is None else [entity, time]
            time = None if raw.duplicated(key).any() else time
    keys = keys_of(raw, row, time, entity)
    return keys, row is None and time is None


def _places(known: _Known, keys: pd.DataFrame, own: _Known) -> Order | None:
    """Where each row of a known set stands among these; None where they are other rows."""
    if own.features is None:  # named: the same names in any order
        indices = (pd.MultiIndex.from_frame(table[list(KEYS)]) for table in (keys, known.rows.keys))
        places = next(indices).get_indexer(next(indices)).astype(np.intp)
        if own.targets is None or known.targets is None:
            return places
        return places if _equal(own.targets[places], known.targets) else None
    if own.targets is None or known.targets is None:
        return np.arange(len(keys)) if own.targets is known.targets else None
    if _equal(own.targets, known.targets):
        return np.arange(len(keys))
    by_target = _by_target(known.targets, own.targets)
    return _by_features(known, own) if by_target is None else by_target


def _by_target(known: Targets, own: Targets) -> Order | None:
    """Positions of counted rows by their targets, where these are apart."""
    ranked, other = np.argsort(own, kind="stable"), np.argsort(known, kind="stable")
    ordered = own[ranked]
    if not _equal(ordered, known[other]) or _repeats(ordered):
        return None
    places = np.empty(len(own), np.intp)
    places[other] = ranked
    return places


def _by_features(known: _Known, own: _Known) -> Order | None:
    """Positions of counted rows by target and the features that both tables tell, to the bit."""
    told, given = known.features, own.features
    assert told is not None
    assert given is not None
    names = [name for name in given if name in told]
    wanted = pd.MultiIndex.from_frame(told[names].assign(target=known.targets))
    found = pd.MultiIndex.from_frame(given[names].assign(target=own.targets))
    if not names or not wanted.is_unique or not found.is_unique:
        return None
    places = found.get_indexer(wanted).astype(np.intp)
    return None if (places < 0).any() else places


def _equal(first: Targets, second: Targets) -> bool:
    if object in (first.dtype, second.dtype):
        return bool((first.astype(str) == second.astype(str)).all())
    return bool(np.allclose(first, second, rtol=ALIKE, atol=0, equal_nan=True))


def _repeats(ordered: Targets) -> bool:
    if ordered.dtype == object:
        return bool((ordered[1:] == ordered[:-1]).any())
    return bool((np.diff(ordered) <= 2 * ALIKE * np.abs(ordered[1:])).any())


def _targets(values: pd.Series) -> Targets:
    """Numbers as float64, truth values as 0 and 1, others as text."""
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        return np.asarray(values, np.float64)
    return np.asarray(text(values), object)


def _identity(keys: pd.DataFrame, counted: bool, targets: Targets | None) -> str:
    """Of a set of rows in whatever order, by their keys and targets (16 hex).

    Of counted rows by their targets: in whatever order where these are unique.
    """
    if targets is None:
        return _digest(_lines(keys))
    told = [f"{value:.7g}" if isinstance(value, float) else str(value) for value in targets]
    if counted and len(set(told)) == len(told):
        return _digest(told)
    lines = [f"{line}\x1f{value}" for line, value in zip(_lines(keys), told, strict=True)]
    return _digest(lines)


def _lines(keys: pd.DataFrame) -> list[str]:
    columns = (keys[name] for name in KEYS)
    return ["\x1f".join(key) for key in zip(*columns, strict=True)]


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]
