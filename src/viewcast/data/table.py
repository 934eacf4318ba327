"""The prepared table: the common form of all data sets after preparation.

One row per target. Columns:

- ``row``: str, the key, unique; ``entity``: str, the course, channel or video; ``time``: the
  lecture's number or a video's age (int64), or the day (datetime64), unique within the entity;
- ``target``: float64, in ``unit``: str, the same on every row; where a row has O targets,
  ``target_1`` .. ``target_O``;
- ``level``: of a panel, what targets are relative to: views are expm1(target + level);
- ``split_<name>``: one per way of splitting; ``train``, ``validation``, ``test`` or ``unused``;
- every other column is a feature, float64, of a panel float32; missing where the source has no
  value.

``build/prepared`` holds the open part (``viewcast.data.sealed``): the target of a test row is
missing there, and where features are lags of the target, test rows are missing altogether. No
reader of it can find out a test target. The complete test rows are the sealed part.

A table is stored as one Parquet file that also carries the identity of the settings that made it.
That of a panel has several *parts*, one for each split, since each split asks another task; the
parts lie in a folder of the table's name.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_numeric_dtype

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.files import replacing
from viewcast.data import row_hash, stored
from viewcast.data.stored import Where

KEYS = ["row", "entity", "time", "target", "level", "unit"]
TARGET = "target"
MANY = 100_000  # rows, beyond which they are hashed all at once
SPLIT = "split_"  # prefix of the columns that hold a split
IDENTITY = b"viewcast.preparation"


def assemble(
    keys: pd.DataFrame, features: pd.DataFrame, splits: dict[str, pd.Series], unit: str
) -> pd.DataFrame:
    """Join keys (row, entity, time, target), features and splits, all on the same index."""
    table = keys[["row", "entity", "time"]].copy()
    table["target"] = keys["target"].astype("float64")
    table["unit"] = unit
    for name, split in splits.items():
        table[f"{SPLIT}{name}"] = split
    table = table.join(features.astype("float64"))
    if table["row"].duplicated().any():
        twice = table.loc[table["row"].duplicated(), "row"].iloc[0]
        raise DataError(f"row {twice!r} occurs twice; expected one row per target")
    return table.reset_index(drop=True)


def feature_columns(columns: Iterable[str]) -> list[str]:
    """The features among the columns of a table, in their order."""
    of_targets = target_columns(columns := list(columns))
    return [c for c in columns if c not in (*KEYS, *of_targets) and not c.startswith(SPLIT)]


def target_columns(columns: Iterable[str]) -> list[str]:
    """``target``, or ``target_1`` .. ``target_O`` in this order."""
    found = [name for name in columns if name == TARGET or re.fullmatch(r"target_\d+", name)]
    return sorted(found, key=lambda name: int(name.partition("_")[2] or 0))


def write(table: pd.DataFrame, path: Path, identity: str) -> None:
    """Store the table in one step: a reader sees the former file or the complete new one."""
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    arrow = arrow.replace_schema_metadata({**arrow.schema.metadata, IDENTITY: identity.encode()})
    with replacing(path) as partial:
        pq.write_table(arrow, partial)


def columns_of(path: Path, identity: str, data: str) -> list[str]:
    """The columns of a stored table. Refuses (DataError) what ``read`` refuses."""
    return list(_schema(path, identity, data).names)


def read(
    path: Path,
    identity: str,
    data: str,
    columns: Sequence[str] | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Read a table back, or some columns and rows of it (``viewcast.data.stored``).

    Refuses (DataError) a missing file, and one made with other settings.
    """
    _schema(path, identity, data)
    try:
        return stored.read(path, columns, where)
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged(path, error, data) from error


def _damaged(path: Path, error: Exception, data: str) -> DataError:
    return DataError(f"{path}: damaged ({error}); type `dvc repro prepare@{data}`")


def _schema(path: Path, identity: str, data: str) -> pa.Schema:
    if not path.is_file():
        raise DataError(f"{path}: not prepared yet; type `dvc repro prepare@{data}`")
    try:
        schema = pq.read_schema(path)
    except pa.ArrowInvalid as error:
        raise _damaged(path, error, data) from error
    found = (schema.metadata or {}).get(IDENTITY, b"").decode()
    if found != identity:
        raise DataError(
            f"{path}: prepared with other settings of data={data} than the ones asked for; "
            f"type `python pipelines/prepare.py data={data}` with the same data.* overrides"
        )
    return schema


