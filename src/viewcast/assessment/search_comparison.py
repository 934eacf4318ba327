"""Two searches of one study at equal budget, as a part of the result."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from viewcast.assessment.choice import SearchComparison
from viewcast.assessment.study import Scored
from viewcast.selection.candidates import Flags
from viewcast.selection.inference import Inference

FEWEST = 5  # runs of a search


@dataclass(frozen=True, eq=False)
class Two:
    """What the two searches are called, and which runs (R,) the first one made."""

    first: str
    second: str
    of_first: Flags


def two(runs: Sequence[Scored]) -> Two | None:
    """The two searches that made the runs; None unless all are of two, of 5 runs or more each.

    A search is the runs of one parent that were drawn without sight of each other: only such runs
    can be compared one by one.
    """
    of_parent: dict[str | None, list[Scored]] = defaultdict(list)
    for run in runs:
        of_parent[run.look.parent].append(run)
    if len(of_parent) != 2 or None in of_parent:
        return None
    sizes = [len(own) for own in of_parent.values()]
    batches = [len({run.look.batch_id for run in own}) for own in of_parent.values()]
    if min(sizes) < FEWEST or max(batches) > 1:
        return None
    first, second = of_parent.values()
    flags = np.array([run.look.parent == first[0].look.parent for run in runs])
    names = _called(first), _called(second)
    if names[0] == names[1]:
        names = f"the search of {first[0].facts.name}", f"the search of {second[0].facts.name}"
    return Two(*names, flags)


def compared(runs: Sequence[Scored], inference: Inference | None) -> SearchComparison | None:
    """The comparison in the result; None where there is none."""
    searches = two(runs)
    if searches is None or inference is None or inference.searches is None:
        return None
    figures = inference.searches
    return SearchComparison(
        first=searches.first,
        second=searches.second,
        k=figures.k,
        first_loss=figures.first,
        second_loss=figures.second,
        error=figures.error,
        p_value=figures.p_value,
    )


def _called(runs: Sequence[Scored]) -> str:
    """The model, where all runs of a search have the same."""
    models = {run.facts.model for run in runs}
    name = models.pop() if len(models) == 1 else ""
    return f"the search of {name or runs[0].facts.name}"
