"""JSON, YAML and arrays that others wrote: whatever is wrong is a ValueError, never another error.

The libraries fail in several ways: text nested 100,000 deep is a RecursionError, bytes that are no
text are a UnicodeError, YAML has a family of its own, and NumPy reads a header as Python code is
read.
"""

import json
from pathlib import Path
from typing import Any

import yaml


class UnreadableError(ValueError):
    """No JSON, YAML or array; the message says what is wrong with it."""


def json_of(text: str | bytes) -> Any:
    """The value of a JSON text. Raises UnreadableError."""
    try:
        return json.loads(text)
    except RecursionError:
        raise UnreadableError("its values lie too deep in each other") from None
    except ValueError as error:
        raise UnreadableError(str(error)) from error


def yaml_of(text: str) -> Any:
    """The value of a YAML text, of plain types alone. Raises UnreadableError."""
    try:
        return yaml.safe_load(text)
    except RecursionError:
        raise UnreadableError("its values lie too deep in each other") from None
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        raise UnreadableError(" ".join(str(error).split())) from error


def array_of(path: Path) -> Any:
    """The array of a file of NumPy (.npy), without any object. Raises UnreadableError, and OSError
    for a file that cannot be opened.
    """
    import numpy as np  # noqa: PLC0415 (what reads JSON alone needs none)

    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray) and found.dtype.kind == "U":
            # NumPy makes text of numbers that are no characters, or fails with a SystemError.
            found.astype(found.dtype.newbyteorder("<")).tobytes().decode("utf-32-le")
    except OSError:
        raise
    except Exception as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from error
    if not isinstance(found, np.ndarray):
        found.close()
        raise UnreadableError("several arrays, expected one")
    return found
