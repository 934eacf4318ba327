"""Training and validation loss by epoch, of the runs that can be compared."""

from dataclasses import replace

from viewcast.tracking.tags import EPOCHS
from viewcast.tracking.views.cards import Section, lines
from viewcast.tracking.views.judged import Group, Judged, by_curve, by_figure, columns, groups, unit
from viewcast.tracking.views.shown import Shown
from viewcast.tracking.views.state import FIRST_20, Runs, metric, state, tag
from viewcast.tracking.views.view import View, key_of

DRAWN = 20  # runs: with all of a thousand the charts take half a minute


def views(shown: Shown) -> list[View]:
    """One view for each split, of the twenty best runs."""
    judged = by_curve(shown)
    return [] if judged is None else [_view(shown, judged, each) for each in groups(shown, judged)]


def _view(shown: Shown, judged: Judged, group: Group) -> View:
    trained = [run for run in group.runs if EPOCHS in run.tags]
    if len(trained) > 1:  # others of viewcast have one point and no curve
        group = replace(group, runs=trained, filters=[*group.filters, f"{tag(EPOCHS)} LIKE '%'"])
    final = by_figure(shown) if trained else None
    count = len(group.runs)
    which = f"{DRAWN} best of {count} runs" if count > DRAWN else f"{count} runs"
    figures = [
        run.metrics[name] for run in group.runs for name in judged.metrics if name in run.metrics
    ]
    log = not judged.more_is_better and min(figures) >= 0 and max(figures) > 0
    cards = [lines(judged.metrics, log, log_x=bool(trained))]
    if judged.train is not None:
        cards.append(lines([judged.validation], log, log_x=bool(trained)))
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
