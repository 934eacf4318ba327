"""A figure of a result: a finite number of Python, or None for what is not known or was refused."""

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict

CONFIG = ConfigDict(extra="forbid", strict=True)


def _plain(value: Any) -> Any:
    """A number of Python: no numpy scalar, and None for NaN and infinity."""
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float, BeforeValidator(_plain)]
Figure = Annotated[float | None, BeforeValidator(_plain)]
