"""What was gathered for one holdout: its rows, and every run that was scored on them.

Only runs of one holdout meet in a study, and each brings its losses in the order of the study's
rows; a run that cannot is excluded with the reason. So different rows are never mixed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from viewcast.assessment.row_losses import RowLosses, Vector, shared, usual
from viewcast.assessment.understanding import Understanding
from viewcast.holdout.looks import Look, distinct
from viewcast.holdout.panels import panel, usual_cluster
from viewcast.models.model import LINE
from viewcast.selection.clusters import Cluster

PANEL = "was scored on rows of several series at the same times"
UNKNOWN = "unknown"  # the holdout of runs that do not name their rows
ASSUMED = (
    "It is not known which rows these runs were scored on; it is assumed that they share them. "
    "Log the validation rows as a dataset input, or a table of row losses, to have it checked."
)
APART = "Runs that name another data set than these ({}) are not compared with them."
REMEMBERS = (
    "has seen the validation rows: no figure from these rows can correct for that; only hidden or "
    "sealed rows can"
)


@dataclass(frozen=True, eq=False)
class Facts:
    """What a run is called, what it was trained on, and what it was measured by.

    ``experiment``: of the configuration, not MLflow's; ``block``: least dependence length in rows;
    ``cluster``: which rows are alike (``viewcast.selection.clusters``), None where it is not said;
    ``in_epochs``: whether training has epochs; ``kind``: that of the model
    (``viewcast.models.model``); ``training``: identity of the training rows; ``remembers``: whether
    the model looks up validation targets.

    ``more_is_better``: the direction of ``loss`` as the user has it; all losses inside a study are
    turned so that less is better (their negative), and turned back in the result.
    ``measure``: canonical name of the metric (``viewcast.scoring.metrics``), "" where not known.
    ``approximate``, ``bound``: see ``viewcast.scoring.metric.RowValues``.
    ``seed``: of the run; ``settings``: identity of all its parameters but the seed, so that equal
    ones differ by the seed alone. ``size``: parameters or seconds to fit, ``size_of`` says which
    ("parameters", "s to fit"); the smaller is the simpler.
    """

    name: str
    model: str = ""
    experiment: str = ""
    data: str = ""
    label: str = ""
    split: str = ""
    unit: str = ""
    loss: str = ""
    block: float = 1.0
    cluster: Cluster | None = None
    trainer: str = ""
    in_epochs: bool = False
    features: str = ""
    kind: str = LINE
    training: str | None = None
    remembers: bool = False
    more_is_better: bool = False
    approximate: str | None = None
    bound: bool = True
    seed: str | None = None
    settings: str | None = None
    size: float | None = None
    size_of: str = ""
    measure: str = ""


@dataclass(frozen=True, eq=False)
class Scored:
    """One run: its look, its facts, and its losses.

    ``train_loss``, ``shown``: mean losses of the kept state, None where not known. ``rows``: losses
    of the validation rows; ``hidden_holdout``: of the hidden rows. ``curve``: epoch,
    train_loss, val_loss. ``truth``: loss on new rows and its standard error, where it is known.
    ``excluded``: why the run takes no part in the choice.
    ``folds`` (F,): its scores by fold of a cross-validation, less is better; ``row_count``: how
    many rows its score is the mean of; both where there are no row losses.
    """

    look: Look
    facts: Facts
    train_loss: float | None = None
    shown: float | None = None
    rows: RowLosses | None = None
    hidden_holdout: RowLosses | None = None
    curve: pd.DataFrame | None = None
    best_epoch: int | None = None
    truth: tuple[float, float] | None = None
    excluded: str | None = None
    folds: Vector | None = None
    row_count: int | None = None

    @property
    def run_id(self) -> str:
        """MLflow's identity of the run."""
        return self.look.run_id


@dataclass(frozen=True)
class Opened:
    """An opening of the sealed test: of which run, validated on which holdout, by which user, why.

    ``start``: milliseconds since 1970; ``reuse``: openings before it that had shown the same rows.
    """

    run_id: str
    name: str
    holdout: str | None
    data: str
    start: int
    user: str
    reason: str | None
    loss: float | None
    error: float | None
    reuse: int


@dataclass(frozen=True, eq=False)
class Study:
    """One holdout. ``keys``: entity, time, row of its M rows, None where no run names them.

    ``runs``: one per look, a repetition is not another; batch after batch, and those of a batch by
    name. ``repeats``: by the id of such a run the one that stands for it. ``looks``: all uses of
    the holdout, a sweep's choice among them. ``assumed``: sentences on what could not be checked.
    ``panel``: why the rows are not one series, None where they are. ``cluster``: which of them are
    alike then, None where that is not known and no run takes part.
    """

    holdout: str
    keys: pd.DataFrame | None
    runs: tuple[Scored, ...]
    looks: tuple[Look, ...]
    repeats: dict[str, str]
    assumed: tuple[str, ...] = ()
    panel: str | None = None
    cluster: Cluster | None = None
    understood: Understanding | None = None

    @property
    def compared(self) -> list[Scored]:
        """The runs whose row losses can be compared."""
        return [run for run in self.runs if run.excluded is None and run.rows is not None]

    @property
    def scalar(self) -> bool:
        """Whether one score of each run is all that is known."""
        return all(run.rows is None for run in self.runs)


