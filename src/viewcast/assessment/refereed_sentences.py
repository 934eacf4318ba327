"""What is said of a referee: its price, which is its verdict, and what weakens it."""

from collections.abc import Sequence
from dataclasses import replace

from viewcast.assessment.refereed import RawReader, Refereed, RefereedGain
from viewcast.assessment.result import AuditResult
from viewcast.assessment.wording import counted, few, sentence
from viewcast.base.numbers import rounded
from viewcast.referee.terms import Plan, between

NAMED = 3  # submitters that a sentence names


def told(refereed: Refereed) -> Refereed:
    """The same in words."""
    statements = [
        asked(refereed.plan),
        submitters(refereed),
        claims(refereed),
        *refereed.deviations,
    ]
    return replace(
        refereed,
        verdict="; but ".join(filter(None, [price_of(refereed), outside(refereed.raw_readers)])),
        sentences=tuple(sentence(text) for text in statements if text),
    )


def price_of(refereed: Refereed) -> str:
    """The gain, or that there is none to tell before the end."""
    given = refereed.submissions
    if refereed.gain is None:
        return still_open(refereed.plan, given)
    return price(refereed.plan, refereed.gain, len(refereed.accepted), given)


def price(plan: Plan, gain: RefereedGain, acceptances: int, submissions: int) -> str:
    """The gain with its interval, beside what a loop without a referee would have claimed.

    The first submission is what gains are measured from and no acceptance.
    """
    taken = f"{acceptances:,} of {counted(submissions, 'submission')} {word(plan)}"
    claimed = digits(gain.raw, gain)
    raw = "" if gain.raw is None else f"; the raw loop would have claimed {claimed}"
    if not acceptances:
        return f"no gain is claimed: {taken} after the first{raw}"
    if gain.estimate is None:
        why = "no finite score on the hidden rows"
        return f"no gain is claimed: the first or the last of them has {why}{raw}; {taken}"
    low, high = digits(gain.low, gain), digits(gain.high, gain)
    return (
        f"gain {digits(gain.estimate, gain)} {plan.metric} [{low}, {high}] from "
        f"{plan.hidden:,} hidden rows{raw}; {taken}"
    )


def still_open(plan: Plan, given: int) -> str:
    """Before the end there is no price."""
    return f"open: {given:,} of {plan.terms.budget:,} answers given; no price before it is closed"


def word(plan: Plan) -> str:
    """What an answer of yes means: where the referee explores, nothing is said of better."""
    return "kept" if plan.terms.mode == "explore" else "accepted"


def digits(value: float | None, gain: RefereedGain) -> str:
    """A gain with as many digits as its standard error warrants: a quarter of the interval."""
    if gain.high is None or gain.low is None:
        return rounded(value, None)
    return rounded(value, (gain.high - gain.low) / 4)


def asked(plan: Plan) -> str:
    """Which rows judge by what, and how much may be asked."""
    better = "more is better" if plan.more_is_better else "less is better"
    false = f"{plan.terms.false:g}"
    allowed = "acceptance is" if false == "1" else "acceptances are"
    return (
        f"{plan.gate:,} rows judge by {plan.metric} ({better}), {plan.hidden:,} are hidden until "
        f"the end{between(plan)}; of {plan.terms.budget:,} answers {false} false {allowed} allowed"
    )


def submitters(refereed: Refereed) -> str:
    """Who was answered how often, and what is left."""
    counts = list(refereed.by_submitter.items())
    named = [f"{name} {count:,}" for name, count in counts[:NAMED]]
    more = [f"{counted(len(counts) - NAMED, 'other')}"] if len(counts) > NAMED else []
    who = f" ({', '.join([*named, *more])})" if counts else ""
    return f"{counted(refereed.submissions, 'answer')} given{who}; {refereed.left:,} left"


def claims(refereed: Refereed) -> str:
    """What the rows that judged claim, and what those would who are shown the score."""
    gain = refereed.gain
    if gain is None:
        return ""
    chosen = f"the rows that judged claim {digits(gain.claimed, gain)}, and they chose"
    if gain.raw is None:
        return chosen
    return (
        f"{chosen}; a loop that is shown the score of all rows would have kept "
        f"{gain.raw_acceptances:,} and claimed {digits(gain.raw, gain)}"
    )


def outside(readers: Sequence[RawReader]) -> str:
    """The runs that read these rows outside of the referee, and that the verdict may not hold."""
    if not readers:
        return ""
    users = list(dict.fromkeys(reader.user for reader in readers))
    same = list(dict.fromkeys(reader.user for reader in readers if reader.submitter))
    runs = "1 run" if len(readers) == 1 else f"{len(readers):,} runs"
    whose = f"{', '.join(users[:NAMED])}{' and others' if len(users) > NAMED else ''}"
    which = f"{runs} of {whose} ({few([reader.name for reader in readers])})"
    whole = any(reader.rows is None for reader in readers)
    part = (
        "these rows outside of it, the hidden ones too"
        if whole
        else "some of these rows outside of it"
    )
    also = f", and {same[0]} submitted here" if same else ""
    return f"{which} read {part}{also}: the gain may be tuned to them and be less on new rows"


def with_referees(result: AuditResult, refereed: Sequence[Refereed]) -> AuditResult:
    """The result with a sentence on each referee whose rows its runs have read."""
    of_result = {run.run_id for run in result.runs}
    read: dict[str, list[str]] = {}
    for each in refereed:
        for reader in each.raw_readers:
            if reader.run_id in of_result:
                read.setdefault(reader.run_id, []).append(each.plan.name)
    if not read:
        return result
    names = sorted({name for known in read.values() for name in known})
    runs = [
        replace(run, verdict=f"{run.verdict}; it read rows of the referee {few(read[run.run_id])}")
        if run.run_id in read
        else run
        for run in result.runs
    ]
    verdict = (
        f"{result.verdict}; rows of the referee {few(names)} are among these, and it tells no "
        "score of them: whoever submits there knows more than its answers"
    )
    return replace(result, runs=tuple(runs), verdict=verdict)
