"""The training loop: what is kept, in which order rows come, how a run goes on after a crash."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from viewcast.errors import ConfigError, DivergenceError
from viewcast.loss import MAE, MSE
from viewcast.models.deep import Deep
from viewcast.models.linear import Linear
from viewcast.training import checkpoint
from viewcast.training.backprop import Backprop
from viewcast.training.closed_form import ClosedForm
from viewcast.training.gradient_descent import GradientDescent
from viewcast.training.problem import Problem, Trained

LINE = Linear("linear", ["x0", "x1"])
DEEP = Deep("deep", ["x0", "x1"], units=6, layers=2)

SETTINGS: dict[str, Any] = {
    "name": "gradient_descent",
    "lr": 0.05,
    "batch_size": "full",
    "epochs": 30,
    "shuffle": False,
    "start": "random",
    "optimiser": "sgd",
    "momentum": 0.0,
    "beta2": 0.999,
    "weight_decay": 0.0,
    "row_share": 1.0,
    "feature_share": 1.0,
    "standardise": True,
    "precision": "float64",
    "train_loss": "after",
    "keep": "last",
    "patience": None,
    "explode": 1e6,
    "keep_path": True,
    "checkpoint_seconds": 0.0,
}


def trainer(**changed: Any) -> GradientDescent:
    return GradientDescent(**{**SETTINGS, **changed})


def rows_of(seed: int, count: int, noise: float = 0.3, prefix: str = "r") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal([40, 3], [15, 1], size=(count, 2))
    target = 2 * x[:, 0] - 5 * x[:, 1] + 7 + noise * rng.normal(size=count)
    keys = [f"{prefix}{i}" for i in range(count)]
    return pd.DataFrame({"row": keys, "target": target, "x0": x[:, 0], "x1": x[:, 1]})


def problem(**changed: Any) -> Problem:
    made = Problem(
        train=rows_of(1, 13),
        validation=rows_of(2, 5, prefix="v"),
        inputs=["x0", "x1"],
        loss=MSE(),
        seed=5,
        threads=1,
        identity="this very run",
    )
    return replace(made, **changed)


def fit(given: Problem, model: Any = LINE, **changed: Any) -> Trained:
    return trainer(**changed).fit(given, model)


def assert_bit_equal(one: Trained, other: Trained) -> None:
    for name, array in one.model.arrays().items():
        assert array.tobytes() == other.model.arrays()[name].tobytes(), name
    pd.testing.assert_frame_equal(one.curve, other.curve, check_exact=True)
    pd.testing.assert_frame_equal(one.path, other.path, check_exact=True)
    assert one.best_epoch == other.best_epoch


# What is kept


def overfitting() -> Problem:
    """Few noisy rows: validation is best early and rises from there."""
    return problem(train=rows_of(3, 8, noise=25), validation=rows_of(4, 30, noise=25, prefix="v"))


OVERFIT: dict[str, Any] = {"optimiser": "adam", "momentum": 0.9, "lr": 0.02, "keep": "best"}


def test_the_best_epoch_is_the_one_of_the_lowest_validation_loss() -> None:
    found = fit(overfitting(), DEEP, epochs=150, **OVERFIT)
    best = int(found.curve["val_loss"].argmin())
    assert found.best_epoch == found.curve["epoch"].iloc[best]
    assert 1 < found.best_epoch < 150, "the case is meant to overfit"


def test_of_equally_good_epochs_the_first_is_kept() -> None:
    found = fit(problem(), lr=1e-300, epochs=4, keep="best")
    assert found.curve["val_loss"].nunique() == 1
    assert found.best_epoch == 1


def test_the_model_that_is_kept_has_the_losses_of_its_epoch() -> None:
    given = overfitting()
    found = fit(given, DEEP, epochs=150, **OVERFIT)
    at_best = found.curve.iloc[found.best_epoch - 1]
    assert given.mean_loss(found.model, given.train) == pytest.approx(at_best["train_loss"])
    assert given.mean_loss(found.model, given.validation) == pytest.approx(at_best["val_loss"])


def test_training_stops_as_soon_as_patience_is_over() -> None:
    found = fit(overfitting(), DEEP, epochs=150, patience=9, **OVERFIT)
    assert len(found.curve) == found.best_epoch + 9
    assert (found.curve["val_loss"].iloc[-9:] >= found.curve["val_loss"].min()).all()


def test_patience_changes_nothing_before_it_is_over() -> None:
    patient, impatient = (
        fit(overfitting(), DEEP, epochs=150, patience=patience, **OVERFIT) for patience in (None, 9)
    )
    shorter = patient.curve.iloc[: len(impatient.curve)]
    pd.testing.assert_frame_equal(impatient.curve, shorter, check_exact=True)


def test_keeping_the_last_epoch_keeps_the_last_parameters() -> None:
    given = overfitting()
    found = fit(given, DEEP, epochs=40, **{**OVERFIT, "keep": "last"})
    assert found.best_epoch == 40
    assert found.model.arrays()["flat"].tolist() == found.path.iloc[-1, 1:].tolist()


def test_the_curve_has_one_row_per_epoch_from_1() -> None:
    found = fit(problem(), epochs=7)
    assert found.curve.columns.tolist() == ["epoch", "train_loss", "val_loss"]
    assert found.curve["epoch"].tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_the_observer_is_told_every_epoch_as_the_curve_has_it() -> None:
    told: list[tuple[int, float, float | None]] = []
    found = fit(problem(on_epoch=lambda *losses: told.append(losses)), epochs=4)
    assert told == [tuple(row) for row in found.curve.itertuples(index=False)]


def test_without_validation_rows_the_observer_is_told_of_none() -> None:
    told: list[float | None] = []
    empty = problem().validation.iloc[:0]
    given = problem(validation=empty, on_epoch=lambda epoch, train, val: told.append(val))
    found = fit(given, epochs=3)
    assert told == [None, None, None]
    assert found.curve["val_loss"].isna().all()
    assert found.best_epoch == 3


@pytest.mark.parametrize("loss", [MSE(), MAE()])
def test_losses_of_the_curve_are_in_raw_units(loss: Any) -> None:
    given = problem(loss=loss)
    found = fit(given, epochs=5)
    last = found.curve.iloc[-1]
    assert given.mean_loss(found.model, given.train) == pytest.approx(last["train_loss"])
    assert given.mean_loss(found.model, given.validation) == pytest.approx(last["val_loss"])


# Order of the rows


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[list[float]]:
    """The first feature of the rows of every update, recorded as they come."""
    seen: list[list[float]] = []
    backward = Backprop.backward

    def watched(passes: Backprop, x: Any, slope: Any) -> None:
        (own,) = x  # a run is one candidate
        seen.append(own[:, 0].tolist())
        backward(passes, x, slope)

    monkeypatch.setattr(Backprop, "backward", watched)
    return seen


RAW: dict[str, Any] = {"standardise": False, "lr": 1e-9, "start": [0, 0, 0]}


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 4, 5, 12, 13])
def test_every_epoch_uses_every_row_once(
    batches: list[list[float]], batch_size: int, shuffle: bool
) -> None:
    given = problem()
    fit(given, epochs=3, batch_size=batch_size, shuffle=shuffle, **RAW)
    per_epoch = -(-13 // batch_size)
    assert len(batches) == 3 * per_epoch
    for epoch in range(3):
        of_epoch = batches[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert [len(batch) for batch in of_epoch[:-1]] == [batch_size] * (per_epoch - 1)
        assert sorted([*chain(*of_epoch)]) == sorted(given.train["x0"])


@pytest.mark.parametrize("batch_size", [14, 1000, "full"])
def test_a_batch_larger_than_the_data_is_all_the_data(
    batches: list[list[float]], batch_size: Any
) -> None:
    fit(problem(), epochs=2, batch_size=batch_size, **RAW)
    assert [len(batch) for batch in batches] == [13, 13]


def test_without_shuffling_rows_come_in_their_own_order(batches: list[list[float]]) -> None:
    given = problem()
    fit(given, epochs=2, batch_size=4, **RAW)
    assert [*chain(*batches[:4])] == [*chain(*batches[4:])] == given.train["x0"].tolist()


def test_shuffling_takes_another_order_each_epoch(batches: list[list[float]]) -> None:
    fit(problem(), epochs=2, shuffle=True, batch_size=4, **RAW)
    assert [*chain(*batches[:4])] != [*chain(*batches[4:])]


def test_the_one_batch_of_all_rows_is_not_shuffled(batches: list[list[float]]) -> None:
    # Its order changes nothing but rounding.
    given = problem()
    fit(given, epochs=2, shuffle=True, **RAW)
    assert batches == [given.train["x0"].tolist()] * 2


def test_the_order_depends_on_the_seed_only(batches: list[list[float]]) -> None:
    options: dict[str, Any] = {"epochs": 2, "shuffle": True, "batch_size": 4}
    torch.manual_seed(1)
    fit(problem(), **options, **RAW)
    torch.manual_seed(2)
    fit(problem(), DEEP, optimiser="adam", standardise=False, lr=1e-6, **options)
    fit(problem(seed=6), **options, **RAW)
    assert batches[0:8] == batches[8:16]
    assert batches[0:8] != batches[16:24]


def test_training_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    fit(problem(), DEEP, epochs=2, shuffle=True)
    assert torch.equal(torch.rand(3), expected)


def test_the_mean_over_a_short_last_batch_is_over_its_own_rows() -> None:
    # Two updates on 3 rows in batches of 2, by hand, for y = w x + b from w = b = 0.
    rows = pd.DataFrame({"row": list("abc"), "target": [1.0, 2.0, 4.0], "x": [1.0, 2.0, 3.0]})
    given = problem(train=rows, validation=rows.iloc[:0], inputs=["x"])
    options = {**RAW, "lr": 0.1, "start": [0, 0]}
    found = fit(given, Linear("linear", ["x"]), epochs=1, batch_size=2, **options)
    w, b = 0.1 * 2 * (1 * 1 + 2 * 2) / 2, 0.1 * 2 * (1 + 2) / 2
    residual = 3 * w + b - 4
    after = [w - 0.1 * 2 * residual * 3, b - 0.1 * 2 * residual]
    assert found.path[["p0", "b"]].to_numpy().tolist() == [
        pytest.approx([w, b]),
        pytest.approx(after),
    ]


# Reproducibility and scaling


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_two_runs_are_equal_to_the_bit(optimiser: str, precision: str) -> None:
    one, other = (
        fit(problem(), DEEP, optimiser=optimiser, precision=precision, shuffle=True, batch_size=4)
        for _ in range(2)
    )
    assert_bit_equal(one, other)


def test_another_seed_starts_elsewhere() -> None:
    one, other = (fit(problem(seed=seed), DEEP, epochs=1) for seed in (1, 2))
    assert one.path.iloc[0, 1:].tolist() != other.path.iloc[0, 1:].tolist()


@settings(max_examples=15)
@given(seed=st.integers(100, 10_000), factor=st.sampled_from([0.01, 1.0, 1000.0]))
def test_validation_rows_change_no_scaling_and_no_weight(seed: int, factor: float) -> None:
    other = rows_of(seed, 9, prefix="v")
    other[["target", "x0", "x1"]] *= factor
    before = fit(problem(), epochs=5)
    after = fit(problem(validation=other), epochs=5)
    for name, array in before.model.arrays().items():
        assert array.tobytes() == after.model.arrays()[name].tobytes(), name


def test_scaling_is_that_of_the_training_rows() -> None:
    given = problem()
    arrays = fit(given, epochs=1).model.arrays()
    x, y = given.train[["x0", "x1"]].to_numpy(), given.train["target"].to_numpy()
    np.testing.assert_allclose(arrays["x_mean"], x.mean(axis=0))
    np.testing.assert_allclose(arrays["x_std"], x.std(axis=0))
    np.testing.assert_allclose(arrays["y"], [y.mean(), y.std()])


def test_without_standardising_features_stay_as_they_are() -> None:
    arrays = fit(problem(), epochs=1, **RAW).model.arrays()
    assert arrays["x_mean"].tolist() == [0, 0]
    assert arrays["x_std"].tolist() == [1, 1]
    assert arrays["y"].tolist() == [0, 1]


def test_gradient_descent_and_least_squares_find_the_same_line() -> None:
    given = problem()
    exact = ClosedForm("closed_form").fit(given, LINE).model.figures()
    found = fit(given, epochs=2000, lr=0.1, keep_path=False).model.figures()
    assert found == pytest.approx(exact, rel=1e-8)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_standardised_least_squares_agrees_with_raw_least_squares(seed: int) -> None:
    given = problem(train=rows_of(seed, 11, noise=5))
    design = np.column_stack([given.train[["x0", "x1"]], np.ones(11)])
    raw, *_ = np.linalg.lstsq(design, given.train["target"], rcond=None)
    figures = ClosedForm("closed_form").fit(given, LINE).model.figures()
    assert list(figures.values()) == pytest.approx(raw.tolist(), rel=1e-7, abs=1e-7)


def test_features_that_nearly_agree_are_still_told_apart() -> None:
    rows = rows_of(1, 20)
    rows["x1"] = rows["x0"] + 1e-4 * rows["x1"]
    rows["target"] = 3 * rows["x0"] - 2 * rows["x1"] + 1
    figures = ClosedForm("closed_form").fit(problem(train=rows), LINE).model.figures()
    assert list(figures.values()) == pytest.approx([3, -2, 1], rel=1e-5)


def test_two_features_that_are_the_same_share_the_weight() -> None:
    # Fewer independent features than parameters: the solution of smallest norm.
    rows = rows_of(1, 9).assign(x1=lambda frame: frame["x0"])
    found = ClosedForm("closed_form").fit(problem(train=rows), LINE)
    figures = found.model.figures()
    assert figures["w_x0"] == pytest.approx(figures["w_x1"])


def test_with_as_many_rows_as_parameters_every_training_row_is_hit() -> None:
    found = ClosedForm("closed_form").fit(problem(train=rows_of(1, 3, noise=40)), LINE)
    assert found.curve["train_loss"].iloc[-1] == pytest.approx(0, abs=1e-18)


def test_a_constant_feature_does_not_spoil_the_line() -> None:
    train = rows_of(1, 12).assign(x1=0.1)
    validation = rows_of(2, 5, prefix="v").assign(x1=0.2)
    given = problem(train=train, validation=validation)
    one = ClosedForm("closed_form").fit(given, LINE).model
    of_x0 = ClosedForm("closed_form").fit(replace(given, inputs=["x0"]), Linear("l", ["x0"]))
    assert one.predict(validation) == pytest.approx(of_x0.model.predict(validation), abs=1e-3)


def test_deep_learns_a_bent_curve_much_better_than_a_line() -> None:
    x = np.linspace(-3, 3, 61)
    rows = pd.DataFrame({"row": [str(i) for i in range(61)], "target": np.abs(x), "x": x})
    given = problem(train=rows, validation=rows.iloc[:0], inputs=["x"])
    line = ClosedForm("closed_form").fit(given, Linear("linear", ["x"]))
    found = fit(
        given,
        Deep("deep", ["x"], units=20, layers=1),
        **{"optimiser": "adam", "momentum": 0.9, "lr": 0.02, "epochs": 300, "keep_path": False},
    )
    line_loss = line.curve["train_loss"].iloc[-1]
    assert found.curve["train_loss"].iloc[-1] < line_loss / 100


# Divergence and bad input

TOO_FAST: dict[str, Any] = {"lr": 10.0, "epochs": 10_000}


def test_divergence_stops_at_once_and_names_step_and_learning_rate() -> None:
    with pytest.raises(DivergenceError, match=r"learning rate 10\b") as caught:
        fit(problem(), **TOO_FAST)
    epochs = len(caught.value.curve)
    assert epochs < 20
    assert f"step {epochs} (epoch {epochs})" in str(caught.value)
    assert "trainer.lr" in str(caught.value)


def test_divergence_carries_the_curve_and_path_until_then() -> None:
    with pytest.raises(DivergenceError) as caught:
        fit(problem(), batch_size=5, **TOO_FAST)
    curve, path = caught.value.curve, caught.value.path
    assert curve["epoch"].tolist() == list(range(1, len(curve) + 1))
    assert len(path) == 3 * len(curve)
    assert path.columns.tolist() == ["update", "p0", "p1", "b"]
    assert path["p0"].abs().is_monotonic_increasing, "every update overshoots further"


def test_only_the_last_epoch_of_a_diverged_curve_is_beyond_the_limit() -> None:
    given = problem()
    at_start = float(given.train["target"].var(ddof=0))  # what w = b = 0 loses, standardised
    with pytest.raises(DivergenceError) as caught:
        fit(given, start=[0.0, 0.0, 0.0], explode=1000.0, **TOO_FAST)
    losses = caught.value.curve["train_loss"]
    assert losses.iloc[-1] > 1000 * at_start
    assert losses.iloc[:-1].max() <= 1000 * at_start


def test_a_run_that_grows_less_than_the_limit_goes_on() -> None:
    found = fit(problem(), lr=10.0, epochs=3, explode=1e30)
    assert len(found.curve) == 3


def test_a_start_at_the_optimum_may_rise_a_little() -> None:
    # The loss at the start is 0; the limit is then counted from the scale of the target.
    rows = rows_of(1, 13, noise=0.0)
    start = [2.0, -5.0, 7.0]
    found = fit(
        problem(train=rows), standardise=False, start=start, lr=1e-6, epochs=5, precision="float32"
    )
    assert len(found.curve) == 5


@pytest.mark.parametrize("column", ["target", "x0"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_training_on_numbers_that_are_none_fails_in_the_first_epoch(
    column: str, value: float
) -> None:
    rows = rows_of(1, 13)
    rows.loc[4, column] = value
    with pytest.raises(DivergenceError) as caught:
        fit(problem(train=rows), standardise=False)
    assert len(caught.value.curve) == 1


def test_a_loss_too_large_for_single_precision_is_divergence() -> None:
    with pytest.raises(DivergenceError):
        fit(
            problem(),
            standardise=False,
            precision="float32",
            start=[1e19, 0, 0],
            lr=1e-30,
            epochs=3,
        )


def test_untrained_parameters_are_never_kept_as_the_best() -> None:
    # The validation loss is too large for single precision in every epoch, so none is the best.
    far = rows_of(2, 5, prefix="v").assign(target=1e30)
    try:
        found = fit(problem(validation=far), precision="float32", keep="best", epochs=3)
    except DivergenceError:
        return
    assert found.best_epoch > 0


def test_the_best_epoch_without_validation_rows_is_refused_beforehand() -> None:
    given = problem(validation=problem().validation.iloc[:0])
    with pytest.raises(ConfigError, match="no validation row") as caught:
        trainer(keep="best").check(given, LINE)
    assert "trainer.keep=last" in str(caught.value)


@pytest.mark.parametrize(("model", "expected"), [(LINE, 3), (DEEP, 2 * 6 + 6 + 6 * 6 + 6 + 6 + 1)])
@pytest.mark.parametrize("start", [[], [1.0], [1.0] * 4])
def test_a_start_of_the_wrong_length_is_refused_beforehand(
    model: Any, expected: int, start: list[float]
) -> None:
    with pytest.raises(ConfigError) as caught:
        trainer(start=start).check(problem(), model)
    assert f"found {len(start)} values, the model has {expected} parameters" in str(caught.value)


def test_a_start_of_the_right_length_is_accepted() -> None:
    trainer(start=[1.0, 2.0, 3.0]).check(problem(), LINE)


@pytest.mark.parametrize("model", [Linear("linear", []), Deep("deep", [], units=3, layers=1)])
def test_a_model_without_features_learns_the_mean(model: Any) -> None:
    given = problem(inputs=[])
    found = fit(given, model, lr=0.1, epochs=500)
    mean = given.train["target"].mean()
    assert found.model.predict(given.validation) == pytest.approx([mean] * 5)


def test_no_update_makes_no_path() -> None:
    assert fit(problem(), epochs=2, keep_path=False).path.empty


def test_the_path_has_one_row_per_update_and_ends_with_the_bias() -> None:
    found = fit(problem(), epochs=2, batch_size=5)
    assert found.path["update"].tolist() == [1, 2, 3, 4, 5, 6]
    assert found.path.columns.tolist() == ["update", "p0", "p1", "b"]


# Going on after a crash


class CrashError(Exception):
    """Raised by an observer in the middle of a run."""


def crash_at(epoch: int) -> Callable[[int, float, float | None], None]:
    def on_epoch(now: int, train_loss: float, val_loss: float | None) -> None:
        if now == epoch:
            raise CrashError

    return on_epoch


def interrupted(folder: Path, model: Any, epoch: int = 4, **changed: Any) -> None:
    with pytest.raises(CrashError):
        fit(problem(checkpoint=folder, on_epoch=crash_at(epoch)), model, **changed)


BATCHED: dict[str, Any] = {"shuffle": True, "batch_size": 4}
KINDS = [
    {"optimiser": "sgd"},
    {"optimiser": "sgd", "momentum": 0.9, **BATCHED},
    {"optimiser": "adam", "momentum": 0.9, "lr": 0.01, **BATCHED},
    {"optimiser": "adam", "momentum": 0.9, "precision": "float32", **BATCHED},
    {"optimiser": "adam", "keep": "best", "patience": 5, **BATCHED},
    {"optimiser": "sgd", "keep_path": False, **BATCHED},
]

RUBBISH = [b"", b"rubbish", b"\0" * 1000]

CHILD = """
import json, os, signal, sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]).parent))
import test_descent as cases

