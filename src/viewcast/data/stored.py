"""Reading a stored table row group by row group: one copy of what is wanted, and no more.

Shape letters: N rows that are wanted, F columns of single precision.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from viewcast.base.errors import DataError

Where = tuple[str, Collection[str]]


def whole(path: Path, todo: str) -> pd.DataFrame:
    """All of a Parquet file. Refuses (DataError), with ``todo``, a missing or damaged one."""
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        why = "is missing" if isinstance(error, FileNotFoundError) else f"is damaged ({error})"
        raise DataError(f"{path}: {why}; {todo}") from error


def read(
    path: Path, columns: Sequence[str] | None = None, where: Where | None = None
) -> pd.DataFrame:
    """A Parquet file, or some columns of it, of the rows that have one of some words in a column.

    ``where``: the column and the words, such as ``("split_week", ["train"])``. All columns of
    single precision lie in one block of memory (F, N), which is filled as the file is read; they
    come after the others, each in the order of ``columns``.
    """
    file = pq.ParquetFile(path)
    wanted = list(columns) if columns is not None else list(file.schema_arrow.names)
    singles = [name for name in wanted if file.schema_arrow.field(name).type == pa.float32()]
    others = [name for name in wanted if name not in singles]
    kept = [_kept(file, group, where) for group in range(file.num_row_groups)]
    sizes = [len(places) for places in kept]
    block = np.empty((len(singles), sum(sizes)), np.float32)
    tables, first = [file.schema_arrow.empty_table().select(others)], 0
    for group, (places, size) in enumerate(zip(kept, sizes, strict=True)):
        if size:
            part = file.read_row_group(group, columns=[*others, *singles], use_threads=False)
            part = part.take(places) if where else part
            for place, name in enumerate(singles):
                block[place, first : first + size] = part[name].to_numpy()
            tables.append(part.select(others))
            first += size
    keys: pd.DataFrame = pa.concat_tables(tables).to_pandas(split_blocks=True, self_destruct=True)
    keys.index = pd.RangeIndex(len(block.T))
    features = pd.DataFrame(block.T, columns=pd.Index(singles), copy=False)
    return pd.concat([keys, features], axis=1)


def _kept(file: pq.ParquetFile, group: int, where: Where | None) -> pa.Array | range:
    """The places of the wanted rows in a row group."""
    if where is None:
        return range(file.metadata.row_group(group).num_rows)
    column, words = where
    labels = file.read_row_group(group, columns=[column], use_threads=False)[column]
    flags = pc.is_in(labels, pa.array(sorted(words), labels.type)).combine_chunks()
    return pc.indices_nonzero(flags)
