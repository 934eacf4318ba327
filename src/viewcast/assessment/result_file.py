"""The file of audit results: the one place that writes and reads their JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from viewcast.assessment.result import CONFIG, AuditResult
from viewcast.base.errors import DataError
from viewcast.base.parse import json_of

VERSION: Literal[3] = 3
COMMAND = "python pipelines/audit.py"
OF_RUNS = ("run_id", "run_ids", "simplest")  # the fields that name runs


@dataclass(frozen=True, config=CONFIG)
class _File:
    version: Literal[3]
    audits: tuple[AuditResult, ...]


_ADAPTER = TypeAdapter(_File)


def to_json(results: Sequence[AuditResult]) -> str:
    """The text of a file with these results."""
    content = _ADAPTER.dump_python(_File(VERSION, tuple(results)), mode="json")
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def renamed(results: Sequence[AuditResult], names: Mapping[str, str]) -> tuple[AuditResult, ...]:
    """The results with other names for runs, such as keys for ids; where there is none, the old."""
    content = _ADAPTER.dump_python(_File(VERSION, tuple(results)), mode="json")
    return _ADAPTER.validate_json(json.dumps(_renamed(content, names))).audits


def _renamed(value: Any, names: Mapping[str, str], field: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _renamed(part, names, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, names, field) for part in value]
    return names.get(value, value) if field in OF_RUNS and value is not None else value


def from_json(text: str, where: str) -> tuple[AuditResult, ...]:
    """The results in a file's text; ``where``: the file, for messages.

    Refuses (DataError) text that is no JSON, that another version wrote, or that has unknown or
    missing keys or values of other types, and says how to make the file again.
    """
    again = f"type `{COMMAND}` to make it again"
    try:
        content = json_of(text)
    except ValueError as error:
        raise DataError(f"{where}: damaged ({error}); {again}") from error
    version = _version(content)
    if version != VERSION:
        raise DataError(
            f"{where}: written as version {version} of the results of an audit, and this viewcast "
            f"reads version {VERSION}; {again}"
        )
    try:
        return _ADAPTER.validate_json(text).audits
    except ValidationError as error:
        raise DataError(f"{where}: {_explained(error)}; {again}") from error


def _version(content: Any) -> Any:
    """The version that a file states; the first version was a list and stated none."""
    if isinstance(content, list):
        return 1
    return content.get("version", "unknown") if isinstance(content, dict) else "unknown"


def _explained(error: ValidationError) -> str:
    """The first three problems, each with the place of the key."""
    problems = [
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors()
    ]
    more = len(problems) - 3
    return "; ".join(problems[:3]) + (f"; and {more} more" if more > 0 else "")