def studies(scored: Iterable[Scored], uses: Iterable[Look] = ()) -> list[Study]:
    """Runs by holdout. ``uses``: looks that scored nothing themselves, such as a sweep's choice.

    Runs with ``Look.holdout`` None are one study, which states what it assumes.
    """
    of_holdout: dict[str, list[Scored]] = defaultdict(list)
    for run in scored:
        of_holdout[run.look.holdout or UNKNOWN].append(run)
    others: dict[str, list[Look]] = defaultdict(list)
    for look in uses:
        others[look.holdout or UNKNOWN].append(look)
    return [study(holdout, runs, others[holdout]) for holdout, runs in of_holdout.items()]


def study(holdout: str, runs: Sequence[Scored], uses: Sequence[Look] = ()) -> Study:
    """The study of one holdout; runs that cannot be compared are excluded with the reason."""
    first, repeats = _without_repeats(runs)
    first = _of_one_loss(first)
    keys = usual([run.rows.keys for run in first if run.excluded is None and run.rows is not None])
    compared = [_compared(run, keys) for run in first]
    series, cluster = _clustered(first, keys)
    if series is not None and cluster is None:
        compared = [_without_figures(run) for run in compared]
    looks = tuple(distinct([*(run.look for run in runs), *uses]))
    assumed: tuple[str, ...] = (ASSUMED,) if unknown_rows(holdout) else ()
    if assumed and holdout != UNKNOWN:
        assumed += (APART.format(holdout.removeprefix(f"{UNKNOWN}: ")),)
    return Study(holdout, keys, tuple(compared), looks, repeats, assumed, series, cluster)


def _clustered(
    runs: Sequence[Scored], keys: pd.DataFrame | None
) -> tuple[str | None, Cluster | None]:
    """Why the rows are no single series, and which are alike: what runs say, else the usual.

    Where runs say different things ``both`` claims the least.
    """
    if keys is None:
        return None, None
    said = {run.facts.cluster for run in runs if run.facts.cluster is not None}
    told: Cluster | None = "both" if len(said) > 1 else next(iter(said), None)
    series = panel(keys, max(run.facts.block for run in runs))
    if told is None and series is not None:
        return series, usual_cluster(keys)
    return series, told


def unknown_rows(holdout: str) -> bool:
    """Whether the runs of a study do not name their rows; a data set may tell them apart."""
    return holdout == UNKNOWN or holdout.startswith(f"{UNKNOWN}: ")


def _without_figures(run: Scored) -> Scored:
    """A run whose rows are a panel; the reason why it is excluded for itself comes first."""
    return run if run.excluded is not None else replace(run, excluded=PANEL)


def overlap(study: Study, others: Iterable[Study]) -> int:
    """How many of a study's hidden rows other runs were shown: such rows are no longer hidden."""
    hidden_losses = [
        run.hidden_holdout.keys for run in study.runs if run.hidden_holdout is not None
    ]
    if not hidden_losses:
        return 0
    shown = [other.keys for other in others if other.keys is not None and of_same(study, other)]
    return max((shared(hidden_losses[0], keys) for keys in shown), default=0)


def of_same(study: Study, other: Study) -> bool:
    """Whether two studies are of the same data, so that equal keys are the same rows."""
    return bool(study.runs[0].facts.data) and study.runs[0].facts.data == other.runs[0].facts.data


def _without_repeats(runs: Sequence[Scored]) -> tuple[list[Scored], dict[str, str]]:
    by_id = {run.run_id: run for run in runs}
    stands = {look.key: look for look in distinct(run.look for run in runs)}
    first = [replace(by_id[look.run_id], look=look) for look in stands.values()]
    # Which run of a batch began first is chance where several processes make the runs.
    began: dict[str, int] = {}
    for run in first:
        batch = run.look.batch_id
        began[batch] = min(run.look.start, began.get(batch, run.look.start))
    first.sort(key=lambda run: (began[run.look.batch_id], run.facts.name, run.run_id))
    repeats = {
        run.run_id: stands[run.look.key].run_id
        for run in runs
        if stands[run.look.key].run_id != run.run_id
    }
    return first, repeats


def _of_one_loss(runs: Sequence[Scored]) -> list[Scored]:
    """Runs that are measured by another loss than most are excluded.

    Where some run has row losses, only those that have are compared.
    """
    compared = [run for run in runs if run.excluded is None]
    compared = [run for run in compared if run.rows is not None] or compared
    counts = Counter(_measure(run) for run in compared)
    if len(counts) < 2:
        return list(runs)
    rest = counts.most_common(1)[0][0]
    other = {run.run_id: _measure(run) for run in compared if _measure(run) != rest}
    return [
        replace(run, excluded=f"is measured by {other[run.run_id]}, the rest by {rest}")
        if run.run_id in other
        else run
        for run in runs
    ]


def _measure(run: Scored) -> str:
    loss = run.facts.loss or "a loss that it does not name"
    return f"{loss} in {run.facts.unit}" if run.facts.unit else loss


def _compared(run: Scored, keys: pd.DataFrame | None) -> Scored:
    if run.excluded is not None:
        return run
    if run.rows is None:
        return run if keys is None else replace(run, excluded="no row losses: it is only counted")
    assert keys is not None
    aligned = run.rows.aligned(keys)
    if isinstance(aligned, str):
        return replace(run, excluded=aligned)
    if aligned.missing:
        why = f"{aligned.missing} of its {len(aligned.final)} row losses are missing or infinite"
        return replace(run, rows=aligned, excluded=why)
    if run.facts.remembers or not aligned.final.any():
        return replace(run, rows=aligned, excluded=REMEMBERS)
    return replace(run, rows=aligned)
