"""Referees: when submissions were accepted, how many answers were left, what was gained.

A page has one filter, so it shows the referees' own runs: what a submission was told is a point of
their curves, and its run lies under theirs.
"""

from viewcast.tracking.tags import (
    ACCEPTANCES,
    CLAIMED,
    ESTIMATE,
    ESTIMATE_HIGH,
    ESTIMATE_LOW,
    LEFT,
    RAW_CLAIM,
    REFEREE_STATE,
    REFEREE_VERDICT,
)
from viewcast.tracking.views.cards import Section, bars, lines
from viewcast.tracking.views.shown import Shown
from viewcast.tracking.views.state import Runs, metric, param, state, tag
from viewcast.tracking.views.view import View, key_of

METRIC = "metric"  # the parameter of a referee's run that says what it judges by
GAINS = {
    RAW_CLAIM: "as a loop would claim that is shown scores",
    CLAIMED: "on the rows that judged",
    ESTIMATE: "on hidden rows",
}
FIGURES = (ACCEPTANCES, LEFT, RAW_CLAIM, CLAIMED, ESTIMATE, ESTIMATE_LOW, ESTIMATE_HIGH)


def views(shown: Shown) -> list[View]:
    """One view, of all referees of an experiment; what was gained as soon as one is closed."""
    runs = [run for run in shown.runs if REFEREE_STATE in run.tags]
    if not any(ACCEPTANCES in run.metrics for run in runs):
        return []
    sections = [
        Section("Accepted after the first, by submission", [lines([ACCEPTANCES], log=False)]),
        Section("Answers left, by submission", [lines([LEFT], log=False)], height=320),
    ]
    known = [name for name in GAINS if any(name in run.metrics for run in runs)]
    if known:
        units = {run.params.get(METRIC, "") for run in runs if known[0] in run.metrics}
        unit = f" ({units.pop()})" if len(units) == 1 else ", each in its own metric"
        told = "; ".join(GAINS[name] for name in known)
        charts = [bars(name) for name in known]
        heading = f"Gain over the first submission{unit}, on scales of their own: {told}"
        sections.append(Section(heading, charts, len(charts), 320))
    columns = [param(METRIC), *map(metric, FIGURES), tag(REFEREE_VERDICT)]
    page = Runs(f"{tag(REFEREE_STATE)} LIKE '%'", "attributes.start_time", columns, ascending=False)
    key = key_of("referees")
    return [View(key, "7 referees: accepted and gained", state(key, page, sections))]
