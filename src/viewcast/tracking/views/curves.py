"""Training and validation loss by epoch, of the runs that can be compared."""

from dataclasses import replace

from viewcast.assessment.wording import counted
from viewcast.tracking.tags import EPOCHS
from viewcast.tracking.views.cards import Section, lines
from viewcast.tracking.views.judged import Group, Judged, by_curve, by_figure, columns, groups, unit
from viewcast.tracking.views.shown import Shown, ShownRun
from viewcast.tracking.views.state import FIRST_20, Runs, metric, state, tag
from viewcast.tracking.views.view import View, key_of

DRAWN = 20  # runs: with all of a thousand the charts take half a minute


def views(shown: Shown) -> list[View]:
    """One view for each split, of the twenty best runs."""
    judged = by_curve(shown)
    if judged is None:
        return []
    found = [_with_curves(group) for group in groups(shown, judged)]
    if shown.ours:
        found = [group for group in found if _has_epochs(group.runs[0])]
    return [_view(shown, judged, group) for group in found]


def _with_curves(group: Group) -> Group:
    """The runs that were trained in epochs, where viewcast says which: others have one point."""
    trained = [run for run in group.runs if _has_epochs(run)]
    if not trained:
        return group
    return replace(group, runs=trained, filters=[*group.filters, f"{tag(EPOCHS)} LIKE '%'"])


def _has_epochs(run: ShownRun) -> bool:
    return EPOCHS in run.tags


def _view(shown: Shown, judged: Judged, group: Group) -> View:
    trained = _has_epochs(group.runs[0])
    final = by_figure(shown) if trained else None
    count = len(group.runs)
    which = f"{DRAWN} best of {count} runs" if count > DRAWN else counted(count, "run")
    figures = [
        run.metrics[name] for run in group.runs for name in judged.metrics if name in run.metrics
    ]
    log = not judged.more_is_better and min(figures) >= 0 and max(figures) > 0
    cards = [lines(judged.metrics, log, log_x=trained)]
    if judged.train is not None:
        cards.append(lines([judged.validation], log, log_x=trained))
    page = Runs(
        group.search,
        metric((final or judged).validation),
        columns(shown, judged),
        ascending=not judged.more_is_better,
        visible=FIRST_20,
    )
    key = key_of("curves", group.split)
    heading = f"{which} by epoch, {unit(shown, judged, group.runs)}"
    title = "training against validation" if judged.train else "validation"
    return View(
        key,
        f"1 curves: {title}{group.named}",
        state(key, page, [Section(heading, cards, height=520)]),
    )
