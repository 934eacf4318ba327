"""``viewcast referee``: what is typed, what is printed, and how it ends."""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from mlflow import MlflowClient

from support.in_process import URL, in_process
from support.served_referees import Served, named, noisy, opened, served, table
from viewcast.commands import referee_page
from viewcast.commands.program import program
from viewcast.referee import serving
from viewcast.referee.answers import Answer
from viewcast.referee.client import Client

PLAN = ["--target", "y", "--metric", "mae", "--key", "id", "--budget", "3"]
LONG = 60


@pytest.fixture(autouse=True)
def stands_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user in an empty folder, of whose surroundings nothing is known."""
    monkeypatch.chdir(tmp_path)
    for name in ("VIEWCAST_REFEREE_URL", "VIEWCAST_REFEREE_TOKEN", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A referee in ./referee that is heard."""
    with opened(tmp_path, budget=3) as folder, served(folder, monkeypatch) as found:
        yield found


def typed(*words: str, **options: Any) -> Result:
    return CliRunner().invoke(program, ["referee", *words], **options)


def predictions(size: float, seed: int = 0, name: str = "predictions.parquet") -> str:
    """A file in the folder where the user stands."""
    if name.endswith(".npy"):
        np.save(name, noisy(size, seed))
    elif name.endswith(".csv"):
        named(noisy(size, seed)).to_csv(name, index=False)
    else:
        named(noisy(size, seed)).to_parquet(name)
    return name


# submit


def test_an_answer_is_a_line_and_an_exit_code(here: Served) -> None:
    for size, name, code, line in (
        (
            5.0,
            "a.parquet",
            0,
            "accepted, 2 answers left; it is the first, from which gains are measured",
        ),
        (1.0, "b.csv", 0, "accepted, 1 answer left"),
        (9.0, "c.npy", 3, "not accepted, 0 answers left"),
        (5.0, "a.parquet", 0, "accepted, 0 answers left"),
    ):
        done = typed("submit", predictions(size, name=name))
        assert (done.exit_code, done.output) == (code, f"{line}\n")

    spent = typed("submit", predictions(7.0))
    assert (spent.exit_code, spent.stdout) == (4, "")
    assert spent.stderr.startswith("Error: all 3 answers have been given")
    here.client().close()
    closed = typed("submit", predictions(7.0))
    assert closed.exit_code == 5
    assert "used up" in closed.stderr


def test_an_answer_can_be_read_by_a_program(here: Served) -> None:
    done = typed("submit", predictions(5.0), "--json")
    assert json.loads(done.stdout) == {"accepted": True, "left": 2}
    for seed in (1, 2):
        typed("submit", predictions(9.0, seed), "--json")
    done = typed("submit", predictions(9.0, 3), "--json")
    assert done.exit_code == 4
    assert "all 3 answers" in json.loads(done.stdout)["error"]


def test_where_it_explores_nothing_is_called_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, mode="explore") as folder, served(folder, monkeypatch):
        assert typed("submit", predictions(5.0)).output.startswith("kept, 199 answers left")
        assert typed("submit", predictions(9.0)).output == "not kept, 198 answers left\n"
        assert "1 of 200" not in typed("status").output
        assert "0 kept after the first" in typed("status").output


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["submit"], 2, "Missing argument"),
        (["submit", "gone.parquet"], 1, "gone.parquet: does not exist"),
        (["submit", "predictions.parquet", "--folder", "no"], 1, "no: is not there"),
        (["submit", "short.npy"], 1, "found 3 rows, expected 120"),
        (["submit", "predictions.parquet", "--token-file", "bad"], 1, "bad: holds no token"),
        (["submit", "predictions.parquet", "--url", "http://127.0.0.1:8573/x"], 1, "is no such"),
        (["status", "--token-file", "gone"], 1, "gone: does not exist"),
    ],
)
def test_what_is_refused_is_told_in_a_sentence(
    here: Served, words: list[str], code: int, told: str
) -> None:
    predictions(5.0)
    np.save("short.npy", np.zeros(3))
    Path("bad").write_text("no token")
    done = typed(*words)
    assert done.exit_code == code
    assert told in done.output


