"""What each run ended with: training against validation, and shown against expected."""

from viewcast.tracking.tags import VAL_LOSS_EXPECTED
from viewcast.tracking.views.cards import Axis, Section, bars, scatter
from viewcast.tracking.views.judged import (
    Group,
    Judged,
    at_random,
    by_figure,
    columns,
    drawn,
    groups,
    unit,
)
from viewcast.tracking.views.shown import Shown
from viewcast.tracking.views.state import Runs, metric, state
from viewcast.tracking.views.view import View, key_of


def views(shown: Shown) -> list[View]:
    """One view for each split."""
    judged = by_figure(shown)
    return [] if judged is None else [_view(shown, judged, each) for each in groups(shown, judged)]


def _view(shown: Shown, judged: Judged, group: Group) -> View:
    how_many, random = drawn(len(group.runs))
    of_split = f", split {group.split}" if group.split else ""
    about = f"({unit(shown, judged, group.runs)}{of_split}; {how_many})"
    sections = []
    if judged.train is not None:
        points = scatter(Axis(judged.train), Axis(judged.validation))
        sections.append(Section(f"Training (x) against validation (y) {about}", [points], 1, 520))
    if any(run.figure(VAL_LOSS_EXPECTED) is not None for run in group.runs):
        both = [bars(judged.validation), bars(VAL_LOSS_EXPECTED)]
        sections.append(Section(f"As shown, and as expected on new rows {about}", both, 2, 520))
    else:
        sections.append(Section(f"As shown {about}", [bars(judged.validation)], 1, 520))
    key = key_of("scores", group.split)
    page = Runs(
        group.search,
        at_random(shown) if random else metric(judged.validation),
        columns(shown, judged),
        ascending=random or not judged.more_is_better,
    )
    which = f" ({group.split})" if group.split else ""
    return View(key, f"2 scores: what they are worth{which}", state(key, page, sections))
