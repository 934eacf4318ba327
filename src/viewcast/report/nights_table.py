"""What the page says of the nights of a channel, ready for its template."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from viewcast.base.numbers import plain
from viewcast.report import nights_text as text
from viewcast.report.nights_record import Alarm, Night, NightsRecord, RecipeErrors, Reign

PICTURE = "retraining_came_true"  # of what came true (report.figures.came_true)
DAYS, NIGHTS = 14, 5  # past days and nights that are shown; of nights the older are folded away
QUIET = (0, 10)  # exit codes of ordinary nights, which are put together


@dataclass(frozen=True)
class Row:
    """A day: its forecast, its interval, and what came of it; empty texts for what is not known.

    ``note``: such as "not counted yet" or "outside".
    """

    day: str
    expected: str
    interval: str
    counted: str
    note: str


@dataclass(frozen=True)
class RecipeRow:
    """A recipe in the table; ``standing``: such as "serves" or "may be best"."""

    name: str
    error: str
    loss: str
    evidence: str
    standing: str
    sentence: str


@dataclass(frozen=True)
class Stretch:
    """Ordinary nights in a row with the same outcome; else one night, with its reason."""

    nights: int
    last: date
    outcome: str
    reason: str


@dataclass(frozen=True)
class NightsSection:
    """The content of the section. ``next``, ``total``: value and interval as texts.

    ``ended``: that the known days end long ago, empty where they do not.
    """

    record: NightsRecord
    ended: str
    next_day: str
    next: tuple[str, str]
    total_days: str
    total: tuple[str, str]
    ahead: list[Row]
    yesterday: str
    came_true: str
    measured: str
    past: list[Row]
    alarms: list[Alarm]
    recipes: list[RecipeRow]
    reigns: list[Reign]
    nights: list[Stretch]
    endings: str


def nights_section(record: NightsRecord) -> NightsSection:
    """What the page says of a record."""
    one, total = text.tomorrow(record), record.total
    return NightsSection(
        record=record,
        ended=text.ended(record),
        next_day=text.long_day(one.day),
        next=(text.about(one.views), text.between(one.low, one.high)),
        total_days=f"{text.short_day(total.first)} to {text.short_day(total.last)}",
        total=(text.about(total.views), text.between(total.low, total.high)),
        ahead=_ahead(record),
        yesterday=text.yesterday(record),
        came_true=_came_true(record),
        measured=text.measured(record),
        past=_past(record),
        alarms=record.alarms[::-1],
        recipes=[_recipe(record, each) for each in sorted(record.recipes, key=lambda r: r.mase)],
        reigns=record.reigns[::-1],
        nights=_stretches(record.nights)[::-1],
        endings=_endings(record.nights),
    )


def _ahead(record: NightsRecord) -> list[Row]:
    return [
        Row(
            text.short_day(one.day),
            text.about(one.views),
            text.between(one.low, one.high),
            "",
            "not counted yet" if one.day < text.tomorrow(record).day else "",
        )
        for one in record.days
    ]


def _past(record: NightsRecord) -> list[Row]:
    """The newest days first."""
    rows = []
    for one in record.past[: -DAYS - 1 : -1]:
        known = one.low is not None and one.high is not None
        outside = known and not (one.low or 0) <= one.views <= (one.high or 0)
        rows.append(
            Row(
                text.short_day(one.day),
                text.about(one.forecast),
                text.between(one.low, one.high),
                text.about(one.views),
                "outside" if outside else "",
            )
        )
    return rows


def _came_true(record: NightsRecord) -> str:
    """Of the forecasts that were kept before their days; of all, where these are not a week."""
    kept = [one for one in record.past if not one.backtest]
    found = text.came_true(kept if len(kept) >= text.WEEK else record.past)
    if found is None:
        return "No day has come yet that was forecast."
    return f"{text.finding(found, record.unit)}. {text.origin(found)}".strip()


def _recipe(record: NightsRecord, one: RecipeErrors) -> RecipeRow:
    serves = one.name == text.serving(record)
    standing = "serves" if serves else "may be best" if one.in_set else "not the best"
    return RecipeRow(
        text.name(one.name),
        text.error_of(one),
        text.about(one.loss),
        "" if one.e is None else f"{plain(one.e)} of {plain(record.threshold)}",
        standing,
        "" if one.sentence == standing else one.sentence,
    )


def _stretches(nights: Sequence[Night]) -> list[Stretch]:
    kinds = groupby(
        enumerate(nights), lambda item: item[1].outcome if item[1].code in QUIET else item[0]
    )
    rows = [[night for _, night in group] for _, group in kinds]
    return [Stretch(len(row), row[-1].night, row[-1].outcome, row[-1].reason) for row in rows]


def _endings(nights: Sequence[Night]) -> str:
    counts = Counter(night.outcome for night in nights)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
