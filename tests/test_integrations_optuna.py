"""TrialRuns: a run for each trial of Optuna, with the rows that its objective predicted."""

from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow.entities import Run
from sklearn.metrics import mean_absolute_error, roc_auc_score

from support.mlflow_store import Store
from viewcast.base.errors import ConfigError
from viewcast.integrations.optuna import TrialRuns
from viewcast.tracking.read.gather import gather

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.WARNING)

RNG = np.random.default_rng(11)
TARGET = RNG.normal(size=50)
NOISE = RNG.normal(size=50)
CLASSES = (TARGET > 0).astype(int)


def study(runs: TrialRuns, trials: int = 5, sampler: Any = None, **settings: Any) -> Any:
    """Trials that shrink noise by the drawn factor, judged by the absolute error."""

    def objective(trial: Any) -> float:
        predicted = TARGET + trial.suggest_float("noise", 0, 1) * NOISE
        runs.keep(trial, TARGET, predicted)
        return float(mean_absolute_error(TARGET, predicted))

    made = optuna.create_study(sampler=sampler or optuna.samplers.TPESampler(seed=1))
    made.optimize(objective, n_trials=trials, callbacks=[runs], **settings)
    return made


def children(store: Store, parent: Run) -> list[Run]:
    found = store.client.search_runs(
        [store.experiment], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'"
    )
    return sorted(found, key=lambda run: int(run.data.tags["trial"]))


def test_a_trial_is_a_run_with_its_value_and_its_rows(others_store: Store) -> None:
    with others_store.run() as parent:
        done = study(TrialRuns())
    runs = children(others_store, parent)
    assert len(runs) == 5
    for trial, run in zip(done.trials, runs, strict=True):
        assert float(run.data.params["noise"]) == trial.params["noise"]
        assert run.data.metrics["value"] == trial.value
        assert run.data.tags["viewcast.loss"] == "mae"  # found: it gives the value of the trial
        assert others_store.table(run)["loss"].mean() == pytest.approx(trial.value)
        assert run.info.status == "FINISHED"
        assert run.info.start_time == int(trial.datetime_start.timestamp() * 1000)


def test_the_winner_of_the_audit_is_the_best_trial(others_store: Store) -> None:
    with others_store.run():
        done = study(TrialRuns())
    (priced,) = (
        s for s in gather(mlflow.get_tracking_uri(), "others").studies if s.keys is not None
    )
    best = min(priced.runs, key=lambda scored: scored.shown)
    assert best.facts.name == f"trial {done.best_trial.number}"


def test_trials_drawn_in_sight_of_earlier_ones_are_rounds(others_store: Store) -> None:
    batches = {}
    for sampler in (optuna.samplers.TPESampler(seed=1), optuna.samplers.RandomSampler(seed=1)):
        with others_store.run() as parent:
            study(TrialRuns(), 3, sampler)
        name = type(sampler).__name__
        batches[name] = {r.data.tags["viewcast.batch_id"] for r in children(others_store, parent)}
    assert len(batches["TPESampler"]) == 3
    assert len(batches["RandomSampler"]) == 1


def test_threads_share_the_callback(others_store: Store) -> None:
    with others_store.run() as parent:
        done = study(TrialRuns(), 6, n_jobs=2)
    values = {run.data.metrics["value"] for run in children(others_store, parent)}
    assert values == {trial.value for trial in done.trials}
    for run in children(others_store, parent):
        assert others_store.table(run)["loss"].mean() == pytest.approx(run.data.metrics["value"])


def test_a_score_is_found_by_its_value(others_store: Store) -> None:
    runs = TrialRuns()

    def objective(trial: Any) -> float:
        predicted = 1 / (1 + np.exp(-TARGET - trial.suggest_float("noise", 1, 2) * NOISE))
        runs.keep(trial, CLASSES, predicted)
        return float(roc_auc_score(CLASSES, predicted))

    mlflow.set_experiment(experiment_id=others_store.experiment)
    ranked = optuna.create_study(study_name="ranking", direction="maximize")
    ranked.enqueue_trial({"noise": 1.571529830729761})  # the mean recall of both classes is as high
    ranked.optimize(objective, n_trials=2, callbacks=[runs])
    assert runs.runs is not None
    parent = others_store.client.get_run(runs.runs.parent)
    assert parent.info.run_name == "ranking"
    for run in children(others_store, parent):
        assert run.data.tags["viewcast.loss"] == "roc_auc"
        assert run.data.tags["direction"] == "maximize"


def test_trials_that_end_early_have_no_rows(others_store: Store) -> None:
    runs = TrialRuns()

    def objective(trial: Any) -> float:
        runs.keep(trial, TARGET, NOISE)
        if trial.number == 0:
            raise optuna.TrialPruned
        if trial.number == 1:
            raise ValueError("no such kernel")
        return 1.0

    with others_store.run() as parent:
        optuna.create_study().optimize(objective, n_trials=3, callbacks=[runs], catch=ValueError)
    killed, failed, finished = children(others_store, parent)
    assert (killed.info.status, failed.info.status) == ("KILLED", "FAILED")
    assert "viewcast.look" not in {**killed.data.tags, **failed.data.tags}
    assert finished.data.tags["viewcast.loss"] == "mse"  # no metric of the rows gives 1.0


def test_several_objectives_are_refused(others_store: Store) -> None:
    both = optuna.create_study(directions=["minimize", "maximize"])
    with others_store.run(), pytest.raises(ConfigError, match="2 objectives; expected one"):
        both.optimize(lambda trial: (1.0, 2.0), n_trials=1, callbacks=[TrialRuns()])
