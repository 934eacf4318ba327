"""The examples of a guarded loop, each run as it stands against a referee that is heard."""

import os
import runpy
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from support.heard_referee import heard, write_rows
from support.project import REPOSITORY
from viewcast.commands.program import program
from viewcast.referee.folder import RefereeFolder

EXAMPLES = REPOSITORY / "docs" / "examples" / "referee"

# An agent whose edits are known: it takes the next one, and fails when none is left.
EDIT = """\
[ -s .git/edits ] || exit 1
head -n 1 .git/edits >model
sed -i 1d .git/edits
"""
# Starting Python for each command takes a second: the commands are run by the test's own process.
PROGRAM = """\
#!/bin/sh
echo "$@" >"$ASKED"
{ read -r code; cat; } <"$TOLD"
exit "$code"
"""
UNTIL_THE_END = '"$0" "$@"; code=$?; echo end >"$ASKED"; exit "$code"'


@contextmanager
def guarded(place: Path, monkeypatch: pytest.MonkeyPatch, budget: int) -> Iterator[RefereeFolder]:
    write_rows(place)
    monkeypatch.chdir(place)
    with heard(place, budget) as referee:
        yield referee


def error(place: Path, penalty: float) -> float:
    """The true mean absolute error of a ridge regression on the validation rows."""
    train, valid = pd.read_csv(place / "train.csv"), pd.read_csv(place / "valid.csv")
    X, y = train.drop(columns="y").to_numpy(), train["y"].to_numpy()
    weights = np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y)
    return float((valid["y"] - valid.drop(columns="y") @ weights).abs().mean())


def test_three_lines_guard_a_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with guarded(tmp_path, monkeypatch, 20) as referee:
        kept = runpy.run_path(str(EXAMPLES / "three_lines.py"))["kept"]
        status = referee.status()
    assert status.submissions == 13
    assert status.acceptances >= 2
    assert error(tmp_path, kept) < 0.8 * error(tmp_path, 1e4)
    assert capsys.readouterr().out == f"kept: a penalty of {kept:g}; answers left: 7\n"


def test_three_lines_end_where_no_answer_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with guarded(tmp_path, monkeypatch, 4):
        runpy.run_path(str(EXAMPLES / "three_lines.py"))
    assert capsys.readouterr().out.endswith("answers left: 0\n")


def test_a_study_of_optuna_sees_the_bits_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna").logging.disable_default_handler()
    with guarded(tmp_path, monkeypatch, 15) as referee:
        study = runpy.run_path(str(EXAMPLES / "optuna_study.py"))["study"]
        status = referee.status()
    assert status.left == 0
    assert len(study.trials) == 16  # the last one found that no answer was left
    values = [trial.value for trial in study.trials if trial.value is not None]
    assert values == list(range(1, status.acceptances + 2))
    assert {trial.state.name for trial in study.trials} == {"COMPLETE", "PRUNED"}
    assert study.trials[0].params == {"penalty": 1e3, "half_life": 1000}
    assert study.best_value == len(values) >= 2


def in_a_shell(place: Path, *command: str) -> tuple[int, list[str], str]:
    """The exit code of a script that calls ``viewcast``, its lines, and its errors."""
    (place / "bin").mkdir()
    (place / "bin" / "viewcast").write_text(PROGRAM)
    (place / "bin" / "viewcast").chmod(0o755)
    asked, told = place / "asked", place / "told"
    for pipe in (asked, told):
        os.mkfifo(pipe)
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    started = subprocess.Popen(
        ["sh", "-c", UNTIL_THE_END, *command],
        env={**os.environ, "PATH": path, "ASKED": str(asked), "TOLD": str(told)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while (words := asked.read_text().split()) != ["end"]:
        done = CliRunner().invoke(program, words)
        told.write_text(f"{done.exit_code}\n{done.stdout}")
    output, errors = started.communicate()
    return started.returncode, output.splitlines(), errors


def test_a_loop_of_the_shell_commits_what_is_accepted_and_takes_back_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
        monkeypatch.setenv(f"GIT_{name}", "loop")
    with guarded(tmp_path, monkeypatch, 4):
        (tmp_path / "model").write_text("poor\n")
        for words in ("init", "add model", "commit -m start"):
            subprocess.run(["git", *words.split()], check=True, capture_output=True)
        target = pd.read_csv("valid.csv")["y"]
        for name, factor in {"poor": 0, "good": 0.6, "worse": 0.3, "new": 0.5, "late": 1}.items():
            pd.DataFrame({"prediction": factor * target}).to_parquet(f".git/{name}.parquet")
        edits = ["good", "poor", "worse", "broken", "new", "late", "never"]
        (tmp_path / ".git" / "edits").write_text("\n".join(edits) + "\n")
        (tmp_path / ".git" / "edit.sh").write_text(EDIT)
        (tmp_path / ".git" / "train.sh").write_text(
            "cp .git/$(cat model).parquet predictions.parquet"
        )
        loop = EXAMPLES / "guarded_loop.sh"
        code, lines, errors = in_a_shell(tmp_path, str(loop), "sh .git/train.sh", "sh .git/edit.sh")
    assert code == 0, errors
    assert [line.split(";")[0] for line in lines[:5]] == [
        "accepted, 3 answers left",
        "accepted, 2 answers left",
        "accepted before, and replaced since: no news",  # the first one again
        "not accepted, 1 answer left",
        "not accepted, 0 answers left",
    ]
    assert "broken.parquet" in errors
    assert (tmp_path / "model").read_text() == "good\n"
    assert (tmp_path / ".git" / "edits").read_text() == "never\n"
    assert "Gained" in lines[6]
    log = subprocess.run(["git", "log", "--format=%s"], capture_output=True, text=True, check=True)
    assert log.stdout.splitlines() == ["Accepted by the referee", "start"]


def test_a_loop_of_the_shell_ends_where_the_referee_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "predictions.parquet").write_text("")
    code, lines, _ = in_a_shell(tmp_path, str(EXAMPLES / "guarded_loop.sh"), "true", "true")
    assert (code, lines) == (1, [])
