"""The validation rows of a referee: a table that a user names, and the rows as they are kept.

Shape letter: N rows.
"""

import csv
import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.files import replacing
from viewcast.base.quoted import listed, quoted
from viewcast.data import table as prepared
from viewcast.data.limits import DEFAULT as LIMITS
from viewcast.data.row_keys import dated, named_keys, text
from viewcast.referee.journal import BACKUP
from viewcast.referee.judged_metric import FEW
from viewcast.scoring.metric import Array
from viewcast.scoring.metrics.given import as_array

KEYS = ["entity", "time", "row"]
PLACE, TARGET = "place", "target"
KINDS = (".parquet", ".csv", ".csv.gz")


@dataclass(frozen=True)
class Columns:
    """Names of columns in the user's table: the ``target``; what names a row (``key``), its
    ``time``, the ``entity`` it belongs to, None where there is none.
    """

    target: str
    key: str | None = None
    time: str | None = None
    entity: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that name a row in a table of predictions; none where its place does."""
        own = self.key or self.time
        return () if own is None else (own,) if self.entity is None else (self.entity, own)

    @property
    def all(self) -> list[str]:
        """Every column, once. Refuses (ConfigError) a target that names the rows too."""
        others = [name for name in (self.key, self.time, self.entity) if name is not None]
        if self.target in others:
            raise ConfigError(
                f"target = {self.target}: names the rows too, which everybody knows who submits"
            )
        return list(dict.fromkeys([self.target, *others]))


@dataclass(frozen=True, eq=False)
class Rows:
    """``frame``: entity, time, row (text), target, and the ``place`` in the user's table, of N rows
    in order of time.
    """

    frame: pd.DataFrame

    @classmethod
    def read(cls, path: Path, columns: Columns) -> "Rows":
        """From a user's table. Refuses (DataError) a table that is missing, damaged or too large,
        a missing column or cell, targets that are neither numbers nor labels, and rows that have
        one name.
        """
        given = read_table(path, columns.all)
        targets = _targets(given[columns.target], path)
        try:
            keys = named_keys(given, columns.key, columns.time, columns.entity)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        places = keys.index.to_numpy(np.int64)
        frame = keys[KEYS].astype(object).reset_index(drop=True)
        frame = frame.assign(**{PLACE: places, TARGET: targets[places]})
        repeated = frame.duplicated(["entity", "row" if columns.key else "time"])
        if columns.names and repeated.any():
            first = " ".join(frame.loc[repeated, ["entity", "time"]].iloc[0]).strip()
            raise DataError(
                f"{path}: {quoted(first)} occurs twice, {int(repeated.sum())} of {len(frame)} rows "
                "repeat another; name a column that tells rows apart (key), or the series they "
                "belong to (entity)"
            )
        return cls(frame)

    @classmethod
    def stored(cls, path: Path) -> "Rows":
        """Rows that ``write`` stored; refuses (DataError) a missing or damaged file."""
        try:
            frame = pq.read_table(path).to_pandas()[[*KEYS, PLACE, TARGET]]
            frame = frame.assign(**{PLACE: frame[PLACE].to_numpy(np.int64)})
        except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
            why = "is missing" if isinstance(error, FileNotFoundError) else "is damaged"
            raise DataError(f"{path}: {why}; {BACKUP}") from error
        texts = frame.select_dtypes(exclude=["number", "bool"])
        return cls(frame.assign(**{name: texts[name].astype(object) for name in texts}))

    def write(self, path: Path) -> None:
        """Store the rows (mode 0600)."""
        stored = pa.Table.from_pandas(self.frame, preserve_index=False)
        with replacing(path) as partial:
            partial.touch(0o600)
            pq.write_table(stored, partial, compression="zstd")

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def targets(self) -> Array:
        """(N,), in order of time."""
        return as_array(self.frame[TARGET].to_numpy())

    @property
    def places(self) -> Array:
        """Place (N,) of each row in the user's table."""
        return np.asarray(self.frame[PLACE], np.int64)

    def names(self, columns: Columns) -> pd.Index:
        """What tells each row apart (N,), as ``names_of`` finds it in the user's table."""
        return joined(self.frame["entity"], self.frame["row" if columns.key else "time"])

    @cached_property
    def classes(self) -> list[str] | None:
        """The labels of the targets as text, in the order of scikit-learn; None where targets are
        amounts, which nobody may be told.
        """
        labels = np.unique(self.targets)
        if labels.dtype.kind in "iuf" and len(labels) > FEW:
            return None
        return list(text(pd.Series(labels)))

    def are_counted(self, count: int) -> bool:
        """Whether the targets are classes that are counted from 0, and below ``count``."""
        targets = self.targets
        if targets.dtype.kind not in "biuf":
            return False
        whole = bool((targets == np.round(targets)).all()) if targets.dtype.kind == "f" else True
        return whole and targets.min() >= 0 and targets.max() < count

    @cached_property
    def holdout(self) -> str:
        """The identity of the rows (``viewcast.data.table.holdout``)."""
        return prepared.holdout(self.frame)

    @cached_property
    def order(self) -> str:
        """The identity of the names of the rows and of their places in the table (16 hex)."""
        names = self.frame[["entity", "row"]].itertuples(index=False)
        told = zip(names, self.places.tolist(), strict=True)
        text = "\x1e".join(f"{entity}\x1f{row}\x1f{place}" for (entity, row), place in told)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def names_of(table: pd.DataFrame, columns: Columns) -> pd.Index:
    """What tells each row apart (N,), in the order of a table, by the rules of
    ``viewcast.data.row_keys``.
    """
    own = text(dated(table[columns.names[-1]]))
    entity = text(table[columns.entity]) if columns.entity else pd.Series("", index=own.index)
    return joined(entity, own)


