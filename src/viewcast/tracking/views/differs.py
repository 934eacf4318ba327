"""Only the parameters and metrics in which the best runs differ."""

from viewcast.tracking.views.cards import Section, differences
from viewcast.tracking.views.judged import by_figure, columns, groups, unit
from viewcast.tracking.views.shown import Shown
from viewcast.tracking.views.state import FIRST_10, Runs, metric, state
from viewcast.tracking.views.view import View, key_of

SIDE_BY_SIDE = 10  # runs, each a column


def views(shown: Shown) -> list[View]:
    """One view, of the split with the most runs."""
    judged = by_figure(shown)
    found = [] if judged is None else groups(shown, judged)
    if judged is None or not found:
        return []
    group = found[0]
    count = len(group.runs)
    which = f"{SIDE_BY_SIDE} best of {count} runs" if count > SIDE_BY_SIDE else f"{count} runs"
    heading = f"{which}: what differs, {unit(shown, judged, group.runs)}{group.named}"
    page = Runs(
        group.search,
        metric(judged.validation),
        columns(shown, judged),
        ascending=not judged.more_is_better,
        visible=FIRST_10,
    )
    key = key_of("differs")
    table = Section(heading, [differences(["Parameters", "Model metrics"])], height=900)
    return [View(key, "4 what differs between runs", state(key, page, [table]))]
