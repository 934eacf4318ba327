"""What is said of a referee: its price, which is its verdict, and what weakens it."""

from viewcast.base.numbers import rounded
from viewcast.referee.record import Closing
from viewcast.referee.terms import Plan


def price(closing: Closing) -> str:
    """The gain with its interval, beside what a loop without a referee would have claimed.

    The first submission is what gains are measured from and no acceptance.
    """
    plan, verdict, count = closing.plan, closing.verdict, len(closing.submissions)
    error = (verdict.high - verdict.low) / 4
    taken = f"{verdict.acceptances:,} of {count:,} submissions {word(plan)}"
    raw = f"the raw loop would have claimed {rounded(closing.raw.claim, error)}"
    if not verdict.acceptances:
        return f"no gain is claimed: {taken} after the first; {raw}"
    low, high = rounded(verdict.low, error), rounded(verdict.high, error)
    return (
        f"gain {rounded(verdict.estimate, error)} {plan.metric} [{low}, {high}] from "
        f"{plan.hidden:,} hidden rows; {raw}; {taken}"
    )


def word(plan: Plan) -> str:
    """What an answer of yes means: where the referee explores, nothing is said of better."""
    return "kept" if plan.terms.mode == "explore" else "accepted"


def still_open(plan: Plan, given: int) -> str:
    """Before the end there is no price."""
    return f"open: {given:,} of {plan.terms.budget:,} answers given; no price before it is closed"
