"""What logs: a program leaves the loggers of others alone, a test the next test."""

import contextlib
import logging
import runpy

import pytest

from support.clone import REPOSITORY

OTHERS = logging.getLogger("a_library_of_others")


def test_a_program_disables_no_logger_of_another_library(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr("sys.argv", ["healthcheck.py", "outcomes=absent"])
    with contextlib.suppress(SystemExit):
        runpy.run_path("pipelines/healthcheck.py", run_name="__main__")
    assert capfd.readouterr().err.count("\n") == 1, "one sentence, and no log"
    assert not OTHERS.disabled


@pytest.mark.parametrize("turn", ["first", "second"])
@pytest.mark.xdist_group("logs")
def test_what_a_test_disabled_is_heard_in_the_next_one(
    turn: str, caplog: pytest.LogCaptureFixture
) -> None:
    OTHERS.warning("heard in the %s test", turn)
    assert caplog.messages == [f"heard in the {turn} test"]
    OTHERS.disabled = True
    logging.disable(logging.CRITICAL)
    logging.getLogger().setLevel(logging.ERROR)
