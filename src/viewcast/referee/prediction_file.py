"""A file of predictions, as a submitter names it: Parquet, CSV, or one array of NumPy.

A frame holds ``prediction``, or ``probability_<class>`` of each class, and the keys of the rows if
they are not in the order of the referee's table. Only the referee knows which rows there are.
"""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from viewcast.base.parse import array_of
from viewcast.referee.answers import RefusedError
from viewcast.scoring.metric import Array

READ = {".parquet": "Parquet", ".csv": "CSV", ".npy": "array of NumPy"}


def read_predictions(path: Path) -> pd.DataFrame | Array:
    """What a file holds: a frame, or an array (N,) or (N, C).

    Refuses (RefusedError) a file that is missing, empty, damaged, or of another kind. No message
    shows what stands in the file.
    """
    kind = path.suffix.lower()
    if kind not in READ:
        found = f"the ending {path.suffix!r}" if path.suffix else "no ending"
        raise RefusedError(
            f"{path}: found {found}; expected {', '.join(READ)}: write the predictions as one of "
            "these"
        )
    if not path.is_file():
        found = "is a folder" if path.is_dir() else "does not exist"
        raise RefusedError(f"{path}: {found}; expected a file of predictions")
    try:
        read: pd.DataFrame | Array = _read(path, kind)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RefusedError(
            f"{path}: cannot be read as {READ[kind]} ({type(error).__name__}); write it anew"
        ) from error
    if not len(read):
        raise RefusedError(f"{path}: holds no row; expected a prediction for each")
    return read


def _read(path: Path, kind: str) -> Any:
    if kind == ".parquet":
        table = pq.read_table(path)
        table.validate(full=True)  # text that is no text
        return table.to_pandas()
    if kind == ".csv":
        return pd.read_csv(path)
    array = array_of(path)
    if not array.ndim:
        raise ValueError("one number")
    return array
