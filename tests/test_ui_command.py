"""``viewcast ui``: which links it prints, and what it writes."""

import json
import re
import shutil
from pathlib import Path

import pytest

from support.simulated_store import SimulatedStore
from support.ui_command import experiment_tags, in_one_line, links, of_four_runs, ours, typed
from viewcast.api.audit import unwrite
from viewcast.report.views_text import ExperimentPage, Link, Verdict, page_lines


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return of_four_runs(tmp_path, empty_store)


def looked_at(store: SimulatedStore, *arguments: str) -> str:
    """What is told of the store without a server."""
    told = typed("--tracking-uri", store.uri, "--no-serve", *arguments)
    assert told.exit_code == 0, told.output
    return told.output


# Somebody else's store


def test_somebody_else_s_store_is_only_read_and_what_write_would_add_is_told(
    store: SimulatedStore,
) -> None:
    before = (store.root / "mlflow.db").read_bytes()
    told = looked_at(store)
    assert (store.root / "mlflow.db").read_bytes() == before
    assert "study: 4 runs" in told and "not yet" not in told
    assert re.search(r"`--write` would add or renew \d views: 2 scores", in_one_line(told))
    charts = f"/#/experiments/{store.experiment}/runs?workflowType=machine_learning"
    assert links(told) == [f"http://127.0.0.1:5000{charts}&compareRunsMode=CHART"]


def test_with_write_each_view_is_stored_and_has_its_link(store: SimulatedStore) -> None:
    told = looked_at(store, "--write")
    keys = [link.partition("viewStateShareKey=")[2] for link in links(told)]
    stored = {
        name.removeprefix("mlflow.sharedViewState.")
        for name in experiment_tags(store)
        if name.startswith("mlflow.sharedViewState.")
    }
    assert len(keys) == len(set(keys)) >= 2
    assert set(keys) == stored
    assert "would add" not in told
    assert looked_at(store) == told  # it is there now


def test_what_write_added_unwrite_takes_away(store: SimulatedStore) -> None:
    before = experiment_tags(store)
    looked_at(store, "--write")
    assert experiment_tags(store) != before
    unwrite(store.uri, "study")
    assert experiment_tags(store) == before


def test_a_view_that_a_person_has_named_gets_its_link_too(store: SimulatedStore) -> None:
    for key, state in {"abc": {"name": "my forests", "state": "{}"}, "def": {}}.items():
        tag = f"mlflow.sharedViewState.{key}"
        store.client.set_experiment_tag(store.experiment, tag, json.dumps(state))
    told = looked_at(store)
    assert "my forests" in told
    assert [link.rpartition("=")[2] for link in links(told)] == ["abc"]


def test_an_experiment_that_no_audit_has_seen_says_how_to_audit_it(store: SimulatedStore) -> None:
    store.client.rename_experiment(store.experiment, "my study")
    assert "viewcast audit --experiment 'my study' --write" in in_one_line(looked_at(store))


# A store of viewcast


def test_views_of_viewcast_s_own_experiments_are_brought_up_to_date_unasked(
    store: SimulatedStore,
) -> None:
    told = looked_at(ours(store))
    assert "study: 4 runs, thousand views" in told
    assert "viewStateShareKey=viewcast" in told and "would add" not in told
    assert any(
        name.startswith("mlflow.sharedViewState.viewcast") for name in experiment_tags(store)
    )


def test_the_verdicts_are_those_of_the_rows_that_the_runs_were_validated_on(
    store: SimulatedStore,
) -> None:
    store.bare("validated", {"viewcast.holdout": "a"})
    told = in_one_line(looked_at(ours(store, {"a": "fine: all is well", "b": "of another part"})))
    assert "year, 366 rows: Fine: all is well." in told
    assert "of another part" not in told and "not audited" not in told


def test_an_experiment_of_nights_says_whether_its_forecasts_keep_their_promise(
    store: SimulatedStore,
) -> None:
    said = "In the last 7 days the forecasts were off by 201 views, at most 334 were promised"
    store.client.set_experiment_tag(store.experiment, "viewcast.verdict", said)
    told = in_one_line(looked_at(ours(store, {"a": "fine: all is well"})))
    assert f"nights: {said}." in told
    assert "all is well" not in told and "not audited" not in told


# Which experiments, and where they are


def test_one_experiment_may_be_named_and_an_unknown_one_is_refused_with_those_there_are(
    store: SimulatedStore,
) -> None:
    other = store.client.create_experiment("other")
    store.client.create_run(other)
    assert "other: 1 run" in looked_at(store)
    assert "other" not in looked_at(store, "--experiment", "study")
    told = typed("--tracking-uri", store.uri, "--no-serve", "--experiment", "stduy")
    assert told.exit_code == 1
    assert "experiment = stduy: unknown" in told.output and "study" in told.output


def test_a_store_without_runs_says_so(tmp_path: Path, empty_store: Path) -> None:
    told = looked_at(SimulatedStore.at(tmp_path, empty_store))
    assert told.startswith("No experiment of ") and not links(told)


def test_a_store_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    told = typed("--tracking-uri", f"sqlite:///{tmp_path}/none.db")
    assert told.exit_code == 1
    assert "no such file" in told.output and "Traceback" not in told.output
    assert not list(tmp_path.iterdir())


def test_in_a_project_folder_its_own_store_is_meant_unless_the_environment_names_one(
    store: SimulatedStore, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path_factory.mktemp("project")
    for folder in ("conf", "pipelines", "mlflow"):
        (project / folder).mkdir()
    (project / "pipelines" / "train.py").touch()
    shutil.copy(store.root / "mlflow.db", project / "mlflow")
    monkeypatch.chdir(project / "conf")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    # As in a process of its own: MLflow remembers the store that was set last.
    monkeypatch.setattr("mlflow.tracking._tracking_service.utils._tracking_uri", None)
    assert "study: 4 runs" in typed("--no-serve").output
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project}/none.db")
    assert "none.db: no such file" in in_one_line(typed("--no-serve").output)


# On the screen


def test_an_address_keeps_its_line_on_a_narrow_terminal_and_all_else_is_wrapped() -> None:
    page = ExperimentPage(
        "viewcast-channel", 23, "thousand views", [Verdict("year, 366 rows", 9 * "worn out, ")],
        [Link("1 curves", "http://127.0.0.1:5000/#/" + 90 * "x")], ["2 scores (a)", "2 scores (b)"],
    )  # fmt: skip
    lines = [line.plain for line in page_lines(page, 60).lines]
    assert [line for line in lines if len(line) > 60] == [f"    {page.links[0].address}"]
    assert "  `--write` would add or renew 2 views: 2 scores" in lines
