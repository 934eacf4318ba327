"""Verdicts: what a run's losses say, in one sentence with its numbers.

A verdict compares a run with others on the very same validation rows: with the naive forecast and
with the straight line. Differences are paired row by row, which removes what made some rows hard
for everybody, and a difference counts when it exceeds two standard errors.
"""

from typing import Any

import pandas as pd

from viewcast.base.numbers import short, with_error
from viewcast.models.model import bends
from viewcast.scoring.scores import score
from viewcast.selection.clusters import Clusters

Run = dict[str, Any]
CLEAR = 2.0  # standard errors
ROSE = 1.1  # how far the validation loss may rise above its best before it counts


def verdict(
    run: Run,
    losses: pd.Series,
    curve: pd.DataFrame,
    naive: pd.Series | None,
    line: Run | None,
    clusters: Clusters | None = None,
) -> str:
    """The verdict on one run.

    ``losses``: validation loss by row key (M,); ``naive``: the same of the naive forecast;
    ``curve``: the run's losses by epoch; ``line``: the straight line over the same features on the
    same training rows, where there is one. ``clusters``: of the rows of ``naive``, where
    some are alike.
    """
    if run["status"] == "diverged":
        return str(run["failure"]).split(":", maxsplit=1)[0]
    if run["val_loss"] is None:
        return "not validated: " + ("; ".join(run["left_out"]) or "the split has no such rows")
    if run["val_loss"] == 0:
        return "has seen the validation rows: no model is right on every one"
    parts = []
    if run["train_loss"] == 0:
        parts.append("memorised the training rows")
    if line is not None and run["train_loss"] > line["train_loss"]:
        parts.append(f"fits poorly: a line reaches {short(line['train_loss'])} in training")
    if run["model"] not in ("naive", "seasonal_naive"):
        parts.append(_against_naive(run, losses, naive, clusters))
    parts.append(_overfitting(run, curve))
    return "; ".join(part for part in parts if part)


def _against_naive(
    run: Run, losses: pd.Series, naive: pd.Series | None, clusters: Clusters | None
) -> str:
    if naive is None:
        return ""
    gain = score((naive - losses.reindex(naive.index)).to_numpy(), run["block"], clusters)
    if gain is None or gain.error is None:
        return ""
    if gain.mean == 0:
        return "as good as naive"
    shown = with_error(abs(gain.mean), gain.error)
    clearly = "" if abs(gain.mean) > CLEAR * gain.error else "perhaps "
    return (
        f"{clearly}better than naive by {shown}"
        if gain.mean > 0
        else (f"{clearly}worse than naive by {shown}")
    )


def _overfitting(run: Run, curve: pd.DataFrame) -> str:
    if len(curve) < 2 or curve["val_loss"].isna().all():
        return ""
    best = int(curve["val_loss"].to_numpy().argmin())
    last, lowest = curve["val_loss"].iloc[-1], curve["val_loss"].iloc[best]
    fell = curve["train_loss"].iloc[-1] < curve["train_loss"].iloc[best]
    if not (fell and last > ROSE * lowest):
        return ""
    epoch = int(curve["epoch"].iloc[best])
    if run["best_epoch"] == epoch:
        return f"stopped in time at epoch {epoch}"
    if not bends(run["kind"]):  # too stiff to overfit: on its way it passed a better place
        return f"validation was better, {short(lowest)}, at epoch {epoch}"
    return f"overfitted: validation was {short(lowest)} at epoch {epoch}"
