"""What MLflow's UI says of the nights, in markdown: of the experiment, its history run, each night.

A folded note shows its first line alone: it holds whether forecasts are as good as was promised,
and the links.
"""

from collections.abc import Mapping

from viewcast.base.escaped import in_markdown
from viewcast.base.numbers import plain, with_error
from viewcast.report import nights_text as text
from viewcast.report.kept_promise import PROMISED_DAYS, WEEK, Check, check
from viewcast.report.nights_record import NightsRecord, RecipeErrors
from viewcast.tracking import tags
from viewcast.tracking.views.view import address

NEWEST = 5  # nights that are told with their reason


def verdict(record: NightsRecord) -> str:
    """Whether the newest forecasts were as good as those before, in words without a full stop."""
    if not record.claim:
        return "The history is too short to say how good the forecast is"
    found = check(record)
    if found is None:
        return "No day has come yet to check a forecast on"
    return _checked(found, in_markdown(record.unit))


def note_of_nights(record: NightsRecord, experiment_id: str, views: Mapping[str, str]) -> str:
    """The note of the experiment of nights; ``views``: the name of each of its views, by key."""
    links = [
        f"[{in_markdown(name)}]({address('', experiment_id, key)})" for key, name in views.items()
    ]
    nights = [
        f"{night.night}: {in_markdown(night.reason)}" for night in record.nights[-NEWEST:][::-1]
    ]
    unit = in_markdown(record.unit)
    return _parts(
        f"**{verdict(record)}.** {' · '.join(links)}".strip(),
        _forecast(record),
        _alarm(record),
        f"The run with the tag `{tags.HISTORY}` has one point per day, of the forecast one "
        f"day ahead. A loss is its absolute error in {unit}. `{tags.PROMISED_LOSS}` is "
        f"the mean of the {PROMISED_DAYS} forecasts before the day, and the mean of a new week "
        f"lies between `{tags.PROMISED_LOW}` and `{tags.PROMISED_HIGH}` in "
        f"{text.percent(record.level)} of cases; `{tags.REALISED_LOSS}`, `{tags.NAIVE_LOSS}` and "
        f"`{tags.KEPT_LOSS_OF}` with the name of each recipe are means of the last {WEEK} days, as "
        f"they were known that night. `{tags.EVIDENCE}` has one point per judged week: at "
        f"`{tags.EVIDENCE_NEEDED}` another recipe becomes champion. Every other run is a night, "
        f"with its new days, all its forecasts (`{tags.NIGHT_FORECASTS}`) and its outcome.",
        "\n".join(f"- {night}" for night in nights),
    )


def note_of_history(record: NightsRecord, run_id: str, picture: str | None) -> str:
    """The note of the history run; ``picture``: the path of an artifact of it, None without."""
    shown = f"![](/get-artifact?path={picture}&run_uuid={run_id})" if picture else ""
    rows = [_row(record, each) for each in sorted(record.recipes, key=lambda each: each.mase)]
    table = [
        "| recipe | error (same weekday before: 1) | "
        f"loss ({in_markdown(record.unit)} a day) | weeks | evidence | standing |",
        "|---|---|---|---|---|---|",
        *rows,
    ]
    return _parts(
        f"**{verdict(record)}.**",
        _forecast(record),
        _alarm(record),
        shown,
        "\n".join(table) if rows else "",
        _sentence(record.evidence_sentence),
        text.measured(record),
    )


def note_of_night(record: NightsRecord) -> str:
    """The note of the run of the newest night."""
    reason = record.nights[-1].reason if record.nights else ""
    return _parts(
        f"**{in_markdown(text.headline(record))}.**",
        _sentence(record.served),
        _sentence(reason),
        _alarm(record),
    )


def _checked(found: Check, unit: str) -> str:
    made = found.promise
    span = text.between(made.low, made.high)
    if found.realised is None:
        said = f"Forecasts of one day are expected to be off by {text.about(made.mean)} {unit}"
        said += f" ({span} in the mean of a week)" if span else ""
        return f"{said}; no week of kept forecasts has passed yet to check this"
    limit = text.about(made.mean if made.high is None else made.high)
    said = f"In the last {WEEK} days the forecasts were off by {text.about(found.realised)} {unit}"
    if found.status == "kept":
        said += f" a day, and at most {limit} were promised"
    else:
        said += f" a day, more than the {limit} that were promised at most"
    if found.naive is not None:
        said += f"; the same weekday of the week before was off by {text.about(found.naive)}"
    return said


def _forecast(record: NightsRecord) -> str:
    return f"{in_markdown(text.headline(record))}. {_sentence(record.served)}"


def _alarm(record: NightsRecord) -> str:
    """The newest change of habit that nobody has confirmed."""
    waiting = [alarm for alarm in record.alarms if not alarm.confirmed]
    return f"**Alarm.** {_sentence(waiting[-1].sentence)}" if waiting else ""


def _row(record: NightsRecord, each: RecipeErrors) -> str:
    known = "" if each.e is None else plain(each.e)
    standing = each.sentence or ("may be the best" if each.in_set else "")
    weeks = f"{each.weeks}, {each.backtest_weeks} of them a backtest"
    return (
        f"| {in_markdown(text.name(each.name))} | {with_error(each.mase, each.mase_error)} | "
        f"{text.about(each.loss)} | {weeks if each.backtest_weeks else each.weeks} | {known} | "
        f"{in_markdown(standing)} |"
    )


def _sentence(words: str) -> str:
    """With its first letter large and a full stop, whichever it had; names in it are harmless."""
    words = in_markdown(words).rstrip(".")
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _parts(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
