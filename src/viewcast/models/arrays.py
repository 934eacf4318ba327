"""Arrays of a stored model, with the shapes and kinds of number that it needs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewcast.base.errors import DataError

ANY = None  # a length that the array itself tells
WORDS = {"f": "real numbers", "i": "whole numbers", "u": "bytes"}


def array(
    arrays: Mapping[str, NDArray[Any]], name: str, shape: tuple[int | None, ...], kind: str = "f"
) -> NDArray[Any]:
    """The array ``name``. ``shape``: ANY for any length. ``kind``: of numpy's letters.

    Refuses (DataError) a missing array, another shape or kind, and NaN.
    """
    expected = f"expected {WORDS[kind]} of shape {_shown(shape)}"
    if name not in arrays:
        raise DataError(f"array {name!r} is missing; {expected}")
    found = arrays[name]
    fits = found.ndim == len(shape) and all(
        length in (ANY, own) for own, length in zip(found.shape, shape, strict=True)
    )
    if not fits or found.dtype.kind != kind:
        raise DataError(
            f"array {name!r}: found {found.dtype} of shape {_shown(found.shape)}; {expected}"
        )
    if kind == "f" and np.isnan(found).any():
        raise DataError(f"array {name!r}: {int(np.isnan(found).sum())} of its numbers are NaN")
    return found


def _shown(shape: tuple[int | None, ...]) -> str:
    return "×".join("any" if length is ANY else str(length) for length in shape) or "one"
