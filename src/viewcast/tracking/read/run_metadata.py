"""What a run says of itself, for an audit: its facts, its holdout, its single figures."""

import math
from collections.abc import Mapping

from mlflow.entities import Dataset, Run

from viewcast.audit.study import Facts
from viewcast.holdout.looks import REPORT, Look
from viewcast.tracking.datasets import CONTEXT
from viewcast.tracking.look_tags import HOLDOUT, KEY, PARENT

CANDIDATE, CANDIDATES = "viewcast.candidate", "viewcast.candidates"
VALIDATING = ("validation", "eval", "evaluation", "val", "valid", "dev", "holdout")
TRUTH = ("val_loss_true", "val_loss_true_error")  # of simulated data: viewcast.truth


def of_viewcast(run: Run) -> bool:
    """Whether the run keeps the record of its looks, and its row losses where viewcast does."""
    return KEY in run.data.tags or HOLDOUT in run.data.tags


def facts(run: Run, parent: Run | None = None) -> Facts:
    """Of a run by its tags and parameters, and those of its sweep, which its candidates share."""
    tags = {**(parent.data.tags if parent else {}), **run.data.tags}
    params = {**(parent.data.params if parent else {}), **run.data.params}
    rows = dataset(run, VALIDATING)
    data = tags.get("viewcast.data") or (str(rows.name) if rows else "")
    model = tags.get("viewcast.model", "")
    training = dataset(run, ("training", "train")) or (
        dataset(parent, ("training", "train")) if parent else None
    )
    return Facts(
        name=str(run.info.run_name or run.info.run_id),
        model=model,
        experiment=tags.get("viewcast.experiment", ""),
        data=data,
        label=tags.get("viewcast.label", data),
        split=tags.get("viewcast.split", ""),
        unit=tags.get("viewcast.unit", ""),
        loss=tags.get("viewcast.loss", ""),
        block=_number(tags.get("viewcast.block")) or 1.0,
        trainer=params.get("trainer.name", ""),
        keep=params.get("trainer.restore_best") or params.get("trainer.keep", ""),
        features=params.get("model.features", ""),
        network="model.layers" in params,
        training=str(training.digest) if training else None,
        remembers="validation" in params.get("model.remembers", "")
        or model in ("memorizer_leak", "lazy2"),
    )


def dataset(run: Run, contexts: tuple[str, ...]) -> Dataset | None:
    """The dataset input of a run with one of these contexts."""
    for entry in run.inputs.dataset_inputs if run.inputs else []:
        if any(tag.key == CONTEXT and tag.value in contexts for tag in entry.tags):
            return entry.dataset
    return None


def look_at(run: Run, holdout: str | None) -> Look:
    """The look of a run that keeps no record: one score, of rows that may not be known."""
    tags, info = run.data.tags, run.info
    return Look(
        run_id=info.run_id,
        key=info.run_id,
        uses=(REPORT,),
        holdout=holdout,
        batch_id=tags.get(PARENT) or info.run_id,
        start=int(info.start_time or 0),
        end=None if info.end_time is None else int(info.end_time),
        user=tags.get("mlflow.user") or info.user_id or "unknown",
        status=info.status,
        parent=tags.get(PARENT),
    )


def figure(metrics: Mapping[str, float], *names: str) -> float | None:
    """The first of these metrics that a run has and that is finite."""
    values = (metrics[name] for name in names if name in metrics)
    return next((value for value in values if math.isfinite(value)), None)


def truth(run: Run) -> tuple[float, float] | None:
    """The loss on new rows and its standard error, where somebody could tell."""
    mean, error = (figure(run.data.metrics, name) for name in TRUTH)
    return None if mean is None else (mean, error or 0.0)


def failure(run: Run) -> str:
    """Why a run has no figure of its rows."""
    said = run.data.tags.get("viewcast.failure", "").split(":", maxsplit=1)[0]
    return said or f"ended {run.info.status} without a score"


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
