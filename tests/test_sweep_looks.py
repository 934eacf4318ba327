"""A sweep in the record of looks: its candidates, its choice, and what it keeps of each row."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Run

from support.onlookers import recorded
from support.project import Project
from support.sweeps import QUICK, children, composed, swept
from viewcast.base.errors import BudgetError, ConfigError
from viewcast.holdout.looks import Use, distinct, early_stop, rounds
from viewcast.runs.sweep import sweep
from viewcast.sweep import cohorts as training
from viewcast.sweep.results import Results
from viewcast.tracking.datasets import row_names, rows_by_holdout
from viewcast.tracking.write import sweep_recorder as tracking
from viewcast.training import descent
from viewcast.training.rows import rows_of

SIX = ("++sweep.lr=[0.001,0.01]", "++sweep.seed=[1,2,3]")
SHADOW = ("holdout.hidden=0.4",)


def sweep_of(project: Project, *overrides: str) -> tuple[str, Results]:
    folder, results, everyone = swept(project, *overrides)
    parent = tracking.record(results, everyone, folder, project.root)
    tracking.finish(parent, [], everyone)
    return parent, results


def by_number(runs: list[Run]) -> dict[int, Run]:
    return {int(run.data.tags["viewcast.candidate"]): run for run in runs}


def test_every_candidate_is_a_look_and_the_parent_is_the_choice_among_them(
    project: Project,
) -> None:
    parent, _ = sweep_of(project, *SIX)
    found = {look.run_id: look for look in recorded(project)}
    assert found[parent].uses == (Use("select", 0, 6),)
    of_children = [found[run.info.run_id] for run in children(project, parent)]
    assert [look.uses for look in of_children] == [(early_stop(4),)] * 6
    assert {look.parent for look in of_children} == {parent}
    assert len({look.key for look in found.values()}) == 7
    assert len({(look.batch_id, look.holdout) for look in found.values()}) == 1
    assert [len(wave) for wave in rounds(found.values())] == [7]


def test_the_rows_are_an_input_of_the_parent_alone(project: Project) -> None:
    parent, _ = sweep_of(project, *SIX)
    rows = rows_of(project.config(*QUICK), project.root)
    run = project.recorded(parent)
    contexts = {entry.tags[0].value for entry in run.inputs.dataset_inputs}
    assert contexts == {"training", "validation"}
    assert rows_by_holdout([run]) == {
        run.data.tags["viewcast.holdout"]: set(row_names(rows.validation))
    }
    assert not any(child.inputs.dataset_inputs for child in children(project, parent))


def test_the_same_sweep_recorded_anew_is_no_new_look(project: Project) -> None:
    first, _ = sweep_of(project, *SIX)
    for run in [*children(project, first), project.recorded(first)]:
        project.client.set_tag(run.info.run_id, "viewcast.sweep", "lost")
    second, _ = sweep_of(project, *SIX)
    assert second != first
    assert len(recorded(project)) == 14
    assert len(distinct(recorded(project))) == 7


def test_a_diverged_candidate_counts_with_the_epochs_it_revealed(project: Project) -> None:
    wild = ("trainer.optimizer=sgd", "trainer.momentum=0", "trainer.epochs=50")
    parent, results = sweep_of(project, *wild, "++sweep.lr=[0.001,1000]")
    runs = by_number(children(project, parent))
    epochs = int(results.candidates["epochs"][1])
    assert results.candidates["status"][1] == "diverged"
    assert epochs < 50
    assert json.loads(runs[1].data.tags["viewcast.looks"])[0]["scores"] == epochs


def test_candidates_that_keep_the_last_epoch_reveal_one_score_each(project: Project) -> None:
    parent, results = sweep_of(project, *SIX, "trainer.restore_best=false")
    uses = [run.data.tags["viewcast.looks"] for run in children(project, parent)]
    assert {json.loads(text)[0]["purpose"] for text in uses} == {"report"}
    assert results.trajectories.empty


def test_each_batch_of_optuna_is_a_wave_in_sight_of_the_one_before(project: Project) -> None:
    pytest.importorskip("optuna", reason="optuna is an extra: pip install 'viewcast[optuna]'")
    search = ("search.method=optuna", "search.trials=7", "search.batch=3")
    parent, _ = sweep_of(project, *search, "++sweep.lr={low: 1e-4, high: 1e-1, log: true}")
    batch_id = project.recorded(parent).data.tags["viewcast.batch_id"]
    runs = by_number(children(project, parent))
    found = [runs[number].data.tags["viewcast.batch_id"] for number in range(7)]
    assert found == [f"{batch_id}-{number // 3}" for number in range(7)]
    of_waves = [[one for one in wave if one.parent] for wave in rounds(recorded(project))]
    assert [len(wave) for wave in of_waves] == [3, 3, 1]


def test_the_trajectories_are_the_row_losses_and_hold_the_best_epoch(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "thinned_losses", few_epochs)
    parent, results = sweep_of(project, *SIX, "trainer.epochs=30")
    file = project.client.download_artifacts(parent, "tables/trajectories.parquet")
    stored = pd.read_parquet(file).set_index(["candidate", "epoch"])["losses"]
    target = results.predictions["target"]
    for line in results.candidates.itertuples():
        assert len(stored[line.candidate]) <= 6
        expected = (results.predictions[str(line.candidate)] - target) ** 2
        kept = stored[line.candidate, line.best_epoch]
        np.testing.assert_allclose(kept, expected, rtol=1e-3, atol=1e-5)


def few_epochs(candidate: int, losses: Any, best_epoch: int) -> pd.DataFrame:
    return whole(candidate, losses, best_epoch, most=5)


whole = training.thinned_losses


def test_candidates_of_different_architectures_stand_beside_each_other_by_time(
    project: Project,
) -> None:
    overrides = ("++sweep.units=[3,5]", "++sweep.seed=[1,2]", "data.split=swap")
    _, results, _ = swept(project, *overrides)
    times = results.predictions["time"].astype(int)
    assert times.is_monotonic_increasing
    assert times.max() > 9, "as text 10 comes before 9"
    assert results.predictions.columns.tolist()[4:] == ["0", "1", "2", "3"]


# Hidden rows


def test_hidden_losses_are_sealed_row_by_row_and_no_figure_tells_them(project: Project) -> None:
    overrides = (*SIX, *SHADOW, "data.split=swap")
    parent, results = sweep_of(project, *overrides)
    artifacts = {file.path for file in project.client.list_artifacts(parent, "sealed")}
    assert artifacts == {"sealed/hidden_losses.parquet"}
    stored = pd.read_parquet(
        project.client.download_artifacts(parent, "sealed/hidden_losses.parquet")
    )
    hidden_rows = rows_of(project.config(*QUICK, *SHADOW, "data.split=swap"), project.root).hidden
    assert stored["row"].tolist() == hidden_rows["row"].tolist()
    assert stored.columns.tolist() == ["entity", "time", "row", *map(str, range(6))]
    assert set(results.predictions["row"]).isdisjoint(stored["row"])
    means = stored.iloc[:, 3:].mean()
    for number, run in by_number(children(project, parent)).items():
        hidden = pytest.approx(float(means[str(number)]), rel=1e-4)
        assert all(value != hidden for value in run.data.metrics.values())


def test_the_hidden_losses_of_a_candidate_are_those_of_an_ordinary_run(project: Project) -> None:
    _, results = sweep_of(project, *SIX, *SHADOW, "data.split=swap")
    alone = project.run(*QUICK, *SHADOW, "data.split=swap", "trainer.lr=0.01", "seed=3")
    file = project.client.download_artifacts(alone["run_id"], "sealed/hidden_holdout.parquet")
    np.testing.assert_allclose(results.hidden_losses["5"], pd.read_parquet(file)["loss"], rtol=1e-6)


def test_without_hidden_rows_nothing_is_sealed(project: Project) -> None:
    parent, results = sweep_of(project, *SIX)
    assert results.hidden_losses.empty
    assert project.client.list_artifacts(parent, "sealed") == []


# What is refused


def test_a_sweep_beyond_the_budget_is_refused_before_training_and_its_repetition_is_not(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = (*SIX, "holdout.looks=24")
    sweep_of(project, *limited)
    trained: list[int] = []
    monkeypatch.setattr(descent, "descend", lambda *given: trained.append(1))
    with pytest.raises(BudgetError, match=r"looks spent 24, allowed by holdout.looks 24"):
        swept(project, *limited, "trainer.momentum=0.5")
    assert trained == []
    folders = list((project.root / "build" / "sweeps").iterdir())
    assert len(folders) == 1, "nothing of the refused sweep"
    swept(project, *limited)


def test_a_sweep_in_sight_of_filtered_scores_is_refused(project: Project) -> None:
    plain = composed(project, *SIX, "trainer.restore_best=false")
    plain["holdout"]["release"] = {
        "_target_": "viewcast.holdout.release.Ladder",
        "name": "ladder",
        "z": 1.0,
        "length": 1.0,
    }
    project.prepare(project.config())
    with pytest.raises(ConfigError, match=r"holdout.release = ladder: a sweep chooses by the raw"):
        sweep(plain, project.root)
    assert not Path(project.root / "build" / "sweeps").exists()
