"""The experiments of a store as MLflow's UI opens them: their verdicts and their ready-made views.

Views of experiments that viewcast made are brought up to date. Those of others are only told,
unless they are asked for.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from viewcast.base.parse import json_of
from viewcast.report.views_text import ExperimentPage, Link, Verdict
from viewcast.tracking.tags import (
    AUDIT_OF,
    HOLDOUT,
    REFEREE_STATE,
    REFEREE_VERDICT,
    UNIT,
    VERDICT,
)
from viewcast.tracking.views.shown import Shown
from viewcast.tracking.views.view import ANY_VIEW, address
from viewcast.tracking.write.offered_views import Offered, offered

UNTOLD = "it is open; what was gained is told when it is closed"  # of a referee


def experiment_pages(
    uri: str, server: str, experiment: str | None = None, write: bool = False
) -> Iterator[ExperimentPage]:
    """The experiments of a store that have runs, by name, with addresses on ``server``.

    ``experiment``: this one alone. ``write``: store the views of other people's experiments, too.
    Raises what ``viewcast.tracking.write.offered_views.offered`` raises.
    """
    for each in offered(uri, experiment, write):
        yield ExperimentPage(
            each.held.name,
            len(each.held.runs),
            each.held.tags.get(UNIT, ""),
            _verdicts(each.held),
            _links(each, server),
            [view.name for view in each.due],
        )


def _links(each: Offered, server: str) -> list[Link]:
    """The views that are there: ours as in the menu, then those that people have named; without
    any, the charts that the UI makes by itself.
    """
    ours = {view.key: view.name for view in each.views if each.tags.get(view.tag)}
    others = {
        tag.removeprefix(ANY_VIEW): _name(text)
        for tag, text in sorted(each.tags.items())
        if tag.startswith(ANY_VIEW)
    }
    named = ours | {key: name for key, name in others.items() if name and key not in ours}
    return [
        Link(name, address(server, each.held.experiment_id, key))
        for key, name in (named or {"": "charts"}).items()
    ]


def _name(text: str) -> str:
    """The name that a view was saved by; "" for one that was only shared."""
    return str(_fields(text).get("name", ""))


def _verdicts(held: Shown) -> list[Verdict]:
    """What audits said of the rows that these runs were validated on, most runs first; then what
    referees said.

    The audit of a project writes all its verdicts to each of its experiments.
    """
    rows = {run.tags.get(HOLDOUT) for run in held.runs}
    audits = {
        tag.removeprefix(AUDIT_OF): _fields(text)
        for tag, text in held.tags.items()
        if tag.startswith(AUDIT_OF)
    }
    told = [
        fields
        for holdout, fields in audits.items()
        if "verdict" in fields and (holdout in rows or not fields.get("data"))
    ]
    if VERDICT in held.tags:  # of the nights, which no audit looks at
        return [Verdict("nights", held.tags[VERDICT])]
    told.sort(key=lambda fields: -int(fields.get("runs") or 0))
    audited = [Verdict(_rows(fields), str(fields["verdict"])) for fields in told]
    refereed = [
        Verdict(f"referee {run.name}", run.tags.get(REFEREE_VERDICT, UNTOLD))
        for run in held.runs
        if REFEREE_STATE in run.tags
    ]
    return [*audited, *refereed]


def _rows(fields: Mapping[str, Any]) -> str:
    """Which rows: their split, else the metric that was audited, and how many they are."""
    count = int(fields.get("rows") or 0)
    name = str(fields.get("split") or fields.get("metric") or "audit")
    return f"{name}, {count:,} rows" if count else name


def _fields(text: str) -> dict[str, Any]:
    """The fields of a text; none where it is no JSON, such as one that was cut."""
    try:
        fields = json_of(text)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
