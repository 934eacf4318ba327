"""The recipes for orchestrators. None is installed here; their few names are stood in for."""

import re
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from support.deployed import AS_IT_SHOULD, HOME, recipes
from viewcast.retraining.outcome import CODES

COMMAND = [f"{HOME}/.venv/bin/python", "pipelines/retrain.py", "source=youtube"]


class Meant(Exception):  # noqa: N818
    """What an exception of an orchestrator makes of a task."""

    meaning = ""

    def __init__(self, *said: object, **settings: object) -> None:
        self.settings = settings


class Retry(Meant):
    meaning = "retry"


class Skip(Meant):
    meaning = "skip"


class Fail(Meant):
    meaning = "fail"


def decorator(*given: Any, **settings: Any) -> Any:
    return given[0] if given else decorator


def anything(*said: Any, **settings: Any) -> Any:
    return "skip"


NAMES = SimpleNamespace(
    # Airflow
    dag=decorator,
    task=decorator,
    datetime=anything,
    AirflowException=Retry,
    AirflowSkipException=Skip,
    AirflowFailException=Fail,
    # Dagster
    op=decorator,
    job=decorator,
    Definitions=anything,
    ScheduleDefinition=anything,
    RetryRequested=Retry,
    Failure=Fail,
    # Prefect
    flow=decorator,
    Cron=anything,
    Cancelled=anything,
)


def airflow(scope: dict[str, Any]) -> str:
    return "success"  # the file itself calls the task


def dagster(scope: dict[str, Any]) -> str:
    warnings: list[str] = []
    context = SimpleNamespace(retry_number=2, log=SimpleNamespace(warning=warnings.append))
    try:
        scope["night"](context)
    except Retry as retry:
        assert retry.settings["seconds_to_wait"] == 3600
        raise
    except Fail as fail:
        assert fail.settings == {"allow_retries": False}
        raise
    return "skip" if warnings else "success"


def prefect(scope: dict[str, Any]) -> str:
    try:
        return scope["viewcast_retrain"]() or "success"
    except Exception as error:  # noqa: BLE001 (Prefect takes any for a failure)
        raised = error
        failed = SimpleNamespace(result=lambda raise_on_failure: raised)
        return "retry" if scope["mends_itself"](None, None, failed) else "fail"


def meaning(name: str, code: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What an orchestrator is told after the command of its recipe ended with a code."""
    started = []

    def ended(command: list[str], cwd: str) -> subprocess.CompletedProcess[str]:
        started.append((command, cwd))
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(subprocess, "run", ended)
    for first, second in re.findall(r"^(?:from (\S+)|import (\w+))", recipes()[name], re.MULTILINE):
        if (first or second) not in ("datetime", "subprocess"):
            monkeypatch.setitem(sys.modules, first or second, NAMES)
    scope: dict[str, Any] = {"__name__": name}
    try:
        exec(compile(recipes()[name], name, "exec"), scope)
        meant = {"airflow": airflow, "dagster": dagster, "prefect": prefect}[name](scope)
    except Meant as told:
        meant = told.meaning
    assert started == [(COMMAND, HOME)]
    return meant


@pytest.mark.parametrize("name", ["airflow", "dagster", "prefect"])
@pytest.mark.parametrize("code", [*sorted(CODES.values()), 2, -9])
def test_every_orchestrator_treats_every_exit_code_alike(
    name: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    special = {CODES["unreachable"]: "retry", CODES["locked"]: "skip"}
    expected = "success" if code in AS_IT_SHOULD else special.get(code, "fail")
    assert meaning(name, code, monkeypatch) == expected


def test_there_is_a_recipe_for_each_of_the_three() -> None:
    assert sorted(recipes()) == ["airflow", "dagster", "prefect"]


def test_airflow_doubles_the_wait_which_true_would_not() -> None:
    # It is a factor: true is taken for 1.
    assert "retry_exponential_backoff=2," in recipes()["airflow"]