def joined(entity: pd.Series, own: pd.Series) -> pd.Index:
    """One text for the entity of each row and the row's own name."""
    pairs = zip(entity.to_numpy(object), own.to_numpy(object), strict=True)
    return pd.Index([f"{first}\x1f{second}" for first, second in pairs], dtype=object)


def read_table(path: Path, names: list[str]) -> pd.DataFrame:
    """Some columns of a Parquet or CSV file; refuses (DataError) what it cannot read in bounds."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise DataError(f"{path}: {what}; expected a table of validation rows")
    if not path.name.lower().endswith(KINDS):
        raise DataError(f"{path}: expected a name that ends in {', '.join(KINDS)}")
    try:
        if path.name.lower().endswith(".parquet"):
            return _parquet(path, names)
        return _csv(path, names)
    except (OSError, EOFError, ValueError, csv.Error, zlib.error, pa.ArrowException) as error:
        why = quoted(str(error), 200)
        raise DataError(f"{path}: not a readable table ({why}); write it anew") from error


def _parquet(path: Path, names: list[str]) -> pd.DataFrame:
    with pq.ParquetFile(path) as file:
        _refuse_missing(path, list(file.schema_arrow.names), names)
        _refuse_more(path, file.metadata.num_rows, LIMITS.rows, "rows")
        size, parts = 0, [file.schema_arrow.empty_table().select(names)]
        for batch in file.iter_batches(columns=names, use_threads=False):
            size += batch.nbytes
            _refuse_more(path, size, LIMITS.bytes, "bytes or more")
            parts.append(pa.Table.from_batches([batch]).select(names))
        whole = pa.concat_tables(parts)
        whole.validate(full=True)  # text that is no text
        found: pd.DataFrame = whole.to_pandas(ignore_metadata=True)
        return found


def _csv(path: Path, names: list[str]) -> pd.DataFrame:
    open_file = gzip.open if path.name.lower().endswith(".gz") else open
    with open_file(path, "rb") as file:
        content = file.read(LIMITS.bytes + 1)
    _refuse_more(path, len(content), LIMITS.bytes, "bytes or more")
    _refuse_missing(path, _header(path, content), names)
    # "NA" is a country, not a missing cell.
    found: pd.DataFrame = pd.read_csv(
        io.BytesIO(content),
        usecols=names,
        index_col=False,
        keep_default_na=False,
        na_values=[""],
        low_memory=False,
    )
    return found[names]


def _header(path: Path, content: bytes) -> list[str]:
    """The names of the columns. Refuses (DataError) a line with another number of cells: pandas
    would take them for those of other columns.
    """
    lines = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline=""), strict=True)
    header, count = next(lines, []), 0
    for row in lines:
        if row and len(row) != len(header):
            raise DataError(
                f"{path}, line {lines.line_num}: found {len(row)} cells, expected {len(header)}, "
                "as in the header; quote a cell that holds a comma"
            )
        count += 1
    _refuse_more(path, count, LIMITS.rows, "rows")
    return header


def _refuse_missing(path: Path, found: list[str], names: list[str]) -> None:
    _refuse_more(path, len(found), LIMITS.columns, "columns")
    for name in names:
        if name not in found:
            raise DataError(f"{path}: column {quoted(name)} is missing; found {listed(found)}")
        if found.count(name) > 1:
            raise DataError(f"{path}: has {found.count(name)} columns {quoted(name)}; expected one")


def _refuse_more(path: Path, found: int, most: int, what: str) -> None:
    if found > most:
        raise DataError(
            f"{path}: found {found:,} {what}, expected at most {most:,}; leave out what a referee "
            "does not need, or take fewer rows"
        )


def _targets(values: pd.Series, path: Path) -> Array:
    """Targets (N,) as ``viewcast.log_rows`` takes them."""
    missing = values.isna().to_numpy()
    if missing.any():
        raise DataError(
            f"{path}: column {values.name!r}: missing in {int(missing.sum())} of {len(values)} "
            f"rows, the first is row {int(np.flatnonzero(missing)[0])} (from 0); leave such rows "
            "out"
        )
    found = as_array(values)
    if found.ndim != 1 or found.dtype.kind not in "biufO":
        raise DataError(
            f"{path}: column {values.name!r} holds {values.dtype}; expected numbers or labels"
        )
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise DataError(f"{path}: column {values.name!r} holds an infinite number")
    if found.dtype == np.float32:  # 0.1 is then the same target wherever it was rounded
        return found.astype(str).astype(np.float64)
    return found
