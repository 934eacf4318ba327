"""``viewcast audit`` and ``viewcast.audit``: what a user types, reads, and gets in files."""

import json
import re
from pathlib import Path

import mlflow
import numpy as np
import pytest
from click.testing import CliRunner, Result
from mlflow import MlflowClient

import viewcast
from support.reported import Tags, seen
from support.simulated_store import SimulatedStore
from viewcast.api.audit import Audit
from viewcast.assessment.result_file import from_json
from viewcast.base.errors import ConfigError, DataError, TrackingError
from viewcast.commands.program import program

pytestmark = pytest.mark.xdist_group("audit command")  # what is costly is made once for all

ACCURACIES = {"stump": 0.81, "forest": 0.88, "net": 0.9}


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    """Runs of somebody, each with one score, of which more is better."""
    store = SimulatedStore.at(tmp_path, empty_store)
    for name, accuracy in ACCURACIES.items():
        store.bare(name, metrics={"val_accuracy": accuracy, "train_accuracy": 0.99})
    return store


def with_rows(store: SimulatedStore) -> SimulatedStore:
    """Twelve runs with the losses of 150 rows."""
    for i, own in enumerate(np.random.default_rng(8).gamma(2.0, 1.0, (12, 150))):
        store.run(f"run-{i:02d}", own, batch_id="one")
    return store


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> SimulatedStore:
    """A store of such runs that tests only read."""
    return with_rows(SimulatedStore.at(tmp_path_factory.mktemp("priced"), empty_store))


@pytest.fixture(scope="module")
def audited(priced: SimulatedStore) -> Audit:
    return viewcast.audit(priced.uri)


