"""Every fact of an audit in words: one function for each, for the page, the terminal and the file.

Each function takes the result of one holdout and returns a statement without its full stop, or ""
where there is nothing to say.
"""

from dataclasses import dataclass

from viewcast.assessment.choice_sentences import (
    best_names,
    best_runs,
    effective,
    gain,
    halves,
    more_runs,
    superiority,
    untracked,
)
from viewcast.assessment.range_sentences import basis, decision, searches, seed
from viewcast.assessment.result import AuditResult, Clustering, OpenedTest
from viewcast.assessment.wording import counted, hidden_figure, in_unit, noise_digits, sentence
from viewcast.base.numbers import plain, short, times, with_error

PURPOSES = {
    "report": "final losses",
    "early_stop": "early stopping",
    "select": "choices among candidates",
    "gate": "champion against challenger",
    "test": "openings of the test",
}
GAIN = "Gain"  # the topic that the gauge belongs to


@dataclass(frozen=True)
class Topic:
    """The sentences on one topic."""

    name: str
    sentences: list[str]


def topics(result: AuditResult) -> list[Topic]:
    """All facts by topic, in the order in which one would ask for them."""
    statements = {
        "Looks": [looks(result), distinct(result), bits(result), *result.assumed],
        "Score": [score(result), luck(result), dependence(result), *scalar(result)],
        GAIN: [gain(result)],
        "Seed": [seed(result)],
        "More runs": [
            *(more_runs(result), effective(result), searches(result), untracked(result)),
        ],
        "Best runs": [best_runs(result), best_names(result), superiority(result), halves(result)],
        "Limits": [refusal(result), result.approximate or "", result.caveat or ""],
        "Hidden rows": [hidden(result)],
        "Test": [openings(result)],
    }
    return [
        Topic(name, [sentence(text) for text in texts if text])
        for name, texts in statements.items()
        if any(texts)
    ]


def all_of(result: AuditResult) -> list[str]:
    """All facts as sentences."""
    return [text for topic in topics(result) for text in topic.sentences]


def looked_at(result: AuditResult) -> str:
    """How often the rows were looked at, by how many runs."""
    usage = result.usage
    return (
        f"looked at {counted(usage.scores, 'time')} by {counted(usage.runs, 'run')} "
        f"in {counted(usage.rounds, 'round')}"
    )


def looks(result: AuditResult) -> str:
    """How often the rows were looked at, what for, and by which users."""
    rows = f"these {result.rows:,} {result.rows_word} have" if result.rows else "this set has"
    text = f"{rows} been {looked_at(result)}"
    uses = [
        f"{count:,} for {PURPOSES.get(purpose, purpose)}"
        for purpose, count in result.usage.by_purpose.items()
    ]
    if len(uses) > 1:
        text += f" ({', '.join(uses)})"
    users = result.usage.by_user
    if len(users) > 1:
        text += f", by user: {', '.join(f'{user} {count:,}' for user, count in users.items())}"
    return text


def distinct(result: AuditResult) -> str:
    """How many runs differ in their losses, where not all do."""
    usage = result.usage
    if usage.distinct >= usage.runs:
        return ""
    return f"{usage.distinct:,} of the {counted(usage.runs, 'run')} differ in their losses"


def bits(result: AuditResult) -> str:
    """What the choices have spent of what the rows can answer."""
    spent, budget = result.usage.bits_spent, result.usage.bits_budget
    if budget is None or result.independent is None:
        return ""
    rows = f"{plain(round(result.independent))} independent {result.rows_word}"
    within = f"within ±{plain(100 * result.usage.tolerance)} % of the range of a bounded loss"
    if budget <= 0:
        return f"the choices spent {plain(spent)} bits; {rows} can answer none {within}"
    more = ", more than" if spent > budget else " of"
    return f"the choices spent {plain(spent)} bits{more} the {plain(budget)} that {rows} can " + (
        f"answer {within}"
    )


def expected(result: AuditResult) -> float | None:
    """The winner's loss to expect on new rows: from the rows themselves, else from hidden ones."""
    if result.winner is None:
        return None
    if result.winner.expected is None and result.hidden_holdout is not None:
        return result.hidden_holdout.estimate
    return result.winner.expected


def score(result: AuditResult) -> str:
    """What the winner shows, what to expect on new rows, with its bound, and the truth."""
    winner, new = result.winner, expected(result)
    if winner is None:
        return ""
    text = f"“{winner.name}” shows {in_unit(with_error(winner.shown, winner.error), result)}"
    if new is not None:
        text += f"; on new {result.rows_word} expect {noise_digits(new, result)}"
    if winner.bound95 is not None:
        side = "more" if result.more_is_better else "less"
        text += f", with 95 % confidence {side} than {noise_digits(winner.bound95, result)}"
    if winner.truth is not None:
        text += f"; in truth it is {noise_digits(winner.truth.mean, result)}"
    return text


