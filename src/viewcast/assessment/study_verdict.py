"""The verdict on a study, in one sentence: whether its figures hold, and if fresh rows are due."""

import numpy as np

from viewcast.assessment.choice import GainOver, Winner
from viewcast.assessment.range_sentences import basis
from viewcast.assessment.result import AuditResult
from viewcast.assessment.wording import counted, hidden_figure, noise_digits
from viewcast.base.numbers import short
from viewcast.selection.sample_size import ESTIMATE_ROWS

KEEP = "nothing gained: no run shows a better figure than “{}”; keep it"
KEEP_REFERENCE = ("reference wins", "overtuned")
NORMAL = 1.4826  # standard deviation of normal values by their median distance from the median


def verdict(result: AuditResult, worn_out: float, reference: str | None = None) -> str:
    """What the study comes to, and whether fresh rows are due.

    ``worn_out``: how large the winner's optimism may be, as a share of the spread between runs.
    ``reference``: id of the run that gains are measured against.
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
    return _of_rows(result, winner, worn_out, reference)


def _of_rows(result: AuditResult, winner: Winner, worn_out: float, reference: str | None) -> str:
    """Where the rows themselves tell what the winner is worth."""
    if len(result.compared) == 1:
        return "one run: nothing was chosen, and nothing is known of a gain"
    if winner.run_id == reference:
        return KEEP.format(winner.name)
    beside = "" if result.gain is None else _beside(result.gain, result.rows_word)
    if result.gain is not None and result.gain.standing in KEEP_REFERENCE:
        return beside
    return _of_choice(result, winner.optimism or 0.0, worn_out, beside)


def _of_choice(result: AuditResult, optimism: float, worn_out: float, beside: str) -> str:
    """By how much of the spread between the runs is luck, then what it says ``beside`` that."""
    standing = None if result.gain is None else result.gain.standing
    luck, spread = noise_digits(max(optimism, 0.0), result), _spread(result)
    sure = beside if standing == "sure" else ""
    if spread and optimism > worn_out * spread:
        return (
            f"validation set worn out: {luck} of the winner's score is the luck of being picked, "
            f"the spread between runs is {short(spread)}{sure and f' ({sure})'}; cut fresh rows"
        )
    if beside and not sure:
        return beside
    if result.refusal:
        return f"weak: {luck} of the winner's score is luck, and no bound can be given"
    share = f", the spread between runs is {short(spread)}" if spread else ""
    return f"fine: {luck} of the winner's score is luck{share}{sure and f'; {sure}'}"


def _beside(over: GainOver, rows: str) -> str:
    """What the search has come to, beside the reference; "" where that is not known."""
    expected = over.expected or 0.0
    match over.standing:
        case "reference wins":
            return KEEP.format(over.reference)
        case "overtuned":
            return (
                f"overtuned: on new {rows} the winner is worse than “{over.reference}”, by "
                f"{short(-expected)}; keep that, and cut fresh rows"
            )
        case "sure":
            least = short(over.lower95 or 0.0)
            return f"the gain over “{over.reference}” is sure, {least} at the least"
        case "worn out":
            return (
                f"validation set worn out: of {short(over.shown)} gained over “{over.reference}” "
                f"{short(over.shown - expected)} is luck; cut fresh rows"
            )
        case "unsure":
            return (
                f"unsure: of {short(over.shown)} gained over “{over.reference}” {short(expected)} "
                "is to be expected, and it may be nothing"
            )
    return ""


def _without_figure(result: AuditResult) -> str:
    if result.score_range is not None:
        return f"ranged, not priced: {basis(result)}"
    if result.rows == 0:
        scores = sum(run.shown is not None for run in result.runs)
        return f"counted only: one score of each of {counted(scores, 'run')}, no row losses"
    if result.rows_wanted and result.rows < ESTIMATE_ROWS:
        few = f"{result.rows} of {ESTIMATE_ROWS}"
        return f"too few rows to say what the winner is worth: {few}"
    return result.refusal or "no figure"


def _spread(result: AuditResult) -> float:
    """Spread between the runs that took part, as a standard deviation, that one failed run among
    them does not move: the median distance from their median, of runs that differ.
    """
    shown = np.unique([run.shown for run in result.compared if run.shown is not None])
    if len(shown) < 2:
        return 0.0
    return NORMAL * float(np.median(np.abs(shown - np.median(shown))))