def die(epoch, train_loss, val_loss):
    if epoch == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

given = cases.problem(checkpoint=Path(sys.argv[2]), on_epoch=die)
cases.fit(given, cases.DEEP, **json.loads(sys.argv[3]))
"""


def killed(folder: Path, epoch: int, options: dict[str, Any]) -> int:
    """Train in a process of its own, which kills itself after an epoch; its exit status."""
    arguments = [__file__, str(folder), json.dumps(options), str(epoch)]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments], check=False, capture_output=True, timeout=120
    )
    return done.returncode


@pytest.mark.parametrize("kind", [1, 4])
def test_a_killed_run_goes_on_to_the_same_bits(tmp_path: Path, kind: int) -> None:
    options = KINDS[kind]
    assert killed(tmp_path, 4, options) == -signal.SIGKILL
    assert checkpoint.read(tmp_path, "this very run") is not None, "nothing to go on from"
    whole = fit(problem(), DEEP, **options)
    resumed = fit(problem(checkpoint=tmp_path), DEEP, **options)
    assert_bit_equal(resumed, whole)


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("epoch", [2, 13, 30])
def test_an_interrupted_run_goes_on_to_the_same_bits(
    tmp_path: Path, options: dict[str, Any], epoch: int
) -> None:
    whole = fit(problem(), DEEP, **options)
    interrupted(tmp_path, DEEP, min(epoch, len(whole.curve)), **options)
    resumed = fit(problem(checkpoint=tmp_path), DEEP, **options)
    assert_bit_equal(resumed, whole)


def test_a_run_interrupted_twice_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    options = KINDS[2]
    interrupted(tmp_path, DEEP, 5, **options)
    interrupted(tmp_path, DEEP, 11, **options)
    resumed = fit(problem(checkpoint=tmp_path), DEEP, **options)
    assert_bit_equal(resumed, fit(problem(), DEEP, **options))


def test_a_resumed_run_does_only_the_epochs_that_are_left(
    tmp_path: Path, batches: list[list[float]]
) -> None:
    interrupted(tmp_path, LINE, 20)
    batches.clear()
    fit(problem(checkpoint=tmp_path))
    assert len(batches) == 30 - 19


def test_a_resumed_run_tells_the_observer_of_every_epoch_from_the_first(tmp_path: Path) -> None:
    interrupted(tmp_path, LINE, 20)
    told: list[tuple[int, float, float | None]] = []
    found = fit(problem(checkpoint=tmp_path, on_epoch=lambda *losses: told.append(losses)))
    assert told == [tuple(row) for row in found.curve.itertuples(index=False)]


def test_resuming_without_validation_rows_reaches_the_same_bits(tmp_path: Path) -> None:
    empty = problem().validation.iloc[:0]
    with pytest.raises(CrashError):
        fit(problem(validation=empty, checkpoint=tmp_path, on_epoch=crash_at(9)))
    resumed = fit(problem(validation=empty, checkpoint=tmp_path))
    assert_bit_equal(resumed, fit(problem(validation=empty)))


def test_a_run_that_had_already_ended_is_not_trained_further(tmp_path: Path) -> None:
    first = fit(problem(checkpoint=tmp_path))
    assert_bit_equal(fit(problem(checkpoint=tmp_path)), first)


def test_a_diverging_run_diverges_at_the_same_step_after_a_crash(tmp_path: Path) -> None:
    with pytest.raises(DivergenceError) as whole:
        fit(problem(), **TOO_FAST)
    interrupted(tmp_path, LINE, 3, **TOO_FAST)
    with pytest.raises(DivergenceError) as resumed:
        fit(problem(checkpoint=tmp_path), **TOO_FAST)
    assert str(resumed.value) == str(whole.value)


def test_a_checkpoint_of_another_run_is_ignored(tmp_path: Path) -> None:
    with pytest.raises(CrashError):
        other = problem(identity="another", seed=99, checkpoint=tmp_path, on_epoch=crash_at(9))
        fit(other, DEEP)
    assert checkpoint.read(tmp_path, "this very run") is None
    assert_bit_equal(fit(problem(checkpoint=tmp_path), DEEP), fit(problem(), DEEP))


@pytest.mark.parametrize("rubbish", RUBBISH, ids=["empty", "rubbish", "zeros"])
def test_a_half_written_checkpoint_beside_a_good_one_does_no_harm(
    tmp_path: Path, rubbish: bytes
) -> None:
    interrupted(tmp_path, LINE, 9)
    (tmp_path / f"{checkpoint.FILE}.partial").write_bytes(rubbish)
    assert checkpoint.read(tmp_path, "this very run") is not None
    assert_bit_equal(fit(problem(checkpoint=tmp_path)), fit(problem()))


def test_a_crash_while_writing_a_checkpoint_leaves_the_former_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(tmp_path, LINE, 9)
    before = (tmp_path / checkpoint.FILE).read_bytes()

    def half(tensors: Any, path: Path, metadata: Any) -> None:
        Path(path).write_bytes(b"half")
        raise CrashError

    with monkeypatch.context() as broken, pytest.raises(CrashError):
        broken.setattr(checkpoint, "save_file", half)
        fit(problem(checkpoint=tmp_path))
    assert (tmp_path / checkpoint.FILE).read_bytes() == before
    assert_bit_equal(fit(problem(checkpoint=tmp_path)), fit(problem()))


def test_a_checkpoint_is_replaced_and_never_written_over(tmp_path: Path) -> None:
    interrupted(tmp_path, LINE, 9)
    with (tmp_path / checkpoint.FILE).open("rb") as former:
        fit(problem(checkpoint=tmp_path))
        content = former.read()
    assert content != (tmp_path / checkpoint.FILE).read_bytes()
    (tmp_path / checkpoint.FILE).write_bytes(content)
    assert checkpoint.read(tmp_path, "this very run") is not None


@pytest.mark.parametrize("rubbish", RUBBISH, ids=["empty", "rubbish", "zeros"])
def test_a_damaged_checkpoint_costs_the_epochs_and_not_the_run(
    tmp_path: Path, rubbish: bytes
) -> None:
    (tmp_path / checkpoint.FILE).write_bytes(rubbish)
    assert_bit_equal(fit(problem(checkpoint=tmp_path)), fit(problem()))


def test_a_truncated_checkpoint_costs_the_epochs_and_not_the_run(tmp_path: Path) -> None:
    interrupted(tmp_path, LINE, 9)
    file = tmp_path / checkpoint.FILE
    file.write_bytes(file.read_bytes()[:-8])
    assert_bit_equal(fit(problem(checkpoint=tmp_path)), fit(problem()))


def test_no_checkpoint_is_written_more_often_than_asked_for(tmp_path: Path) -> None:
    fit(problem(checkpoint=tmp_path), checkpoint_seconds=3600.0)
    assert list(tmp_path.iterdir()) == []
