"""Views as tags of an experiment: written when they change, taken away when they are gone."""

import json
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

import viewcast
from support.mlflow_store import Store
from support.simulated_store import SimulatedStore
from viewcast.tracking.views.shown import shown
from viewcast.tracking.write.views import our_views, write_views

MARK = "viewcast.compared"


class Writing:
    """What a client is asked to write."""

    def __init__(self, client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tags: list[str] = []
        written = MlflowClient.set_experiment_tag

        def noted(self_: MlflowClient, experiment: str, key: str, value: str) -> None:
            self.tags.append(key)
            written(self_, experiment, key, value)

        monkeypatch.setattr(MlflowClient, "set_experiment_tag", noted)


def log(store: Store, loss: float, status: str = "FINISHED", split: str | None = None) -> str:
    run = store.client.create_run(store.experiment)
    points = [
        Metric(name, loss / step, 1_600_000_000_000 + step, step)
        for name in ("train_loss", "val_loss")
        for step in (1, 2, 3)
    ]
    tags = [] if split is None else [RunTag("viewcast.split", split)]
    store.client.log_batch(run.info.run_id, points, [Param("lr", str(loss))], tags)
    store.client.set_terminated(run.info.run_id, status)
    return str(run.info.run_id)


@pytest.fixture
def filled(others_store: Store) -> Iterator[Store]:
    for loss in (1.0, 2.0, 3.0):
        log(others_store, loss)
    yield others_store


def tags(store: Store) -> dict[str, str]:
    return dict(store.client.get_experiment(store.experiment).tags)


def test_what_an_experiment_holds_is_read_with_its_curves(filled: Store) -> None:
    once = filled.client.create_run(filled.experiment).info.run_id
    filled.client.log_metric(once, "test_loss", 1.0, step=7)
    held = shown(filled.client, filled.experiment)
    assert held.curves == {"train_loss", "val_loss"}
    assert [run.status for run in held.runs] == ["RUNNING", *["FINISHED"] * 3]
    assert held.runs[1].metrics["val_loss"] == pytest.approx(1.0)
    assert not held.ours


def test_a_curve_that_only_the_best_run_kept_is_found(filled: Store) -> None:
    last = filled.client.create_run(filled.experiment).info.run_id
    filled.client.log_metric(last, "val_loss", 2.0, step=100)  # its last point alone
    assert "val_loss" in shown(filled.client, filled.experiment).curves


def test_an_image_is_found_by_its_key(filled: Store) -> None:
    run = filled.client.search_runs([filled.experiment])[0]
    filled.client.log_image(run.info.run_id, np.zeros((1, 1, 3), "uint8"), key="pictures/curves")
    assert shown(filled.client, filled.experiment).images == {"pictures/curves"}
    keys = [view.key for view in write_views(filled.client, filled.experiment)]
    assert keys[-1] == "viewcast-pictures"


def test_nothing_is_written_twice(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    views = write_views(filled.client, filled.experiment)
    assert [view.key for view in views] == [
        *("viewcast-curves", "viewcast-scores", "viewcast-differs"),
    ]
    assert {view.tag for view in views} == our_views(tags(filled))
    written = Writing(filled.client, monkeypatch)
    write_views(filled.client, filled.experiment)
    assert written.tags == []


def test_only_views_that_a_new_run_changes_are_written(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_views(filled.client, filled.experiment)
    log(filled, 5.0, "FAILED")
    written = Writing(filled.client, monkeypatch)
    write_views(filled.client, filled.experiment)
    assert written.tags == []
    log(filled, 5.0)
    write_views(filled.client, filled.experiment)
    assert len(written.tags) == 3


def test_a_view_that_has_nothing_to_show_any_more_is_taken_away(filled: Store) -> None:
    write_views(filled.client, filled.experiment)
    runs = filled.client.search_runs([filled.experiment])
    for run in runs[:-1]:
        filled.client.delete_run(run.info.run_id)
    assert write_views(filled.client, filled.experiment) == []
    assert our_views(tags(filled)) == set()


def test_views_of_a_person_stay_as_they_are(filled: Store) -> None:
    own = json.dumps({"name": "mine", "createdAt": 1, "updatedAt": 1, "state": "{}"})
    client, experiment = filled.client, filled.experiment
    client.set_experiment_tag(experiment, "mlflow.sharedViewState.0123", own)
    client.set_experiment_tag(experiment, "mlflow.sharedViewState.viewcast-scores", own)
    write_views(client, experiment)
    assert tags(filled)["mlflow.sharedViewState.0123"] == own
    assert tags(filled)["mlflow.sharedViewState.viewcast-scores"] == own
    assert "mlflow.sharedViewState.viewcast-curves" in tags(filled)


def test_a_server_that_takes_short_tags_only_gets_the_short_form(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = MlflowClient.set_experiment_tag

    def limited(self: MlflowClient, experiment: str, key: str, value: str) -> None:
        if len(value) > 2000:
            raise MlflowException("value exceeds the maximum length of 2000 characters")
        written(self, experiment, key, value)

    monkeypatch.setattr(MlflowClient, "set_experiment_tag", limited)
    views = write_views(filled.client, filled.experiment)
    stored = tags(filled)
    assert all(stored[view.tag].startswith("deflate;") for view in views)
    assert our_views(stored) == {view.tag for view in views}


def test_a_split_with_quotes_makes_a_filter_that_finds_its_runs(others_store: Store) -> None:
    split = 'O\'Neil "x" `y` ü'
    for loss in (1.0, 2.0):
        log(others_store, loss, split=split)
    log(others_store, 3.0, split="other")
    view = write_views(others_store.client, others_store.experiment)[0]
    found = others_store.client.search_runs([others_store.experiment], view.state["searchFilter"])
    assert {run.data.tags["viewcast.split"] for run in found} == {split}


def test_every_filter_and_order_is_one_that_mlflow_understands(filled: Store) -> None:
    log(filled, 1e9)
    log(filled, float("nan"))
    without = filled.client.create_run(filled.experiment).info.run_id
    filled.client.set_terminated(without, "FINISHED")
    for view in write_views(filled.client, filled.experiment):
        order = f"{view.state['orderByKey']} {'ASC' if view.state['orderByAsc'] else 'DESC'}"
        found = filled.client.search_runs(
            [filled.experiment], view.state["searchFilter"], order_by=[order]
        )
        assert len(found) == 3
    at_random = filled.client.search_runs([filled.experiment], order_by=["attributes.run_id ASC"])
    assert [run.info.run_id for run in at_random] == sorted(run.info.run_id for run in at_random)


def audited(tmp_path: Path, empty_store: Path, ours: bool) -> SimulatedStore:
    """Three runs of which an audit can say what they are worth."""
    store = SimulatedStore.at(tmp_path, empty_store)
    if ours:
        store.client.set_experiment_tag(store.experiment, "viewcast.data", "channel")
    rng = np.random.default_rng(3)
    for number in range(3):
        store.run(f"run-{number}", rng.gamma(2.0, size=80), batch_id="one")
    return store


def test_a_limit_in_the_billions_is_a_number_that_mlflow_understands(others_store: Store) -> None:
    for loss in (1e6, 2e6, 3e6, 1e15):
        log(others_store, loss)
    view = write_views(others_store.client, others_store.experiment)[0]
    found = others_store.client.search_runs([others_store.experiment], view.state["searchFilter"])
    assert len(found) == 3


def test_an_audit_that_writes_makes_views_once_and_unwrite_takes_them_away(
    tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = audited(tmp_path, empty_store, ours=False)
    before = dict(store.client.get_experiment(store.experiment).tags)
    made = Mock(side_effect=shown)
    monkeypatch.setattr("viewcast.tracking.write.views.shown", made)
    viewcast.audit(store.uri, "study", write=True)
    assert made.call_count == 1, "the experiment is read once for them"
    held = shown(store.client, store.experiment)
    assert our_views(held.tags) == {
        f"mlflow.sharedViewState.viewcast{name}" for name in ("", "-scores-year", "-differs")
    }
    assert not any("val_loss_expected" in run.metrics for run in held.runs)
    viewcast.unwrite(store.uri, "study")
    assert dict(store.client.get_experiment(store.experiment).tags) == before


def test_in_our_own_experiments_the_expected_loss_is_a_metric_written_when_it_changes(
    tmp_path: Path, empty_store: Path
) -> None:
    store = audited(tmp_path, empty_store, ours=True)
    viewcast.audit(store.uri, "study", write=True)
    runs = shown(store.client, store.experiment).runs
    for run in runs:
        assert run.metrics["val_loss_expected"] == pytest.approx(
            float(run.tags["viewcast.expected"]), rel=1e-5
        )
    viewcast.audit(store.uri, "study", write=True)
    points = store.client.get_metric_history(runs[0].run_id, "val_loss_expected")
    assert len(points) == 1
