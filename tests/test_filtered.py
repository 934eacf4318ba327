"""Filtered scores: what a run shows when a filter stands before its validation score."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.onlookers import recorded
from support.project import Project
from viewcast.base.errors import BudgetError, TrackingError
from viewcast.holdout.looks import REPORT
from viewcast.holdout.release import Ladder
from viewcast.holdout.release_rule import State

LADDER = ("holdout=ladder", "data.split=swap")
LINE = (*LADDER, "model=linear")
NAIVE = (*LADDER, "model=naive")
DESCENT = (
    *LADDER,
    "model=deep",
    "trainer.restore_best=false",
    "trainer.patience=null",
    "trainer.epochs=6",
)
THRESHOLDOUT = ("holdout=thresholdout", "data.split=swap", "model=linear")


def artifact(project: Project, run_id: str, name: str) -> pd.DataFrame:
    return pd.read_parquet(project.client.download_artifacts(run_id, name))


def sealed(project: Project, result: dict[str, Any]) -> pd.DataFrame:
    return artifact(project, result["run_id"], "sealed/validation.parquet")


def raw(project: Project, *overrides: str) -> dict[str, Any]:
    return project.run(*overrides, "holdout=open")


def test_the_first_run_is_shown_its_score_and_its_row_losses_are_sealed(project: Project) -> None:
    result, open_ = project.run(*LINE), raw(project, *LINE)
    assert result["val_loss"] == pytest.approx(open_["val_loss"])
    assert result["val_error"] is None
    losses = sealed(project, result)
    assert losses.columns.tolist() == ["entity", "time", "row", "loss"]
    assert losses["loss"].mean() == pytest.approx(open_["val_loss"])
    predicted = artifact(project, result["run_id"], "predictions.parquet")
    assert "validation" not in set(predicted["split"])


def test_a_run_that_is_no_clear_gain_is_shown_the_score_before(project: Project) -> None:
    best, worse = project.run(*LINE), project.run(*NAIVE)
    assert raw(project, *NAIVE)["val_loss"] > best["val_loss"]
    assert worse["val_loss"] == best["val_loss"]
    metrics = project.recorded(worse["run_id"]).data.metrics
    assert metrics["val_loss"] == metrics["model_val_loss"] == best["val_loss"]


def test_the_scores_are_those_of_a_filter_that_saw_all_runs_in_turn(project: Project) -> None:
    seeds = range(5)
    results = [project.run(*DESCENT, "trainer.lr=0.3", f"seed={seed}") for seed in seeds]
    ladder, state, expected = Ladder("ladder", 1.0, 1.0), State(), []
    for result in results:
        losses = sealed(project, result)["loss"].to_numpy()
        value, state = ladder.release(losses, result["train_loss"], state)
        expected.append(value)
    assert [result["val_loss"] for result in results] == expected
    assert len(set(expected)) < len(expected), "some are meant to be no clear gain"


def test_no_epoch_but_the_last_has_a_validation_loss_and_that_is_the_released_one(
    project: Project,
) -> None:
    watched: list[float | None] = []
    from viewcast.runs.run import run  # noqa: PLC0415 (beside the project's own)

    config = project.config(*DESCENT)
    project.prepare(config)
    output = project.output(config)
    result = run(config, project.root, output, lambda epoch, train, val: watched.append(val))
    assert watched == [None] * 6
    points = project.client.get_metric_history(result["run_id"], "val_loss")
    assert [(point.step, point.value) for point in points] == [(6, result["val_loss"])]
    assert pd.read_csv(output / "curve.csv")["val_loss"].isna().all()
    assert [look.uses for look in recorded(project)] == [(REPORT,)]


def test_a_filtered_run_that_diverges_shows_no_validation_loss(project: Project) -> None:
    wild = ("trainer.optimizer=sgd", "trainer.momentum=0", "trainer.lr=1000")
    result = project.run(*DESCENT, *wild)
    assert result["status"] == "diverged"
    assert "val_loss" not in project.recorded(result["run_id"]).data.metrics
    curve = pd.read_csv(project.output(project.config(*DESCENT, *wild)) / "curve.csv")
    assert curve["val_loss"].isna().all()
    assert recorded(project) == []


def test_an_identical_run_is_shown_the_same_and_takes_no_answer(project: Project) -> None:
    one = project.run(*THRESHOLDOUT, "holdout.release.budget=1")
    again = project.run(*THRESHOLDOUT, "holdout.release.budget=1")
    assert again["val_loss"] == one["val_loss"] != raw(project, *THRESHOLDOUT)["val_loss"]


def test_a_filter_whose_answers_are_spent_refuses_before_training(project: Project) -> None:
    once = (*THRESHOLDOUT, "holdout.release.budget=1")
    project.run(*once)
    before = {run.info.run_id for run in project.runs()}
    with pytest.raises(
        BudgetError, match=r"thresholdout: .* data=lectures is spent, runs served 1; set"
    ):
        project.run(*once, "seed=77")
    assert {run.info.run_id for run in project.runs()} == before
    assert project.run(*THRESHOLDOUT, "seed=77")["val_loss"], "other settings, another filter"


def test_losses_of_an_earlier_run_that_are_gone_are_named(project: Project) -> None:
    result = project.run(*LINE)
    for file in Path(project.root / "mlflow" / "artifacts").rglob("sealed/validation.parquet"):
        file.unlink()
    with pytest.raises(TrackingError, match=f"run {result['run_id']}: its sealed losses"):
        project.run(*NAIVE)


def test_a_filtered_run_without_validation_rows_is_an_ordinary_one(project: Project) -> None:
    result = project.run("experiment=lectures_course_words", "holdout=ladder")
    assert result["val_loss"] is None
    assert np.isfinite(result["train_loss"])
