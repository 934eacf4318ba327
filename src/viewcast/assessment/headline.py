"""The headline of a study: what to do, with the figures to plan by, in one sentence."""

import math

import numpy as np

from viewcast.assessment.choice import BestOf, Winner
from viewcast.assessment.range_sentences import decision
from viewcast.assessment.result import AuditedRun, AuditResult
from viewcast.assessment.study_verdict import KEEP_REFERENCE
from viewcast.assessment.wording import bound_word, counted, in_unit, noise_digits
from viewcast.base.numbers import plain, with_error

CURVE = 3  # points of the best-of-k curve that tell what more runs cost


def headline(result: AuditResult, reference: str | None = None) -> str:
    """What to do, as a statement without its full stop.

    ``reference``: id of the run that gains are measured against.
    """
    winner, hidden = result.winner, result.hidden_holdout
    if winner is None:
        return f"nothing to decide: {result.refusal or 'no run has a figure that can be compared'}"
    if hidden is not None and hidden.alarm:
        return (
            f"do not believe {_shown(result, winner)}: the hidden {result.rows_word} say "
            f"{in_unit(noise_digits(hidden.estimate, result), result)}; cut fresh rows"
        )
    if len(result.compared) == 1:
        return _single(result, winner)
    if winner.expected is None:
        return decision(result) or _without_figure(result, winner)
    if winner.run_id == reference:
        parts = [_first(result, winner), _plan(result, winner)]
    else:
        parts = (
            [_kept(result)] if _kept(result) else [_choice(result), _plan(result, taken(result))]
        )
    return "; ".join(part for part in (*parts, more_cost(result)) if part)


def taken(result: AuditResult) -> AuditedRun | None:
    """The run to take: the simplest that cannot be told apart from the best, else the winner."""
    best, winner = result.confidence_set, result.winner
    chosen = None if winner is None else winner.run_id
    if best is not None and best.simplest is not None:
        chosen = best.simplest
    return next((run for run in result.runs if run.run_id == chosen), None)


def _first(result: AuditResult, winner: Winner) -> str:
    """Where the reference is the winner itself."""
    best = result.confidence_set
    tied = 0 if best is None else len(best.run_ids) - 1
    others = f"; {tied:,} of {len(result.compared) - 1:,} others cannot be told apart from it"
    kept = f"keep “{winner.name}”: no other run shows a better {result.figure_word}"
    return kept + (others if tied else "")


def _kept(result: AuditResult) -> str:
    """Where the search has gained nothing over the reference: "" where it has."""
    over = result.gain
    if over is None or over.standing not in KEEP_REFERENCE:
        return ""
    if over.standing == "overtuned":
        return (
            f"keep “{over.reference}”: on new {result.rows_word} the winner of the search is worse"
        )
    return f"keep “{over.reference}”: no other run shows a better {result.figure_word}"


def _choice(result: AuditResult) -> str:
    best, run, count = result.confidence_set, taken(result), len(result.compared)
    assert run is not None
    if best is None:
        return f"take “{run.name}”, the best of {count:,} as shown"
    if len(best.run_ids) == 1:
        return f"take “{run.name}”: it can be told apart from all {count - 1:,} others"
    apart = f"{len(best.run_ids):,} of {counted(count, 'run')} cannot be told apart"
    if best.simplest is None:
        return f"{apart}; take the simplest or cheapest of them (“{run.name}” shows the best)"
    size = f" ({plain(run.size)} {run.size_of})" if run.size is not None else ""
    return f"{apart}; take the simplest, “{run.name}”{size}"


def _plan(result: AuditResult, run: AuditedRun | Winner | None) -> str:
    assert run is not None
    text = f"expect {in_unit(noise_digits(run.expected, result), result)}"
    if run.bound95 is not None:
        return f"{text}, plan for {bound_word(result)} {noise_digits(run.bound95, result)}"
    if result.rows_wanted > result.rows:
        return f"{text}; a bound needs {plain(result.rows_wanted)} {result.rows_word}"
    return text


def more_cost(result: AuditResult) -> str:
    """What as many runs again would add to the luck of the winner, "" where nothing to speak of.

    The luck of the best of k grows by less with each doubling (as √log k for equal candidates), so
    what the last doubling added is the most that the next one will.
    """
    curve = result.best_of
    if len(curve) < CURVE or any(point.honest is None for point in curve):
        return ""
    last = curve[-1].k
    half = float(np.interp(math.log(last / 2), [math.log(p.k) for p in curve], _lucks(result)))
    cost = noise_digits(_luck(result, curve[-1]) - half, result)
    if cost.startswith("−") or not cost.strip("0."):
        return ""
    return f"{counted(last, 'more run')} would cost another {cost} of belief"


def _lucks(result: AuditResult) -> list[float]:
    return [_luck(result, point) for point in result.best_of]


def _luck(result: AuditResult, point: BestOf) -> float:
    assert point.honest is not None
    return result.sign * (point.honest - point.shown)


def _single(result: AuditResult, winner: Winner) -> str:
    """One run was compared: nothing was chosen, so nothing can be said of a choice."""
    text = f"nothing was chosen: “{winner.name}” is the one run that was compared; "
    text += f"it shows {_shown(result, winner)}"
    if winner.bound95 is not None:
        text += f", plan for {bound_word(result)} {noise_digits(winner.bound95, result)}"
    return f"{text}; log the other runs of the search, too"


def _without_figure(result: AuditResult, winner: Winner) -> str:
    shown = f"“{winner.name}” shows {_shown(result, winner)}"
    if result.rows == 0:
        return (
            f"counted, not priced: {shown}, the best of {len(result.compared):,}; without the rows "
            "behind the scores it is not known how much of that is luck"
        )
    return f"no figure to plan by: {shown}, but {result.refusal or 'it could not be corrected'}"


def _shown(result: AuditResult, winner: Winner) -> str:
    return in_unit(with_error(winner.shown, winner.error), result)
