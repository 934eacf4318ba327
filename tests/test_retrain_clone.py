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
from viewcast.base.paths import journal_path, live_path, lock_path, nightly_path, outcomes_path
from viewcast.data import live

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nights")]

COMMAND = [sys.executable, "pipelines/retrain.py"]
FIRST, SECOND = "2021-03-01", "2021-03-02"
QUICK = ("models: [augmented]", "walk_forward_weeks: 8")
SLOW = ("models: [deep]", "walk_forward_weeks: 1")  # its training takes long enough to be killed


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


def choose(clone: Clone, recipe: tuple[str, str]) -> None:
    """Train other models, as somebody would who means it: by a commit."""
    file = clone.root / "conf" / "challenger.yaml"
    keys = [line.split(":")[0] for line in recipe]
    lines = [line for line in file.read_text().splitlines() if line.split(":")[0] not in keys]
    file.write_text("\n".join([*lines, *recipe, ""]))
    clone.sh("git", "commit", "--quiet", "--all", "--message", "other models")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = Clone.of_repository(tmp_path_factory.mktemp("nights"))
    clone.make("data")
    return clone


@pytest.fixture(scope="module")
def simulated(fresh: Clone, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone whose first night was killed while DVC trained."""
    clone = fresh.copy(tmp_path_factory.mktemp("simulated"))
    choose(clone, SLOW)
    night = begin(clone, f"retrain.today={FIRST}")
    checkpoints = nightly_path(clone.root) / "train" / "checkpoints" / "deep"
    reach(night, lambda: any(checkpoints.glob("*")))
    os.killpg(night.pid, signal.SIGKILL)
    assert night.communicate()[0] == ""
    with lock_path(clone.root).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given when DVC is dead too
    assert journal_path(clone.root).is_file()
    return clone


@pytest.fixture(scope="module")
def first(simulated: Clone) -> Told:
    return retrain(simulated, f"retrain.today={FIRST}")


@pytest.fixture(scope="module")
def again(simulated: Clone, first: Told) -> Told:
    return retrain(simulated, f"retrain.today={FIRST}")


@pytest.fixture(scope="module")
def together(simulated: Clone, again: Told) -> list[Told]:
    """Two calls on the next day, the second of which comes while the first is at work."""
    choose(simulated, QUICK)
    former = begin(simulated, f"retrain.today={SECOND}")
    reach(former, journal_path(simulated.root).is_file)
    os.killpg(former.pid, signal.SIGSTOP)  # it shall not be quicker than the other can start
    latter = retrain(simulated, f"retrain.today={SECOND}")
    os.killpg(former.pid, signal.SIGCONT)
    return [ended(former), latter]


@pytest.fixture(scope="module")
def done(simulated: Clone, together: list[Told]) -> Clone:
    """After all of these; tests only read it."""
    return simulated


def test_a_killed_night_that_is_run_again_ends_as_if_nothing_had_happened(first: Told) -> None:
    assert (first.code, first.line["code"], first.line["outcome"]) == (0, 0, "promoted")
    assert (first.line["night"], first.line["newest"]) == (FIRST, "2021-02-28")
    assert (first.line["champion"], first.line["gate"]["challenger_model"]) == (1, "deep")
    assert first.line["gate"]["days"] == 28


def test_the_same_day_again_brings_nothing_new(again: Told) -> None:
    assert (again.code, again.line["outcome"]) == (10, "nothing new")


def test_of_two_calls_at_a_time_one_works_and_the_other_says_so(together: list[Told]) -> None:
    former, latter = together
    assert (former.code, former.line["outcome"]) == (12, "days spent")
    assert (former.line["fresh_days"], former.line["stages"][-1]) == (1, "challenger")
    assert (latter.code, latter.line["outcome"]) == (40, "locked")


def test_every_night_is_written_down_once_and_none_twice_in_mlflow(done: Clone) -> None:
    outcomes = entries(outcomes_path(done.root))
    assert [line["code"] for line in outcomes] == [0, 10, 12]
    client = MlflowClient(f"sqlite:///{done.root}/mlflow/mlflow.db")
    versions = client.search_model_versions("name = 'viewcast'")
    assert sorted(one.tags["viewcast.model"] for one in versions) == ["augmented", "deep"]
    trained, nights = (
        client.search_runs([client.get_experiment_by_name(f"viewcast-live{part}").experiment_id])
        for part in ("", "-nights")
    )
    (history,) = [run for run in nights if "viewcast.history" in run.data.tags]
    told = [run.data.tags["viewcast.night"] for run in nights if run != history]
    assert sorted(told) == [FIRST, SECOND]
    points = client.get_metric_history(history.info.run_id, "champion_version")
    assert len(points) == 2
    picture = "pictures/retraining_promises.png"
    assert picture in {file.path for file in client.list_artifacts(history.info.run_id, "pictures")}
    assert f"get-artifact?path={picture}" in history.data.tags["mlflow.note.content"]
    assert sorted(run.info.status for run in trained) == ["FINISHED", "FINISHED", "KILLED"]


def test_dvc_knows_the_days_and_all_that_was_made_of_them(done: Clone) -> None:
    for target in ("pipelines/nightly/dvc.yaml", "data.dvc"):
        assert "up to date" in done.sh("dvc", "status", target)
    days = live.read(live_path(done.root)).index
    assert (days[0], days[-1]) == (pd.Timestamp("2017-01-01"), pd.Timestamp(FIRST))
    assert {path.name for path in (done.root / "data").iterdir()} == {"channel", "lectures", "live"}
    assert not journal_path(done.root).exists()


def test_git_sees_the_data_the_pipeline_and_the_registry_and_nothing_else(done: Clone) -> None:
    changed = {line.split()[1] for line in done.sh("git", "status", "--porcelain").splitlines()}
    assert changed == {"data.dvc", "pipelines/nightly/dvc.lock", "registry/"}
    assert {file.name for file in (done.root / "registry").iterdir()} == {
        "outcomes.jsonl", "promotions.jsonl",
    }  # fmt: skip


def test_there_is_no_way_back_from_the_first_champion(done: Clone) -> None:
    before = (done.root / "registry" / "promotions.jsonl").read_text()
    printed = done.make("rollback", status=2)
    assert "version 1 of viewcast is the first champion: there is none to go back to" in printed
    assert "Traceback" not in printed
    assert (done.root / "registry" / "promotions.jsonl").read_text() == before


@pytest.fixture(scope="module")
def studio(
    fresh: Clone, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Clone, Told]:
    """A clone after two nights of a real channel, told by one export of YouTube Studio."""
    clone = fresh.copy(tmp_path_factory.mktemp("studio"))
    choose(clone, QUICK)
    export = tmp_path_factory.mktemp("exports") / "codingtrain-2021"
    export.mkdir()
    totals = shared / "data" / "studio" / "codingtrain-2021" / "Totals.csv"
    (export / "Totals.csv").symlink_to(totals)
    source = ["source=studio", f"source.folder={export.parent}"]
    return clone, retrain(clone, *source, "retrain.today=2021-09-01", "retrain.nights=2")


def test_an_export_of_youtube_studio_is_replayed_night_after_night(
    studio: tuple[Clone, Told],
) -> None:
    clone, told = studio
    assert [line["code"] for line in told.lines] == [0, 12]
    assert told.code == 12
    assert [line["newest"] for line in told.lines] == ["2021-08-31", "2021-09-01"]
    days = live.read(live_path(clone.root)).index
    assert (days[0], days[-1]) == (pd.Timestamp("2020-12-31"), pd.Timestamp("2021-09-01"))
    page = (clone.root / "reports" / "index.html").read_text()
    assert "live channel" in page
    assert "simulated" not in page


def test_the_champion_forecasts_seven_days_in_words_in_a_table_and_in_a_picture(
    studio: tuple[Clone, Told],
) -> None:
    clone, _ = studio
    printed = clone.sh(sys.executable, "pipelines/predict.py")
    first, *rows = printed.splitlines()
    assert first.startswith("live channel: views a day by champion version 1, augmented")
    expected = [f"{date(2021, 9, 2) + timedelta(days=day)}" for day in range(7)]
    assert [row.split()[1] for row in rows[:7]] == expected
    table = pd.read_csv(clone.root / "reports" / "forecast.csv")
    assert list(table["date"]) == expected
    assert ((table["low"] < table["views"]) & (table["views"] < table["high"])).all()
    with Image.open(clone.root / "reports" / "forecast.png") as image:
        assert image.format == "PNG"
