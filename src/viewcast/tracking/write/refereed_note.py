"""What MLflow's UI says of a referee's run, in Markdown."""

from viewcast.assessment.refereed import acceptances, by_submitter, gain_of
from viewcast.assessment.refereed_sentences import price, word
from viewcast.assessment.wording import sentence
from viewcast.base.escaped import in_markdown
from viewcast.referee.record import Closing
from viewcast.referee.terms import Plan, between

LISTED = 10  # submitters, and deviations


def note(plan: Plan, closing: Closing | None = None) -> str:
    """The verdict of a closed referee; of an open one what its submissions are told, and what not.

    What others wrote is escaped.
    """
    terms = plan.terms
    asked = (
        f"A referee of {plan.rows:,} validation rows by {in_markdown(plan.metric)}: {plan.gate:,} "
        f"judge each submission, {plan.hidden:,} are read once, when it is closed"
        f"{between(plan)}. It gives {terms.budget:,} answers of one bit, and tells no score; "
        f"{terms.false:g} false acceptances are allowed over its whole life."
    )
    if closing is None:
        return f"{asked}\n\nIt is open: there is no price before it is closed."
    parts = [f"**{in_markdown(sentence(verdict_of(closing)), 600)}**", asked]
    told = by_submitter(closing.submissions)
    lines = [f"- {in_markdown(who)}: {count:,}" for who, count in list(told.items())[:LISTED]]
    parts.append(
        "\n".join([f"Submissions that were {word(plan)} or not, by submitter:", "", *lines])
    )
    if closing.deviations:
        deviations = [f"- {in_markdown(sentence(each))}" for each in closing.deviations[:LISTED]]
        parts.append("\n".join(["Not as planned, or weaker than planned:", "", *deviations]))
    return "\n\n".join(parts)


def verdict_of(closing: Closing) -> str:
    """The verdict in a sentence."""
    taken = len(acceptances(closing.submissions))
    return price(closing.plan, gain_of(closing), taken, len(closing.submissions))
