"""Metrics as pseudo-losses: their mean is the metric, their spread is its noise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.scoring.metrics import NAMES, metric_of, readings

Array = NDArray[Any]
Reference = Callable[..., float]

NUMBERS: dict[str, Reference] = {
    "mse": sk.mean_squared_error,
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "mape": sk.mean_absolute_percentage_error,
    "msle": sk.mean_squared_log_error,
    "rmsle": sk.root_mean_squared_log_error,
    "r2": sk.r2_score,
    "explained_variance": sk.explained_variance_score,
}
LABELS: dict[str, Reference] = {
    "accuracy": sk.accuracy_score,
    "zero_one": sk.zero_one_loss,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "mcc": sk.matthews_corrcoef,
    "kappa": sk.cohen_kappa_score,
}
RATIOS: dict[str, Reference] = {
    "precision": sk.precision_score,
    "recall": sk.recall_score,
    "f1": sk.f1_score,
}
PROBABILITIES: dict[str, Reference] = {
    "log_loss": sk.log_loss,
    "brier": sk.brier_score_loss,
    "roc_auc": lambda y, p, **kw: sk.roc_auc_score(y, p, multi_class="ovr", **kw),
    "average_precision": sk.average_precision_score,
    "roc_auc_weighted": lambda y, p, **kw: sk.roc_auc_score(
        y, p, multi_class="ovr", average="weighted", **kw
    ),
    "average_precision_weighted": lambda y, p, **kw: sk.average_precision_score(
        y, p, average="weighted", **kw
    ),
}


def expected(name: str, target: Array, given: Array, **weights: Array) -> float:
    """The metric by scikit-learn, of class probabilities (N, C) or numbers (N,)."""
    if name in NUMBERS:
        return NUMBERS[name](target, given, **weights)
    stem, _, average = name.partition("_")
    if stem in RATIOS:
        kind = {"average": average or "binary", "zero_division": 0}
        return RATIOS[stem](target, given.argmax(axis=1), **kind, **weights)
    if name in LABELS:
        return LABELS[name](target, given.argmax(axis=1), **weights)
    return PROBABILITIES[name](target, given[:, 1] if given.shape[1] == 2 else given, **weights)


def value(name: str, target: Array, given: Array) -> float:
    metric = metric_of(name)
    assert metric is not None
    return float(metric.rows(target, given).values.mean())


@st.composite
def regressions(draw: st.DrawFn) -> tuple[Array, Array]:
    positive = st.floats(0.1, 1e3)
    pairs = draw(st.lists(st.tuples(positive, positive), min_size=3, max_size=30))
    target, prediction = np.array(pairs).T
    return np.append(target, [1.0, 2.0]), np.append(prediction, [2.0, 2.0])


@st.composite
def classifications(draw: st.DrawFn, count: int) -> tuple[Array, Array]:
    """Every class among the targets; probabilities in tenths, so that there are ties."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    rows = draw(st.integers(count + 2, 40))
    target = rng.permutation(np.append(np.arange(count), rng.integers(0, count, rows - count)))
    return target, rng.multinomial(10, rng.dirichlet(np.ones(count)), rows) / 10


@settings(max_examples=20)
@given(data=regressions())
def test_the_mean_is_the_metric_of_scikit_learn_for_numbers(data: tuple[Array, Array]) -> None:
    for name in NUMBERS:
        assert value(name, *data) == pytest.approx(expected(name, *data), rel=1e-9, abs=1e-9)


BINARY = (*LABELS, *RATIOS, *PROBABILITIES)
AVERAGED = [f"{name}_{kind}" for name in RATIOS for kind in ("macro", "weighted", "micro")]


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=20)
@given(data=classifications(2))
def test_the_mean_is_the_metric_of_scikit_learn_for_two_classes(data: tuple[Array, Array]) -> None:
    for name in (*BINARY, *AVERAGED):
        if name == "kappa" and len(np.unique(np.append(data[0], data[1].argmax(axis=1)))) == 1:
            continue  # undefined, nan in scikit-learn
        assert value(name, *data) == pytest.approx(expected(name, *data), abs=1e-9), name


