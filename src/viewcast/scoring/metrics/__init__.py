"""The metrics that an audit can price, by their canonical names (interface: ``scoring.metric``)."""

from dataclasses import dataclass

from viewcast.scoring.metric import Array, Metric, RowValues
from viewcast.scoring.metrics.confusion import OF_CONFUSION
from viewcast.scoring.metrics.of_means import OF_MEANS
from viewcast.scoring.metrics.ranking import RANKINGS
from viewcast.scoring.metrics.row_means import MEANS


@dataclass(frozen=True)
class Percent:
    """A metric that is logged times 100."""

    of: Metric

    @property
    def name(self) -> str:
        """accuracy_percent, mape_percent."""
        return f"{self.of.name}_percent"

    @property
    def more_is_better(self) -> bool:
        """That of the metric."""
        return self.of.more_is_better

    def rows(self, target: Array, prediction: Array) -> RowValues:
        """100 times the metric's."""
        it = self.of.rows(target, prediction)
        return RowValues(100 * it.values, it.approximate, it.bound)


_METRICS: tuple[Metric, ...] = (*MEANS, *OF_MEANS, *OF_CONFUSION, *RANKINGS)
_ALL: dict[str, Metric] = {metric.name: metric for metric in _METRICS}
_SHARES = (
    *("accuracy", "zero_one", "balanced_accuracy", "mape", "smape"),
    *("precision", "recall", "f1", "roc_auc"),
)
_ALL |= {f"{name}_percent": Percent(_ALL[name]) for name in _SHARES}
NAMES = tuple(sorted(_ALL))
OF_PROBABILITIES = ("log_loss", "brier", "roc_auc", "average_precision")  # not of labels


def metric_of(name: str) -> Metric | None:
    """The metric of a canonical name; None of one that is no function of rows known here.

    Averages over classes: ``f1_macro``, ``f1_weighted``, ``f1_micro``; ``f1`` alone is that of the
    greater of two labels.
    """
    return _ALL.get(name)


def readings(name: str) -> tuple[Metric, ...]:
    """All metrics that are commonly logged under a canonical name, the plain one first.

    A trainer that logs ``f1`` may mean the mean over classes, or a percentage. The reading is right
    whose mean over the rows is the figure that was logged.
    """
    plain = name.removesuffix("_percent")
    ends = ("", "_weighted", "_macro", "_percent")
    return tuple(_ALL[plain + end] for end in ends if plain + end in _ALL)
