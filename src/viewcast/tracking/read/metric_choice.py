"""Which logged metric is the validation score that runs were chosen by, and its direction."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MetricChoice:
    """The metric of an experiment's runs.

    ``name``: in the store, "" where no metric was found and rows alone are known. ``measure``: its
    canonical name (rmse, accuracy, roc_auc; those of ``viewcast.scoring.metrics``), None where the
    name does not say. ``value``: which point of a series counts: last, best, min or max.
    ``metric_from``, ``direction_from``: why, in words.
    """

    name: str
    measure: str | None
    more_is_better: bool
    metric_from: str
    direction_from: str
    value: str = "last"
