"""How figures are stored: a list of rows as a table, one row a line, with the digits that count."""

import json
import math
from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]
DIGITS, OF_ERRORS = 4, 2


def text_of(content: Mapping[str, Any]) -> str:
    """As JSON. A list of rows becomes ``{"columns": [...], "rows": [[...], ...]}``; what a row does
    not have is null.
    """
    parts = []
    for name, value in content.items():
        told = _table(value) if _is_rows(value) else _json(value)
        parts.append(f"{_json(name)}: {told}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def content_of(text: str) -> dict[str, Any]:
    """What ``text_of`` was given, to so many digits."""
    return {name: rows_of(value) for name, value in json.loads(text).items()}


def rows_of(value: Any) -> Any:
    """A stored table as rows; anything else as it is."""
    if not isinstance(value, dict) or set(value) != {"columns", "rows"}:
        return value
    return [dict(zip(value["columns"], row, strict=True)) for row in value["rows"]]


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _table(rows: list[Row]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [
        _json([rounded(row.get(name), name.endswith("±")) for name in columns]) for row in rows
    ]
    return f'{{"columns": {_json(columns)},\n"rows": [\n' + ",\n".join(lines) + "\n]}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def rounded(value: Any, of_error: bool = False) -> Any:
    """A number with four digits that count, an error with two; whole numbers stay whole."""
    if not isinstance(value, float):
        return value
    if value == 0 or not math.isfinite(value):
        return 0 if value == 0 else value
    digits = (OF_ERRORS if of_error else DIGITS) - 1 - math.floor(math.log10(abs(value)))
    found = round(value, digits)
    return int(found) if found.is_integer() else found
