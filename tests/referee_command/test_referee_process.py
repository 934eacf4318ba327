"""The process of a referee: a loop goes on when it was killed and started again."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.referee_command import PLAN, typed
from support.served_referees import noisy, table
from viewcast.referee.answers import Answer
from viewcast.referee.client import Client

pytestmark = pytest.mark.usefixtures("page")  # other tests draw it

LONG = 60


@contextmanager
def process(*words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A referee's process that is ready, and its address."""
    code = "from viewcast.commands.program import program; program()"
    command = [sys.executable, "-c", code, "referee", "start", "--no-mlflow", *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        try:
            lines = iter(running.stdout.readline, "")
            address = next(line.split()[1] for line in lines if line.startswith("  address"))
            next(line for line in lines if line.startswith("Ctrl-C ends it"))
            yield running, address
        finally:
            running.kill()


def test_a_loop_goes_on_when_the_referee_was_killed_and_started_again(tmp_path: Path) -> None:
    """`kill -9` in the middle; what was answered is answered again, and is counted once."""
    new = ["--rows", str(table(tmp_path)), *PLAN[:-1], "50", "--port", "0"]
    sizes = [5.0, 9.0, 1.0, 8.0]
    with process(*new) as (running, address):
        client = Client()
        before = [client.submit(noisy(size)) for size in sizes]
        running.send_signal(signal.SIGKILL)
        assert running.wait(LONG) == -signal.SIGKILL
    with process() as (running, again):
        assert again == address
        after = [client.submit(noisy(size)) for size in sizes]  # the same connection, broken
        assert client.submit(noisy(7.0)) == Answer(False, 45)
        running.send_signal(signal.SIGTERM)
        assert running.wait(LONG) == 128 + signal.SIGTERM
        assert running.stderr is not None
        assert re.search("stopped by SIGTERM; what is done is kept", running.stderr.read())
    assert [answer.accepted for answer in before] == [True, False, True, False]
    assert [answer.accepted for answer in after] == [answer.accepted for answer in before]
    assert {answer.left for answer in after} == {46}
    assert not (tmp_path / "referee" / "address").exists()
    done = typed("close", "--yes", "--no-mlflow", "--json")
    closing = json.loads(done.stdout)
    assert len(closing["submissions"]) == 5
    if sys.platform == "linux":
        assert "the referee's own user" in " ".join(closing["deviations"])
