"""Settings and results of the candidates of a sweep, of each of the newest sweeps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from viewcast.tracking.tags import LOG10_OF, MODEL_VAL_LOSS, PARENT, VAL_LOSS_TRUE
from viewcast.tracking.views.cards import Axis, Card, Section, contour, parallel, scatter
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
from viewcast.tracking.views.shown import Shown, ShownRun
from viewcast.tracking.views.state import Runs, equals, metric, param, state
from viewcast.tracking.views.view import View, key_of

NEWEST = 5  # sweeps
FEWEST = 5  # candidates: of fewer no picture says more than the table
AXES = 8  # parameters; more cannot be read
REPETITION = ("seed", "random_state", "random_seed", "fold")


@dataclass(frozen=True)
class Sweep:
    """Candidates that were compared. ``parent``: id of the run above them, "" where there is none;
    ``name``: of that run.
    """

    parent: str
    name: str
    group: Group

    @property
    def varied(self) -> list[str]:
        """The parameters that all candidates have and that differ, the numbers first.

        The logarithm stands for a parameter that has one: the axes of the UI are linear. Seeds and
        folds are settings of no scale.
        """
        first = self.group.runs[0].params
        shared = [name for name in first if all(name in run.params for run in self.group.runs)]
        differing = [
            name
            for name in shared
            if len({run.params[name] for run in self.group.runs}) > 1
            and f"{name}{LOG10_OF}" not in shared
            and name.rsplit(".", maxsplit=1)[-1] not in REPETITION
        ]
        return sorted(differing, key=lambda name: (not self.numeric(name), name))[:AXES]

    def coarseness(self, name: str) -> tuple[bool, int]:
        """An order: first what was swept on a logarithmic scale, then what has the most values."""
        return not name.endswith(LOG10_OF), -len({run.params[name] for run in self.group.runs})

    def numeric(self, name: str) -> bool:
        """Whether a parameter is a number in every candidate."""
        return all(_is_number(run.params[name]) for run in self.group.runs)


def views(shown: Shown) -> list[View]:
    """One view for each of the newest sweeps; of other people's runs without a parent, of all."""
    judged = by_figure(shown)
    if judged is None:
        return []
    made = [_view(shown, judged, sweep) for sweep in sweeps(shown, judged)]
    return [view for view in made if view is not None][:NEWEST]


def sweeps(shown: Shown, judged: Judged) -> list[Sweep]:
    """The sweeps of an experiment, the newest first."""
    names = {run.run_id: run.name for run in shown.runs}
    found: dict[tuple[str, str], tuple[Group, list[ShownRun]]] = {}
    for group in groups(shown, judged):
        for run in group.runs:
            parent = run.tags.get(PARENT, "")
            if parent or judged.validation != MODEL_VAL_LOSS:
                found.setdefault((parent, group.split), (group, []))[1].append(run)
    made = [
        Sweep(parent, names.get(parent, ""), _narrowed(group, runs, parent))
        for (parent, _), (group, runs) in found.items()
        if len(runs) >= FEWEST
    ]
    order = {run.run_id: place for place, run in enumerate(shown.runs)}
    return sorted(made, key=lambda sweep: order[sweep.group.runs[0].run_id])


def _narrowed(group: Group, runs: Sequence[ShownRun], parent: str) -> Group:
    filters = [*group.filters, *([equals(PARENT, parent)] if parent else [])]
    return Group(group.split, runs, filters)


def _view(shown: Shown, judged: Judged, sweep: Sweep) -> View | None:
    group, varied = sweep.group, sweep.varied
    which, random = drawn(len(group.runs))
    measured = unit(shown, judged, group.runs)
    result = Axis(judged.validation)
    sections = []
    if varied:
        card = parallel(varied, [judged.validation])
        sections.append(Section(f"{which}: settings and validation, {measured}", [card]))
    cards: list[Card] = []
    titles = []
    numbers = sorted(filter(sweep.numeric, varied), key=sweep.coarseness)
    if len(numbers) > 1:
        x, y = (Axis(name, param=True) for name in numbers[:2])
        cards.append(contour(x, y, result))
        titles.append("levels between settings")
    if any(run.figure(VAL_LOSS_TRUE) is not None for run in group.runs):
        cards.append(scatter(result, Axis(VAL_LOSS_TRUE)))
        titles.append("shown (x), true loss (y)")
    if cards:
        sections.append(Section(f"{which}: {'; '.join(titles)}", cards, len(cards)))
    if not sections:
        return None
    page = Runs(
        group.search,
        at_random(shown) if random else metric(judged.validation),
        [*map(param, varied), *columns(shown, judged)],
        ascending=random or not judged.more_is_better,
    )
    key = key_of("sweep", sweep.parent[:8] or group.split)
    name = sweep.name or f"settings and results{group.named}"
    return View(key, f"3 sweep: {name}", state(key, page, sections))


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
