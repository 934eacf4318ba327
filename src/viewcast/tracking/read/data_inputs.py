"""Which rows a metric is of, by the dataset inputs of its run.

A dataset with the digest of a training input is never validation: the first evaluation set of a
booster is often the training set.
"""

from dataclasses import dataclass

from mlflow.entities import Dataset, Run

from viewcast.base.parse import json_of
from viewcast.tracking.metric_names import MetricName, plain
from viewcast.tracking.metric_vocabulary import NAMELESS, TEST, TRAIN, VALIDATION
from viewcast.tracking.tags import CONTEXT


@dataclass(frozen=True)
class Behind:
    """The rows behind a metric: ``digest`` and ``count``, None where unknown, and how it is known.

    ``training``: whether they are the rows that the run was trained on.
    """

    digest: str | None
    count: int | None
    how: str
    training: bool = False


UNKNOWN = Behind(None, None, "nothing names them")


def behind(run: Run, name: MetricName | None, parent: Run | None = None) -> Behind:
    """The rows that a metric of a run is of; without a metric, its validation rows."""
    training = inputs(run, TRAIN) or (inputs(parent, TRAIN) if parent is not None else [])
    rows = None if name is None else name.rows
    if rows == "cv":
        if not training:
            return UNKNOWN
        digest, count = str(training[0].digest), rows_in(training[0])
        return Behind(digest, count, "cross-validation within the training input")
    if rows == "train":
        return Behind(None, None, "its name", training=True)
    used = inputs(run, TEST) or inputs(run, VALIDATION) if rows == "test" else []
    used = used or inputs(run, VALIDATION)
    if not used:
        return UNKNOWN
    trained = {str(dataset.digest) for dataset in training}
    named = [dataset for dataset in used if name is not None and _names(name, dataset)]
    chosen = named or [dataset for dataset in used if str(dataset.digest) not in trained] or used
    if str(chosen[0].digest) in trained:
        return Behind(None, None, "the digest of the training input", training=True)
    return Behind(str(chosen[0].digest), rows_in(chosen[0]), "dataset input")


def inputs(run: Run, contexts: frozenset[str]) -> list[Dataset]:
    """The datasets that a run used in one of these contexts, whatever their spelling."""
    return [
        entry.dataset
        for entry in (run.inputs.dataset_inputs if run.inputs else [])
        if any(tag.key == CONTEXT and plain(tag.value) in contexts for tag in entry.tags)
    ]


def rows_in(dataset: Dataset) -> int | None:
    """How many rows a dataset has, by its profile; None where that does not say."""
    try:
        profile = json_of(dataset.profile or "{}")
        count = profile.get("num_rows") or (profile.get("features_shape") or [None])[0]
        return int(count) if count else None
    except (ValueError, TypeError, AttributeError, LookupError):  # written by another tool
        return None


def _names(name: MetricName, dataset: Dataset) -> bool:
    """Whether a metric is named after a dataset: ``validation_1-rmse``, ``valid-l2``."""
    own = plain(str(dataset.name))
    return own not in NAMELESS and plain(name.name).startswith(f"{own}_")
