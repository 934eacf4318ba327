"""Boosted trees: trained by LightGBM, read without it, and a run, a sweep, an audit like others."""

import builtins
import sys
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.descents import problem, rows_of
from support.project import Project
from support.sweeps import children
from viewcast.assessment.settings import AuditSettings
from viewcast.base.errors import ConfigError
from viewcast.holdout.looks import early_stop, parsed
from viewcast.models import fitted
from viewcast.models.boosted import Boosted, FittedTrees
from viewcast.runs.audit import audit_experiment
from viewcast.runs.sweep import sweep as run_sweep
from viewcast.scoring.loss import MAE, MSE, Loss
from viewcast.scoring.msle import MSLE
from viewcast.tracking.write import sweep_recorder
from viewcast.training.boosting import Boosting, Course
from viewcast.training.problem import Trained

MODEL = Boosted("boosted", ["x0", "x1"], leaves=4, depth=None, leaf_rows=2)
SETTINGS: dict[str, Any] = {
    "name": "boosting",
    "iterations": 40,
    "learning_rate": 0.1,
    "row_share": 1,
    "feature_share": 1,
    "l2": 0,
    "restore_best": True,
    "patience": None,
}
QUICK = ("model=boosted", "trainer.iterations=30", "model.leaf_rows=2")


def boosting(**changed: Any) -> Boosting:
    return Boosting(**{**SETTINGS, **changed})


def boosted(loss: Loss | None = None, model: Boosted = MODEL, **changed: Any) -> Trained:
    train, validation = rows_of(1, 60), rows_of(2, 20, prefix="v")
    if isinstance(loss, MSLE):
        train, validation = (r.assign(target=np.exp(r["target"] / 20)) for r in (train, validation))
    given_ = problem(train=train, validation=validation, loss=loss or MSE())
    return boosting(**changed).fit(given_, model)


def losses_of(trained: Trained) -> Any:
    return np.stack(trained.trajectory["losses"].tolist())


# Training


@pytest.mark.parametrize("loss", [MSE(), MAE(), MSLE()])
def test_the_training_loss_falls_whatever_the_loss(loss: Loss) -> None:
    losses = boosted(loss, restore_best=False, iterations=100).curve["train_loss"]
    assert losses.iloc[-1] < 0.35 * losses.iloc[0]
    assert (losses.diff().dropna() < 0).mean() > 0.9


@pytest.mark.parametrize("loss", [MSE(), MAE()])
@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_unit_of_the_target_changes_nothing_but_the_unit(loss: Loss, scale: float) -> None:
    rows = rows_of(1, 60)
    scaled = rows.assign(target=scale * rows["target"])
    trained = [
        boosting(restore_best=False).fit(problem(train=train, loss=loss), MODEL)
        for train in (rows, scaled)
    ]
    ours, theirs = (each.model.predict(rows) for each in trained)
    np.testing.assert_allclose(theirs, scale * ours, rtol=1e-4)


def test_squared_errors_are_boosted_as_lightgbm_boosts_them() -> None:
    given_ = problem(train=rows_of(1, 60))
    ours = boosting(restore_best=False, iterations=20).fit(given_, MODEL).model
    theirs = lightgbm.train(
        {"objective": "regression", "num_leaves": 4, "min_data_in_leaf": 2, "learning_rate": 0.1,
         "min_data_in_bin": 1, "verbosity": -1, "num_threads": 1, "min_sum_hessian_in_leaf": 0},
        lightgbm.Dataset(given_.x(given_.train), given_.y(given_.train)),
        20,
    )  # fmt: skip
    expected = theirs.predict(given_.x(given_.validation))
    np.testing.assert_allclose(ours.predict(given_.validation), expected, rtol=1e-5)


def test_the_fit_of_a_tree_is_the_residual_for_squares_and_scaled_signs_for_absolute_errors() -> (
    None
):
    residual = rows_of(1, 60)["target"].to_numpy() - 3.0
    for loss, expected in (
        (MSE(), residual),
        (MAE(), 2 * np.abs(residual).mean() * np.sign(residual)),
    ):
        course = Course(problem(train=rows_of(1, 60), loss=loss), boosting(), 3.0)
        gradient, weights = course.gradient(np.zeros(60), None)
        np.testing.assert_allclose(-gradient, expected)
        assert (weights == 1).all()


def test_targets_that_are_all_equal_are_learnt_at_once() -> None:
    trained = boosting(restore_best=False).fit(
        problem(train=rows_of(1, 60).assign(target=4.0)), MODEL
    )
    assert (trained.model.predict(rows_of(3, 5)) == 4).all()


def test_the_same_seed_gives_the_same_bits_and_another_seed_another_model() -> None:
    def text(seed: int) -> str:
        given_ = problem(train=rows_of(1, 60), seed=seed)
        model = boosting(row_share=0.5, feature_share=0.5).fit(given_, MODEL).model
        assert isinstance(model, FittedTrees)
        return model.text.partition("parameters:")[0]

    assert text(1) == text(1)
    assert text(1) != text(2)


def test_the_best_iteration_by_validation_is_kept() -> None:
    trained = boosted(iterations=200)
    losses = trained.curve["val_loss"].to_numpy()
    assert trained.curve["epoch"].tolist() == list(range(1, 201))
    assert trained.best_epoch == losses.argmin() + 1 < 200
    validation = rows_of(2, 20, prefix="v")
    again = ((trained.model.predict(validation) - validation["target"]) ** 2).mean()
    assert again == pytest.approx(losses.min(), rel=1e-12)


