"""What scores alone tell of a choice, and what the seed has to do with it, in words.

Each function takes the result of one holdout and returns a statement without its full stop, or ""
where there is nothing to say.
"""

from viewcast.assessment.choice import ScoreRange
from viewcast.assessment.result import AuditResult
from viewcast.assessment.wording import bound_word, counted, in_unit
from viewcast.base.numbers import rounded, with_error

SIGNIFICANT = 0.05
T95 = 1.645  # standard errors between an expected figure and its one-sided 95 % bound


def decision(result: AuditResult) -> str:
    """What to do where the noise of scores is known, with the range to plan by."""
    known, winner = result.score_range, result.winner
    if known is None or winner is None:
        return ""
    what = "settings" if known.basis == "seeds" else "runs"
    if known.tied > 1:
        lead = f"{known.tied:,} of {known.count:,} {what} cannot be told apart; take the simplest"
        lead += f" or cheapest of them (“{winner.name}” shows the best)"
    elif known.count > 1 and known.noise is not None:
        lead = f"take “{winner.name}”: the {known.count - 1:,} other {what} are worse by more than "
        lead += "noise"
    else:
        lead = f"take “{winner.name}”, which shows the best"
    plan = f", plan for {bound_word(result)} {bound(result)}" if bound(result) else ""
    return f"{lead}; expect {in_unit(expected(result), result)}{plan}"


def basis(result: AuditResult) -> str:
    """What the noise of the scores is known from, and the difference that is within it."""
    known = result.score_range
    if known is None:
        return ""
    source = {
        "rows": f"each score is a share of {known.size:,} rows",
        "folds": f"each score is a mean of {known.size:,} folds",
        "seeds": f"the best setting was trained with {counted(known.size, 'seed')}",
    }[known.basis]
    if known.noise is None or known.count < 2:
        return source
    return (
        f"{source}: a difference from the best of less than {_figure(abs(known.noise), known)} is "
        "within the noise"
    )


def seed(result: AuditResult) -> str:
    """Is it just the seed? What of the winner's gain is the setting's, the seed's, the rows'."""
    share = result.seed_share
    if share is None:
        return ""
    over = "the average setting" if share.base == "the average setting" else f"“{share.base}”"
    text = (
        f"of the {in_unit(rounded(share.gain, share.setting_error), result)} gained over {over}, "
        f"{with_error(share.setting, share.setting_error)} is the setting and stays when it is "
        f"trained again, {with_error(share.seed, share.seed_error)} is this seed, and "
        f"{with_error(share.rows, share.rows_error)} was the luck of these rows; with another seed "
        f"expect {rounded(share.another_seed, share.spread or share.setting_error)}"
    )
    if share.spread is not None:
        text += f" (seeds differ by a standard deviation of {rounded(share.spread, share.spread)})"
    return text


def searches(result: AuditResult) -> str:
    """Two searches at equal budget, and whether chance explains the difference."""
    two = result.searches
    if two is None:
        return ""
    losses = [rounded(loss, two.error) for loss in (two.first_loss, two.second_loss)]
    chance = f"p = {two.p_value:.3f}"
    verdict = "more than chance" if two.p_value <= SIGNIFICANT else "no more than chance"
    return (
        f"of {counted(two.k, 'run')} each, the best of {two.first} is to be expected at "
        f"{losses[0]} on new {result.rows_word} and that of {two.second} at {losses[1]}: a "
        f"difference of {verdict} ({chance})"
    )


def expected(result: AuditResult) -> str:
    """The range of the figure to expect on new rows; one figure where its ends are the same."""
    known = result.score_range
    if known is None:
        return ""
    low, high = (_figure(end, known) for end in (known.low, known.high))
    return low if low == high else f"{low} to {high}"


def bound(result: AuditResult) -> str:
    """The 95 % bound of that figure."""
    known = result.score_range
    return "" if known is None or known.bound95 is None else _figure(known.bound95, known)


def _figure(value: float, known: ScoreRange) -> str:
    """With as many digits as the bound says that are known."""
    if known.bound95 is None:
        return rounded(value, known.noise and abs(known.noise))
    nearest = min(abs(known.bound95 - end) for end in (known.low, known.high))
    return rounded(value, nearest / T95)
