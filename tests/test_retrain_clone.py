"""Nights in a fresh clone, with the real tools: Git, DVC, the commands, and `kill -9`."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from PIL import Image

from support.clone import Clone
from viewcast.base.files import entries
from viewcast.base.paths import (
    channel_path,
    days_path,
    night_lock_path,
    night_path,
    nights_log_path,
    settings_of_refit_path,
)
from viewcast.data import live

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nights")]

COMMAND = [sys.executable, "pipelines/retrain.py"]
FIRST, SECOND, THIRD = "2021-03-01", "2021-03-02", "2021-03-03"
CHANNEL = "live"
QUICK = (
    "recipe=[seasonal_naive,rhythm,ridge]",
    "forecast.combination=[ridge,rhythm]",
    "forecast.backtest_days=0",
)
ON_BRANCH = (*QUICK, "retrain.git=commit")


@dataclass(frozen=True)
class Told:
    """The exit code of a call of the command, and the lines it printed."""

    code: int
    lines: list[dict[str, Any]]

    @property
    def line(self) -> dict[str, Any]:
        (line,) = self.lines
        return line


def begin(clone: Clone, *overrides: str) -> "subprocess.Popen[str]":
    """The command, at work, in a group of its own."""
    return subprocess.Popen(
        [*COMMAND, *overrides],
        cwd=clone.root,
        env=clone.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process: "subprocess.Popen[str]") -> Told:
    printed, complaints = process.communicate()
    lines = printed.splitlines()
    assert lines, complaints
    return Told(process.returncode, [json.loads(line) for line in lines])


def retrain(clone: Clone, *overrides: str) -> Told:
    return ended(begin(clone, *overrides))


def reach(process: "subprocess.Popen[str]", there: Callable[[], bool]) -> None:
    """Let it work until something is there."""
    while not there():
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"it ended before: {process.communicate()}")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return Clone.of_repository(tmp_path_factory.mktemp("nights"))


@pytest.fixture(scope="module")
def simulated(fresh: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone whose first night was killed while DVC refitted."""
    clone = fresh.copy(tmp_path_factory.mktemp("simulated"))
    night = begin(clone, *ON_BRANCH, f"retrain.today={FIRST}")
    reach(night, settings_of_refit_path(clone.root, CHANNEL).is_file)
    os.killpg(night.pid, signal.SIGKILL)
    assert night.communicate()[0] == ""
    with night_lock_path(clone.root, CHANNEL).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given when DVC is dead too
    assert night_path(clone.root, CHANNEL).is_file()
    return clone


@pytest.fixture(scope="module")
def first(simulated: Clone) -> Told:
    return retrain(simulated, *ON_BRANCH, f"retrain.today={FIRST}")


@pytest.fixture(scope="module")
def again(simulated: Clone, first: Told) -> Told:
    return retrain(simulated, *ON_BRANCH, f"retrain.today={FIRST}")


@pytest.fixture(scope="module")
def together(simulated: Clone, again: Told) -> list[Told]:
    """Two calls on the next day, the second of which comes while the first is at work."""
    former = begin(simulated, *ON_BRANCH, f"retrain.today={SECOND}")
    reach(former, night_path(simulated.root, CHANNEL).is_file)
    os.killpg(former.pid, signal.SIGSTOP)  # it shall not be quicker than the other can start
    latter = retrain(simulated, *ON_BRANCH, f"retrain.today={SECOND}")
    os.killpg(former.pid, signal.SIGCONT)
    return [ended(former), latter]


@pytest.fixture(scope="module")
def done(simulated: Clone, together: list[Told]) -> Clone:
    """After all of these; tests only read it."""
    return simulated


def test_a_killed_night_that_is_run_again_ends_as_if_nothing_had_happened(first: Told) -> None:
    assert (first.code, first.line["code"], first.line["outcome"]) == (0, 0, "served")
    assert (first.line["night"], first.line["newest"]) == (FIRST, "2021-02-28")
    assert (first.line["version"], first.line["serves"]) == (1, 1)


def test_the_same_day_again_brings_nothing_new(again: Told) -> None:
    assert (again.code, again.line["outcome"]) == (10, "nothing new")


def test_of_two_calls_at_a_time_one_works_and_the_other_says_so(together: list[Told]) -> None:
    former, latter = together
    assert (former.code, former.line["outcome"], former.line["serves"]) == (0, "served", 2)
    assert former.line["stages"] == ["refit"]
    assert (latter.code, latter.line["outcome"]) == (40, "locked")


