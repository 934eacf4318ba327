"""``viewcast referee``: what is typed, what is printed, and how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from support.in_process import URL
from support.referee_command import typed
from support.served_referees import Served, named, noisy, opened, served


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A referee in ./referee that is heard."""
    with opened(tmp_path, budget=3) as folder, served(folder, monkeypatch) as found:
        yield found


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
        (1.0, "b.csv", 0, "accepted, 0 answers left"),
        (5.0, "a.parquet", 6, "accepted before, and replaced since: no news; 0 answers left"),
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
