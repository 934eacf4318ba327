"""The images that runs have logged, side by side."""

from viewcast.tracking.experiments import NIGHTS
from viewcast.tracking.tags import DATA, PART
from viewcast.tracking.views.cards import Section, images
from viewcast.tracking.views.judged import by_figure, columns
from viewcast.tracking.views.shown import HOLDS_IMAGES, Shown
from viewcast.tracking.views.state import FIRST_10, Runs, state, tag
from viewcast.tracking.views.view import View, key_of

MOST = 12  # keys: a state of more does not fit into a tag, and nobody scrolls that far


def views(shown: Shown) -> list[View]:
    """One view, of the runs that have images."""
    if not shown.images or shown.tags.get(PART) == NIGHTS:  # the view of the nights has them
        return []
    judged = by_figure(shown)
    key = key_of("pictures")
    page = Runs(
        f"{tag(HOLDS_IMAGES)} = 'True'",
        # The last ended first: their images were listed, no other's. In the order of the start the
        # UI would fold a candidate that has images away under its search.
        "attributes.end_time",
        [] if judged is None else columns(shown, judged),
        ascending=False,
        visible=FIRST_10,
    )
    of_data = f"{shown.tags.get(DATA, '')}_"  # how pictures of several runs begin; others first
    names = sorted(shown.images, key=lambda name: (name.startswith(of_data), name))[:MOST]
    sections = [Section(name, [images([name])], height=520) for name in names]
    return [View(key, "6 pictures", state(key, page, sections))]