def luck(result: AuditResult) -> str:
    """How much of the winner's score is the luck of being picked."""
    if result.winner is None or result.winner.optimism is None:
        return ""
    share = noise_digits(max(result.winner.optimism, 0.0), result)
    return f"about {share} of the shown {result.figure_word} is the luck of being picked"


def clusters(found: Clustering, result: AuditResult) -> str:
    """What new rows will have new, and so what is resampled."""
    entities, times = f"{found.entities:,} of them", counted(found.times, "time")
    new = {
        "entity": f"new series at these times: errors resample whole series ({entities})",
        "time": f"these series at new times: errors resample whole times ({times})",
        "both": f"new series at new times: errors resample both ({entities}, {times})",
    }[found.cluster]
    worth = ""
    if result.independent is not None and result.rows:
        worth = f"; the {result.rows:,} rows are worth {plain(round(result.independent))} "
        worth += "independent ones"
    return f"figures are for {new}{worth}"


def dependence(result: AuditResult) -> str:
    """How many independent rows the rows are worth, and what errors resample together."""
    if result.clustering is not None:
        return clusters(result.clustering, result)
    if result.independent is None or result.dependence is None or result.dependence <= 1:
        return ""
    length = round(result.dependence)
    before = "the one before" if length == 1 else f"those {length} before"
    return (
        f"{result.rows_word} depend on {before}: the "
        f"{result.rows:,} are worth {plain(round(result.independent))} independent ones"
    )


def scalar(result: AuditResult) -> list[str]:
    """What can be said where one score of each run is known, and how to get more."""
    scores = result.scalar
    if scores is None or scores.count < 2:
        return []
    if result.score_range is not None:
        return [decision(result), basis(result)]
    return [
        f"only one score of each run is known: if all differences between the {scores.count:,} are "
        f"real, the winner is worth what it shows, {short(scores.shown)}; if all are luck, the "
        f"mean of all, {short(scores.level)}",
        "if all were equally good, independent and normal, with a noise of "
        f"{short(scores.spread)}, the best of {scores.count:,} would show "
        f"{short(scores.gaussian)}; runs that share rows and data are not independent, so this is "
        "no estimate",
        "log the losses of the validation rows (predictions.parquet: row, loss) to have the loss "
        "corrected for the choice",
    ]


def refusal(result: AuditResult) -> str:
    """Why there is no figure or no bound, where the verdict does not say it."""
    if result.refusal is None or result.refusal in result.verdict:
        return ""
    return result.refusal


def hidden_gain(result: AuditResult) -> str:
    """What was gained on the shown and on the hidden rows, and the state of the alarm."""
    holdout = result.hidden_holdout
    if holdout is None:
        return ""
    unit = f" {result.unit}" if result.unit else ""
    after = f"after {counted(holdout.looks, 'look')}"
    rows = f"{holdout.rows:,} hidden {result.rows_word}"
    if not holdout.alarm:
        return (
            f"{after} the {rows} do not contradict the gain of {short(holdout.gain_shown)}{unit} "
            "on the shown ones: no alarm, and their own figures stay sealed"
        )
    return (
        f"{after} the shown {result.rows_word} gained {hidden_figure(holdout.gain_shown, holdout)}"
        f"{unit}, the {rows} {hidden_figure(holdout.gain_hidden, holdout)}: the alarm rings"
    )


def hidden(result: AuditResult) -> str:
    """Everything on the hidden holdout, or that there is none."""
    holdout = result.hidden_holdout
    if result.understood is not None and holdout is None:
        return ""
    if result.hidden_refusal:
        return f"the hidden rows cannot be used: {result.hidden_refusal}"
    if holdout is None:
        return "no hidden holdout was kept"
    text = hidden_gain(result)
    if holdout.alarm:
        text += (
            f"; the difference of {with_error(holdout.difference, holdout.error)} is more than "
            f"luck, and the {result.figure_word} to expect is "
            f"{noise_digits(holdout.estimate, result)}"
        )
    if holdout.seen:
        text += (
            f"; but {holdout.seen:,} of these rows were shown to other runs of this experiment, so "
            "they are no longer hidden"
        )
    return text


def openings(result: AuditResult) -> str:
    """The openings of the sealed test."""
    if not result.openings:
        if result.understood is not None:  # a store of others: nothing is known of its test
            return ""
        return "the test is sealed and was never opened"
    opened = "; ".join(_opening(opening) for opening in result.openings)
    return f"the test was opened {times(len(result.openings))}: {opened}"


def _opening(opening: OpenedTest) -> str:
    reason = f" (reason: {opening.reason})" if opening.reason else ""
    loss = with_error(opening.loss, opening.error)
    return f"“{opening.name}” on {opening.time[:10]} by {opening.user}, loss {loss}{reason}"
