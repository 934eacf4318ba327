"""What a study comes to, in one sentence: whether its figures hold, and if fresh rows are due.

``said`` is the object of the study as ``viewcast.audit.audit`` makes it.
"""

import numpy as np

from viewcast.audit.sentences import Said, counted, in_noise
from viewcast.base.numbers import short
from viewcast.selection.sample_size import ESTIMATE_ROWS


def verdict(said: Said, worn_out: float) -> str:
    """What the study comes to, and whether fresh rows are due.

    ``worn_out``: how large the winner's optimism may be, as a share of the spread between runs.
    """
    winner, hidden_holdout = said["winner"], said["hidden_holdout"]
    if winner is None:
        why = said["refusal"] or "no run has a loss that can be compared"
        return f"nothing to price: {why}"
    if hidden_holdout is not None and hidden_holdout["alarm"]:
        return (
            f"validation set worn out: of {short(hidden_holdout['gain_shown'])} gained on the shown rows "
            f"the hidden_holdout confirms {short(hidden_holdout['gain_shadow'])}; cut fresh rows"
        )
    if said["rows"] == 0 or not any(run["expected"] is not None for run in said["runs"]):
        return _without_figure(said)
    optimism, spread = winner["optimism"], _spread(said)
    luck_of = in_noise(max(optimism, 0.0), said)
    if spread and optimism > worn_out * spread:
        return (
            f"validation set worn out: {luck_of} of the winner's score is the luck "
            f"of being picked, the spread between runs is {short(spread)}; cut fresh rows"
        )
    if said["refusal"]:
        return f"weak: {luck_of} of the winner's score is luck, and no bound can be given"
    share = f", the spread between runs is {short(spread)}" if spread else ""
    return f"fine: {luck_of} of the winner's score is luck{share}"


def _without_figure(said: Said) -> str:
    if said["rows"] == 0:
        scores = sum(run["shown"] is not None for run in said["runs"])
        return f"counted, not priced: one score of each of {counted(scores, 'run')}, no row losses"
    if said["rows_wanted"] and said["rows"] < ESTIMATE_ROWS:
        few = f"{said['rows']} of {ESTIMATE_ROWS}"
        return f"too few rows to say what the winner is worth: {few}"
    return said["refusal"] or "no figure"


def _spread(said: Said) -> float:
    """Standard deviation between the runs that took part."""
    shown = [run["shown"] for run in said["runs"] if run["excluded"] is None]
    return float(np.std(shown, ddof=1)) if len(shown) > 1 else 0.0
