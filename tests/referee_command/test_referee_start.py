"""``viewcast referee start``: what it says and refuses, its record, a process that is killed."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from mlflow import MlflowClient

from support.in_process import InProcess, in_process
from support.referee_command import PLAN, typed
from support.served_referees import noisy, opened, table
from viewcast.commands import referee_page, referee_start
from viewcast.referee import serving
from viewcast.referee.answers import Answer

pytestmark = pytest.mark.usefixtures("page")  # other tests draw it

NEW = ["--rows", "valid.parquet", *PLAN]
PAGE = "viewcast referee page --folder referee"


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


def submitted(service: InProcess, folder: Path, size: float) -> Answer:
    token = (folder / "tokens" / "loop").read_text().strip()
    body = json.dumps({"predictions": noisy(size).tolist()}).encode()
    answer = service.heard("POST", "/submit", {"Authorization": f"Bearer {token}"}, [body])
    return Answer(**json.loads(answer.body))


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
        done = start(*NEW, "--submitter", "a", "--submitter", "b")
        again = start(*NEW)
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
        "holds the columns id and prediction; or that alone",
    ):
        assert words in done.output
    assert "Ctrl-C ends it; it goes on with: viewcast referee start\n" in goes_on.output


def test_a_plan_that_differs_is_refused_key_by_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table(tmp_path)
    with started(monkeypatch, lambda *_: None):
        start(*NEW)
        other = start(*NEW, "--false", "2")
    assert other.exit_code == 1
    assert "false = 2.0: the plan of referee has 1.0" in other.output


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([], 1, "referee: is not there; a new referee needs --rows"),
        (["--budget", "5"], 2, "--budget is part of a plan, which needs --rows"),
        (["--rows", "valid.parquet", "--metric", "mae"], 2, "--target is missing"),
        (["--rows", "gone.parquet", *PLAN], 1, "gone.parquet"),
        ([*NEW, "--hidden", "2"], 1, "hidden = 2.0"),
        ([*NEW, "--host", "0.0.0.0"], 1, "--behind-proxy"),
        ([*NEW, "--host", "example"], 1, "expected an address"),
        ([*NEW, "--submitter", "../x"], 1, "submitter = '../x'"),
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


def test_what_is_not_installed_is_told_with_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table(tmp_path)
    monkeypatch.setattr(referee_start, "NEEDED", ("click", "uvicorn_of_nobody"))
    done = start(*NEW)
    assert done.exit_code == 1
    assert "no uvicorn_of_nobody; type: pip install 'viewcast[referee]'" in done.output
    assert not Path("referee").exists()


def test_a_port_that_is_taken_is_told_before_anything_is_made(tmp_path: Path) -> None:
    table(tmp_path)
    with serving.listening("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        done = typed("start", *NEW, "--port", port, "--no-mlflow")
    assert done.exit_code == 1
    assert f"port = {port}: cannot be heard" in done.output
    assert not Path("referee").exists()


def test_a_referee_that_is_closed_is_not_started_again(tmp_path: Path) -> None:
    with opened(tmp_path) as folder:
        folder.submit(noisy(5.0), "loop")
        folder.close("referee")
    for words in ([], [*NEW[:-2]]):
        done = start(*words)
        assert done.exit_code == 1
        assert "take new rows" in done.output


def test_a_store_that_cannot_be_reached_delays_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start before named it; it is told of, and the submission is not lost."""
    heard: list[Answer] = []

    def asked(service: InProcess, url: str) -> None:
        heard.append(submitted(service, tmp_path / "referee", 5.0))

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


def test_all_is_recorded_in_mlflow_which_knows_used_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_store: Path
) -> None:
    shutil.copy(empty_store, tmp_path / "store.db")
    table(tmp_path)
    client = MlflowClient(f"sqlite:///{tmp_path / 'store.db'}")

    def told() -> dict[str, str]:
        experiment = client.get_experiment_by_name("loops")
        assert experiment is not None
        runs = client.search_runs([experiment.experiment_id])
        return {str(run.info.run_name): str(run.info.status) for run in runs}

    def asked(service: InProcess, url: str) -> None:
        assert submitted(service, tmp_path / "referee", 5.0) == Answer(True, 2)

    with started(monkeypatch, asked):
        where = ["--tracking-uri", "sqlite:///store.db"]
        first = typed("start", "--port", "0", *NEW, *where, "--experiment", "loops")
    assert first.exit_code == 0, first.output
    assert told() == {"submission 1": "FINISHED", "valid": "RUNNING"}

    monkeypatch.chdir(tmp_path.parent)  # the start has said where, from every folder
    assert typed("close", "--yes", "--folder", str(tmp_path / "referee")).exit_code == 0
    assert told() == {"submission 1": "FINISHED", "valid": "FINISHED"}

    monkeypatch.chdir(tmp_path)
    second = typed("start", "--port", "0", *NEW, "--folder", "second", *where)
    assert second.exit_code == 1
    assert "the referee valid has read the hidden part of these rows" in second.output
    assert not Path("second").exists()


def test_a_proxy_may_name_the_referee_for_others_and_a_body_may_be_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []

    def asked(service: InProcess, url: str) -> None:
        for host in ("referee.example", "evil.example"):
            found.append(service.heard("GET", "/", {}, host=host))

    table(tmp_path)
    with started(monkeypatch, asked):
        proxy = ["--host", "0.0.0.0", "--behind-proxy", "referee.example"]
        done = start(*NEW, *proxy, "--body-mib", "9")
    assert done.exit_code == 0, done.output
    assert [answer.status for answer in found] == [200, 400]
    assert json.loads(found[0].body)["bytes"] == 9 * 2**20


def test_whoever_holds_the_targets_hears_the_verdict_that_a_submitter_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(service: InProcess, url: str) -> None:
        submitted(service, tmp_path / "referee", 5.0)
        token = (tmp_path / "referee" / "tokens" / "loop").read_text().strip()
        for _ in range(2):
            service.heard("POST", "/close", {"Authorization": f"Bearer {token}"})

    table(tmp_path)
    with started(monkeypatch, asked):
        done = start(*NEW)
    assert done.output.count("Closed by loop.") == 1
    assert "Referee “valid”: No gain is claimed" in done.output
    assert done.output.count("The page: referee/referee.html\n") == 1


@pytest.mark.parametrize("error", [OSError(28, "the disk is full"), ZeroDivisionError()])
def test_the_verdict_is_answered_though_its_page_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    answers = []

    def written(*_: Any) -> Path:
        raise error

    def asked(service: InProcess, url: str) -> None:
        submitted(service, tmp_path / "referee", 5.0)
        token = (tmp_path / "referee" / "tokens" / "loop").read_text().strip()
        answers.append(service.heard("POST", "/close", {"Authorization": f"Bearer {token}"}))

    monkeypatch.setattr(referee_page, "written", written)
    table(tmp_path)
    with started(monkeypatch, asked):
        done = start(*NEW)
    assert json.loads(answers[0].body)["verdict"]["acceptances"] == 0
    told = f"no page: the disk is full; once that is mended: {PAGE}\n"
    assert told in done.output or "ZeroDivisionError" in done.output
