"""What runs before a change lands: .ci/run installs what it needs, and every other way calls it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.clone import REPOSITORY
from support.deployed import program
from viewcast import __version__

GITHUB = REPOSITORY / ".github"
NEEDED = ("git", "make", "chromium")
CALLS = ["make --jobs=2 --output-sync=target check package", "make test"]


def recipe(target: str) -> list[str]:
    """The commands of a target of the Makefile."""
    text = (REPOSITORY / "Makefile").read_text()
    (block,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    return [line.strip() for line in block.splitlines()]


def hooks() -> list[dict[str, Any]]:
    plain = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())
    return [hook for repo in plain["repos"] for hook in repo["hooks"]]


def workflow() -> dict[str, Any]:
    plain = yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text())
    # YAML 1.1 takes the key `on` for true.
    return {"on" if key is True else key: value for key, value in plain.items()}


# .ci/run


class Machine:
    """A folder of programs that write down how they were called, and nothing else on the path."""

    def __init__(self, folder: Path, present: tuple[str, ...], libraries: str) -> None:
        self.folder, self.calls = folder, folder / "calls"
        (folder / "bin").mkdir()
        for name in ("bash", "dirname", "sh"):
            (folder / "bin" / name).symlink_to(str(shutil.which(name)))
        for name in (*present, "apt-get"):
            self.write(name, f'echo {name} "$@" >>"{self.calls}"')
        if "make" not in present:
            installs = f'echo "#!/bin/sh" >"{folder}/bin/make"'
            self.write("apt-get", f'echo apt-get "$@" >>"{self.calls}"; {installs}')
        self.write("ldconfig", f'echo "{libraries}"')

    def write(self, name: str, script: str) -> None:
        program(self.folder / "bin" / name, script)

    def run(self) -> tuple[int, list[str]]:
        """Exit status and calls of .ci/run."""
        done = subprocess.run(
            [self.folder / "bin" / "bash", REPOSITORY / ".ci" / "run"],
            env={"PATH": str(self.folder / "bin")},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, self.calls.read_text().splitlines()


OPENMP = "libgomp.so.1 (libc6,x86-64) => /lib/libgomp.so.1"


def test_a_machine_with_everything_checks_packs_and_then_tests(tmp_path: Path) -> None:
    assert Machine(tmp_path, NEEDED, OPENMP).run() == (0, CALLS)


@pytest.mark.parametrize("missing", ["git", "chromium"])
def test_a_missing_program_is_installed_first(tmp_path: Path, missing: str) -> None:
    present = tuple(name for name in NEEDED if name != missing)
    status, calls = Machine(tmp_path, present, OPENMP).run()
    assert status == 0
    assert calls[:2] == ["apt-get update -qq", f"apt-get install -y -qq {missing}"]
    assert calls[2:] == CALLS


def test_the_library_that_lightgbm_loads_is_installed_first(tmp_path: Path) -> None:
    _, calls = Machine(tmp_path, NEEDED, "libc.so.6").run()
    assert calls[1] == "apt-get install -y -qq libgomp1"


def test_nothing_is_tested_if_the_checks_fail(tmp_path: Path) -> None:
    machine = Machine(tmp_path, NEEDED, OPENMP)
    machine.write("make", f'echo make "$@" >>"{machine.calls}"; exit 3')
    assert machine.run() == (3, CALLS[:1])


def test_what_cannot_be_installed_ends_the_run(tmp_path: Path) -> None:
    machine = Machine(tmp_path, ("git", "make"), OPENMP)
    machine.write("apt-get", f'echo apt-get "$@" >>"{machine.calls}"; exit 100')
    assert machine.run() == (100, ["apt-get update -qq"])


def test_the_script_can_be_executed() -> None:
    assert os.access(REPOSITORY / ".ci" / "run", os.X_OK)


# What the checks and tests import is in the lock file, and what the package reads is in the package


def test_every_requirement_is_pinned_in_the_lock_file() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    optional = settings["optional-dependencies"]
    # Benchmarks leave out the peers that are not there.
    extras = [requirements for extra, requirements in optional.items() if extra != "peers"]
    required = [*settings["dependencies"], *(one for extra in extras for one in extra)]
    lines = (REPOSITORY / "requirements.lock").read_text().splitlines()
    pinned = {normal(line.partition("==")[0]) for line in lines if "==" in line}
    names = {normal(re.split(r"[\[<>=~!;@ ]", requirement)[0]) for requirement in required}
    assert names - pinned == set()


def normal(package: str) -> str:
    """A package's name as the registry compares it."""
    return re.sub(r"[-_.]+", "-", package).lower()


def test_every_file_that_the_package_reads_is_in_the_package() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    patterns = settings["tool"]["setuptools"]["package-data"]["viewcast"]
    package = REPOSITORY / "src" / "viewcast"
    files = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    ]
    assert files
    for file in files:
        assert any(fnmatch(file, pattern) for pattern in patterns), f"{file} is left out"


# Before a commit, and on a hosted machine


def test_before_a_commit_every_check_runs_from_the_environment() -> None:
    checks = {re.sub(r" --check| \.$", "", command) for command in recipe("check")}
    entries = {hook["entry"] for hook in hooks()}
    assert {re.sub(r"\.venv/bin/| --force-exclude", "", entry) for entry in entries} == {
        re.sub(r" \.", "", check) for check in checks
    }
    for hook in hooks():
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")


def test_the_workflow_runs_the_script_and_nothing_else() -> None:
    steps = workflow()["jobs"]["ci"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]


def test_the_workflow_has_no_rights_but_reading_and_ends_by_itself() -> None:
    (job,) = workflow()["jobs"].values()
    assert workflow()["permissions"] == {}
    assert job["permissions"] == {"contents": "read"}
    assert job["timeout-minutes"] <= 60
    for step in job["steps"]:
        assert "run" in step or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("vendor.github-workflows", "workflows/*.yml"),
        ("vendor.github-issue-config", "ISSUE_TEMPLATE/config.yml"),
        ("vendor.github-issue-forms", "ISSUE_TEMPLATE/[!c]*.yml"),
    ],
)
def test_the_files_of_github_follow_their_schema(schema: str, pattern: str) -> None:
    files = sorted(GITHUB.glob(pattern))
    assert files
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# The changelog


def test_the_changelog_has_a_section_for_the_version_of_the_package() -> None:
    headings = re.findall(r"^## (.*)$", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    released = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})", h) for h in headings[1:]]
    versions = [match.group(1) for match in released if match]
    assert len(versions) == len(headings) - 1, "a heading is not [number] - date"
    assert versions[0] == __version__
    assert versions == sorted(versions, key=lambda v: [*map(int, v.split("."))], reverse=True)
