"""What is said of a referee that was closed: what was really gained, and what that is worth.

Where it explored, no sentence says "better": a submission was kept, and that is all.
"""

import math
from statistics import median
from typing import NamedTuple

from viewcast.base.numbers import rounded, with_error
from viewcast.referee.interval import SIDE
from viewcast.referee.record import Closing, Told

WIDTH_IN_ERRORS = 4.0  # of a 95 % interval, about
RAW_LOOP = "a loop that is shown raw scores"


class Topic(NamedTuple):
    """A name and what is said under it."""

    name: str
    text: str


def exploring(closing: Closing) -> bool:
    """Whether an answer meant "kept" and no more."""
    return closing.plan.terms.mode == "explore"


def priced(closing: Closing) -> bool:
    """Whether there is an estimate: something was accepted, and has a score on the hidden rows."""
    return closing.verdict.acceptances > 0 and math.isfinite(closing.verdict.estimate)


def taken(closing: Closing) -> str:
    """What became of a submission that got the bit: accepted, or kept."""
    return "kept" if exploring(closing) else "accepted"


def last_taken(closing: Closing) -> Told | None:
    """What is known of the last accepted submission; None if only the first was."""
    numbers = [one.number for one in closing.submissions if one.accepted]
    last = numbers[-1] if len(numbers) > 1 else None
    return next((one for one in closing.told if one.number == last), None)


def error(closing: Closing) -> float | None:
    """The standard error that figures are rounded by: the estimate's, else a usual one of the rows
    that judged.
    """
    spread = (closing.verdict.high - closing.verdict.low) / WIDTH_IN_ERRORS
    if spread > 0 and math.isfinite(spread):
        return spread
    known = [one.gate_error for one in closing.told if one.gate_error]
    return median(known) if known else None


def figure(closing: Closing, value: float | None) -> str:
    """A gain with as many digits as its error allows; nothing is less than nothing."""
    text = rounded(value, error(closing))
    return text.removeprefix("−") if not text.strip("−0.,") else text


def with_its_error(gain: float | None, error: float | None) -> str:
    """A gain ± its standard error."""
    return with_error(gain, error).replace("-", "−")


def claimed(closing: Closing) -> str:
    """The gain on the rows that judged, ± its standard error."""
    last = last_taken(closing)
    return with_its_error(closing.verdict.claimed, None if last is None else last.gate_error)


def interval(closing: Closing) -> str:
    """The 95 % interval of the estimate."""
    return f"{figure(closing, closing.verdict.low)} to {figure(closing, closing.verdict.high)}"


def direction(closing: Closing) -> str:
    """What a gain means."""
    side = "higher" if closing.plan.more_is_better else "lower"
    return (
        f"a gain is how much {side} the {closing.plan.metric} is than that of the first submission"
    )


def axis_label(closing: Closing) -> str:
    """A gain with its unit and its direction, for an axis."""
    side = "higher" if closing.plan.more_is_better else "lower"
    meaning = f"{side} than the first's" if exploring(closing) else "more is better"
    return f"gain in {closing.plan.metric} ({meaning})"


def label(closing: Closing) -> str:
    """Which referee it was."""
    return f"Referee “{closing.plan.name}”"


def title(closing: Closing) -> str:
    """The finding in a few words."""
    verdict, unit = closing.verdict, closing.plan.metric
    if not verdict.acceptances:
        return f"No gain is claimed: nothing was {taken(closing)}"
    if not priced(closing):
        return "No gain is claimed: there is no score on the hidden rows"
    if verdict.low > 0:
        return f"Gained {figure(closing, verdict.estimate)} in {unit}"
    if verdict.high < 0:
        return f"Lost {figure(closing, -verdict.estimate)} in {unit}"
    return f"Not shown to be a gain in {unit}"