@settings(max_examples=20)
@given(data=classifications(4))
def test_the_mean_is_the_metric_of_scikit_learn_for_many_classes(data: tuple[Array, Array]) -> None:
    for name in (*LABELS, *PROBABILITIES, *AVERAGED):
        assert value(name, *data) == pytest.approx(expected(name, *data), abs=1e-9), name


def weighed(name: str, target: Array, given: Array, step: float = 1e-4) -> Array:
    """How much the metric moves with the weight of each row, times the rows: its influence."""
    count = len(target)
    moved = np.empty(count)
    for row in range(count):
        weights = [np.ones(count), np.ones(count)]
        weights[0][row] += step
        weights[1][row] -= step
        up, down = (expected(name, target, given, sample_weight=w) for w in weights)
        moved[row] = count * (up - down) / (2 * step)
    return moved


RNG = np.random.default_rng(5)
REGRESSION = (RNG.gamma(2.0, 3.0, 40), RNG.gamma(2.0, 3.0, 40))
TWO = (np.arange(60) % 3 % 2, RNG.multinomial(8, [0.5, 0.5], 60) / 8)
THREE = (np.arange(60) % 3, RNG.multinomial(8, [0.3, 0.3, 0.4], 60) / 8)


@pytest.mark.parametrize("name", NUMBERS)
def test_deviations_are_the_influence_of_rows_on_a_metric_of_numbers(name: str) -> None:
    _check_influence(name, REGRESSION)


@pytest.mark.parametrize("name", BINARY)
def test_deviations_are_the_influence_of_rows_with_two_classes(name: str) -> None:
    _check_influence(name, TWO)


@pytest.mark.parametrize("name", [*LABELS, *PROBABILITIES, *AVERAGED])
def test_deviations_are_the_influence_of_rows_with_three_classes(name: str) -> None:
    _check_influence(name, THREE)


def _check_influence(name: str, data: tuple[Array, Array]) -> None:
    metric = metric_of(name)
    assert metric is not None
    rows = metric.rows(*data).values
    np.testing.assert_allclose(rows - rows.mean(), weighed(name, *data), rtol=1e-4, atol=1e-4)


def test_perplexity_and_smape_are_their_formulas() -> None:
    loss = sk.log_loss(*THREE)
    assert value("perplexity", *THREE) == pytest.approx(np.exp(loss))
    target, found = np.array([1.0, 0.0, 3.0]), np.array([3.0, 0.0, -3.0])
    metric = metric_of("smape")
    assert metric is not None
    assert metric.rows(target, found).values.tolist() == [1.0, 0.0, 2.0]


def test_an_exact_fit_has_no_noise() -> None:
    metric = metric_of("rmse")
    assert metric is not None
    assert metric.rows(np.arange(5.0), np.arange(5.0)).values.tolist() == [0.0] * 5


@pytest.mark.parametrize("name", ["accuracy", "f1", "roc_auc", "average_precision", "brier"])
@pytest.mark.parametrize("labels", [("no", "yes"), (-1, 1), (False, True), (1, 2)])
def test_the_greater_label_is_the_positive_one(name: str, labels: tuple[Any, Any]) -> None:
    target = np.array(labels)[TWO[0]]
    assert value(name, target, TWO[1][:, 1]) == pytest.approx(value(name, *TWO))
    assert value(name, target.astype(object), TWO[1]) == pytest.approx(value(name, *TWO))


def test_predicted_labels_are_as_good_as_probabilities_where_labels_are_asked_for() -> None:
    names = np.array(["cat", "dog", "owl"])
    target, found = names[THREE[0]], names[THREE[1].argmax(axis=1)]
    for name in ("accuracy", "balanced_accuracy", "f1_macro", "mcc"):
        assert value(name, target, found) == pytest.approx(value(name, *THREE))


def test_a_class_that_no_row_has_keeps_its_column() -> None:
    target, chances = np.array([0, 1, 0, 1]), np.eye(3)[[0, 1, 2, 1]]
    assert value("accuracy", target, chances) == 0.75


