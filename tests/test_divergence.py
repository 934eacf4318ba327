"""Divergence, and problems that cannot be trained."""

from typing import Any

import numpy as np
import pytest

from support.descents import DEEP, LINE, TOO_FAST, fit, problem, rows_of, trainer
from viewcast.base.errors import ConfigError, DivergenceError
from viewcast.models.deep import Deep
from viewcast.models.linear import Linear


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
        fit(given, init=[0.0, 0.0, 0.0], divergence_factor=1000.0, **TOO_FAST)
    losses = caught.value.curve["train_loss"]
    assert losses.iloc[-1] > 1000 * at_start
    assert losses.iloc[:-1].max() <= 1000 * at_start


def test_a_run_that_grows_less_than_the_limit_goes_on() -> None:
    found = fit(problem(), lr=10.0, epochs=3, divergence_factor=1e30)
    assert len(found.curve) == 3


def test_a_start_at_the_optimum_may_rise_a_little() -> None:
    # The loss at the start is 0; the limit is then counted from the scale of the target.
    rows = rows_of(1, 13, noise=0.0)
    start = [2.0, -5.0, 7.0]
    found = fit(
        problem(train=rows), standardise=False, init=start, lr=1e-6, epochs=5, precision="float32"
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
    # PyTorch sums losses in it; the compiled engine sums them in double precision.
    with pytest.raises(DivergenceError):
        fit(
            problem(),
            standardise=False,
            precision="float32",
            engine="torch",
            init=[1e19, 0, 0],
            lr=1e-30,
            epochs=3,
        )


def test_untrained_parameters_are_never_kept_as_the_best() -> None:
    # The validation loss is too large for single precision in every epoch, so none is the best.
    far = rows_of(2, 5, prefix="v").assign(target=1e30)
    try:
        found = fit(problem(validation=far), precision="float32", restore_best=True, epochs=3)
    except DivergenceError:
        return
    assert found.best_epoch > 0


def test_the_best_epoch_without_validation_rows_is_refused_beforehand() -> None:
    given = problem(validation=problem().validation.iloc[:0])
    with pytest.raises(ConfigError, match="no validation row") as caught:
        trainer(restore_best=True).check(given, LINE)
    assert "trainer.restore_best=false" in str(caught.value)


@pytest.mark.parametrize(("model", "expected"), [(LINE, 3), (DEEP, 2 * 6 + 6 + 6 * 6 + 6 + 6 + 1)])
@pytest.mark.parametrize("start", [[], [1.0], [1.0] * 4])
def test_a_start_of_the_wrong_length_is_refused_beforehand(
    model: Any, expected: int, start: list[float]
) -> None:
    with pytest.raises(ConfigError) as caught:
        trainer(init=start).check(problem(), model)
    assert f"found {len(start)} values, the model has {expected} parameters" in str(caught.value)


def test_a_start_of_the_right_length_is_accepted() -> None:
    trainer(init=[1.0, 2.0, 3.0]).check(problem(), LINE)


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