@pytest.fixture(scope="module")
def page(audited: Audit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "audit.html"
    audited.to_html(file)
    return file


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(program, ["audit", *arguments])


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def tags(store: SimulatedStore) -> dict[str, dict[str, str]]:
    runs = store.client.search_runs([store.experiment])
    own = {str(run.info.run_id): dict(run.data.tags) for run in runs}
    return own | {"experiment": dict(store.client.get_experiment(store.experiment).tags)}


# What is found without being named


def test_a_relative_store_is_looked_for_where_the_user_stands(
    store: SimulatedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.root)
    told = typed("--tracking-uri", "sqlite:///mlflow.db")
    assert told.exit_code == 0, told.output
    assert "“net” shows 0.900" in told.output


def test_the_store_of_the_environment_is_the_one_that_is_meant(
    store: SimulatedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow.set_tracking_uri(None)  # what an earlier test of this process chose goes first
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store.uri)
    assert "experiment study" in typed().output


def test_in_a_project_its_store_is_the_one_that_is_meant(
    tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("pipelines", "conf", "mlflow", "notebooks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pipelines" / "train.py").touch()
    own = SimulatedStore.at(tmp_path / "mlflow", empty_store)
    own.bare("net", metrics={"val_accuracy": 0.9})
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path / "notebooks")
    told = typed()
    assert told.exit_code == 0, told.output
    assert "experiment study" in told.output


def test_the_experiment_of_the_environment_is_the_one_that_is_meant(
    store: SimulatedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "other")
    with pytest.raises(ConfigError, match="experiment = other: unknown"):
        viewcast.audit(store.uri)


def test_of_two_experiments_with_runs_none_is_guessed(store: SimulatedStore) -> None:
    other = store.client.create_experiment("other")
    assert viewcast.audit(store.uri).results[0].experiment == "study"  # it has no run yet
    store.client.create_run(other)
    told = typed("--tracking-uri", store.uri)
    assert told.exit_code == 1
    assert "2 with runs: " in told.output and "other" in told.output and "study" in told.output


def test_a_store_without_runs_and_one_that_is_not_there_are_refused(
    tmp_path: Path, empty_store: Path
) -> None:
    store = SimulatedStore.at(tmp_path, empty_store)
    with pytest.raises(DataError, match="no experiment has a run; log some, then audit"):
        viewcast.audit(store.uri)
    with pytest.raises(TrackingError, match=r"none\.db: no such file in "):
        viewcast.audit(f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()


def test_a_folder_of_runs_is_read_as_older_versions_of_mlflow_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    client = MlflowClient(f"file://{tmp_path}/mlruns")
    experiment = client.create_experiment("study")
    for score in (0.5, 0.6):
        run_id = client.create_run(experiment).info.run_id
        client.log_metric(run_id, "val_f1", score)
        client.set_terminated(run_id)
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE")
    monkeypatch.chdir(tmp_path)
    for uri in ("mlruns", "file:./mlruns"):
        assert "shows 0.6" in str(viewcast.audit(uri))


def test_a_folder_that_is_no_store_is_not_made_one(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="is no store of MLflow; expected its folder"):
        viewcast.audit(f"{tmp_path}/mlrunz")
    assert not list(tmp_path.iterdir())


# What is told


def test_what_was_understood_is_told_before_what_to_do(store: SimulatedStore) -> None:
    text = in_one_line(str(viewcast.audit(store.uri)))
    order = ["metric val_accuracy", "more is better", "rows", "runs 3 compared", "“net” shows 0.9"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "train_accuracy (" not in text


def test_a_range_is_told_where_the_user_says_of_how_many_rows(store: SimulatedStore) -> None:
    told = in_one_line(typed("--tracking-uri", store.uri, "--n", "400").output)
    assert "2 of 3 runs cannot be told apart" in told
    assert re.search(r"expect 0\.8\d+ to 0\.90\d?, plan for at least 0\.8", told)


def test_an_error_is_a_sentence_and_no_traceback(store: SimulatedStore) -> None:
    told = typed("--tracking-uri", store.uri, "--experiment", "stduy")
    assert told.exit_code == 1
    assert "experiment = stduy: unknown to" in told.output and "study" in told.output
    assert "Traceback" not in told.output


def test_the_help_shows_a_worked_example_and_answers_without_mlflow() -> None:
    told = typed("--help")
    assert "viewcast audit --tracking-uri sqlite:///mlflow.db --experiment" in told.output
    assert "It only reads the store, unless --write or --unwrite is given" in told.output


# What is written


def test_an_audit_only_reads(priced: SimulatedStore) -> None:
    before = (priced.root / "mlflow.db").read_bytes()
    files = sorted(priced.root.rglob("*"))
    viewcast.audit(priced.uri)
    assert (priced.root / "mlflow.db").read_bytes() == before
    assert sorted(priced.root.rglob("*")) == files


def test_what_is_written_bears_the_name_of_viewcast_and_can_be_taken_away(
    tmp_path: Path, empty_store: Path
) -> None:
    store = with_rows(SimulatedStore.at(tmp_path, empty_store))
    before = tags(store)
    told = typed("--tracking-uri", store.uri, "--write")
    assert told.exit_code == 0, told.output
    after = tags(store)
    new = {name for run_id, own in after.items() for name in set(own) - set(before[run_id])}
    assert {"viewcast.expected", "viewcast.bound95", "viewcast.rank"} <= new
    # MLflow prescribes how these begin.
    ours = ("viewcast.", "mlflow.sharedViewState.viewcast", "mlflow.note.content")
    assert all(name.startswith(ours) for name in new)

    told = typed("--tracking-uri", store.uri, "--unwrite")
    assert "gone from 12 runs" in told.output
    assert tags(store) == before
    assert "gone from 0 runs" in typed("--tracking-uri", store.uri, "--unwrite").output


def test_writing_and_taking_away_at_once_is_refused(priced: SimulatedStore) -> None:
    told = typed("--tracking-uri", priced.uri, "--write", "--unwrite")
    assert told.exit_code == 2
    assert "give one of the two" in told.output


def test_the_file_of_results_is_what_python_gives(
    priced: SimulatedStore, audited: Audit, tmp_path: Path
) -> None:
    file = tmp_path / "audit.json"
    assert typed("--tracking-uri", priced.uri, "--json", str(file)).exit_code == 0
    assert from_json(file.read_text(), "audit.json") == audited.results
    assert json.loads(file.read_text()) == audited.to_dict()


def test_the_page_is_one_file_with_headline_and_pictures(audited: Audit, page: Path) -> None:
    (result,) = audited.results
    text = page.read_text()
    assert result.headline in text
    images = Tags(text).of("img")
    assert len(images) == 3
    assert all(str(image["src"]).startswith("data:image/png;base64,") for image in images)
    assert "http" not in text


def test_a_notebook_shows_headline_and_curve_in_its_own_look(audited: Audit) -> None:
    shown = audited._repr_html_()
    assert audited.results[0].headline in shown
    assert len(Tags(shown).of("img")) == 1
    assert not Tags(shown).of("style")


def test_names_of_runs_cannot_become_markup(tmp_path: Path, empty_store: Path) -> None:
    store = SimulatedStore.at(tmp_path, empty_store)
    for loss in (0.3, 0.4):
        store.bare(f"<script>alert({loss})</script> [bold]", metrics={"val_loss": loss})
    audited = viewcast.audit(store.uri)
    audited.to_html(tmp_path / "audit.html")
    assert "<script>" not in (tmp_path / "audit.html").read_text()
    assert "<script>" not in audited._repr_html_()
    assert "[bold]" in str(audited)


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1100])
def test_a_phone_and_a_desk_show_the_page_without_sideways_scrolling(
    page: Path, width: int
) -> None:
    (wide,), errors = seen(page, width, ["document.documentElement.scrollWidth"])
    assert wide <= width
    assert errors == []