def select(wanted: str | list[str], sets: Mapping[str, list[str]], columns: list[str]) -> list[str]:
    """Feature columns from a set's name or a list of columns, ranges ``lag_1..lag_7`` and patterns
    ``lag_*``.

    A pattern in a set of the data may find nothing, so that one set serves the tables of several
    tasks; the set as a whole may not. Refuses (ConfigError) a name that is neither; the message
    lists the known names.
    """
    of_data = wanted if isinstance(wanted, str) else None
    if isinstance(wanted, str):
        if wanted not in sets:
            raise ConfigError(
                f"model.features = {wanted}: the data have no such feature set; "
                f"allowed: {', '.join(sets)}, or a list of columns"
            )
        wanted = sets[wanted]
    chosen: list[str] = []
    for name in wanted:
        if "*" in name:
            found = [column for column in columns if fnmatchcase(column, name)]
            if not found and of_data is None:
                raise ConfigError(
                    f"model.features: no column of the data is like {name}; allowed: "
                    f"{', '.join(columns)}"
                )
            chosen += found
            continue
        first, dots, last = name.partition("..") if name not in columns else (name, "", "")
        ends = [first, last] if dots and first and last else [name]
        missing = [end for end in ends if end not in columns]
        if missing:
            raise ConfigError(
                f"model.features: {missing[0]!r} is no column of the data; allowed: "
                f"{', '.join(columns)}"
            )
        start, end = columns.index(ends[0]), columns.index(ends[-1])
        if start > end:
            raise ConfigError(f"model.features: {name} runs backwards; type {ends[1]}..{ends[0]}")
        chosen += columns[start : end + 1]
    if wanted and not chosen:
        raise ConfigError(
            f"model.features = {of_data}: no column of the data is like {', '.join(wanted)}; "
            f"allowed: {', '.join(columns)}"
        )
    return list(dict.fromkeys(chosen))


def holdout(rows: pd.DataFrame) -> str:
    """The identity of a set of target rows, independent of features and order (16 hex).

    SHA-256 over the sorted hashes of the rows; each row is hashed by entity, time and target. Of
    more than ``MANY`` rows, and of rows with several targets, by ``viewcast.data.row_hash``, unless
    targets are class labels.
    """
    if is_large(rows):
        return row_hash.of_set(_lanes(rows))
    return of_digests(row_digests(rows))


def row_identities(rows: pd.DataFrame) -> list[str]:
    """The identity of each target row (16 hex), from its entity, time and target or targets."""
    if is_large(rows):
        return [f"{first:016x}" for first in _lanes(rows)[:, 0].tolist()]
    return [digest.hex()[:16] for digest in row_digests(rows)]


def moments(rows: pd.DataFrame) -> list[str]:
    """The identity of the entity and time of each row (16 hex), independent of its target."""
    cells = zip(rows["entity"], rows["time"].astype(str), strict=True)
    return [
        hashlib.sha256(f"{entity}\x1f{time}".encode()).hexdigest()[:16] for entity, time in cells
    ]


def is_large(rows: pd.DataFrame) -> bool:
    """Whether rows are hashed by ``viewcast.data.row_hash``."""
    targets = target_columns(rows.columns)
    return targets != [TARGET] or (len(rows) > MANY and is_numeric_dtype(rows[TARGET]))


def _lanes(rows: pd.DataFrame) -> row_hash.Lanes:
    targets = rows[target_columns(rows.columns)].to_numpy(np.float64)
    return row_hash.lanes(rows["entity"], rows["time"], targets)


def of_digests(digests: Iterable[bytes]) -> str:
    """The identity of a set of rows that are not large, by the digests of its rows."""
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()[:16]


def row_digests(rows: pd.DataFrame) -> list[bytes]:
    """SHA-256 of each row, by entity, time and target."""
    cells = zip(rows["entity"], rows["time"].astype(str), rows["target"], strict=True)
    return [
        hashlib.sha256(f"{entity}\x1f{time}\x1f{_written(target)}".encode()).digest()
        for entity, time, target in cells
    ]


def _written(target: object) -> str:
    """A number, however it is stored, or a class label."""
    return target if isinstance(target, str) else repr(float(cast(float, target)))


def content(*frames: pd.DataFrame) -> str:
    """Hash of all cells of some frames, features included, in their order (16 hex)."""
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(",".join(frame.columns).encode())
        digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]
