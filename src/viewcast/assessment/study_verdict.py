"""The verdict on a study, in one sentence: whether its figures hold, and if fresh rows are due."""

import numpy as np

from viewcast.assessment.result import AuditResult
from viewcast.assessment.wording import counted, hidden_figure, noise_digits
from viewcast.base.numbers import short
from viewcast.selection.sample_size import ESTIMATE_ROWS


def verdict(result: AuditResult, worn_out: float) -> str:
    """What the study comes to, and whether fresh rows are due.

    ``worn_out``: how large the winner's optimism may be, as a share of the spread between runs.
    """
    winner, hidden = result.winner, result.hidden_holdout
    if winner is None:
        why = result.refusal or "no run has a loss that can be compared"
        return f"no figure: {why}"
    if hidden is not None and hidden.alarm:
        return (
            f"validation set worn out: of {hidden_figure(hidden.gain_shown, hidden)} gained on the "
            f"shown {result.rows_word} the hidden holdout confirms "
            f"{hidden_figure(hidden.gain_hidden, hidden)}; cut fresh rows"
        )
    if result.rows == 0 or winner.optimism is None:
        return _without_figure(result)
    optimism, spread = winner.optimism, _spread(result)
    luck = noise_digits(max(optimism, 0.0), result)
    if spread and optimism > worn_out * spread:
        return (
            f"validation set worn out: {luck} of the winner's score is the luck of being picked, "
            f"the spread between runs is {short(spread)}; cut fresh rows"
        )
    if result.refusal:
        return f"weak: {luck} of the winner's score is luck, and no bound can be given"
    share = f", the spread between runs is {short(spread)}" if spread else ""
    return f"fine: {luck} of the winner's score is luck{share}"


def _without_figure(result: AuditResult) -> str:
    if result.rows == 0:
        scores = sum(run.shown is not None for run in result.runs)
        return f"counted only: one score of each of {counted(scores, 'run')}, no row losses"
    if result.rows_wanted and result.rows < ESTIMATE_ROWS:
        few = f"{result.rows} of {ESTIMATE_ROWS}"
        return f"too few rows to say what the winner is worth: {few}"
    return result.refusal or "no figure"


def _spread(result: AuditResult) -> float:
    """Standard deviation between the shown losses of the runs that took part."""
    shown = [run.shown for run in result.compared if run.shown is not None]
    return float(np.std(shown, ddof=1)) if len(shown) > 1 else 0.0
