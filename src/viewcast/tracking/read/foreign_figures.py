"""The figures of one run of others: its score, its folds, how often it was looked at, its rows."""

from dataclasses import dataclass, replace

import numpy as np
from mlflow import MlflowClient

from viewcast.assessment.row_losses import Vector
from viewcast.holdout.looks import REPORT, Use, early_stop
from viewcast.tracking.metric_names import MetricName, read_name
from viewcast.tracking.read.candidate_runs import Candidate, usable
from viewcast.tracking.read.data_inputs import Behind
from viewcast.tracking.read.metric_choice import MetricChoice, fold_names, own_name
from viewcast.tracking.read.row_table import Found
from viewcast.tracking.read.run_metadata import figure

EXAMPLES = "example_count"  # what mlflow.models.evaluate counts
STOPPED = ("best_iteration", "stopped_iteration", "stopped_epoch", "restored_epoch", "best_epoch")
STOPS = ("early_stopping_rounds", "early_stopping_patience", "patience")


@dataclass(frozen=True, eq=False)
class Read:
    """One candidate as it was read: ``name`` of its metric, the rows ``behind`` it, its tables."""

    candidate: Candidate
    name: MetricName | None
    behind: Behind
    found: Found
    error: str | None


def value_of(client: MlflowClient, one: Read, choice: MetricChoice) -> float | None:
    """The figure of a candidate in the user's direction; None where it has none."""
    if one.name is None:
        values = fold_values(one, choice)
        return None if values is None else float(values.mean())
    if choice.value == "last" or one.candidate.run_id != one.candidate.run.info.run_id:
        return one.candidate.metrics[one.name.name]
    most = choice.value == "max" or (choice.value == "best" and choice.more_is_better)
    points = client.get_metric_history(one.candidate.run_id, one.name.name)
    finite = [point.value for point in points if usable(point.value)]
    if not finite:
        return one.candidate.metrics[one.name.name]
    return float(max(finite) if most else min(finite))


def fold_values(one: Read, choice: MetricChoice) -> Vector | None:
    """Scores by fold: of the runs of the folds, or of the run's own metrics by fold."""
    if one.candidate.folds:
        values = []
        for metrics in one.candidate.folds.values():
            fold = replace(one.candidate, metrics=metrics, folds={})
            name = own_name(fold, choice)
            if name is None:
                return None
            values.append(metrics[name.name])
        return np.asarray(values, np.float64)
    names = fold_names(one.candidate.metrics, choice)
    if len(names) < 2:
        return None
    return np.asarray([one.candidate.metrics[name] for name in names.values()], np.float64)


def uses_of(client: MlflowClient, one: Read, choice: MetricChoice | None) -> tuple[Use, ...]:
    """How the scores of a run were used: a series that a choice of the epoch was made by is as
    many scores as it has points, any other series is shown once.
    """
    candidate = one.candidate
    if choice is None or one.name is None or candidate.run_id != candidate.run.info.run_id:
        return (REPORT,)
    stops = any(candidate.params.get(name, "None") not in ("None", "", "0") for name in STOPS)
    acted = stops or choice.value != "last" or one.name.best
    acted = acted or any(name in candidate.metrics for name in STOPPED)
    if not acted:
        return (REPORT,)
    same = [name for name in candidate.metrics if read_name(name).figure == one.name.figure]
    points = max(len(client.get_metric_history(candidate.run_id, name)) for name in same)
    return (early_stop(points) if points > 1 else REPORT,)


def train_loss(one: Read, sign: float) -> float | None:
    """The same measure on the training rows, where the run tells it."""
    if one.name is None:
        return None
    names = [read_name(name) for name in one.candidate.metrics]
    same = [name.name for name in names if name.core == one.name.core and name.rows == "train"]
    bare = ["loss"] if one.name.core == "loss" else []
    value = figure(one.candidate.metrics, *same, *bare)
    return None if value is None else sign * value


def row_count(one: Read, given: int | None) -> int | None:
    """How many rows the score is the mean of; ``given`` by the user before what the store says."""
    if given is not None:
        return given
    examples = figure(one.candidate.metrics, EXAMPLES)
    return one.behind.count or (None if examples is None else int(examples))
