"""The file of audit results: the one place that writes and reads their JSON."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from viewcast.assessment.figure import CONFIG
from viewcast.assessment.refereed import Refereed
from viewcast.assessment.result import AuditResult
from viewcast.base.errors import DataError
from viewcast.base.parse import json_of

VERSION: Literal[3] = 3
COMMAND = "python pipelines/audit.py"
OF_RUNS = ("run_id", "run_ids", "simplest")  # the fields that name runs


@dataclass(frozen=True, config=CONFIG)
class AuditFile:
    """Everything that an audit found: a result for each holdout, and the referees."""

    audits: tuple[AuditResult, ...]
    refereed: tuple[Refereed, ...] = ()
    version: Literal[3] = VERSION

    def text(self) -> str:
        """As JSON."""
        plain = _ADAPTER.dump_python(self, mode="json")
        content = {key: plain[key] for key in ("version", "audits", "refereed")}
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def renamed(self, names: Mapping[str, str]) -> "AuditFile":
        """With other names for runs, such as keys for ids; where there is none, the old."""
        content = _ADAPTER.dump_python(self, mode="json")
        return _ADAPTER.validate_json(json.dumps(_renamed(content, names)))


_ADAPTER = TypeAdapter(AuditFile)


def to_json(results: Sequence[AuditResult], refereed: Sequence[Refereed] = ()) -> str:
    """The text of a file with these results."""
    return AuditFile(tuple(results), tuple(refereed)).text()


def renamed(results: Sequence[AuditResult], names: Mapping[str, str]) -> tuple[AuditResult, ...]:
    """Results with other names for runs; see ``AuditFile.renamed``."""
    return AuditFile(tuple(results)).renamed(names).audits


def _renamed(value: Any, names: Mapping[str, str], field: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _renamed(part, names, key) for key, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, names, field) for part in value]
    return names.get(value, value) if field in OF_RUNS and value is not None else value


def from_json(text: str, where: str) -> tuple[AuditResult, ...]:
    """The results in a file's text; see ``read_file``."""
    return read_file(text, where).audits


def read_file(text: str, where: str) -> AuditFile:
    """All that stands in a file's text; ``where``: the file, for messages.

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
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        raise DataError(f"{where}: {_explained(error)}; {again}") from error


def is_audit(path: Path) -> bool:
    """Whether a file holds the results of an audit, of any version."""
    try:
        content = json_of(path.read_text(encoding="utf-8"))
        audits = content["audits"] if isinstance(content, dict) else content
        stated = _version(content) != "unknown"
        return stated and all({"holdout", "verdict"} <= result.keys() for result in audits)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


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
