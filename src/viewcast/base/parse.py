"""JSON and YAML that others wrote: whatever is wrong with it is a ValueError, never another error.

The libraries fail in several ways: text nested 100,000 deep is a RecursionError, bytes that are no
text are a UnicodeError, and YAML has a family of its own.
"""

import json
from typing import Any

import yaml


class UnreadableError(ValueError):
    """Text that is no JSON or YAML; the message says what is wrong with it."""


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