def test_the_environment_goes_before_the_folder(
    here: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIEWCAST_REFEREE_TOKEN", "wrong")
    done = typed("submit", predictions(5.0))
    assert done.exit_code == 1
    assert "no token, or a wrong one" in done.output
    monkeypatch.setenv("VIEWCAST_REFEREE_TOKEN", here.token())
    monkeypatch.setenv("VIEWCAST_REFEREE_URL", URL)
    assert typed("submit", predictions(5.0), "--folder", "nowhere").exit_code == 0


# status and close


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders whose page was asked for; drawing one takes a second and is tested elsewhere."""
    asked: list[Path] = []

    def written(closing: Any, folder: Path, out: Path | None = None) -> Path:
        asked.append(folder)
        return folder / "referee.html"

    monkeypatch.setattr(referee_page, "written", written)
    return asked


def test_the_hidden_rows_are_read_only_by_who_means_it(here: Served, page: list[Path]) -> None:
    typed("submit", predictions(5.0))
    typed("submit", predictions(1.0))
    refused = typed("close")
    assert (refused.exit_code, here.folder.is_closed) == (2, False)
    assert "--yes" in refused.output

    done = typed("close", "--yes")
    assert done.exit_code == 0
    assert "in mae (95 % interval" in done.output
    assert "raw scores would have claimed" in done.output
    assert "Not as planned: the budget was not used up" in done.output
    assert page == [Path("referee")]
    assert "The page: referee/referee.html" in done.output
    again = typed("close")  # what was said once can be said again
    assert (again.exit_code, again.output) == (0, done.output)
    verdict = json.loads(typed("close", "--json").stdout)["verdict"]
    assert verdict["acceptances"] == 1


@pytest.mark.usefixtures("page")
def test_without_a_server_the_folder_itself_is_asked(tmp_path: Path) -> None:
    with opened(tmp_path, budget=3) as folder:
        folder.submit(noisy(5.0), "loop")
    done = typed("status")
    assert "1 of 3 answers given, 0 accepted after the first, 2 left" in done.output
    assert json.loads(typed("status", "--json").stdout)["left"] == 2

    done = typed("close", "--yes", "--no-mlflow")
    assert done.exit_code == 0, done.output
    assert "Nothing was submitted but the first" in done.output
    assert "It is closed" in typed("status").output
    assert typed("submit", predictions(5.0)).exit_code == 1  # nobody is there to ask


@pytest.mark.usefixtures("page")
def test_closing_is_recorded_in_mlflow_and_then_the_rows_are_used_up(
    tmp_path: Path, empty_store: Path
) -> None:
    shutil.copy(empty_store, tmp_path / "store.db")
    with opened(tmp_path, budget=3) as folder:
        folder.submit(noisy(5.0), "loop")
        folder.submit(noisy(1.0), "loop")
    done = typed("close", "--yes", "--tracking-uri", "sqlite:///store.db", "--experiment", "loops")
    assert done.exit_code == 0, done.output
    client = MlflowClient(f"sqlite:///{tmp_path / 'store.db'}")
    experiment = client.get_experiment_by_name("loops")
    assert experiment is not None
    assert len(client.search_runs([experiment.experiment_id])) == 3

    refused = typed(
        "start", "--rows", "valid.parquet", *PLAN, "--folder", "second", "--port", "0",
        "--tracking-uri", "sqlite:///store.db",
    )  # fmt: skip
    assert refused.exit_code == 1
    assert "has read the hidden part of these rows" in refused.output
    assert not Path("second").exists()


# start


@contextmanager
def started(
    monkeypatch: pytest.MonkeyPatch, while_heard: Callable[[Any, str], object]
) -> Iterator[None]:
    """Starts are heard without a socket, until ``while_heard`` has asked what it wants."""

    def serve(service: Any, bound: Any) -> None:
        with in_process(service) as found:
            while_heard(found, serving.url_of(bound))

    with monkeypatch.context() as patched:
        patched.setattr(serving, "serve", serve)
        yield


def start(*words: str) -> Result:
    return typed("start", "--port", "0", "--no-mlflow", *words)


def test_a_start_says_what_it_is_and_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = []

    def asked(service: Any, url: str) -> None:
        addresses.append((tmp_path / "referee" / "address").read_text().strip() == url)
        second = start()
        assert second.exit_code == 1
        assert f"the referee that is heard at {url} has it" in second.output

    table(tmp_path)
    with started(monkeypatch, asked):
        done = start("--rows", "valid.parquet", *PLAN, "--submitter", "a", "--submitter", "b")
        again = start("--rows", "valid.parquet", *PLAN)
        goes_on = start()
    assert [each.exit_code for each in (done, again, goes_on)] == [0, 0, 0], done.output
    assert addresses == [True] * 3
    assert not (tmp_path / "referee" / "address").exists()
    for words in (
        "Referee valid: 120 rows, mae, less is better",
        "90 of the rows judge each submission; 30 are hidden until the end",
        "3 of one bit; 1 of them may be a false acceptance",
        "http://127.0.0.1:",
        "token    referee/tokens/a, referee/tokens/b",
        "viewcast referee submit predictions.parquet --url http",
        "The first submission is accepted",
    ):
        assert words in done.output
    assert "Ctrl-C ends it; it goes on with: viewcast referee start\n" in goes_on.output


def test_a_plan_that_differs_is_refused_key_by_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table(tmp_path)
    with started(monkeypatch, lambda *_: None):
        start("--rows", "valid.parquet", *PLAN)
        other = start("--rows", "valid.parquet", *PLAN, "--false", "2")
    assert other.exit_code == 1
    assert "false = 2.0: the plan of referee has 1.0" in other.output


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([], 1, "referee: is not there; a new referee needs --rows"),
        (["--budget", "5"], 2, "--budget is part of a plan, which needs --rows"),
        (["--rows", "valid.parquet", "--metric", "mae"], 2, "--target is missing"),
        (["--rows", "gone.parquet", *PLAN], 1, "gone.parquet"),
        (["--rows", "valid.parquet", *PLAN, "--hidden", "2"], 1, "hidden = 2.0"),
        (["--rows", "valid.parquet", *PLAN, "--host", "0.0.0.0"], 1, "--behind-proxy"),
        (["--rows", "valid.parquet", *PLAN, "--host", "example"], 1, "expected an address"),
        (["--rows", "valid.parquet", *PLAN, "--submitter", "../x"], 1, "submitter = '../x'"),
    ],
    ids=str,
)
def test_a_start_that_cannot_be_is_refused_in_a_sentence(
    tmp_path: Path, words: list[str], code: int, told: str
) -> None:
    table(tmp_path)
    done = start(*words)
    assert done.exit_code == code, done.output
    assert told in done.output


def test_a_port_that_is_taken_is_told_before_anything_is_made(tmp_path: Path) -> None:
    table(tmp_path)
    with serving.listening("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        done = typed("start", "--rows", "valid.parquet", *PLAN, "--port", port, "--no-mlflow")
    assert done.exit_code == 1
    assert f"port = {port}: cannot be heard" in done.output
    assert not Path("referee").exists()


def test_a_referee_that_is_closed_is_not_started_again(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        folder.submit(noisy(5.0), "loop")
        folder.close("referee")
    for words in ([], ["--rows", "valid.parquet", *PLAN[:-2]]):
        done = start(*words)
        assert done.exit_code == 1
        assert "take new rows" in done.output


def test_a_store_that_cannot_be_reached_delays_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start before named it; it is told of, and the submission is not lost."""
    heard: list[Answer] = []

    def asked(service: Any, url: str) -> None:
        token = (tmp_path / "referee" / "tokens" / "loop").read_text().strip()
        body = {"predictions": noisy(5.0).tolist()}
        answer = service.heard(
            "POST", "/submit", {"Authorization": f"Bearer {token}"}, [json.dumps(body).encode()]
        )
        heard.append(Answer(**json.loads(answer.body)))

    (tmp_path / "a file").touch()
    with opened(tmp_path, budget=3) as folder:
        folder.stop()
    uri = f"sqlite:///{tmp_path}/a file/mlflow.db"
    known = {"uri": uri, "experiment": "loops", "table": None}
    (tmp_path / "referee" / "started.json").write_text(json.dumps(known))
    with started(monkeypatch, asked):
        done = typed("start", "--port", "0")
    assert done.exit_code == 0, done.output
    assert heard == [Answer(True, 2)]
    assert f"record   {uri}, experiment loops" in done.stdout
    assert done.stderr.count("warning: tracking.uri") == 1
    assert "MLflow has not heard all of it" in done.stderr


# The process itself


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


@pytest.mark.usefixtures("page")
def test_a_loop_goes_on_when_the_referee_was_killed_and_started_again(tmp_path: Path) -> None:
    """`kill -9` in the middle; what was answered is answered again, and is counted once."""
    new = ["--rows", str(table(tmp_path)), *PLAN[:-1], "50", "--port", "0"]
    sizes = [5.0, 9.0, 1.0, 8.0]
    with process(*new) as (running, address):
        client = Client()
        before = [client.submit(noisy(size)) for size in sizes]
        running.send_signal(signal.SIGKILL)
        assert running.wait(LONG) == -signal.SIGKILL
    port = address.rpartition(":")[2]
    with process("--port", port) as (running, address):
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