def gained(closing: Closing) -> str:
    """What was really gained, with interval and unit, in one sentence."""
    verdict, unit, word = closing.verdict, closing.plan.metric, taken(closing)
    if not verdict.acceptances:
        others = len(closing.submissions) - 1
        if not others:
            return "Nothing was submitted but the first, from which gains are measured."
        of = f"None of {others:,} submissions" if others > 1 else "The one submission"
        kind = "was" if others > 1 else "was not"
        return f"{of} after the first {kind} {word}: no gain over it is claimed."
    if not priced(closing):
        return (
            f"The first submission or the last {word} one has no finite score on the hidden rows: "
            "no gain is claimed."
        )
    told = f"{figure(closing, verdict.estimate)} in {unit} (95 % interval {interval(closing)})"
    if verdict.low > 0:
        return f"The last {word} submission gains {told} over the first."
    if verdict.high < 0:
        return f"The last {word} submission is worse than the first: its gain is {told}."
    negative = ", and the estimate is negative" if verdict.estimate < 0 else ""
    return (
        f"The last {word} submission is not shown to be a gain over the first: {told}. The "
        f"interval contains 0{negative}."
    )


def raw_claim(closing: Closing) -> str:
    """What a loop without a referee would have claimed of the same submissions."""
    raw, verdict, unit = closing.raw, closing.verdict, closing.plan.metric
    if raw.claim <= 0 or not raw.acceptances:
        return f"{RAW_LOOP.capitalize()} would have claimed nothing, too."
    claim = f"{RAW_LOOP.capitalize()} would have claimed {figure(closing, raw.claim)} in {unit}"
    if priced(closing) and raw.claim > verdict.high:
        return f"{claim}, more than the interval allows."
    return f"{claim}."


def headline(closing: Closing) -> str:
    """What was really gained, and what would have been claimed."""
    return f"{gained(closing)} {raw_claim(closing)}"


def limits(closing: Closing) -> list[Topic]:
    """What no gate of one bit stops."""
    word = taken(closing)
    easier = "" if exploring(closing) else ", and each of them makes the next answer easier to get"
    return [
        Topic(
            "A sandbagger",
            "Who has a real gain can hold it back and hand it out in small steps, each just large "
            f"enough to be {word}. How many submissions were {word} then says little{easier}. What "
            "was held back and never submitted is in no figure here.",
        ),
        Topic(
            "A rare, huge loss",
            "A model that loses a little less on almost every row, and hugely more on one row in "
            f"hundreds, is {word} as long as the rows that judge hold no such row. If the hidden "
            "rows hold none either, the estimate and its interval know nothing of it. Ask what the "
            "worst row would cost before you use the model.",
        ),
    ]


def budget(closing: Closing) -> str:
    """Answers that were given, accepted and left."""
    given, total = len(closing.submissions), closing.plan.terms.budget
    left = f"{total - given:,} were left unused" if given < total else "none was left"
    word, count = taken(closing), closing.verdict.acceptances
    after = f"{count:,} submissions were" if count != 1 else "1 submission was"
    return f"{given:,} of {total:,} answers were given, {left}. After the first, {after} {word}."


def worth_of_exploring(closing: Closing) -> str:
    """Of a referee that explored: what its claim is worth; empty of others."""
    if not exploring(closing):
        return ""
    return (
        "This referee explored: a submission was kept if its gain on the rows that judge was above "
        "one standard error. Such a rule keeps about four false gains in 200 submissions (of 366 "
        "rows), so “kept” is a direction to look in, and the claim of the rows that judge is no "
        "evidence. Only the hidden rows, which were read once, price it."
    )


def rule(closing: Closing) -> str:
    """When a submission was accepted."""
    terms = closing.plan.terms
    if exploring(closing):
        return "kept if the gain over the one kept before is above one standard error"
    return (
        "accepted if the gain over the last accepted submission, row by row, has a one-sided p "
        f"below min(0.05, {terms.false:g} · (1 + acceptances) / {terms.budget:,}) and is "
        "above a tenth of the standard error of the first submission's score; on average at most "
        f"{terms.false:g} false {'acceptance' if terms.false == 1 else 'acceptances'} in the whole "
        "life if nothing is an improvement"
    )


def method(closing: Closing) -> str:
    """Where the estimate and its interval come from."""
    return (
        f"the gain of the last {taken(closing)} submission over the first on the hidden rows, or "
        "that on the rows that judged if it is smaller; Student's t interval of the hidden rows, "
        "corrected for skewness (Johnson 1978)"
    )


def confidence() -> str:
    """Of the interval."""
    return f"{100 * (2 * SIDE - 1):.0f} %"
