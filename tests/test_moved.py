"""A project that moves, or is copied, keeps its runs, its audit and what serves."""

import shutil
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from support.clone import REPOSITORY
from support.nights import Diary, Nights, started
from support.project import Project
from viewcast.assessment.result import AuditResult
from viewcast.assessment.settings import AuditSettings
from viewcast.base.errors import TrackingError
from viewcast.base.paths import LIVE
from viewcast.base.settings import Tracking
from viewcast.retraining.predict import Predict, forecast
from viewcast.runs.audit import audit_experiment
from viewcast.tracking.moved import COLUMNS, backup_of, follow_beside, follow_project
from viewcast.tracking.read.gather import gather
from viewcast.tracking.store import connect

pytestmark = pytest.mark.xdist_group("moved")  # what is costly is made once for all

RUNS = (
    ["experiment=lectures_grid_search", "trainer.w.points=9", "trainer.b.points=9"],
    ["experiment=lectures_descent_100", "trainer.epochs=3"],
)


@dataclass
class Place:
    """A project in ``root`` whose nights take their days from ``days``."""

    root: Path
    days: pd.Series

    @property
    def runs(self) -> Project:
        return Project(self.root)

    @property
    def nights(self) -> Nights:
        return Nights(self.root, Diary(self.days))

    @property
    def tracking(self) -> Tracking:
        return self.runs.config("data=lectures").tracking

    @property
    def store(self) -> Path:
        return self.root / "mlflow" / "mlflow.db"

    def audit(self, write: bool = True) -> list[AuditResult]:
        return audit_experiment(AuditSettings(self.tracking, draws=60, write=write), self.root)

    def ahead(self) -> pd.DataFrame:
        nights = self.nights
        settings = Predict(7, LIVE, "viewcast", nights.settings.tracking)
        return forecast(settings, self.root, nights.registry).days

    def files(self) -> dict[Path, bytes]:
        """But SQLite's memory that readers share, and its log while that is empty: they tell who
        reads, and hold no row.
        """
        found = {file: file.read_bytes() for file in self.root.rglob("*") if file.is_file()}
        idle = ("-shm", "-wal")
        return {
            file: content
            for file, content in found.items()
            if not file.name.endswith(idle if content == b"" else "-shm")
        }

    def locations(self) -> set[str]:
        """All addresses that the store names, but that of MLflow's own experiment ``Default``."""
        with closing(sqlite3.connect(self.store)) as opened:
            found = [opened.execute(f"SELECT {column} FROM {table}") for table, column in COLUMNS]
            named = {str(value) for rows in found for (value,) in rows if value}
        return {
            value
            for value in named
            if "/" in value and not value.startswith("models:/") and not value.endswith("/mlruns/0")
        }


@pytest.fixture(scope="module")
def lived_in(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, channel: pd.Series
) -> Place:
    """A project with runs, an audit and a champion; tests copy it."""
    place = Place(tmp_path_factory.mktemp("lived") / "a project, 50 %", channel)
    nights = started(place.root, empty_store, Diary(channel))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viewcast.report.nights_page.write_page", lambda root: None)
        assert nights.one("2018-03-01")["outcome"] == "served"
    for overrides in RUNS:
        place.runs.run(*overrides)
    place.audit()
    return place


@pytest.fixture
def copy(lived_in: Place, tmp_path: Path) -> Place:
    """The same project under another path, not used there yet."""
    shutil.copytree(lived_in.root, tmp_path / "copy")
    return Place(tmp_path / "copy", lived_in.days)


