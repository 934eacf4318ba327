"""A key or a choice that comes, goes or changes its name must show up as a visible diff.

``python tests/test_public_surface.py`` renews the snapshot.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.configurations import SERVER, composed, options
from support.project import REPOSITORY

SNAPSHOT = Path(__file__).parent / "snapshots" / "configuration.txt"
RENEW = "python tests/test_public_surface.py"
GROUPS = ("data", "model", "trainer", "loss", "holdout", "tracking", "source")
RUN_GROUPS = [group for group in GROUPS if group != "source"]
ANY = "x"  # for what a program must be given


def flat(value: Any, prefix: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{prefix}.{key}" if prefix else key)
    else:
        yield prefix


def programs() -> list[str]:
    """The files of ``conf/`` that a script of ``pipelines/`` composes."""
    return sorted(file.stem for file in (REPOSITORY / "conf").glob("*.yaml"))


def needed(section: Any, prefix: str = "") -> list[str]:
    """Overrides for the keys of one file that have no value (???)."""
    if isinstance(section, dict):
        inner = ((value, f"{prefix}.{key}" if prefix else key) for key, value in section.items())
        return [override for value, key in inner for override in needed(value, key)]
    return [f"{prefix}={ANY}"] if section == "???" else []


def keys_of(program: str) -> set[str]:
    given = yaml.safe_load((REPOSITORY / "conf" / f"{program}.yaml").read_text())
    return set(flat(composed(*needed(given), config_name=program), ""))


def keys_of_source(source: str) -> set[str]:
    given = yaml.safe_load((REPOSITORY / "conf" / "source" / f"{source}.yaml").read_text())
    overrides = needed(given, "source")
    return set(flat(composed(f"source={source}", *overrides, config_name="retrain"), ""))


def public() -> str:
    """Every choice and every key: of a run without mark, of a program with its name before it."""
    run_keys = {
        key
        for group in RUN_GROUPS
        for option in options(group)
        for key in flat(composed(f"{group}={option}"), "")
    }
    lines = [f"{group} = {option}" for group in GROUPS for option in options(group)]
    lines += sorted(run_keys)
    for program in programs():
        keys = keys_of(program)
        if program == "retrain":
            keys = keys.union(*(keys_of_source(source) for source in options("source")))
        lines += [f"{program}: {key}" for key in sorted(keys - run_keys)]
    return "".join(f"{line}\n" for line in lines)


def test_the_public_choices_and_keys_are_those_of_the_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SERVER)
    assert public() == SNAPSHOT.read_text(), (
        f"the configuration has changed: if it should, run `{RENEW}`, commit {SNAPSHOT.name}, "
        "and list the keys in CHANGELOG.md"
    )


if __name__ == "__main__":
    os.environ["MLFLOW_TRACKING_URI"] = SERVER
    SNAPSHOT.write_text(public())
