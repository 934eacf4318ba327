"""The verdict on one run: what its losses show, in words with numbers.

Shape letters: E evaluated states, M validation rows.
"""

from typing import Any

import numpy as np
import pandas as pd

from viewcast.assessment.row_losses import RowLosses
from viewcast.assessment.study import Scored, Study
from viewcast.base.numbers import with_error
from viewcast.models.model import bends
from viewcast.scoring.scores import Score, score
from viewcast.scoring.verdict import CLEAR, verdict

NO_CURVE = pd.DataFrame({"epoch": [], "train_loss": [], "val_loss": []})


def of_run(run: Scored, line: Scored | None, doubt: str | None = None) -> str:
    """The verdict on one run; ``line``: the straight line on the same features and rows.

    ``doubt``: why the score of a run that is fine otherwise cannot be believed.
    """
    if run.excluded is not None:
        return run.excluded
    if run.rows is None:
        return "one score, no row losses: nothing to check it by"
    tracked = run.rows.states is not None
    curve = NO_CURVE if tracked or run.curve is None else run.curve
    straight = None if line is None else {"train_loss": line.train_loss}
    own = verdict(_as_result(run), pd.Series(run.rows.final), curve, None, straight)
    parts = [own, overfitting(run) if tracked else "", doubt]
    return "; ".join(part for part in parts if part) or "fine"


def _as_result(run: Scored) -> dict[str, Any]:
    """The facts that ``viewcast.scoring.verdict`` needs of a run."""
    return {
        "status": "finished",
        "model": run.facts.model,
        "kind": run.facts.kind,
        "train_loss": run.train_loss,
        "val_loss": run.shown,
        "best_epoch": run.best_epoch,
        "block": run.facts.block,
        "left_out": [],
    }


def overfitting(run: Scored) -> str:
    """Whether validation rose after the best epoch by more than its noise, while training fell.

    The rise is paired row by row, and its error is that of means of blocks of rows.
    """
    rose = rise(run)
    if rose is None or rose.error is None or run.curve is None or run.rows is None:
        return ""
    assert run.rows.epochs is not None
    epoch = int(run.rows.epochs[_best(run.rows)])
    after = run.curve.loc[run.curve["epoch"] >= epoch, "train_loss"]
    fell = len(after) > 1 and after.iloc[-1] < after.iloc[0]
    if not (fell and rose.mean > CLEAR * rose.error):
        return ""
    by = with_error(rose.mean, rose.error)
    if run.best_epoch == epoch:
        return f"stopped in time at epoch {epoch}: validation rose by {by} afterwards"
    return f"overfitted: validation rose by {by} after epoch {epoch}, while training fell"


def rise(run: Scored) -> Score | None:
    """Mean rise of the row losses from the best to the last state; None where there is one."""
    if run.rows is None or run.rows.states is None or len(run.rows.states) < 2:
        return None
    states = run.rows.states[[-1, _best(run.rows)]].astype(np.float64)
    return score(states[0] - states[1], max(1, round(run.facts.block / run.rows.cell)))


def _best(rows: RowLosses) -> int:
    assert rows.states is not None
    return int(np.nanargmin(rows.states.mean(axis=1)))


def line_for(run: Scored, study: Study) -> Scored | None:
    """The least-squares line on the same features, rows and loss, for a model that bends."""
    own = run.facts
    if not (bends(own.kind) and own.training):
        return None
    for other in study.runs:
        facts = other.facts
        same = (facts.training, facts.features, facts.loss) == (
            own.training,
            own.features,
            own.loss,
        )
        if same and facts.trainer == "least_squares" and other.train_loss is not None:
            return other
    return None
