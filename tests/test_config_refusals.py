"""A configuration that is unknown, incomplete, impossible or contradictory is refused in words."""

from math import inf, nan
from typing import Any

import pytest

from support.configurations import (
    SERVER,
    changed,
    composed,
    config_of,
    refusal,
    refusal_of,
    without,
)
from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct
from viewcast.runs.plan import Pipeline
from viewcast.training.config import parse

DESCENT = ("model=deep",)  # its trainer is gradient descent


@pytest.fixture(autouse=True)
def tracking_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SERVER)


def refusal_with(key: str, value: Any, *overrides: str) -> str:
    return refusal_of(changed(composed(*(overrides or DESCENT)), key, value))


# Unknown and missing keys


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("epoch", "name, data, model"),
        ("plain", "name, data, model"),
        ("model.unit", "model.units, model.layers"),
        ("trainer.learning_rate", "trainer.lr"),
        ("data.columns", "data.splits"),
        ("loss.delta", "none"),
        ("holdout.share", "holdout.hidden, holdout.release"),
    ],
)
def test_an_unknown_key_is_refused_with_those_there_are(key: str, allowed: str) -> None:
    message = refusal_with(key, 3)
    assert f"unknown key {key};" in message
    assert allowed in message.partition("allowed: ")[2]


def test_an_unknown_key_of_the_tracking_is_refused() -> None:
    assert "tracking.user = 3" in refusal_with("tracking.user", 3)


def test_an_unknown_key_of_the_pipeline_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"unknown key pipeline\.dataset;"):
        construct(Pipeline, {**composed(config_name="pipeline"), "dataset": []}, "pipeline")


@pytest.mark.parametrize(
    "key", [*composed(), "trainer.lr", "model.units", "data.unit", "tracking.uri"]
)
def test_a_missing_key_is_refused_by_its_full_name_since_nothing_has_a_default(key: str) -> None:
    assert f"{key} is missing; it has no default" in refusal_of(without(composed(*DESCENT), key))


# Impossible values

WHOLE_FROM_ONE = "Input should be greater than or equal to 1"
FINITE = "Input should be a finite number"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("trainer.lr", 0, "Input should be greater than 0"),
        ("trainer.lr", nan, FINITE),
        ("trainer.lr", inf, FINITE),
        ("trainer.lr", "fast", "Input should be a valid number"),
        ("trainer.epochs", 0, WHOLE_FROM_ONE),
        ("trainer.batch_size", 0, "Input should be greater than"),
        ("trainer.batch_size", "half", "Input should be"),
        ("trainer.momentum", 1, "Input should be less than 1"),
        ("trainer.momentum", -0.1, "Input should be greater than"),
        ("trainer.beta2", 1, "Input should be less than 1"),
        ("trainer.optimizer", "lion", "Input should be 'sgd' or 'adam'"),
        ("trainer.precision", "half", "Input should be 'float32' or 'float64'"),
        ("trainer.restore_best", "first", "Input should be a valid boolean"),
        ("trainer.patience", 0, WHOLE_FROM_ONE),
        ("trainer.divergence_factor", 1, "Input should be greater than 1"),
        ("trainer.weight_decay", -1, "Input should be greater than or"),
        ("trainer.weight_decay", inf, FINITE),
        ("trainer.row_share", 0, "Input should be greater than 0"),
        ("trainer.row_share", 1.1, "Input should be less than or equal"),
        ("trainer.feature_share", 0, "Input should be greater than 0"),
        ("trainer.feature_share", 2, "Input should be less than or"),
        ("trainer.train_loss", "before", "Input should be 'after' or 'during'"),
        ("trainer.init", "zero", "Input should be"),
        ("model.layers", 0, WHOLE_FROM_ONE),
        ("model.units", 0, WHOLE_FROM_ONE),
        ("model.features", 5, "Input should be a valid"),
        ("seed", -1, "Input should be greater than or equal to 0"),
        ("seed", None, "Input should be a valid integer"),
        ("seed", 1.5, "Input should be a valid integer"),
        ("threads", 0, WHOLE_FROM_ONE),
        ("data.block", 0, WHOLE_FROM_ONE),
        ("holdout.hidden", -0.1, "Input should be greater than or equal"),
        ("holdout.hidden", 1, "Input should be less than 1"),
        ("holdout.hidden", nan, "Input should be"),
        ("holdout.looks", 0, WHOLE_FROM_ONE),
        ("holdout.looks", 2.5, "Input should be a valid integer"),
        ("holdout.optimism", 0, "Input should be greater than 0"),
        ("holdout.optimism", inf, FINITE),
        ("holdout.release", "ladder", "expected null or a section"),
        ("tracking.flush_seconds", -1, "Input should be greater"),
        ("name", None, "Input should be a valid string"),
    ],
)
def test_an_impossible_value_is_refused_with_key_value_and_what_is_allowed(
    key: str, value: Any, expected: str
) -> None:
    assert f"{key} = {value!r}: {expected}" in refusal_with(key, value)


def test_an_impossible_initial_parameter_is_refused_by_its_place() -> None:
    expected = "trainer.init.0 = 'a': Input should be a valid number"
    assert expected in refusal_with("trainer.init", ["a"])
    assert f"trainer.init.0 = nan: {FINITE}" in refusal_with("trainer.init", [nan, 1])


@pytest.mark.parametrize("key", ["data.lags", "data.scale", "data.block"])
def test_an_impossible_channel_is_refused(key: str) -> None:
    message = refusal_with(key, 0, "data=channel")
    assert f"{key} = 0: Input should be greater than" in message


