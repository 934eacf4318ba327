"""Counts of a panel that Arrow takes for words: grouped in thousands, or in digits of any script.

Shape letters: R rows.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from viewcast.data.cells import plain_cells, ungrouped
from viewcast.data.columns import TEXT


def as_counts(cells: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
    """Cells (R) as float64; NaN for an empty one, and for one that is no number.

    A mark groups thousands only where it groups all cells (``viewcast.data.cells.counts``).
    """
    words = ["" if cell is None else str(cell) for cell in cells.to_pylist()]
    text = plain_cells(pd.Series(words, dtype=TEXT))
    whole = ungrouped(text)
    read = pd.to_numeric(text if whole is None else whole, errors="coerce")
    return np.asarray(read.to_numpy(np.float64, na_value=np.nan))
