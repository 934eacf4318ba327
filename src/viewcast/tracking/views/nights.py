"""Night after night: the loss that each champion promised, and the loss that came true.

The curves are those of the one run that goes on from night to night
(``viewcast.tracking.write.history_run``). Their axis is time; each point stands at its day.
"""

import json

from viewcast.tracking.tags import (
    CHAMPION_VERSION,
    HISTORY,
    NAIVE_LOSS,
    PICTURES,
    PROMISED_HIGH,
    PROMISED_LOSS,
    PROMISED_LOW,
    REALISED_LOSS,
    UNIT,
)
from viewcast.tracking.views.cards import Section, images, lines
from viewcast.tracking.views.shown import Shown, ShownRun
from viewcast.tracking.views.state import Runs, equals, metric, state
from viewcast.tracking.views.view import View, key_of

# The UI draws each in another kind of line, in this order: the first is solid.
LOSSES = (REALISED_LOSS, PROMISED_LOSS, PROMISED_LOW, PROMISED_HIGH, NAIVE_LOSS)


def views(shown: Shown) -> list[View]:
    """One view, of the runs that go on from night to night."""
    runs = [run for run in shown.runs if run.tags.get(HISTORY) == "true"]
    known = [name for name in LOSSES if any(name in run.metrics for run in runs)]
    if not known:
        return []
    unit = f" ({shown.tags[UNIT]})" if shown.tags.get(UNIT) else ""
    sections = [
        Section(
            f"Mean loss of 7 days{unit}",
            [lines(known, log=False, x="time")],
            height=520,
        ),
        Section("Version of the champion", [lines([CHAMPION_VERSION], log=False, x="time")]),
    ]
    if shown.images:
        steps = {key: step for run in runs for key, step in _newest(run).items()}
        pictures = [images([name], steps.get(name, 0)) for name in sorted(shown.images)]
        sections.append(Section("Champions at each evaluation", pictures))
    columns = [metric(name) for name in (CHAMPION_VERSION, *known)]
    page = Runs(equals(HISTORY, "true"), "attributes.start_time", columns, ascending=False)
    key = key_of("nights")
    return [View(key, "5 nights: promised and realised", state(key, page, sections))]


def _newest(run: ShownRun) -> dict[str, int]:
    """The step of the newest image of a run, by its key: the UI shows one step at a time."""
    stored = json.loads(run.tags.get(PICTURES, "{}"))
    return {str(key): int(step) for key, (step, _) in stored.items()}