def test_few_rows_of_a_class_allow_no_bound_and_few_rows_an_approximate_one() -> None:
    metric = metric_of("f1")
    assert metric is not None
    rng = np.random.default_rng(0)

    def of(rows: int, positive: int) -> tuple[bool, str | None]:
        target = (np.arange(rows) < positive).astype(int)
        it = metric.rows(target, np.where(rng.random(rows) < 0.1, 1 - target, target))
        return it.bound, it.approximate

    assert of(1000, 200) == (True, None)
    assert of(300, 100) == (True, "300 rows, below 500 the bound is approximate")
    assert of(1000, 49) == (False, "the rarest class has 49 rows, a bound needs 50")


def test_average_precision_of_few_positives_says_that_it_is_too_high() -> None:
    metric = metric_of("average_precision")
    assert metric is not None
    target = (np.arange(1000) < 60).astype(int)
    it = metric.rows(target, np.linspace(0, 1, 1000))
    assert it.bound
    assert it.approximate == "average precision of 60 positive rows is too high by itself"


def test_a_class_that_is_never_predicted_leaves_precision_without_a_bound() -> None:
    metric = metric_of("precision")
    assert metric is not None
    it = metric.rows(np.arange(1000) % 2, np.zeros(1000, dtype=int))
    assert it.values.tolist() == [0.0] * 1000
    assert not it.bound
    assert it.approximate == "a class is never predicted, so the metric's noise cannot be told"


@pytest.mark.parametrize(
    ("name", "target", "given", "message"),
    [
        ("mse", [1.0, 2.0], [1.0, np.nan], "mse: 1 of 2 predictions are not finite numbers"),
        ("rmse", ["a", "b"], [1.0, 2.0], "rmse: found targets such as 'a', expected numbers"),
        ("mse", [1.0], [[0.5, 0.5]], "a metric of class probabilities is meant"),
        ("mape", [0.0, 1.0], [1.0, 1.0], "1 of 2 targets are 0"),
        ("r2", [3.0, 3.0], [1.0, 2.0], "all 2 targets are 3"),
        ("log_loss", [0, 1], [[2.0, -1.0], [0.0, 1.0]], "found the prediction 2"),
        ("log_loss", [0, 1], [[0.2, 0.2], [0.0, 1.0]], "row 0 have the sum 0.4"),
        ("accuracy", [0, 1], [1.7, -0.3], "expected class labels or probabilities"),
        ("accuracy", ["a", "b"], [1, 0], "expected labels of one kind"),
        ("accuracy", ["a", "b"], [[0.2, 0.3, 0.5]] * 2, "which column belongs to which class"),
        ("f1", [0, 1, 2], [0, 1, 1], "take f1_macro, f1_weighted or f1_micro"),
        ("mcc", [1, 1], [1, 1], "expected two classes or more"),
        ("roc_auc", [0, 0], [0.1, 0.2], "no row has the class 1"),
        ("accuracy", [0, 1], [0, 1, 1], "found targets of shape (2,)"),
    ],
)
def test_what_has_no_such_metric_is_refused(
    name: str, target: list[Any], given: list[Any], message: str
) -> None:
    with pytest.raises(DataError) as error:
        value(name, np.array(target), np.array(given))
    assert message in str(error.value)


def test_a_figure_in_percent_is_a_hundred_times_the_share() -> None:
    assert value("accuracy_percent", *TWO) == pytest.approx(100 * value("accuracy", *TWO))


def test_what_f1_may_mean_is_told_by_the_figure_that_was_logged() -> None:
    assert [metric.name for metric in readings("f1")] == [
        *("f1", "f1_weighted", "f1_macro", "f1_percent"),
    ]
    assert [metric.name for metric in readings("mse")] == ["mse"]
    assert readings("bleu") == ()


def test_unknown_metrics_are_none_and_known_ones_have_their_direction() -> None:
    assert metric_of("bleu") is None
    better_when_less = {name for name in NAMES if not metric_of(name).more_is_better}  # type: ignore[union-attr]
    assert better_when_less == {
        *("mse", "rmse", "mae", "mape", "mape_percent", "smape", "smape_percent", "msle", "rmsle"),
        *("log_loss", "perplexity", "brier", "zero_one", "zero_one_percent"),
    }
