"""Which settings of a data set decide its prepared table."""

from collections.abc import Mapping
from typing import Any

from viewcast.base.settings import digest

PREPARATION = ("name", "raw", "unit", "scale", "lags", "country", "splits", "column")


def preparation(data: Mapping[str, Any]) -> str:
    """Hash of the part of a data section that decides the prepared table."""
    return digest({key: value for key, value in data.items() if key in PREPARATION})
