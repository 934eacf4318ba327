"""Tables in the files that people log: Parquet, CSV, and the forms of JSON that hold a table."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from viewcast.base.parse import json_of

CSV = (".csv", ".csv.gz", ".tsv")
SUFFIXES = (".parquet", *CSV, ".json", ".jsonl")


def columns(path: Path) -> list[str]:
    """The names of the columns; reads no rows of Parquet and CSV. None of them: it is no table.

    Raises OSError, ValueError or pyarrow's error for a file that cannot be read.
    """
    if path.name.endswith(".parquet"):
        return [str(name) for name in pq.read_schema(path).names]
    if path.name.endswith(CSV):
        try:
            return list(pd.read_csv(path, sep=_separator(path), nrows=0).columns.map(str))
        except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError):
            return []
    return list(table(path).columns)


def table(path: Path) -> pd.DataFrame:
    """The whole table, its columns named by text; empty where the file is no table.

    Raises OSError, ValueError or pyarrow's error for a file that cannot be read.
    """
    if path.name.endswith(".parquet"):
        with pq.ParquetFile(path) as file:
            frame: pd.DataFrame = file.read(use_threads=False).to_pandas()
    elif path.name.endswith(CSV):
        frame = pd.read_csv(path, sep=_separator(path))
    elif path.name.endswith(".jsonl"):
        lines = path.read_text(encoding="utf-8").splitlines()
        frame = _of_json([json_of(line) for line in lines if line.strip()])
    else:
        frame = _of_json(json_of(path.read_text(encoding="utf-8")))
    return frame.rename(columns=str)


def _separator(path: Path) -> str:
    return "\t" if path.name.endswith(".tsv") else ","


def _of_json(value: Any) -> pd.DataFrame:
    """Columns and data (``mlflow.log_table``), a list of rows, or a list or a mapping a column."""
    if isinstance(value, dict) and {"columns", "data"} <= set(value):
        return pd.DataFrame(value["data"], columns=value["columns"])
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return pd.DataFrame(value)
    parts = list(value.values()) if isinstance(value, dict) else []
    alike = len({len(part) for part in parts if isinstance(part, list)}) == 1
    if alike and all(isinstance(part, list) for part in parts):
        return pd.DataFrame(value)
    if parts and all(isinstance(part, dict) and part.keys() == parts[0].keys() for part in parts):
        return pd.DataFrame({name: part.values() for name, part in value.items()})
    return pd.DataFrame()
