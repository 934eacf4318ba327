"""An audit of what a store holds, and its settings."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.loaded import loaded_after
from support.simulated_store import SimulatedStore
from support.studied_runs import SETTINGS, TRACKING, noisy
from viewcast.assessment.choice import Truth
from viewcast.assessment.result_file import from_json, renamed
from viewcast.assessment.settings import AuditSettings
from viewcast.assessment.study import Study
from viewcast.base import cli
from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct
from viewcast.runs.audit import audit_experiment, paths
from viewcast.tracking.read.gather import gather

ROOT = Path(__file__).resolve().parents[1]

# From the store and back


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return SimulatedStore.at(tmp_path, empty_store)


def recorded(store: SimulatedStore, runs: int = 24, rows: int = 150) -> tuple[list[str], Any]:
    """A study of runs whose truth is known: all lose 1 on average."""
    losses = noisy(np.random.default_rng(6), runs, rows)
    ids = [
        store.run(
            f"run-{i:02d}", own, batch_id="dvc-1", model="naive" if i == 0 else "deep",
            metrics={"val_loss_true": 1.0, "val_loss_true_error": 0.01},
        )
        for i, own in enumerate(losses)
    ]  # fmt: skip
    return ids, losses


def tags(store: SimulatedStore, run_id: str) -> dict[str, str]:
    return dict(store.client.get_run(run_id).data.tags)


def test_known_truth_is_nearer_to_what_is_expected_than_to_what_is_shown(
    store: SimulatedStore,
) -> None:
    ids, losses = recorded(store)
    settings = replace(SETTINGS, tracking=store.tracking)
    (found,) = audit_experiment(settings, store.root)
    winner = found.winner
    assert winner.truth == Truth(1.0, 0.01)
    assert winner.run_id == ids[losses.mean(axis=1).argmin()]
    assert abs(winner.expected - 1) < abs(winner.shown - 1)
    # The level of these rows, of runs that are equally good, leaves the luck of being picked.
    assert abs(winner.expected - losses.mean()) < abs(winner.shown - losses.mean())
    stored = (store.root / "reports" / "audit.json").read_text()
    keys = gather(store.tracking.uri, "study").keys
    assert from_json(stored, "audit.json") == renamed([found], keys)
    table = pd.read_parquet(store.root / "build" / "audit" / "rows.parquet")
    assert table["scores"].tolist() == [24] * 150

    run = store.client.get_run(winner.run_id)
    assert float(run.data.tags["viewcast.expected"]) == pytest.approx(winner.expected, rel=1e-5)
    assert float(run.data.tags["viewcast.bound95"]) == pytest.approx(winner.bound95, rel=1e-5)
    assert run.data.tags["viewcast.in_confidence_set"] == "yes"
    assert run.data.tags["viewcast.look_count"] == "1"
    assert run.data.tags["viewcast.rank"] == "01"
    assert run.data.tags["viewcast.verdict"] == found.runs[0].verdict
    by_rank = store.client.search_runs([store.experiment], order_by=["tags.`viewcast.rank` ASC"])
    assert [run.info.run_id for run in by_rank] == [run.run_id for run in found.runs]
    known = store.client.get_experiment(store.experiment).tags
    assert float(known[f"viewcast.optimism.{found.holdout}"]) == pytest.approx(winner.optimism)
    assert json.loads(known[f"viewcast.audit.{found.holdout}"])["runs"] == 24

    before = (store.root / "mlflow.db").read_bytes()
    assert audit_experiment(settings, store.root) == [found]
    assert (store.root / "mlflow.db").read_bytes() == before

    worse = store.run("late", losses[1] + 1, batch_id="dvc-1")
    (again,) = audit_experiment(settings, store.root)
    assert again.usage.scores == 25
    now = {line.run_id: line for line in again.runs}
    for run_id in (worse, ids[0]):
        expected = store.client.get_run(run_id).data.tags["viewcast.expected"]
        assert float(expected) == pytest.approx(now[run_id].expected, rel=1e-5)


def test_a_figure_that_no_longer_holds_is_shown_no_more(store: SimulatedStore) -> None:
    ids, _ = recorded(store, runs=4, rows=120)
    settings = replace(SETTINGS, tracking=store.tracking)
    audit_experiment(settings, store.root)
    assert "viewcast.expected" in store.client.get_run(ids[1]).data.tags
    for run_id in ids:
        path = store.folder(run_id) / "predictions.parquet"
        pd.read_parquet(path).head(15).to_parquet(path)
    audit_experiment(settings, store.root)
    assert "viewcast.expected" not in store.client.get_run(ids[1]).data.tags


def test_repetitions_get_the_same_and_reading_only_writes_nothing(
    store: SimulatedStore,
) -> None:
    losses = noisy(np.random.default_rng(6), 2, 120)
    first = store.run("one", losses[0], key="same", batch_id="dvc-1")
    copy = store.run("one", losses[0], key="same", batch_id="dvc-2")
    store.run("two", losses[1], batch_id="dvc-1")
    settings = replace(SETTINGS, tracking=store.tracking, write=False)
    audit_experiment(settings, store.root)
    assert not any(name.startswith("viewcast.opt") for name in tags(store, copy))
    (found,) = audit_experiment(replace(settings, write=True), store.root)
    assert len(found.runs) == 2
    assert tags(store, copy)["viewcast.optimism"] == tags(store, first)["viewcast.optimism"]


def test_the_audit_is_no_look(store: SimulatedStore) -> None:
    recorded(store, runs=3, rows=40)
    settings = replace(SETTINGS, tracking=store.tracking)
    (before,) = audit_experiment(settings, store.root)
    (after,) = audit_experiment(settings, store.root)
    assert after.usage == before.usage
    found: Study = gather(store.uri, "study").studies[0]
    assert sum(look.scores for look in found.looks) == 3


# Settings


@pytest.mark.parametrize(
    ("asked", "answer", "rows"),
    [
        ({}, "reports/audit.json", "build/audit/rows.parquet"),
        ({"experiment": "a b/c"}, "build/audits/a_b_c.json", "build/audits/a_b_c_rows.parquet"),
        ({"holdout": "00ff"}, "build/audits/00ff.json", "build/audits/00ff_rows.parquet"),
        ({"output": "x/y.json"}, "x/y.json", "x/y_rows.parquet"),
    ],
)
def test_another_experiment_does_not_overwrite_the_projects_audit(
    asked: dict[str, Any], answer: str, rows: str
) -> None:
    root = Path("/project")
    assert paths(replace(SETTINGS, **asked), root) == (root / answer, root / rows)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"draws": 10}, "draws = 10"),
        ({"tolerance": 1}, "tolerance = 1"),
        ({"worn_out": 0}, "worn_out = 0"),
        ({"least": 0.5}, "least = 0.5"),
        ({"holdot": "x"}, "unknown key holdot; allowed: tracking, experiment, holdout"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        construct(AuditSettings, {"tracking": vars(TRACKING), **wrong}, "")


@pytest.mark.parametrize("name", ["sales", "it's 1/2 of all", "/Users/a@b.c", "1e10", "00c0"])
def test_an_experiment_is_asked_for_by_its_name_as_it_is(name: str) -> None:
    short = {"experiment": "which.experiment"}
    argument = cli.whole_key(f"experiment={name}", short)
    assert cli.compose(ROOT, [argument], "audit")["which"]["experiment"] == name
    assert cli.whole_key("experiment=null", short) == "which.experiment=null"
    assert cli.whole_key("draws=100", short) == "draws=100"


def test_the_settings_of_the_program_are_those_of_the_audit() -> None:
    composed = cli.compose(ROOT, [], "audit")
    asked = {**composed, **composed.pop("which")}
    asked.pop("which")
    settings = construct(AuditSettings, asked, "")
    assert replace(settings, tracking=TRACKING, draws=200) == SETTINGS


def test_the_audit_itself_needs_no_mlflow_and_reading_a_store_needs_no_torch() -> None:
    assert not loaded_after("import viewcast.assessment.audit") & {"torch", "mlflow", "hydra"}
    assert not loaded_after("import viewcast.runs.audit") & {"torch", "hydra"}
