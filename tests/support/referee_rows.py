"""A table of rows as a referee is given it."""

from pathlib import Path

import numpy as np
import pandas as pd

from viewcast.referee.predictions import Order
from viewcast.referee.row_file import Columns, Rows

N = 120
RNG = np.random.default_rng(5)
DAYS = pd.date_range("2023-01-01", periods=N)
TABLE = pd.DataFrame(
    {
        "day": DAYS,
        "id": [f"v{place:03d}" for place in RNG.permutation(N)],
        "number": RNG.permutation(N) * 3,
        "shop": np.resize(["NA", "Ghent", "Bruges"], N),
        "week": np.arange(N) // 3,
        "views": RNG.normal(size=N).astype(np.float32),
        "kind": np.resize(["yes", "no"], N),
    }
)
SHUFFLED = TABLE.sample(frac=1, random_state=1)


def stored(folder: Path, table: pd.DataFrame, name: str = "rows.parquet") -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)
    return path


def order(folder: Path, target: str = "views", **names: str) -> Order:
    columns = Columns(target, names.get("key"), names.get("time"), names.get("entity"))
    return Order(Rows.read(stored(folder, SHUFFLED), columns), columns)
