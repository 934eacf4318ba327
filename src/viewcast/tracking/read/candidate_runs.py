"""Which runs of an experiment may win, and which are set aside, with the reason.

A *candidate* is what a choice was made among: mostly a run; a row of the table of a search, of
which only the best became runs; or the runs of all folds together.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import pairwise

from mlflow.entities import Run

from viewcast.base.settings import digest
from viewcast.tracking.metric_names import plain
from viewcast.tracking.tags import BATCH_ID, ESTIMATOR, PARENT, SEARCHES

FOLDS = frozenset({"fold", "fold_id", "fold_idx", "fold_index", "fold_number", "cv_fold", "kfold"})
FOLD_NAME = re.compile(r"^(?P<of>.*?)_?(?:k?fold|split)_?(?P<fold>\d+)$")
LARGEST = 1e300  # SQLite stores an infinite figure as 1.797e308
SAME = 1e-9  # two figures that differ by less than this share are one
READ_AND_TYPED = 5_000  # milliseconds in which nobody reads a score and starts the next run
INDEPENDENT = ("random", "grid", "qmc", "brute", "sobol", "halton")
ENDED = {
    "FAILED": "its status is FAILED: its figure is not that of a finished run",
    "KILLED": "its status is KILLED: its figure is not that of a finished run",
    "RUNNING": "its status is RUNNING: its figure is not the last",
    "SCHEDULED": "its status is SCHEDULED: it has not begun",
}


@dataclass(frozen=True, eq=False)
class Candidate:
    """What may have been chosen. ``run``: whose tags and inputs it has; ``run_id``: its own.

    ``parent``: the run of its search. ``folds``: the runs of its folds, by number.
    ``aside``: why it cannot win, None where it can.
    """

    run: Run
    run_id: str
    name: str
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    parent: Run | None = None
    folds: dict[int, Mapping[str, float]] = field(default_factory=dict)
    aside: str | None = None

    @property
    def named(self) -> Mapping[str, float]:
        """Its metrics, and those of one of its folds."""
        return {**next(iter(self.folds.values()), {}), **self.metrics}


Folded = tuple[int, Candidate]  # a run, and the number of its fold


def candidates(runs: Sequence[Run]) -> list[Candidate]:
    """The runs as candidates, those of one cross-validation together, in the order of the runs."""
    by_id = {run.info.run_id: run for run in runs}
    made = [of_run(run, by_id.get(run.data.tags.get(PARENT, ""))) for run in runs]
    return _with_folds(made, by_id)


def of_run(run: Run, parent: Run | None) -> Candidate:
    """A run as a candidate, set aside where it has not finished or was pruned."""
    aside = ENDED.get(run.info.status)
    if "PRUNED" in run.data.tags.get("state", "").upper():
        aside = "it was pruned: its figure is not the last"
    return Candidate(
        run=run,
        run_id=run.info.run_id,
        name=str(run.info.run_name or run.info.run_id),
        metrics=run.data.metrics,
        params=run.data.params,
        parent=parent,
        aside=aside,
    )


def usable(value: float | None) -> bool:
    """Whether a figure is a number; a run that diverged leaves NaN, inf or 1.797e308."""
    return value is not None and math.isfinite(value) and abs(value) < LARGEST


def without_repetitions(
    found: Sequence[Candidate], values: Mapping[str, float], with_rows: Set[str] = frozenset()
) -> tuple[list[Candidate], list[Candidate]]:
    """Those that are something of their own, and parents that repeat what their children say.

    ``values``: the figure of each, by id; ``with_rows``: who tells its rows. A parent repeats a
    child if its figure is that of one of them or their mean; one that has neither figure nor rows
    only holds them together and is left out.
    """
    children: dict[str, list[Candidate]] = defaultdict(list)
    for each in found:
        if each.parent is not None:
            children[each.parent.info.run_id].append(each)
    known = {*values, *with_rows}
    own, repeating = [], []
    for each in found:
        if each.run_id in children and each.run_id not in known:
            continue
        below = [child for child in children.get(each.run_id, ()) if child.run_id in values]
        value = values.get(each.run_id)
        same = [
            child for child in below if value is not None and _same(values[child.run_id], value)
        ]
        mean = sum(values[child.run_id] for child in below) / len(below) if below else math.nan
        if same or (value is not None and _same(mean, value)):
            what = f"{same[0].name}, its child" if same else "the mean of its children"
            repeating.append(replace(each, aside=f"it repeats the figure of {what}"))
        else:
            own.append(each)
    return own, repeating


def batches(found: Sequence[Candidate]) -> dict[str, str]:
    """The batch of each candidate that may have been drawn in sight of earlier ones, by id.

    Runs of one parent belong together where nothing that one showed could have led to another: of
    a search of scikit-learn, of a grid, of a sampler that does not look. Of others, such as the
    trials of Optuna's default sampler, each is a batch of its own, so that those that started
    after others had ended are later rounds. Runs without a parent are later rounds, too, but for
    those of a loop over settings that were fixed before it (``_loop``), which are one batch.
    """
    of_parent: dict[str, list[Candidate]] = defaultdict(list)
    for each in found:
        if each.parent is not None and BATCH_ID not in each.run.data.tags:
            of_parent[each.parent.info.run_id].append(each)
    own: dict[str, str] = {}
    for trials in of_parent.values():
        rows_of_a_table = any(each.run_id != each.run.info.run_id for each in trials)
        if not (rows_of_a_table or is_search(trials) or _independent(trials) or _grid(trials)):
            own |= {trial.run_id: trial.run_id for trial in trials}
    alone = [each for each in found if each.parent is None and BATCH_ID not in each.run.data.tags]
    if _loop(alone):
        own |= {each.run_id: alone[0].run_id for each in alone}
    return own


def is_trial(candidate: Candidate) -> bool:
    """Whether Optuna made the run."""
    tags = candidate.run.data.tags
    above = candidate.parent.data.tags if candidate.parent is not None else {}
    return "optuna.study_direction" in above or {"number", "datetime_start"} <= tags.keys()


def is_search_run(run: Run) -> bool:
    """Whether a run is the parent of a scikit-learn search, by the tag of its autologging."""
    return str(run.data.tags.get(ESTIMATOR, "")).startswith(SEARCHES)


def is_search(trials: Sequence[Candidate]) -> bool:
    """Whether scikit-learn drew these candidates, all at once."""
    return any(each.parent is not None and is_search_run(each.parent) for each in trials)


def _independent(trials: Sequence[Candidate]) -> bool:
    """Whether the sampler is named, and draws without a look at the scores."""
    first = trials[0]
    known = {**first.run.data.tags, **first.params}
    if first.parent is not None:
        known = {**first.parent.data.tags, **first.parent.data.params, **known}
    named = [value.lower() for name, value in known.items() if "sampler" in name.lower()]
    return "sys_grid_id" in known or any(word in name for name in named for word in INDEPENDENT)


def _grid(trials: Sequence[Candidate]) -> bool:
    """Whether the settings are all combinations of a few values: fixed before the first run."""
    settings = {tuple(sorted(each.params.items())) for each in trials}
    values: dict[str, set[str]] = defaultdict(set)
    for each in trials:
        for name, value in each.params.items():
            values[name].add(value)
    varied = [len(known) for known in values.values() if len(known) > 1]
    return len(varied) > 1 and len(settings) == math.prod(varied)


def _loop(found: Sequence[Candidate]) -> bool:
    """Whether a program went through a grid, or one setting step by step, with nobody between.

    The scores of such runs can rise all the way, which is no sign that they were tuned.
    """
    runs = sorted(found, key=lambda each: each.run.info.start_time)
    pauses = [
        later.run.info.start_time - (earlier.run.info.end_time or math.inf)
        for earlier, later in pairwise(runs)
    ]
    if len(runs) < 3 or max(pauses) > READ_AND_TYPED:
        return False
    values: dict[str, list[str]] = defaultdict(list)
    for each in runs:
        for name, value in each.params.items():
            values[name].append(value)
    varied = [known for known in values.values() if len(set(known)) > 1]
    return _grid(runs) or (len(varied) == 1 and len(varied[0]) == len(runs) and _steps(varied[0]))


def _steps(values: Sequence[str]) -> bool:
    """Whether numbers go up all the way, or down."""
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return False
    ups = [later > earlier for earlier, later in pairwise(numbers)]
    return len(set(numbers)) == len(numbers) and len(set(ups)) == 1


def _with_folds(found: list[Candidate], by_id: Mapping[str, Run]) -> list[Candidate]:
    """Runs of the folds of one model as one candidate, which stands where the first stood."""
    above: dict[str, list[Folded]] = defaultdict(list)
    for each in found:
        number = _fold(each)
        if number is not None:
            above[each.parent.info.run_id if each.parent else ""].append((number, each))
    whole: dict[str, Candidate] = {}
    members: set[str] = set()
    for parent_id, folded in above.items():
        parent = by_id.get(parent_id)
        if parent is not None and _each_once(folded):
            groups, stands = [folded], of_run(parent, by_id.get(_above(parent)))
        else:
            groups, stands = _by_settings(folded), None
        for group in groups:
            first = group[0][1]
            whole[(stands or first).run_id] = _joined(stands or first, group)
            members |= {each.run_id for _, each in group} - {(stands or first).run_id}
    return [whole.get(each.run_id, each) for each in found if each.run_id not in members]


def _by_settings(folded: Sequence[Folded]) -> list[list[Folded]]:
    groups: dict[str, list[Folded]] = defaultdict(list)
    for number, each in folded:
        named = FOLD_NAME.match(plain(each.name))
        groups[digest([_without_fold(each.params), named["of"] if named else ""])].append(
            (number, each)
        )
    return [group for group in groups.values() if _each_once(group)]


def _each_once(folded: Sequence[Folded]) -> bool:
    numbers = {number for number, _ in folded}
    return 2 <= len(numbers) == len(folded)


def _joined(stands: Candidate, folded: Sequence[Folded]) -> Candidate:
    """One candidate of all folds; a fold that has not finished sets it aside."""
    return replace(
        stands,
        params=_without_fold(folded[0][1].params) | _without_fold(stands.params),
        folds={number: each.metrics for number, each in sorted(folded, key=lambda pair: pair[0])},
        aside=stands.aside or next((each.aside for _, each in folded if each.aside), None),
    )


def _without_fold(params: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in params.items() if plain(name) not in FOLDS}


def _fold(candidate: Candidate) -> int | None:
    """Number of the fold that a run is of."""
    params = {plain(name): value for name, value in candidate.params.items()}
    tags = {plain(name): value for name, value in candidate.run.data.tags.items()}
    said = next((known[name] for known in (params, tags) for name in FOLDS & known.keys()), None)
    named = FOLD_NAME.match(plain(candidate.name))
    number = said if said is not None else named["fold"] if named else None
    return int(number) if number is not None and number.strip().isdecimal() else None


def _above(run: Run) -> str:
    return str(run.data.tags.get(PARENT, ""))


def _same(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=SAME)