def test_every_night_is_written_down_once_and_none_twice_in_mlflow(done: Clone) -> None:
    outcomes = entries(nights_log_path(done.root, CHANNEL))
    assert [line["code"] for line in outcomes] == [0, 10, 0]
    client = MlflowClient(f"sqlite:///{done.root}/mlflow/mlflow.db")
    versions = client.search_model_versions("name = 'viewcast'")
    assert sorted(int(one.version) for one in versions) == [1, 2]
    experiments = [one.experiment_id for one in client.search_experiments()]
    runs = client.search_runs(experiments, "tags.`viewcast.night` LIKE '2021%'")
    assert sorted(run.data.tags["viewcast.night"] for run in runs) == [FIRST, SECOND]
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_dvc_knows_the_days_and_the_refit_of_them(done: Clone) -> None:
    folder = channel_path(done.root, CHANNEL)
    assert "up to date" in done.sh("dvc", "--cd", str(folder), "status")
    days = live.read(days_path(done.root, CHANNEL)).index
    assert (days[0], days[-1]) == (pd.Timestamp("2017-01-01"), pd.Timestamp(FIRST))
    assert not night_path(done.root, CHANNEL).exists()


def test_git_sees_no_change_and_every_night_on_its_branch(done: Clone) -> None:
    assert done.sh("git", "status", "--porcelain") == ""
    subjects = done.sh("git", "log", "--format=%s", "nights", "--").splitlines()
    assert subjects == [
        f"Night of {SECOND}: served",
        f"Night of {FIRST}: nothing new",
        f"Night of {FIRST}: served",
    ]


def test_git_pull_the_next_morning_and_a_night_in_another_clone_go_on(
    done: Clone, tmp_path: Path
) -> None:
    other = Clone(tmp_path / "viewcast", done.home)
    done.sh("git", "clone", "--quiet", str(done.root), str(other.root))
    store = [
        f"tracking.uri=sqlite:///{done.root}/mlflow/mlflow.db",
        f"tracking.artifacts={done.root}/mlflow/artifacts",
    ]
    told = retrain(other, *ON_BRANCH, *store, f"retrain.today={THIRD}")
    assert (told.code, told.line["serves"], told.line["added"]) == (0, 3, 1)
    assert [line["code"] for line in entries(nights_log_path(other.root, CHANNEL))] == [0, 10, 0, 0]
    (other.root / "README.md").write_text("by somebody else\n")
    other.sh("git", "-c", "user.name=x", "-c", "user.email=x", "commit", "-qam", "code")
    done.sh("git", "pull", "--quiet", "--ff-only", str(other.root), "HEAD")
    assert (done.root / "README.md").read_text() == "by somebody else\n"
    assert done.sh("git", "status", "--porcelain") == ""


@pytest.fixture(scope="module")
def studio(
    fresh: Clone, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Clone, Told]:
    """A clone after two nights of a real channel, told by one export of YouTube Studio."""
    clone = fresh.copy(tmp_path_factory.mktemp("studio"))
    export = tmp_path_factory.mktemp("exports") / "codingtrain-2021"
    export.mkdir()
    totals = shared / "data" / "studio" / "codingtrain-2021" / "Totals.csv"
    (export / "Totals.csv").symlink_to(totals)
    source = ["source=studio", f"source.folder={export.parent}"]
    told = retrain(clone, *QUICK, *source, "retrain.today=2021-09-01", "retrain.nights=2")
    return clone, told


def test_an_export_of_youtube_studio_is_replayed_night_after_night(
    studio: tuple[Clone, Told],
) -> None:
    clone, told = studio
    assert [line["code"] for line in told.lines] == [0, 0]
    settled = [line["newest"] for line in told.lines]
    days = live.read(days_path(clone.root, CHANNEL)).index
    assert (days[0], f"{days[-1]:%Y-%m-%d}") == (pd.Timestamp("2020-12-31"), settled[-1])
    assert date.fromisoformat(settled[1]) - date.fromisoformat(settled[0]) == timedelta(days=1)
    assert "live channel" in (clone.root / "reports" / "index.html").read_text()
    assert clone.sh("git", "status", "--porcelain") == ""


def test_what_serves_forecasts_seven_days_in_words_in_a_table_and_in_a_picture(
    studio: tuple[Clone, Told],
) -> None:
    clone, told = studio
    printed = clone.sh(sys.executable, "pipelines/predict.py")
    newest = date.fromisoformat(told.lines[-1]["newest"])
    expected = [f"{newest + timedelta(days=day)}" for day in range(1, 8)]
    assert all(day in printed for day in expected)
    table = pd.read_csv(clone.root / "reports" / "forecast.csv")
    assert list(table["date"])[:7] == expected
    assert ((table["low"] < table["views"]) & (table["views"] < table["high"])).all()
    with Image.open(clone.root / "reports" / "forecast.png") as image:
        assert image.format == "PNG"
    assert clone.sh("git", "status", "--porcelain") == ""


def test_a_rollback_goes_back_as_far_as_something_has_served(studio: tuple[Clone, Told]) -> None:
    clone, _ = studio
    assert "viewcast: version 1 (ridge, rhythm) serves, instead of version 2" in clone.make(
        "rollback"
    )
    printed = clone.make("rollback", status=2)
    assert "version 1 of viewcast is the oldest that has served: there is none" in printed
    assert "Traceback" not in printed
