"""What each run ended with: training against validation, and shown against expected."""

from viewcast.tracking.tags import VAL_LOSS_EXPECTED
from viewcast.tracking.views.cards import Axis, Section, bars, scatter
from viewcast.tracking.views.judged import (
    Group,
    Judged,
    at_random,
    below,
    by_figure,
    columns,
    drawn,
    groups,
    unit,
)
from viewcast.tracking.views.shown import Shown
from viewcast.tracking.views.state import Runs, metric, state
from viewcast.tracking.views.view import View, key_of

READABLE = 20.0  # times the median loss: one that is higher leaves no room for the others


def views(shown: Shown) -> list[View]:
    """One view for each split."""
    judged = by_figure(shown)
    return [] if judged is None else [_view(shown, judged, each) for each in groups(shown, judged)]


def _view(shown: Shown, judged: Judged, group: Group) -> View:
    everyone, group = len(group.runs), below(group, judged, READABLE)
    which, random = drawn(len(group.runs))
    if len(group.runs) < everyone:
        which += f" ({everyone - len(group.runs)} more far above)"
    measured = unit(shown, judged, group.runs)
    sections = []
    if judged.train is not None:
        points = scatter(Axis(judged.train), Axis(judged.validation))
        sections.append(
            Section(f"{which}: training (x), validation (y), {measured}", [points], 1, 520)
        )
    if any(run.figure(VAL_LOSS_EXPECTED) is not None for run in group.runs):
        both = [bars(judged.validation), bars(VAL_LOSS_EXPECTED)]
        if random:  # a hundred bars in no order tell nothing
            both = [scatter(Axis(judged.validation), Axis(VAL_LOSS_EXPECTED))]
        sections.append(
            Section(f"{which}: as shown, and as expected, {measured}", both, len(both), 520)
        )
    elif not random:
        sections.append(
            Section(f"{which}: as shown, {measured}", [bars(judged.validation)], 1, 520)
        )
    key = key_of("scores", group.split)
    page = Runs(
        group.search,
        at_random(shown) if random else metric(judged.validation),
        columns(shown, judged),
        ascending=random or not judged.more_is_better,
    )
    return View(key, f"2 scores: what they are worth{group.named}", state(key, page, sections))