def test_every_wrong_value_is_told_at_once() -> None:
    plain = changed(composed(*DESCENT), "trainer.lr", -1)
    message = refusal_of(changed(plain, "trainer.epochs", 0))
    assert "trainer.lr = -1" in message
    assert "trainer.epochs = 0" in message


def test_a_grid_has_two_points_and_finite_ends_in_order() -> None:
    grid = "trainer=grid_search"
    points = refusal_with("trainer.w.points", 1, grid)
    assert "trainer.w.points = 1: Input should be greater than or equal to 2" in points
    for end in ("low", "high"):
        for value in (inf, nan):
            message = refusal_with(f"trainer.w.{end}", value, grid)
            assert f"trainer.w.{end} = {value}: {FINITE}" in message
    assert "trainer.w" in refusal_with("trainer.w.low", 5, grid)


def test_a_memory_of_test_rows_is_refused() -> None:
    message = refusal_with("model.remembers", ["train", "test"], "model=memorizer")
    assert "model.remembers.1 = 'test': Input should be 'train' or 'validation'" in message


def test_an_unknown_split_is_refused_with_those_there_are() -> None:
    message = refusal_with("data.split", "corse")
    assert message == "data.split = corse is not one of data.splits; allowed: within, course, swap"


def test_lectures_in_two_splits_are_refused_by_name() -> None:
    message = refusal_with("data.splits.within.validation", ["ML2021/1"])
    assert "data.splits.within" in message
    assert "lectures ['ML2021/1']" in message
    assert "a lecture may be in one" in message


def test_days_in_two_splits_are_refused_and_nothing_else_is_told() -> None:
    message = refusal_with("data.splits.lecture.validation.first", "2020-12-31", "data=channel")
    assert message.startswith("data.splits.lecture = ")
    assert "train and validation share days; a day may be in one only" in message
    assert "ByTail" not in message, "this is a split by date"


def test_a_tail_of_no_days_is_refused_and_nothing_else_is_told() -> None:
    message = refusal_with("data.splits.newest.test", 0, "data=studio")
    assert message == f"data.splits.newest.test = 0: {WHOLE_FROM_ONE}"


# The class that a section names


@pytest.mark.parametrize(
    "target",
    [
        "viewcast.models.linear.Liner",
        "viewcast.models.nowhere.Linear",
    ],
)
def test_a_class_that_does_not_exist_is_refused_by_name(target: str) -> None:
    message = refusal_with("model._target_", target)
    assert f"model._target_ = {target}: no such class" in message


@pytest.mark.parametrize(
    "target",
    [
        "viewcast.models.linear",
        "viewcast.models.network.forward",
        "builtins.dict",
        "viewcast.base.errors.ConfigError",
    ],
)
def test_what_is_no_class_of_settings_is_refused_by_name(target: str) -> None:
    assert f"model._target_ = {target}" in refusal_with("model._target_", target)


def test_a_section_without_a_class_is_refused() -> None:
    assert "model._target_ is missing" in refusal_of(without(composed(), "model._target_"))


def test_a_class_of_another_section_is_refused() -> None:
    plain = composed()
    plain["trainer"] = {"_target_": "viewcast.models.linear.Linear", "features": "linear"}
    assert "trainer._target_" in refusal_of(changed(plain, "trainer.name", "linear"))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("viewcast.holdout.release.Stairs", "no such class"),
        ("viewcast.selection.candidates", "has no settings; expected a dataclass"),
        ("viewcast.scoring.loss.MSE", "it lacks release, spent; expected"),
    ],
)
def test_a_release_filter_that_does_not_exist_is_refused_by_name(
    target: str, expected: str
) -> None:
    message = refusal_with("holdout.release", {"_target_": target})
    assert f"holdout.release._target_ = {target}: {expected}" in message


def test_wrong_settings_of_a_release_filter_are_refused_by_their_full_key() -> None:
    ladder = composed("holdout=ladder")
    z = refusal_of(changed(ladder, "holdout.release.z", -1))
    assert "holdout.release.z = -1: Input should be greater than or equal to 0" in z
    steps = refusal_of(changed(ladder, "holdout.release.steps", 3))
    assert "unknown key holdout.release.steps; allowed: holdout.release.name" in steps
    missing = refusal_of(without(ladder, "holdout.release.z"))
    assert "holdout.release.z is missing" in missing


# Contradictions


@pytest.mark.parametrize(
    ("model", "trainer"),
    [
        ("deep", "least_squares"),
        ("deep", "grid_search"),
        ("linear", "lookup"),
        ("memorizer", "least_squares"),
        ("naive", "gradient_descent"),
    ],
)
def test_a_trainer_that_cannot_train_the_model_is_refused(model: str, trainer: str) -> None:
    message = refusal(f"model={model}", f"trainer={trainer}")
    assert f"trainer = {trainer} cannot train model = {model}" in message
    assert "it serves models of kind" in message


def test_patience_without_the_best_epoch_is_refused() -> None:
    message = refusal_with("trainer.restore_best", False)
    assert message == "trainer.patience stops after the best epoch: it needs restore_best = true"


@pytest.mark.parametrize("release", ["ladder", "thresholdout"])
def test_a_filter_of_scores_contradicts_training_that_looks_at_every_epoch(release: str) -> None:
    plain = composed(*DESCENT, f"holdout={release}")
    assert refusal_of(plain).startswith(
        f"holdout.release = {release} contradicts trainer.restore_best = true, "
        "which looks at the raw"
    )
    last = changed(changed(plain, "trainer.restore_best", False), "trainer.patience", None)
    assert parse(last).holdout.release.name == release
    assert config_of(f"holdout={release}").holdout.release.name == release
