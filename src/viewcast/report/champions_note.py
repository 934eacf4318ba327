"""What MLflow's UI says of the nights, in markdown: beside the experiment, and on its history run.

A folded note shows its first line alone: it holds whether the champion keeps its promise, and the
links.
"""

from collections.abc import Mapping

from viewcast.report.champion_record import WEEK, ChampionHistory
from viewcast.report.champion_table import WORDS, champion_section, promise, ranged
from viewcast.tracking import tags
from viewcast.tracking.views.view import address

NEWEST = 12  # champions in the table


def note_of_nights(history: ChampionHistory, experiment_id: str, views: Mapping[str, str]) -> str:
    """The note of the experiment of nights; ``views``: the name of each of its views, by key."""
    section = champion_section(history)
    return "\n\n".join([
        _first_line(history, experiment_id, views),
        section.now,
        f"Losses: {history.loss} of the forecasts of one day ahead, in {history.loss_unit}. The "
        f"run with the tag `{tags.HISTORY}` has one point per day: `{tags.PROMISED_LOSS}` with "
        "the ends of its interval, of the champion that forecast the day; "
        f"`{tags.REALISED_LOSS}` and `{tags.NAIVE_LOSS}`, the mean of the last {WEEK} days, "
        "whichever champion forecast them, as they were known that night. Days that were "
        "corrected since are counted anew in the report. Every other run is a night, with its new "
        "days, its evaluation of the challenger and its outcome. The last nights: "
        f"{section.endings}.",
    ])  # fmt: skip


def note_of_history(history: ChampionHistory, run_id: str, picture: str | None) -> str:
    """The note of the history run; ``picture``: the path of an artifact of it, None without."""
    unit = history.loss_unit
    section = champion_section(history)
    newest = section.champions[:NEWEST]
    rows = [
        f"| {c.version} | {c.model.replace('_', ' ')} | {c.promoted} | {ranged(c.promised)} | "
        f"{ranged(c.realised)} | {WORDS[c.promise_status]} |"
        for c in newest
    ]
    left_out = len(section.champions) - len(newest)
    shown = f"![](/get-artifact?path={picture}&run_uuid={run_id})" if picture else ""
    parts = [
        f"**{verdict(history)}.**",
        section.now,
        shown,
        "\n".join([
            f"| champion | model | since | promised ({unit} a day) | realised | promise |",
            "|---|---|---|---|---|---|",
            *rows,
        ]),
        f"{left_out} earlier champions are in the report." if left_out > 0 else "",
        section.coverage,
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def note_of_trained(
    history: ChampionHistory, experiment_id: str, nights_id: str, views: Mapping[str, str]
) -> str:
    """The note of the experiment of the models that nights trained; ``nights_id``: of the other."""
    return "\n\n".join([
        _first_line(history, experiment_id, views, f"[the nights]({address('', nights_id)})"),
        "Every run is a model that a night has trained on the days before its fresh days. The best "
        "of a night is trained anew on all these days and becomes the challenger of the champion. "
        f"Losses: {history.loss}, in {history.loss_unit}. Each night validates on other days: the "
        "views compare the models of the last night that trained.",
    ])  # fmt: skip


def verdict(history: ChampionHistory) -> str:
    """Whether the present champion keeps its promise, as a sentence without a full stop."""
    if history.current is None:
        return "There is no champion yet"
    return promise(history.current, history.loss_unit)


def _first_line(
    history: ChampionHistory, experiment_id: str, views: Mapping[str, str], *others: str
) -> str:
    links = [f"[{name}]({address('', experiment_id, key)})" for key, name in views.items()]
    return f"**{verdict(history)}.** {' · '.join([*others, *links])}".strip()
