"""A store of version 0.1, with its old names: audit, budget and sealed test still read it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from support.project import Project
from support.simulated_store import SimulatedStore, days
from viewcast.assessment.study import Scored, Study
from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct
from viewcast.holdout.looks import Use
from viewcast.runs.final_test import OpenTest, open_test
from viewcast.tracking import former
from viewcast.tracking.look_tags import read
from viewcast.tracking.read.gather import gather

LOSSES = np.array([0.3, 0.1, 0.2, 0.4])
FORMER_SETTINGS = {
    "holdout": {"shadow": 0, "release": None, "looks": None, "optimism": None},
    "loss": {"_target_": "viewcast.loss.MAE"},
    "trainer": {
        "_target_": "viewcast.training.gradient_descent.GradientDescent",
        "name": "gradient_descent",
        "optimiser": "sgd",
        "keep": "last",
        "explode": 1.0e6,
        "start": [1, 15],
        "epochs": 3,
    },
    "model": {
        "_target_": "viewcast.models.lazy.Lazy",
        "name": "lazy2",
        "remembers": ["train", "validation"],
    },
}


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return SimulatedStore.at(tmp_path, empty_store)


def only(store: SimulatedStore) -> Study:
    (study,) = gather(store.uri, "study").studies
    return study


def scored(store: SimulatedStore, name: str) -> Scored:
    (run,) = (run for run in only(store).runs if run.facts.name == name)
    return run


# The audit


def test_runs_of_a_former_batch_are_one_batch(store: SimulatedStore) -> None:
    for name in ("first", "second"):
        store.run(name, LOSSES, tags={"viewcast.launch": "dvc-0123"})
    assert {run.look.batch_id for run in only(store).runs} == {"dvc-0123"}


@pytest.mark.parametrize(
    ("former_name", "name"), [("closed_form", "least_squares"), ("brute_force", "grid_search")]
)
def test_former_trainers_are_those_of_today(
    store: SimulatedStore, former_name: str, name: str
) -> None:
    store.run("run", LOSSES, params={"trainer.name": former_name})
    facts = scored(store, "run").facts
    assert (facts.trainer, facts.in_epochs) == (name, False)


@pytest.mark.parametrize("keep", ["best", "last"])
def test_the_curve_of_a_former_run_is_read(store: SimulatedStore, keep: str) -> None:
    curve = pd.DataFrame({"epoch": [1, 2], "train_loss": [0.3, 0.2], "val_loss": [0.4, 0.3]})
    store.run("run", LOSSES, curve=curve, params={"trainer.keep": keep})
    found = scored(store, "run").curve
    assert found is not None
    pd.testing.assert_frame_equal(found, curve)


@pytest.mark.parametrize(
    ("keep", "uses"), [("best", Use("early_stop", 3, 3)), ("last", Use("report", 1, 1))]
)
def test_a_former_run_that_was_killed_counts_by_whether_it_kept_its_best_epoch(
    store: SimulatedStore, keep: str, uses: Use
) -> None:
    tags = {"viewcast.holdout": "00c0ffee", "viewcast.look": "key"}
    run_id = store.bare("killed", tags, params={"trainer.keep": keep}, status="KILLED")
    for epoch in range(3):
        store.client.log_metric(run_id, "val_loss", 0.5, step=epoch)
    (look,) = read(store.client, store.experiment)
    assert look.uses == (uses,)


@pytest.mark.parametrize(("former_name", "name"), former.MODELS.items())
def test_the_memorizer_is_known_by_its_former_names(
    store: SimulatedStore, former_name: str, name: str
) -> None:
    store.run("memory", LOSSES, model=former_name)
    facts = scored(store, "memory").facts
    assert (facts.model, facts.remembers) == (name, name == "memorizer_leak")


def test_the_hidden_losses_of_a_former_run_are_read(store: SimulatedStore) -> None:
    run_id = store.run("run", LOSSES)
    hidden = days(3, "2023-01-01")[["entity", "time", "row"]].assign(loss=[0.5, 0.6, 0.7])
    store.table(run_id, hidden, "sealed/shadow.parquet")
    losses = scored(store, "run").hidden_holdout
    assert losses is not None
    assert losses.final.tolist() == [0.5, 0.6, 0.7]


def test_the_hidden_losses_of_a_former_sweep_are_read(store: SimulatedStore) -> None:
    keys = days(4)
    parent, *_ = store.sweep(np.zeros((2, 4)), keys)
    hidden = days(3, "2023-01-01")[["entity", "time", "row"]]
    columns = {str(number): np.full(3, number + 0.5, np.float32) for number in range(2)}
    store.table(parent, hidden.assign(**columns), "sealed/shadows.parquet")
    means = [run.hidden_holdout.final.mean() for run in only(store).runs if run.hidden_holdout]
    assert sorted(means) == [0.5, 1.5]


def test_nothing_in_a_former_store_is_changed_by_reading_it(store: SimulatedStore) -> None:
    run_id = store.run(
        "run", LOSSES, tags={"viewcast.launch": "a"}, params={"trainer.keep": "best"}
    )
    before = store.client.get_run(run_id).to_dictionary()
    gather(store.uri, "study")
    assert store.client.get_run(run_id).to_dictionary() == before


def test_a_run_of_today_is_not_copied(store: SimulatedStore) -> None:
    run = store.client.get_run(store.run("run", LOSSES, batch_id="a"))
    assert former.translated(run) is run


# The sealed test


def test_former_settings_have_the_keys_the_names_and_the_classes_of_today() -> None:
    settings = former.settings(FORMER_SETTINGS)
    assert settings["holdout"] == {"hidden": 0, "release": None, "looks": None, "optimism": None}
    assert settings["loss"] == {"_target_": "viewcast.scoring.loss.MAE"}
    assert settings["trainer"] == {
        "_target_": "viewcast.training.gradient_descent.GradientDescent",
        "name": "gradient_descent",
        "optimizer": "sgd",
        "restore_best": False,
        "divergence_factor": 1.0e6,
        "init": [1, 15],
        "epochs": 3,
    }
    assert settings["model"]["_target_"] == "viewcast.models.memorizer.Memorizer"
    assert settings["model"]["name"] == "memorizer_leak"


def test_settings_of_today_stay_as_they_are(project: Project) -> None:
    for overrides in (["model=deep"], ["holdout=ladder"], ["model=memorizer_leak"]):
        plain = project.plain(*overrides)
        assert former.settings(plain) == plain


def under_former_names(project: Project, run_id: str) -> None:
    """Store the settings of a run as version 0.1 did."""
    plain: dict[str, Any] = project.plain("data=channel", "model=deep", "trainer.epochs=2")
    trainer, holdout = plain["trainer"], plain["holdout"]
    names = {new: old for old, new in former.TRAINER_KEYS.items()}
    plain["trainer"] = {names.get(key, key): value for key, value in trainer.items()}
    plain["trainer"]["keep"] = "best"
    plain["holdout"] = {("shadow" if k == "hidden" else k): v for k, v in holdout.items()}
    plain["loss"]["_target_"] = "viewcast.loss.MAE"
    project.client.log_text(run_id, yaml.safe_dump(plain), "config.yaml")


def test_the_sealed_test_of_a_former_run_is_opened(project: Project) -> None:
    run_id = project.run("data=channel", "model=deep", "trainer.epochs=2")["run_id"]
    tracking = project.plain()["tracking"]
    settings = construct(OpenTest, {"run": run_id, "reason": None, "tracking": tracking}, "")
    today = open_test(settings, project.root)
    under_former_names(project, run_id)
    again = construct(OpenTest, {"run": run_id, "reason": "again", "tracking": tracking}, "")
    assert open_test(again, project.root).score == today.score


def test_settings_of_version_0_1_that_mean_nothing_today_are_refused(project: Project) -> None:
    run_id = project.run("data=channel", "model=naive")["run_id"]
    plain = project.plain("data=channel", "model=naive") | {"mode": "fast"}
    project.client.log_text(run_id, yaml.safe_dump(plain), "config.yaml")
    tracking = plain["tracking"]
    settings = construct(OpenTest, {"run": run_id, "reason": None, "tracking": tracking}, "")
    with pytest.raises(ConfigError, match=f"run {run_id} was recorded .*: unknown key mode"):
        open_test(settings, project.root)
