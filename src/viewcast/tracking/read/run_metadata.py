"""What the metadata of a run tell an audit: its facts, its dataset, its single figures."""

import math
from collections.abc import Mapping

from mlflow.entities import Dataset, Run

from viewcast.assessment.study import Facts
from viewcast.models.model import LINE
from viewcast.selection.clusters import cluster_named
from viewcast.tracking.datasets import in_context
from viewcast.tracking.read.run_settings import seed_of, settings_of, size_of
from viewcast.tracking.tags import (
    APPROXIMATE,
    BLOCK,
    BOUND,
    CLUSTER,
    DATA,
    EPOCHS,
    EXPERIMENT,
    FAILURE,
    HOLDOUT,
    KIND,
    LABEL,
    LOOK_KEY,
    LOSS,
    MODEL,
    MORE_IS_BETTER,
    PARAM_FEATURES,
    PARAM_LAYERS,
    PARAM_REMEMBERS,
    PARAM_RESTORE_BEST,
    PARAM_TRAINER,
    SPLIT,
    TRAINING,
    UNIT,
    VAL_LOSS_TRUE,
    VAL_LOSS_TRUE_ERROR,
    VALIDATION,
)

VALIDATING = (VALIDATION, "eval", "evaluation", "val", "valid", "dev", "holdout")


def of_viewcast(run: Run) -> bool:
    """Whether the run keeps the record of its looks, and its row losses where viewcast does."""
    return LOOK_KEY in run.data.tags or HOLDOUT in run.data.tags


def facts(run: Run, parent: Run | None = None) -> Facts:
    """Of a run by its tags and parameters, and those of its sweep, which its candidates share."""
    tags = {**(parent.data.tags if parent else {}), **run.data.tags}
    params = {**(parent.data.params if parent else {}), **run.data.params}
    rows = dataset(run, *VALIDATING)
    data = tags.get(DATA) or (str(rows.name) if rows else "")
    size, size_of_what = size_of(params, run.data.metrics)
    training = _training(run) or (_training(parent) if parent else None)
    return Facts(
        name=str(run.info.run_name or run.info.run_id),
        model=tags.get(MODEL, ""),
        experiment=tags.get(EXPERIMENT, ""),
        data=data,
        label=tags.get(LABEL, data),
        split=tags.get(SPLIT, ""),
        unit=tags.get(UNIT, ""),
        loss=tags.get(LOSS, ""),
        block=_positive(tags.get(BLOCK)) or 1.0,
        cluster=cluster_named(tags.get(CLUSTER)),
        trainer=params.get(PARAM_TRAINER, ""),
        in_epochs=EPOCHS in tags or PARAM_RESTORE_BEST in params,
        features=params.get(PARAM_FEATURES, ""),
        kind=tags.get(KIND) or ("network" if PARAM_LAYERS in params else LINE),
        seed=seed_of(params, tags),
        settings=settings_of(params),
        size=size,
        size_of=size_of_what,
        training=str(training.digest) if training else None,
        more_is_better=tags.get(MORE_IS_BETTER) == "true",
        approximate=tags.get(APPROXIMATE) or None,
        bound=tags.get(BOUND) != "false",
        remembers=VALIDATION in params.get(PARAM_REMEMBERS, "")
        or tags.get(MODEL) == "memorizer_leak",
    )


def dataset(run: Run, *contexts: str) -> Dataset | None:
    """The first dataset input of a run in one of these contexts."""
    return next(iter(in_context(run, *contexts)), None)


def figure(metrics: Mapping[str, float], *names: str) -> float | None:
    """The first of these metrics that a run has and that is finite."""
    values = (metrics[name] for name in names if name in metrics)
    return next((value for value in values if math.isfinite(value)), None)


def truth(run: Run) -> tuple[float, float] | None:
    """The loss on new rows and its standard error, where the data are simulated."""
    mean = figure(run.data.metrics, VAL_LOSS_TRUE)
    error = figure(run.data.metrics, VAL_LOSS_TRUE_ERROR)
    return None if mean is None else (mean, error or 0.0)


def failure(run: Run) -> str:
    """Why a run has no figure of its rows."""
    reason = run.data.tags.get(FAILURE, "").split(":", maxsplit=1)[0]
    return reason or f"ended {run.info.status} without a score"


def _training(run: Run) -> Dataset | None:
    return dataset(run, TRAINING, "train")


def _positive(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
