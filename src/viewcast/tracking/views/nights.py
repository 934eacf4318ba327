"""Night after night: the loss that was promised, the loss that came true, and who forecasts best.

The curves are those of the one run that goes on from night to night
(``viewcast.tracking.write.history_run``). Their axis is time; each point stands at its day.
"""

from viewcast.tracking.images import images_in
from viewcast.tracking.tags import (
    CHAMPION_VERSION,
    EVIDENCE,
    EVIDENCE_NEEDED,
    HISTORY,
    KEPT_LOSS_OF,
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
PROOF = (EVIDENCE, EVIDENCE_NEEDED)


def views(shown: Shown) -> list[View]:
    """One view, of the runs that go on from night to night."""
    runs = [run for run in shown.runs if run.tags.get(HISTORY) == "true"]
    metrics = {name for run in runs for name in run.metrics}
    known = [name for name in LOSSES if name in metrics]
    if not known:
        return []
    unit = f" ({shown.tags[UNIT]})" if shown.tags.get(UNIT) else ""
    sections = [
        Section(f"Mean loss of 7 days{unit}", [lines(known, log=False, x="time")], height=520)
    ]
    proof = [name for name in PROOF if name in metrics]
    if proof:
        chart = lines(proof, log=True, x="time", points=True)
        sections.append(Section("Evidence against the champion", [chart]))
    recipes = sorted(name for name in metrics if name.startswith(KEPT_LOSS_OF))
    if recipes:
        # One chart each: the UI draws all lines of a run in one colour.
        served = [REALISED_LOSS] if REALISED_LOSS in known else []
        charts = [lines([name, *served], log=False, x="time") for name in recipes]
        sections.append(Section(f"Recipes: loss of 7 days{unit}", charts, columns=3, height=320))
    versions = lines([CHAMPION_VERSION], log=False, x="time")
    sections.append(Section("Version that forecast the day", [versions]))
    if shown.images:
        steps = {key: step for run in runs for key, step in _newest(run).items()}
        pictures = [images([name], steps.get(name, 0)) for name in sorted(shown.images)]
        sections.append(Section("What came true, week by week", pictures))
    columns = [metric(name) for name in (CHAMPION_VERSION, *known)]
    page = Runs(equals(HISTORY, "true"), "attributes.start_time", columns, ascending=False)
    key = key_of("nights")
    return [View(key, "5 nights: promised and realised", state(key, page, sections))]


def _newest(run: ShownRun) -> dict[str, int]:
    """The step of the newest image of a run, by its key: the UI shows one step at a time."""
    stored = images_in(run.tags.get(PICTURES, "{}"))
    return {key: step for key, (step, _) in stored.items()}