def test_patience_ends_the_training_so_many_iterations_after_the_best() -> None:
    trained = boosted(iterations=500, patience=7)
    assert len(trained.curve) == trained.best_epoch + 7 < 500


def test_there_are_row_losses_of_every_iteration_for_the_choice_among_them() -> None:
    trained = boosted()
    assert losses_of(trained).shape == (40, 20)
    np.testing.assert_allclose(losses_of(trained).mean(1), trained.curve["val_loss"], rtol=1e-6)
    assert boosted(restore_best=False).trajectory.empty


def test_where_no_iteration_is_chosen_no_validation_rows_are_needed() -> None:
    given_ = problem(validation=problem().validation.iloc[:0])
    trainer = boosting(iterations=9, restore_best=False)
    trainer.check(given_, MODEL)
    trained = trainer.fit(given_, MODEL)
    assert trained.best_epoch == len(trained.curve) == 9
    assert trained.curve["val_loss"].isna().all()


# Refusals


def test_the_best_iteration_without_validation_rows_is_refused_beforehand() -> None:
    given_ = problem(validation=problem().validation.iloc[:0])
    with pytest.raises(ConfigError, match=r"no validation row .* trainer\.restore_best=false"):
        boosting().check(given_, MODEL)


def test_trees_without_features_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.features = .* at least one feature"):
        boosting().check(problem(inputs=[]), MODEL)


def test_a_missing_library_is_refused_with_what_to_install(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("lightgbm"):
            raise ImportError(name)
        return whole(name, *rest, **named)

    monkeypatch.delitem(sys.modules, "lightgbm")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"pip install 'viewcast\[boosting\]'"):
        project.run(*QUICK)
    assert project.runs() == []


def test_patience_without_the_best_is_refused(project: Project) -> None:
    with pytest.raises(ConfigError, match="patience stops after the best iteration"):
        project.config("model=boosted", "trainer.restore_best=false")


def test_a_filter_of_scores_contradicts_the_choice_of_an_iteration(project: Project) -> None:
    with pytest.raises(ConfigError, match=r"contradicts trainer\.restore_best = true"):
        project.config("model=boosted", "holdout=ladder")


# The fitted model


@given(seed=st.integers(0, 20), leaves=st.integers(2, 9), trees=st.integers(1, 9))
def test_predictions_without_lightgbm_have_the_bits_of_lightgbm(
    seed: int, leaves: int, trees: int
) -> None:
    given_, model = problem(train=rows_of(seed, 60)), Boosted("b", [], leaves, None, 2)
    found = boosting(restore_best=False, iterations=trees).fit(given_, model).model
    assert isinstance(found, FittedTrees)
    new = rows_of(seed + 1, 50)
    theirs = lightgbm.Booster(model_str=found.text).predict(given_.x(new), raw_score=True)
    assert (found.predict(new) == found.constant + theirs).all()


def test_trees_need_no_torch_and_predict_the_same_without_lightgbm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    model = boosted().model
    fitted.save(model, tmp_path / "model", "views")
    rows = rows_of(5, 30)
    expected = model.predict(rows)
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    again = fitted.load(tmp_path / "model")
    assert (again.predict(rows) == expected).all()
    assert again.figures() == model.figures() != {}


# A run, a sweep, an audit


def test_a_run_counts_its_iterations_as_looks(project: Project) -> None:
    result = project.run(*QUICK)
    run = project.recorded(result["run_id"])
    assert parsed(run.data.tags["viewcast.looks"], "") == (early_stop(result["epochs"]),)
    points = project.client.get_metric_history(result["run_id"], "val_loss")
    assert [point.step for point in points] == list(range(1, result["epochs"] + 1))
    stored = pd.read_parquet(
        project.client.download_artifacts(result["run_id"], "trajectory.parquet")
    )
    assert len(stored) == result["epochs"]


def test_a_sweep_of_leaves_is_that_of_ordinary_runs(project: Project) -> None:
    sweep = (*QUICK, "++sweep.leaves=[2,3]", "++sweep.seed=[1,2]", "model.features=augmented")
    project.prepare(project.config())
    plain = project.plain(*sweep, config_name="sweep")
    folder, results, candidates = run_sweep(plain, project.root)
    parent = sweep_recorder.record(results, candidates, folder, project.root)
    assert results.candidates["status"].tolist() == ["finished"] * 4
    alone = project.run(*QUICK, "model.features=augmented", "model.leaves=3", "seed=2")
    line = results.candidates.iloc[3]
    assert line["val_loss"] == alone["val_loss"]
    assert line["train_loss"] == pytest.approx(alone["train_loss"], rel=1e-12)
    assert line["best_epoch"] == alone["best_epoch"]
    uses = {run.data.tags["viewcast.looks"] for run in children(project, parent)}
    assert {use.purpose for text in uses for use in parsed(text, "")} == {"early_stop"}


def test_the_audit_corrects_the_shown_loss_for_the_choice_of_the_iteration(
    project: Project,
) -> None:
    for model in (("model=boosted", "trainer.iterations=60"), ("model=linear",), ("model=naive",)):
        project.run(*model, "data=channel")
    settings = AuditSettings(tracking=project.config().tracking, draws=200, write=True)
    (audit,) = audit_experiment(settings, project.root)
    (run,) = (run for run in audit.runs if run.model == "boosted")
    assert run.expected is not None
    assert run.shown is not None
    assert run.expected > run.shown
