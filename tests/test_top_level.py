"""Every end of a program has one sentence on standard error and the right exit code."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from support.processes import exit_code
from support.program import HERE, LONG, ended, heard, program, running
from support.project import Project
from viewcast.base import provenance
from viewcast.base.errors import ConfigError
from viewcast.base.failures import sentence
from viewcast.base.git import Git
from viewcast.base.provenance import git_commit
from viewcast.base.top_level import top_level

SIGNALS = [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM"), (signal.SIGHUP, "terminal")]


# Words


def full_file_of_arrow() -> None:
    with pa.OSFile("/dev/full", "w") as file:
        file.write(b"text")


def full_store() -> None:
    with sqlite3.connect(":memory:") as store:
        store.execute("pragma max_page_count = 2")
        store.execute("create table t (x)")
        store.executemany("insert into t values (?)", [("a" * 1000,)] * 99)


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        (lambda: Path("/dev/full").write_text("a"), "no space is left on the disk"),
        (full_file_of_arrow, "no space is left on the disk"),
        (full_store, "no space is left on the disk"),
        (lambda: np.empty(2**58), "the memory is used up .*Unable to allocate"),
        (lambda: torch.empty(2**55), "the memory is used up .*can't allocate"),
        (lambda: pa.allocate_buffer(2**60), "the memory is used up .*malloc"),
        (lambda: Path("/proc/1/mem").mkdir(), "the machine refused, at '/proc/1/mem': File exists"),
        (lambda: Path("gone/file").read_text(), "'gone/file' is not there: .*`make run`"),
    ],
)
def test_a_failure_of_the_machine_is_told_with_what_to_do(
    fails: Callable[[], object], words: str
) -> None:
    with pytest.raises(Exception, match=r".") as failed:
        fails()
    wrapped = RuntimeError("of a library")
    wrapped.__cause__ = failed.value
    for error in (failed.value, wrapped):
        told = sentence(error)
        assert re.search(words, told), told
        assert "\n" not in told


def test_a_missing_library_is_named_with_the_extra_that_brings_it() -> None:
    error = ModuleNotFoundError("No module named 'lightgbm'", name="lightgbm.basic")
    assert "pip install 'viewcast[boosting]'" in sentence(error)
    assert "libgomp" in sentence(ImportError("libgomp.so.1: cannot open shared object file"))


def test_a_library_that_memory_or_a_disk_keeps_from_being_loaded_is_not_called_missing() -> None:
    told = sentence(ImportError("libz.so: failed to map segment from shared object"))
    assert "libz.so" in told
    assert "`ulimit -v`" in told
    assert "install" not in told


def test_words_of_our_own_are_told_as_they_stand_whatever_caused_them() -> None:
    error = ConfigError("trainer.lr = -1: expected more than 0")
    error.__cause__ = MemoryError()
    assert sentence(error) == "trainer.lr = -1: expected more than 0"


def test_an_error_that_nobody_expected_is_cut_short() -> None:
    told = sentence(KeyError("a" * 10_000))
    assert "KeyError" in told
    assert "VIEWCAST_DEBUG=1" in told
    assert len(told) < 600


# Ends


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("disk", 1, "no space is left on the disk"),
        ("output", 1, "no space is left on the disk"),
        ("files", 1, "too many files are open"),
        ("memory", 1, "the memory is used up"),
        ("library", 1, "a library cannot be loaded"),
        ("unknown", 1, "an error that nobody expected, KeyError"),
        ("accent", 0, ""),
    ],
)
def test_an_error_is_one_sentence_and_no_traceback(kind: str, code: int, words: str) -> None:
    with program("fail", kind, PYTHONIOENCODING="ascii") as process:
        found, output, told = ended(process)
    assert (found, told.count("\n")) == (code, bool(words))
    assert words in told
    assert output == ("log\\xb2 of \\xe9\n" if kind == "accent" else "")


def test_a_traceback_comes_where_it_is_asked_for() -> None:
    with program("fail", "unknown", VIEWCAST_DEBUG="1") as process:
        _, _, told = ended(process)
    assert 'raise KeyError("of nobody")' in told
    assert told.splitlines()[-1].startswith("program.py: an error that nobody expected")


def test_a_reader_that_has_enough_is_no_error() -> None:
    with program("talk") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(LONG) == 141
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_folder_that_may_not_be_written_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with program("write", folder) as process:
            code, _, told = ended(process)
    assert code == 1
    assert f"may not read or write there, at '{folder}" in told


def test_a_library_prints_no_traceback_of_its_own(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    client, experiment = project.experiment()
    with sqlite3.connect(project.root / "mlflow" / "mlflow.db") as store:
        store.execute("drop table metrics")
    with pytest.raises(SystemExit), top_level("train.py"):
        client.log_metric(client.create_run(experiment).info.run_id, "loss", 1.0)
    told = capfd.readouterr().err.splitlines()
    assert len(told) == 1
    assert told[0].startswith("train.py: an error that nobody expected")


# Signals


@pytest.mark.parametrize(("number", "word"), SIGNALS)
def test_a_signal_lets_things_be_put_in_order_and_tells_once(number: int, word: str) -> None:
    with program("wait") as process:
        process.send_signal(number)
        assert heard(process) == "in order"
        if number != signal.SIGINT:  # a group of processes gets it from several sides
            process.send_signal(signal.SIGTERM)
        code, output, told = ended(process, "go on\n")
    assert (code, output, told.count("\n")) == (128 + number, "done\n", 1)
    assert word in told


def test_ctrl_c_a_second_time_ends_at_once() -> None:
    with program("wait") as process:
        process.send_signal(signal.SIGINT)
        assert heard(process) == "in order"
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG) == -signal.SIGINT


def test_a_child_is_ended_with_its_parent_and_waited_for() -> None:
    with program("parent") as process:
        process.send_signal(signal.SIGTERM)
        code, output, told = ended(process, "go on\n")
    assert (code, output) == (143, "in order\ndone\n")
    assert told.count("stopped by SIGTERM") == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_stage_of_dvc_ends_when_dvc_is_killed() -> None:
    command = [sys.executable, str(HERE), "stage"]
    dvc = [sys.executable, "-c", f"import subprocess; subprocess.run({command})"]
    with running(dvc, DVC_STAGE="train") as process:
        process.kill()
        _, output, _ = ended(process, "go on\n")
    assert output == "in order\ndone\n"


def stopped_run(root: Path) -> None:
    """A run that is told to end in its third epoch."""
    project = Project(root)
    config = project.config("model=deep", "model.units=2", "trainer.epochs=9")
    project.prepare(config)

    from viewcast.runs.run import run  # noqa: PLC0415

    def on_epoch(epoch: int, train_loss: float, val_loss: float | None) -> None:
        if epoch == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    with top_level("train.py"):
        run(config, root, project.output(config), on_epoch)


def test_a_stopped_run_ends_killed_in_mlflow_and_is_named_by_the_one_that_goes_on(
    project: Project,
) -> None:
    assert exit_code(stopped_run, project.root) == 143
    (stopped,) = project.runs()
    assert stopped.info.status == "KILLED"
    assert "signal" in stopped.data.tags["viewcast.failure"]
    result = project.run("model=deep", "model.units=2", "trainer.epochs=9")
    tags = project.recorded(result["run_id"]).data.tags
    assert tags["viewcast.resumes"] == stopped.info.run_id


# Git


def test_without_git_results_name_no_commit_which_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    provenance._tell_once.cache_clear()
    assert [git_commit(tmp_path), git_commit(tmp_path)] == ["none"] * 2
    assert capsys.readouterr().err.count("results name no commit of the code") == 1
    with pytest.raises(ConfigError, match="found no program `git` on PATH"):
        Git.at(tmp_path)


def test_a_folder_from_a_zip_in_somebody_elses_clone_has_no_commit(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True, capture_output=True)

    git("init", "--quiet")
    project = tmp_path / "project"
    project.mkdir()
    (project / "file").write_text("a", encoding="utf-8")
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    git(*author, "commit", "--quiet", "--allow-empty", "--message", "of others")
    assert git_commit(project) == "none"
    git("add", "project")
    assert len(git_commit(project).removesuffix("-dirty")) == 40
