"""What a run lost on each row: by which metric, from whatever its table holds.

Which metric is meant is decided by the figure that the run logged, wherever names leave a doubt: a
metric whose mean over the rows is the logged figure is the one that was logged.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from mlflow.entities import Run
from numpy.typing import NDArray

from viewcast.base.errors import DataError
from viewcast.scoring.metric import Metric, Vector
from viewcast.scoring.metrics import metric_of, readings
from viewcast.tracking.metric_names import LOSSES, loss_named
from viewcast.tracking.read.metric_choice import MetricChoice
from viewcast.tracking.tags import LOSS

SETTINGS = ("loss", "criterion", "objective", "loss_function", "loss_fn")
AGREES = 1e-4  # relative: figures of float32, and tables of MLflow with 10 digits
APART = 0.01  # from here on the rows and the figure are said to disagree
OTHER_FIGURE = "its rows give another {} than was logged, by more than 1 %"
FEW = 20  # whole numbers with more values than this are amounts, not classes
OF_PROBABILITIES = ("log_loss", "brier", "perplexity", "roc_auc", "average_precision")
OF_NUMBERS = ("mse", "mae", "rmse", "mape", "smape", "msle", "rmsle")
OF_CLASSES = ("log_loss", "brier", "zero_one", "perplexity")
SCORES_OF_NUMBERS = ("r2", "explained_variance")
SCORES_OF_CLASSES = (
    *("accuracy", "f1", "roc_auc", "balanced_accuracy", "average_precision"),
    *("precision", "recall", "mcc", "kappa"),
)


@dataclass(frozen=True, eq=False)
class Predictions:
    """What was predicted for M rows: ``labels`` (M,), numbers or classes, and ``scores`` (M,) or
    (M, C), probabilities or what else ranks rows; None where there are none.
    """

    target: NDArray[Any]
    labels: NDArray[Any] | None
    scores: NDArray[np.float64] | None

    @property
    def classes(self) -> bool:
        """Whether classes are predicted, not numbers."""
        return self.scores is not None or self.target.dtype.kind not in "iuf"

    @property
    def usual(self) -> str | None:
        """The usual metric of such predictions: log_loss of probabilities, zero_one of labels.

        None for numbers. Whole numbers are labels where targets and predictions are and there are
        at most 20 of them.
        """
        if self.scores is not None:
            return "log_loss"
        whole = self.labels is not None and {self.target.dtype.kind, self.labels.dtype.kind} <= {
            *"iu"
        }
        few = whole and len(np.unique(self.target)) <= FEW
        return "zero_one" if few or self.target.dtype.kind not in "iuf" else None

    def only_labels(self, name: str) -> bool:
        """Whether a metric of probabilities would have to do with labels."""
        if not name.startswith(OF_PROBABILITIES) or self.scores is not None or self.labels is None:
            return False
        return self.labels.dtype.kind != "f" or bool(np.isin(self.labels % 1, 0).all())

    def for_metric(self, name: str) -> NDArray[Any]:
        """Scores for a metric of probabilities, else labels; the other where that is missing."""
        ranked = name.startswith(OF_PROBABILITIES)
        first, other = (self.scores, self.labels) if ranked else (self.labels, self.scores)
        given = other if first is None else first
        assert given is not None
        return given


@dataclass(frozen=True, eq=False)
class Measured:
    """``values`` (M,) in the direction of the user; ``name``: of the metric as the user has it.

    ``measure``: its canonical name, None for losses that were stored; ``note``: what must be told.
    """

    values: Vector
    name: str
    more_is_better: bool
    measure: str | None = None
    approximate: str | None = None
    bound: bool = True
    note: str | None = None


@dataclass(frozen=True)
class Wanted:
    """The metric that rows are to be measured by.

    ``name``, ``measure``, ``more_is_better``: as in ``MetricChoice``, None where nothing was
    chosen. ``logged``: its figure in this run, None without. ``named``: the loss that the run
    itself names by tag, parameter or metric.
    """

    name: str | None
    measure: str | None
    more_is_better: bool | None
    logged: float | None
    named: str | None

    @classmethod
    def of(cls, run: Run, choice: MetricChoice | None) -> "Wanted":
        """Of one run, given what was chosen for all."""
        named = named_loss(run)
        if choice is None or not choice.name:
            told = run.data.tags.get(LOSS, "")
            own = told if metric_of(told) is not None else None
            measure = own if choice is None or choice.measure is None else choice.measure
            return cls(None, measure, None, None, named)
        value = run.data.metrics.get(choice.name)
        logged = None if value is None or not np.isfinite(value) else float(value)
        return cls(choice.name, choice.measure, choice.more_is_better, logged, named)

    def agrees(self, mean: float, within: float = AGREES) -> bool:
        """Whether a mean over rows is the figure that the run logged."""
        return self.logged is not None and bool(
            np.isclose(mean, self.logged, rtol=within, atol=1e-9)
        )


def named_loss(run: Run) -> str | None:
    """mse or mae, where a run names its loss by tag or parameter."""
    tags, params = run.data.tags, run.data.params
    names = (tags.get(LOSS), *(params.get(setting) for setting in SETTINGS))
    found = next(filter(None, (loss_named(name) for name in names if name)), None)
    return None if found is None else found.name


def usual_loss(run: Run) -> str:
    """mse where a metric of the run is named after it, else mae."""
    measured = [loss_named(name) for name in run.data.metrics]
    return "mse" if LOSSES["mse"] in measured else "mae"


def of_predictions(given: Predictions, wanted: Wanted, default: str) -> Measured | str:
    """Predictions by the metric that is meant, or why they cannot be measured by it.

    ``default``: the loss of numbers where neither choice nor run says which.
    """
    if wanted.measure is not None:
        return _by_reading(given, wanted)
    found = _by_figure(given, wanted)
    if found is not None:
        return found
    fallback = wanted.named
    if fallback is None and wanted.logged is None:
        fallback = given.usual or default
    unlike = wanted.logged is not None and wanted.more_is_better  # a loss is no such score
    metric = None if fallback is None or unlike else metric_of(fallback)
    if metric is None:
        return (
            f"no metric known here gives the {wanted.name} that was logged for these predictions; "
            "log the loss of each row in a column loss"
        )
    measured = _measured(given, metric, wanted)
    if wanted.logged is None:
        return measured
    return replace(
        measured,
        note=f"no metric known here gives the {wanted.name} that was logged: the rows are measured "
        f"by {metric.name}, the loss that the run names",
    )


def of_losses(losses: Vector, wanted: Wanted) -> Measured | str:
    """Stored losses of rows, or why they are not the rows of the chosen metric."""
    own = losses[np.isfinite(losses)]
    mean = float(own.mean()) if len(own) else np.nan
    name = wanted.name or wanted.measure or wanted.named or "loss"
    if wanted.more_is_better:
        if wanted.agrees(1 - mean):
            return Measured(1 - losses, name, True)
        return f"it holds losses, and {name} is a score; log targets and predictions as well"
    if wanted.measure == "rmse" and not wanted.agrees(mean, APART) and (own >= 0).all():
        losses = _root(losses)
        mean = float(losses.mean())
    note = None
    if wanted.logged is not None and not wanted.agrees(mean, APART):
        note = OTHER_FIGURE.format(name)
    return Measured(losses, name, False, note=note)


def _by_reading(given: Predictions, wanted: Wanted) -> Measured | str:
    """By the reading of the chosen metric that gives the logged figure, else by the plain one."""
    assert wanted.measure is not None
    known = readings(wanted.measure)
    name = wanted.name or wanted.measure
    if not known:
        return f"{name} is no metric of rows known here; log its loss of each row in a column loss"
    first: Measured | None = None
    refusal: DataError | None = None
    for metric in known:
        try:
            measured = _measured(given, metric, wanted)
        except DataError as error:
            refusal = refusal or error
            continue
        if wanted.agrees(float(measured.values.mean())):
            return measured
        first = first if first is not None or refusal is not None else measured
    if first is None:
        raise refusal or DataError(f"{name}: cannot be computed of these predictions")
    if given.only_labels(wanted.measure):
        return (
            f"{name} needs probabilities or scores, and it holds labels alone; log the output of "
            "predict_proba"
        )
    mean = float(first.values.mean())
    if wanted.logged is None or wanted.agrees(mean, APART):
        return first
    return replace(first, note=OTHER_FIGURE.format(name))


def _by_figure(given: Predictions, wanted: Wanted) -> Measured | None:
    """By the metric whose mean over the rows is the figure that the run logged."""
    if wanted.logged is None or wanted.name is None:
        return None
    for name in _usual(given, wanted):
        for metric in readings(name):
            try:
                measured = _measured(given, metric, wanted)
            except (DataError, TypeError, ValueError):
                continue
            if wanted.agrees(float(measured.values.mean())):
                return measured
    return None


def _usual(given: Predictions, wanted: Wanted) -> Iterable[str]:
    if wanted.more_is_better:
        return (*(() if given.classes else SCORES_OF_NUMBERS), *SCORES_OF_CLASSES)
    return (*(() if given.classes else OF_NUMBERS), *OF_CLASSES)


def _measured(given: Predictions, metric: Metric, wanted: Wanted) -> Measured:
    with np.errstate(over="ignore", invalid="ignore"):  # the loss of such a row is no finite number
        it = metric.rows(given.target, given.for_metric(metric.name))
    turned = wanted.more_is_better not in (None, metric.more_is_better)  # neg_mean_squared_error
    values = -it.values if turned else it.values
    name = wanted.name or metric.name
    more = metric.more_is_better ^ turned
    return Measured(values, name, more, metric.name, it.approximate, it.bound)


def _root(squares: Vector) -> Vector:
    """Pseudo-losses of the root of a mean of squares (M,)."""
    errors = np.sqrt(squares)
    root = metric_of("rmse")
    assert root is not None
    return root.rows(np.zeros(len(errors)), errors).values
