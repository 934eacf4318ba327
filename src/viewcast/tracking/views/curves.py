"""Training and validation loss by epoch, of the runs that can be compared."""

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
    filters, runs = list(group.filters), group.runs
    if trained and shown.ours:  # others have one point and no curve
        filters.append(f"{tag(EPOCHS)} LIKE '%'")
        runs = trained
    final = by_figure(shown)
    order = final.validation if final is not None and shown.ours else judged.validation
    of_split = f", rows of split {group.split}" if group.split else ""
    most = f", the {DRAWN} best of {len(runs)} runs" if len(runs) > DRAWN else ""
    what = "Training and validation" if judged.train else "Validation"
    heading = f"{what} by epoch ({unit(shown, judged, runs)}){of_split}{most}"
    log = not judged.more_is_better and all(
        run.metrics.get(name, 1.0) > 0 for run in runs for name in judged.metrics
    )
    cards = [lines(judged.metrics, log, log_x=shown.ours)]
    if judged.train is not None:
        cards.append(lines([judged.validation], log, log_x=shown.ours))
    key = key_of("curves", group.split)
    page = Runs(
        " AND ".join(filters),
        metric(order),
        columns(shown, judged),
        ascending=not judged.more_is_better,
        visible=FIRST_20,
    )
    which = f" ({group.split})" if group.split else ""
    title = "training against validation" if judged.train else "validation"
    return View(
        key, f"1 curves: {title}{which}", state(key, page, [Section(heading, cards, height=520)])
    )