def test_a_moved_project_trains_audits_predicts_and_retrains(
    lived_in: Place,
    copy: Place,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("viewcast.report.nights_page.write_page", lambda root: None)
    away = lived_in.root.with_name("away")
    before, ahead = lived_in.audit(write=False), lived_in.ahead()
    lived_in.root.rename(away)  # as if it had moved to the place of the copy
    try:
        assert copy.audit() == before
        (said,) = capsys.readouterr().err.splitlines()
        assert str(copy.root / "mlflow" / "artifacts") in said
        assert str(lived_in.root) in said
        pd.testing.assert_frame_equal(copy.ahead(), ahead)
        made = copy.runs.run("experiment=lectures_descent_100", "trainer.epochs=4")
        assert copy.nights.one("2018-03-02")["outcome"] == "served"
        recorded = copy.runs.recorded(made["run_id"])
        folder = copy.root / "mlflow" / "artifacts" / made["run_id"]
        assert recorded.info.artifact_uri == (folder / "artifacts").as_uri()
        assert (folder / "artifacts" / "predictions.parquet").is_file()
        assert not lived_in.root.exists()
        inside = copy.root.as_uri()
        assert all(where.startswith(inside) for where in copy.locations())
        for run in copy.runs.runs():  # as MLflow's UI asks
            assert copy.runs.client.list_artifacts(run.info.run_id)
        assert capsys.readouterr().err == ""
    finally:
        away.rename(lived_in.root)


def test_a_copy_beside_the_living_original_leaves_it_alone(lived_in: Place, copy: Place) -> None:
    before = lived_in.files()
    assert copy.audit() == lived_in.audit(write=False)
    copy.runs.run("experiment=lectures_descent_100", "trainer.epochs=4")
    copy.nights.registry.prune(0)
    assert lived_in.files() == before
    assert not any(where.startswith(lived_in.root.as_uri()) for where in copy.locations())


def test_the_store_as_it_was_stays_beside_it(lived_in: Place, copy: Place) -> None:
    before = copy.locations()
    connect(copy.tracking)
    after = copy.locations()
    copy.store.unlink()
    for log in copy.store.parent.glob("mlflow.db-*"):
        log.unlink()
    backup_of(copy.store).rename(copy.store)
    assert copy.locations() == before == lived_in.locations()
    connect(copy.tracking)
    assert copy.locations() == after


def test_a_copy_without_artifacts_says_how_to_bring_them(
    lived_in: Place, copy: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    new = copy.root / "mlflow" / "artifacts"
    shutil.rmtree(new)
    former = lived_in.files()
    copy.runs.run("experiment=lectures_descent_100", "trainer.epochs=4")
    assert lived_in.files() == former
    said = capsys.readouterr().err
    assert f"cp -Rn '{lived_in.root / 'mlflow' / 'artifacts'}/'. {new}/" in said


def test_another_folder_for_new_artifacts_is_no_move(copy: Place, tmp_path: Path) -> None:
    connect(copy.tracking)
    before = copy.locations()
    connect(Tracking(copy.tracking.uri, str(tmp_path / "large disk"), "viewcast", 1.0))
    assert copy.locations() == before


def test_a_folder_of_artifacts_under_a_second_name_is_no_move(copy: Place, tmp_path: Path) -> None:
    connect(copy.tracking)
    before = copy.locations()
    (tmp_path / "link").symlink_to(copy.root)
    connect(Place(tmp_path / "link", copy.days).tracking)
    assert copy.locations() == before


def test_locations_elsewhere_stay(lived_in: Place, copy: Place) -> None:
    """Also one whose name only begins like that of the former folder."""
    theirs = f"{(lived_in.root / 'mlflow' / 'artifacts').as_uri()}_of_others/7"
    with closing(sqlite3.connect(copy.store)) as opened, opened:
        opened.execute(
            "INSERT INTO experiments (name, artifact_location, lifecycle_stage) "
            "VALUES ('theirs', ?, 'active')",
            (theirs,),
        )
    connect(copy.tracking)
    assert theirs in copy.locations()


def test_all_locations_are_rewritten_or_none(copy: Place) -> None:
    with closing(sqlite3.connect(copy.store)) as opened, opened:
        opened.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON logged_models "
            "BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    before = copy.locations()
    with pytest.raises(TrackingError, match=r"has moved.*disk is full.*repeat"):
        connect(copy.tracking)
    assert copy.locations() == before


def test_of_several_that_come_first_one_mends_the_store(
    copy: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(follow_project, [copy.tracking] * 8))
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_ui_lets_the_store_follow_too(copy: Place) -> None:
    follow_beside(copy.tracking.uri)
    inside = copy.root.as_uri()
    assert any(where.startswith(inside) for where in copy.locations())


@pytest.mark.parametrize(("made_at", "anew"), [(".venv", False), ("../former/.venv", True)])
def test_an_environment_that_was_moved_is_made_anew(
    made_at: str, anew: bool, tmp_path: Path
) -> None:
    """Its scripts would run those of the place of before, or nothing."""
    here, former = tmp_path / "a project", tmp_path / "former"
    for folder in (here, former):
        (folder / ".venv").mkdir(parents=True)
        (folder / "requirements.lock").touch()
        (folder / "pyproject.toml").touch()
        (folder / ".venv" / ".ready").touch()
    shutil.copy(REPOSITORY / "Makefile", here)
    command = f"command = /usr/bin/python3 -m venv --clear {(here / made_at).resolve()}\n"
    (here / ".venv" / "pyvenv.cfg").write_text(f"version = 3.11\n{command}")
    asked = ["make", "--dry-run", "VENV=.venv", "PYTHON=python3", "show"]
    said = subprocess.run(asked, cwd=here, check=True, capture_output=True, text=True).stdout
    assert ("-m venv --clear '.venv'" in said, f"was made at {former}" in said) == (anew, anew)


def test_a_store_that_is_only_read_stays_as_it_is(
    lived_in: Place, copy: Place, tmp_path: Path
) -> None:
    """Its artifacts are found beside it; those of the original need not be there."""
    before = copy.store.read_bytes()
    away = lived_in.root.with_name("away")
    lived_in.root.rename(away)
    try:
        found = gather(copy.tracking.uri, "viewcast-lectures")
        scored = [run for study in found.studies for run in study.runs]
        assert {run.excluded for run in scored} == {None}
        shutil.rmtree(copy.root / "mlflow" / "artifacts")
        found = gather(copy.tracking.uri, "viewcast-lectures")
        (why, *_) = {run.excluded for study in found.studies for run in study.runs}
        assert why is not None
        assert str(lived_in.root / "mlflow" / "artifacts") in why
        assert f"Put the folder 'artifacts' into {copy.store.parent}" in why
    finally:
        away.rename(lived_in.root)
    assert len(scored) == len(RUNS)
    assert copy.store.read_bytes() == before
