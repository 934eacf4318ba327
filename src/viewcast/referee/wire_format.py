"""Predictions as they travel to a referee: a table in Parquet, or JSON.

A table holds ``prediction``, or ``probability_<class>`` of each class, and the keys of the rows if
they are in another order than the referee's. An array of probabilities (N, C) travels as columns
that are named 0 to C - 1. JSON is ``{"predictions": [...]}`` in the order of the rows, or
``{"columns": {"day": [...], "prediction": [...]}}``.

What arrives is a stranger's. It is refused by its description before it is unpacked, so that a
small body never becomes a large table; what is refused is refused in words that nothing but the
body decides.

Shape letters: N rows, C classes.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from viewcast.base.parse import json_of
from viewcast.base.quoted import quoted, shortened
from viewcast.referee.answers import RefusedError
from viewcast.scoring.metric import Array
from viewcast.scoring.metrics.given import as_array

PARQUET = "application/vnd.apache.parquet"
MAGIC = b"PAR1"
MIB = 2**20
COLUMNS = 2_000
BYTES_OF_TEXT = 1_000  # in a cell
JSON_MOST = 16 * MIB  # as Python's objects it takes ten times as much memory
MEMORY = 256 * MIB  # that a body may take in one step of its unpacking
# Codec by how many times its output can be as long as its input. Snappy copies at most 64 bytes by
# 3 of its own; what others can do has no such bound, and their word for it stands in the body.
CODECS = {"UNCOMPRESSED": 1, "SNAPPY": 22}
PREDICTION = "prediction"


def packed(predictions: Any) -> bytes:
    """Predictions (N,), probabilities (N, C), or a frame, as Parquet.

    Refuses (RefusedError) what is none of these. Names of an index are keys as columns are.
    """
    try:
        if isinstance(predictions, pd.DataFrame):
            table = pa.Table.from_pandas(predictions)
        else:
            given = as_array(predictions)
            series = given[:, np.newaxis] if given.ndim == 1 else given
            if series.ndim != 2:
                raise RefusedError(
                    f"predictions of shape {given.shape}; expected one for each row, or one "
                    "probability for each row and class"
                )
            names = [PREDICTION] if given.ndim == 1 else [str(i) for i in range(given.shape[1])]
            table = pa.table([pa.array(column) for column in series.T], names=names)
        body = io.BytesIO()
        pq.write_table(table.replace_schema_metadata(None), body, compression="NONE")
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise RefusedError(
            f"predictions: cannot be sent ({shortened(str(error), 200)}); expected numbers, text "
            "or dates, one kind in a column"
        ) from error
    return body.getvalue()


def unpacked(body: bytes, rows: int) -> pd.DataFrame | Array:
    """What a body holds of N ``rows``: a frame, or an array (N,) or (N, C).

    Refuses (RefusedError) everything else.
    """
    return _of_parquet(body, rows) if body.startswith(MAGIC) else _of_json(body, rows)


# Parquet


def _of_parquet(body: bytes, rows: int) -> pd.DataFrame | Array:
    try:
        file = pq.ParquetFile(
            pa.BufferReader(body),
            thrift_string_size_limit=MIB,
            thrift_container_size_limit=100_000,
        )
        _check_description(file, len(body), rows)
        table = _read(file, _step(file, len(body)))
        table.validate(full=True)  # text that is no text
    except (pa.ArrowException, OSError, ValueError, KeyError, NotImplementedError) as error:
        raise RefusedError(
            f"the Parquet table cannot be read ({type(error).__name__}); write it anew"
        ) from error
    names = table.column_names
    if names and names == [str(i) for i in range(len(names))]:
        return np.column_stack([np.asarray(column) for column in table.columns])
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame


def _check_description(file: pq.ParquetFile, size: int, rows: int) -> None:
    """Refuse a table by its metadata; no column is read."""
    told, schema = file.metadata, file.schema
    if told.num_rows != rows:
        raise RefusedError(f"found {told.num_rows:,} rows, expected {rows:,}: one for each row")
    if len(schema) > COLUMNS:
        raise RefusedError(
            f"found {len(schema):,} columns, expected at most {COLUMNS:,}: the keys of the rows "
            "and the predictions"
        )
    names = [field.name for field in file.schema_arrow]
    if len(set(names)) < len(names):
        raise RefusedError("a column occurs twice; expected each once")
    for field in file.schema_arrow:
        if not _plain(field.type):
            raise RefusedError(
                f"column {quoted(field.name)}: found {shortened(str(field.type), 80)}, expected "
                "numbers, text or dates"
            )
    chunks = [
        told.row_group(group).column(column)
        for group in range(told.num_row_groups)
        for column in range(len(schema))
    ]
    sizes = [chunk.total_uncompressed_size for chunk in chunks]
    if min(sizes, default=0) < 0 or sum(sizes) > MEMORY:
        raise RefusedError(f"it unpacks to more than {MEMORY // MIB} MiB; send fewer columns")
    for chunk in chunks:
        if chunk.compression not in CODECS:
            raise RefusedError(
                f"found columns compressed by {chunk.compression}, expected Snappy or none: "
                'to_parquet(..., compression="snappy")'
            )
        if size * CODECS[chunk.compression] > MEMORY:
            raise RefusedError(
                f"found {size:,} bytes with compressed columns, expected them uncompressed, or at "
                f"most {MEMORY // CODECS[chunk.compression]:,} bytes"
            )


def _plain(kind: pa.DataType) -> bool:
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(
        test(values)
        for test in (
            pa.types.is_floating,
            pa.types.is_integer,
            pa.types.is_boolean,
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_date,
            pa.types.is_timestamp,
        )
    )


def _step(file: pq.ParquetFile, size: int) -> int:
    """Rows of text that are read at a time: each of them may be as long as the whole body, for a
    table can name one long text in every row.
    """
    longest = size * max(CODECS.values()) if _compressed(file) else size
    return max(MEMORY // max(longest, 1), 1)


def _compressed(file: pq.ParquetFile) -> bool:
    told = file.metadata
    return any(
        told.row_group(group).column(column).compression != "UNCOMPRESSED"
        for group in range(told.num_row_groups)
        for column in range(told.num_columns)
    )


def _read(file: pq.ParquetFile, step: int) -> pa.Table:
    """All columns; those of text by steps, so that their length is known before all are there."""
    physical = [file.schema.column(i) for i in range(len(file.schema))]
    texts = [each.name for each in physical if each.physical_type == "BYTE_ARRAY"]
    names = [field.name for field in file.schema_arrow]
    for name in texts:  # Arrow reads a column a.b as well where a is asked for
        if any(name.startswith(f"{other}.") for other in names):
            raise RefusedError(f"column {quoted(name)}: has a dot; give it another name")
    numbers = file.read(columns=[name for name in names if name not in texts])
    read = dict(zip(numbers.column_names, numbers.columns, strict=True))
    for name in texts:
        parts = [batch.column(name) for batch in _checked_batches(file, name, step)]
        read[name] = pa.chunked_array(parts)
    return pa.table({name: read[name] for name in names})


def _checked_batches(file: pq.ParquetFile, name: str, step: int) -> Iterator[pa.RecordBatch]:
    for batch in file.iter_batches(batch_size=step, columns=[name]):
        column = batch.column(name)
        texts = column.dictionary if pa.types.is_dictionary(column.type) else column
        if (pc.max(pc.binary_length(texts)).as_py() or 0) > BYTES_OF_TEXT:
            raise RefusedError(
                f"column {quoted(name)}: holds long texts, expected at most {BYTES_OF_TEXT:,} "
                "bytes in a cell"
            )
        yield batch


# JSON


def _of_json(body: bytes, rows: int) -> pd.DataFrame | Array:
    if len(body) > JSON_MOST:
        raise RefusedError(
            f"found {len(body):,} bytes of JSON, expected at most {JSON_MOST:,}; send Parquet"
        )
    # An empty list takes 2 bytes here and 56 in memory: a row needs no more than one.
    if body.count(b"[") + body.count(b"{") > 4 * rows + COLUMNS:
        raise RefusedError("its values lie in too many lists; expected one list for each column")
    try:
        value = json_of(body)
    except ValueError as error:
        raise RefusedError(
            f"the body is neither Parquet nor JSON: {shortened(str(error), 200)}"
        ) from None
    if isinstance(value, dict) and set(value) == {"predictions"}:
        return _array(value["predictions"], "predictions", rows)
    if isinstance(value, dict) and set(value) == {"columns"}:
        columns = value["columns"]
        if isinstance(columns, dict) and 0 < len(columns) <= COLUMNS:
            arrays = {name: _array(each, name, rows) for name, each in columns.items()}
            wide = [name for name, array in arrays.items() if array.ndim > 1]
            if not wide:
                return pd.DataFrame(arrays)
    raise RefusedError(
        'expected {"predictions": [...]}, or {"columns": {"prediction": [...], ...}} with a list '
        "for each column"
    )


def _array(values: Any, name: str, rows: int) -> Array:
    """One list of numbers or of text, or of lists of numbers of one length."""
    if not isinstance(values, list):
        raise RefusedError(f"{quoted(name)}: found no list; expected one value for each row")
    if len(values) != rows:
        raise RefusedError(f"{quoted(name)}: found {len(values):,} values, expected {rows:,}")
    if all(isinstance(each, list) for each in values):
        width = len(values[0])
        flat = [value for each in values for value in each]
        if not 0 < width <= COLUMNS or any(len(each) != width for each in values):
            raise RefusedError(
                f"{quoted(name)}: its lists are not of one length; expected a value for each class"
            )
        return _flat(flat, name, (float, int)).reshape(rows, width)
    return _flat(values, name, (float, int), (str,), (bool,))


def _flat(values: Sequence[Any], name: str, *kinds: tuple[type, ...]) -> Array:
    for kind in kinds:
        if all(type(value) in kind for value in values):
            try:
                array = np.array(values, dtype=object if kind == (str,) else None)
                return array if array.dtype.kind != "O" or kind == (str,) else array.astype(float)
            except (OverflowError, ValueError):
                break
    raise RefusedError(
        f"{quoted(name)}: expected numbers alone, or text alone, none missing and none of more "
        "than 300 digits"
    )
