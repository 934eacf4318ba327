"""The identity of many target rows at once: 128 bits for each, made by array operations.

SHA-256 of each row takes 10 µs and more in Python. Here it is taken of each entity and of each time
once, and what a row has of them is mixed with its targets in two lanes of 64 bits, by the finaliser
of SplitMix64 (Steele, Lea & Flood 2014, Fast splittable pseudorandom number generators). Of a
million rows two are taken for each other with a chance of 10⁻²⁷.

Shape letters: N rows, O targets.
"""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Lanes = NDArray[np.uint64]

_GOLDEN = np.array([0x9E3779B97F4A7C15, 0xD1B54A32D192ED03], np.uint64)


def lanes(entity: pd.Series, time: pd.Series, targets: NDArray[np.float64]) -> Lanes:
    """The two lanes of each row (N, 2): of its entity, its time as text, its targets (N, O)."""
    found = _of_text(entity)
    found = _mixed(found + _GOLDEN) ^ _of_text(time)
    # 0 and -0 are one number; any NaN is "unknown".
    numbers = np.where(np.isnan(targets), np.nan, targets + 0.0)
    for bits in np.ascontiguousarray(numbers.T).view(np.uint64):
        found = _mixed((found ^ bits[:, np.newaxis]) + _GOLDEN)
    return found


def of_set(rows: Lanes) -> str:
    """The identity of a set of rows in any order: SHA-256 of their sorted lanes (16 hex)."""
    ordered = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    return hashlib.sha256(ordered.astype("<u8").tobytes()).hexdigest()[:16]


def _of_text(values: pd.Series) -> Lanes:
    codes, known = pd.factorize(values, use_na_sentinel=False)  # what is missing is one value
    texts = map(str, pd.Series(known).astype(str))  # a missing one stays a number
    digests = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
    table = np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2).astype(np.uint64)
    return table[codes]


def _mixed(state: Lanes) -> Lanes:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
