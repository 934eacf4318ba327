"""Runs that viewcast did not make: which metric, which direction, which runs, which rows."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric

import viewcast
from support.simulated_store import SimulatedStore
from viewcast.assessment.rounds import scored_rounds
from viewcast.assessment.study import Scored, Study
from viewcast.assessment.understanding import Understanding
from viewcast.base.errors import ConfigError, DataError
from viewcast.tracking.read.gather import gather
from viewcast.tracking.read.settings import ReadSettings

LOSSES = {"a": 0.5, "b": 0.4, "c": 0.6}
SEARCH = {"estimator_class": "sklearn.model_selection._search.GridSearchCV"}


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return SimulatedStore.at(tmp_path, empty_store)


def gathered(store: SimulatedStore, **asked: Any) -> list[Study]:
    return gather(store.uri, "study", ReadSettings(**asked)).studies


def only(store: SimulatedStore, **asked: Any) -> Study:
    (study,) = gathered(store, **asked)
    return study


def understood(study: Study) -> Understanding:
    assert study.understood is not None
    return study.understood


def winner(study: Study) -> Scored:
    """The run of the least loss, as a choice takes it."""
    taken = [run for run in study.runs if run.excluded is None and run.shown is not None]
    return min(taken, key=lambda run: run.shown or 0.0)


def aside(study: Study) -> dict[str, str]:
    """Why runs were set aside, by name."""
    return {name: group.reason for group in understood(study).set_aside for name in group.names}


def scalars(store: SimulatedStore, metric: str, values: dict[str, float], **others: Any) -> None:
    for name, value in values.items():
        store.bare(name, metrics={metric: value}, **others)


def series(store: SimulatedStore, run_id: str, metric: str, values: list[float]) -> None:
    points = [Metric(metric, value, 0, step) for step, value in enumerate(values)]
    store.client.log_batch(run_id, metrics=points)


def rows(store: SimulatedStore, run_id: str, digest: str, context: str, name: str = "d") -> None:
    data = Dataset(name, digest, "local", "here", profile='{"num_rows": 150}')
    entry = DatasetInput(data, [InputTag("mlflow.data.context", context)])
    store.client.log_inputs(run_id, datasets=[entry])


# Metric and direction


def test_the_metric_is_the_one_that_most_runs_have(store: SimulatedStore) -> None:
    scalars(store, "val_mae", LOSSES)
    store.bare("other", metrics={"val_loss": 0.1})
    study = only(store)
    assert understood(study).metric == "val_mae"
    assert understood(study).metric_from == "3 of 4 runs have it"
    assert aside(study) == {"other": "it has no val_mae"}


@pytest.mark.parametrize(
    ("params", "metric"),
    [
        ({"metric_for_best_model": "f1", "greater_is_better": "True"}, "eval_f1"),
        ({"monitor": "eval_f1"}, "eval_f1"),
        ({"metric_for_best_model": "None"}, "eval_loss"),
        ({"monitor": "train_f1"}, "eval_loss"),
    ],
)
def test_parameters_point_to_the_metric(
    store: SimulatedStore, params: dict[str, str], metric: str
) -> None:
    for name, loss in LOSSES.items():
        metrics = {"eval_loss": loss, "eval_f1": loss, "train_f1": 0.9, "eval_runtime": 0.1}
        store.bare(name, metrics=metrics, params=params)
    study = only(store)
    assert understood(study).metric == metric
    assert winner(study).facts.name == ("c" if metric == "eval_f1" else "b")


def test_a_figure_called_best_is_what_was_chosen_by(store: SimulatedStore) -> None:
    for name, loss in LOSSES.items():
        store.bare(name, metrics={"val_loss": loss, "best_val_acc": loss})
    study = only(store)
    assert understood(study).metric == "best_val_acc"
    assert understood(study).more_is_better
    assert winner(study).facts.name == "c"
    assert winner(study).shown == -0.6


def test_training_metrics_runtimes_and_rates_are_never_taken(store: SimulatedStore) -> None:
    metrics = {"loss": 0.1, "accuracy": 0.9, "train_rmse": 0.1, "lr": 0.1, "eval_runtime": 3.0}
    store.bare("a", metrics=metrics)
    with pytest.raises(DataError, match=r"--metric accuracy \(or loss\); metrics there are"):
        gathered(store)


def test_what_is_proposed_is_not_refused(store: SimulatedStore) -> None:
    scalars(store, "loss", LOSSES)
    with pytest.raises(DataError, match="name it: --metric loss"):
        gathered(store)
    assert winner(only(store, metric="loss")).facts.name == "b"


def test_a_training_metric_is_refused_by_name(store: SimulatedStore) -> None:
    scalars(store, "train_loss", LOSSES)
    with pytest.raises(ConfigError, match="metric = train_loss: is of training rows, by its name"):
        gathered(store, metric="train_loss")


def test_a_direction_that_nobody_says_is_asked_for(store: SimulatedStore) -> None:
    scalars(store, "fitness", LOSSES)
    with pytest.raises(ConfigError, match=r"does not say whether .* give direction = min or max"):
        gathered(store, metric="fitness")
    assert winner(only(store, metric="fitness", direction="max")).facts.name == "c"
    assert winner(only(store, metric="fitness", direction="min")).facts.name == "b"


def test_a_direction_against_the_name_is_refused(store: SimulatedStore) -> None:
    scalars(store, "val_rmse", LOSSES)
    with pytest.raises(ConfigError, match="direction = max: of val_rmse less is better"):
        gathered(store, direction="max")


def test_the_test_metric_is_taken_with_a_warning(store: SimulatedStore) -> None:
    scalars(store, "test_acc", LOSSES)
    assert "is a validation set" in understood(only(store)).metric_from


def test_spellings_of_one_figure_are_compared_and_said(store: SimulatedStore) -> None:
    scalars(store, "val_rmse", LOSSES)
    store.bare("boosted", metrics={"validation_0-rmse": 0.3})
    study = only(store)
    assert winner(study).facts.name == "boosted"
    assert understood(study).passed_over == ("validation_0-rmse is read as val_rmse",)


def test_of_several_evaluation_sets_the_last_is_taken_and_the_others_are_named(
    store: SimulatedStore,
) -> None:
    for name, loss in LOSSES.items():
        store.bare(name, metrics={"validation_0-rmse": 0.0, "validation_1-rmse": loss})
    study = only(store)
    assert winner(study).facts.name == "b"
    note = "validation_0-rmse: validation_1-rmse of the same run is taken"
    assert understood(study).passed_over == (note,)


@pytest.mark.parametrize(
    ("value", "shown", "scores"), [(None, 0.6, 1), ("best", 0.3, 3), ("max", 0.8, 3)]
)
def test_the_point_of_a_series_that_counts_is_the_last_or_the_one_asked_for(
    store: SimulatedStore, value: str | None, shown: float, scores: int
) -> None:
    series(store, store.bare("a"), "val_loss", [0.8, 0.3, 0.6])
    study = only(store, value=value)
    assert winner(study).shown == shown
    assert sum(look.scores for look in study.looks) == scores


def test_epochs_count_as_looks_where_a_rule_acted_on_them(store: SimulatedStore) -> None:
    run_id = store.bare("a", params={"early_stopping_rounds": "5"})
    series(store, run_id, "val_loss", [0.8, 0.3, 0.6, 0.5])
    assert only(store).looks[0].scores == 4


# Runs


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1.797e308])
def test_a_run_that_diverged_is_set_aside(store: SimulatedStore, value: float) -> None:
    scalars(store, "val_accuracy", {**LOSSES, "broken": value})
    study = only(store)
    assert winner(study).facts.name == "c"
    assert aside(study) == {"broken": "it diverged: its val_accuracy is no finite number"}


@pytest.mark.parametrize("status", ["FAILED", "KILLED", "RUNNING"])
def test_a_run_that_has_not_finished_does_not_win(store: SimulatedStore, status: str) -> None:
    scalars(store, "val_loss", LOSSES)
    store.bare("first", metrics={"val_loss": 0.1}, status=status)
    study = only(store)
    assert winner(study).facts.name == "b"
    assert status in aside(study)["first"]


@pytest.mark.parametrize(("own", "taken"), [(0.4, 3), (0.5, 3), (0.35, 4)])
def test_a_parent_that_repeats_a_child_or_their_mean_is_no_candidate(
    store: SimulatedStore, own: float, taken: int
) -> None:
    parent = store.bare("sweep", metrics={"val_loss": own})
    scalars(store, "val_loss", LOSSES, tags={"mlflow.parentRunId": parent})
    study = only(store)
    assert understood(study).taken == taken
    assert ("sweep" in aside(study)) == (taken == 3)


@pytest.mark.parametrize(
    ("tags", "rounds"), [({}, 3), ({"sampler": "RandomSampler"}, 1), ({"sampler": "TPE"}, 3)]
)
def test_trials_that_may_have_been_drawn_in_sight_of_others_are_rounds(
    store: SimulatedStore, tags: dict[str, str], rounds: int
) -> None:
    parent = store.bare("study", {**tags, "optuna.study_direction": "MAXIMIZE"})
    scalars(store, "value", LOSSES, tags={"mlflow.parentRunId": parent})
    study = only(store)
    assert winner(study).facts.name == "c"
    assert understood(study).direction_from == "optuna.study_direction = MAXIMIZE"
    assert len(scored_rounds(study)) == rounds


def test_the_runs_of_a_grid_are_one_round(store: SimulatedStore) -> None:
    parent = store.bare("grid")
    for lr in "12":
        for width in "345":
            store.bare(
                lr + width,
                {"mlflow.parentRunId": parent},
                {"val_loss": float(lr + width)},
                {"lr": lr, "width": width},
            )
    assert len(scored_rounds(only(store))) == 1


# Folds, searches, seeds


def test_folds_of_nested_runs_are_one_candidate(store: SimulatedStore) -> None:
    for name, level in LOSSES.items():
        parent = store.bare(name)
        for fold in range(3):
            tags = {"mlflow.parentRunId": parent}
            store.bare("f", tags, {"val_rmse": level + fold}, {"fold": str(fold)})
    study = only(store)
    best = winner(study)
    assert (best.facts.name, best.shown) == ("b", pytest.approx(1.4))
    assert best.folds is not None
    assert best.folds.tolist() == [0.4, 1.4, 2.4]
    assert understood(study).taken == 3


def test_scores_by_fold_need_no_mean_beside_them(store: SimulatedStore) -> None:
    for name, level in LOSSES.items():
        store.bare(name, metrics={f"fold_{fold}_rmse": level + fold for fold in range(3)})
    best = winner(only(store))
    assert (best.facts.name, best.shown) == ("b", pytest.approx(1.4))
    assert best.folds is not None
    assert best.folds.tolist() == [0.4, 1.4, 2.4]


def test_folds_of_flat_runs_of_the_same_settings_are_one_candidate(store: SimulatedStore) -> None:
    for width in ("8", "9"):
        for fold in ("0", "1"):
            params = {"width": width, "fold": fold}
            store.bare(f"w{width}", metrics={"val_acc": int(width + fold) / 100}, params=params)
    best = winner(only(store))
    assert best.folds is not None
    assert best.folds.tolist() == [-0.90, -0.91]


def test_all_candidates_of_a_search_are_taken_not_only_those_that_became_runs(
    store: SimulatedStore,
) -> None:
    results = pd.DataFrame(
        {
            "mean_fit_time": [0.1, 0.2, 0.3],
            "params": ["{'C': 1}", "{'C': 10}", "{'C': 100}"],
            "split0_test_score": [0.7, 0.9, 0.8],
            "split1_test_score": [0.5, 0.7, 0.6],
            "mean_test_score": [0.6, 0.8, 0.7],
        }
    )
    params = {"scoring": "neg_log_loss", "refit": "True"}
    parent = store.bare("search", SEARCH, {"best_cv_score": 0.8}, params)
    rows(store, parent, "feed", "train")
    path = store.folder(parent) / "cv_results.csv"
    results.to_csv(path, index=False)
    tags = {"mlflow.parentRunId": parent}
    child = store.bare("quiet-fox", tags, {"mean_test_score": 0.8, "mean_fit_time": 0.2})
    study = only(store)
    assert {run.facts.name for run in study.runs} == {"C=1", "quiet-fox", "C=100"}
    best = winner(study)
    assert (best.run_id, best.facts.measure, best.row_count) == (child, "log_loss", 150)
    assert best.folds is not None
    assert best.folds.tolist() == [-0.9, -0.7]
    assert (best.facts.size, best.facts.size_of) == (0.2, "s to fit")
    assert study.holdout == "feed"
    assert understood(study).rows_from == "cross-validation within the training input"
    assert len(scored_rounds(study)) == 1


def test_candidates_that_never_became_runs_are_not_annotated(store: SimulatedStore) -> None:
    parent = store.bare("search", SEARCH, {"best_cv_score": 0.8})
    table = "mean_test_score,params\n0.8,{'C': 1}\n0.7,{'C': 2}\n"
    (store.folder(parent) / "cv_results.csv").write_text(table)
    child = store.bare("fox", {"mlflow.parentRunId": parent}, {"mean_test_score": 0.8})
    viewcast.audit(store.uri, "study", write=True)
    verdicts = [
        run.info.run_id
        for run in store.client.search_runs([store.experiment])
        if "viewcast.verdict" in run.data.tags
    ]
    assert verdicts == [child]


def test_a_search_whose_candidates_told_their_rows_has_nothing_more_to_say(
    store: SimulatedStore,
) -> None:
    parent = store.bare("search", SEARCH, {"best_cv_score": 0.8})
    (store.folder(parent) / "cv_results.csv").write_text("mean_test_score,params\n0.8,{}\n")
    tags = {"mlflow.parentRunId": parent}
    store.bare("left over", tags, {"mean_test_score": 0.7})
    store.run("told", [0.1, 0.2, 0.3], tags=tags)
    assert [run.facts.name for run in only(store).runs] == ["told"]


def test_runs_that_differ_by_the_seed_alone_share_their_settings(store: SimulatedStore) -> None:
    for depth in ("3", "5"):
        for seed in ("0", "1"):
            params = {"depth": depth, "random_state": seed}
            store.bare(f"{depth}-{seed}", metrics={"val_acc": 0.5}, params=params)
    runs = {run.facts.name: run.facts for run in only(store).runs}
    assert runs["3-0"].settings == runs["3-1"].settings != runs["5-0"].settings
    assert [runs[name].seed for name in ("3-0", "3-1")] == ["0", "1"]


# Rows


@pytest.mark.parametrize("names", [("validation_0", "validation_1"), ("train", "valid")])
def test_an_evaluation_set_with_the_digest_of_the_training_rows_is_no_validation(
    store: SimulatedStore, names: tuple[str, str]
) -> None:
    for name, loss in LOSSES.items():
        run_id = store.bare(name, metrics={f"{names[0]}-rmse": 0.0, f"{names[1]}-rmse": loss})
        for digest, context, data in (
            ("cafe", "train", "dataset"),
            ("cafe", "eval", names[0]),
            ("beef", "eval", names[1]),
        ):
            rows(store, run_id, digest, context, data)
    study = only(store)
    assert (study.holdout, understood(study).rows) == ("beef", 150)
    assert winner(study).facts.name == "b"


def test_a_booster_that_was_evaluated_on_its_training_rows_alone_has_no_score(
    store: SimulatedStore,
) -> None:
    run_id = store.bare("a", metrics={"validation_0-rmse": 0.1})
    rows(store, run_id, "cafe", "train")
    rows(store, run_id, "cafe", "eval", "validation_0")
    with pytest.raises(DataError, match="log the validation score of each run"):
        gathered(store)
    with pytest.raises(ConfigError, match="of training rows, by the digest of the training input"):
        gathered(store, metric="validation_0-rmse")


def test_runs_of_different_data_sets_are_not_compared(store: SimulatedStore) -> None:
    for data in ("A", "B"):
        scalars(store, "val_loss", LOSSES, params={"dataset": data})
    first, second = gathered(store)
    assert (first.holdout, second.holdout) == ("unknown: dataset_A", "unknown: dataset_B")
    assert "another data set" in " ".join(first.assumed)


def test_the_number_of_rows_is_the_users_else_the_profiles(store: SimulatedStore) -> None:
    run_id = store.bare("a", metrics={"val_acc": 0.9})
    rows(store, run_id, "beef", "validation")
    assert only(store).runs[0].row_count == 150
    assert only(store, n=40).runs[0].row_count == 40


def test_what_would_have_more_runs_priced_is_a_line_to_paste(store: SimulatedStore) -> None:
    scalars(store, "val_loss", LOSSES)
    assert "viewcast.log_rows(" in str(understood(only(store)).advice)
    history = {"mlflow.log-model.history": "[]"}
    scalars(store, "val_loss", {f"{name}'": loss for name, loss in LOSSES.items()}, tags=history)
    store.bare("d", history, {"val_loss": 0.7})
    advice = str(understood(only(store)).advice)
    assert advice.startswith("viewcast audit --tracking-uri sqlite:")
    assert "--experiment study --rows valid.parquet --target y --load-models" in advice


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"direction": "up"}, "direction = up: unknown; allowed: min, max"),
        ({"value": "mean"}, "value = mean: unknown; allowed: last, best, min, max"),
        ({"n": 0}, "n = 0: expected the number of validation rows"),
        ({"rows": "v.csv"}, "rows = v.csv, target = None: one needs the other"),
    ],
)
def test_settings_that_mean_nothing_are_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ReadSettings(**asked)
