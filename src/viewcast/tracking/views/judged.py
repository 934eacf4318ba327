"""By which metrics the runs of an experiment are compared, and which runs can be.

Runs of viewcast have theirs. Of others the names of metrics tell, unless an audit has said by which
they were chosen.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from viewcast.base.parse import json_of
from viewcast.tracking.experiments import NIGHTS
from viewcast.tracking.metric_names import MetricName, Rows, read_name
from viewcast.tracking.tags import (
    AUDIT_OF,
    COMPARED,
    HOLDOUT,
    IDENTITY,
    MODEL_TRAIN_LOSS,
    MODEL_VAL_LOSS,
    NIGHTLY,
    PART,
    SPLIT,
    TRAIN_LOSS,
    UNIT,
    VAL_LOSS,
    VAL_LOSS_EXPECTED,
    VERDICT,
)
from viewcast.tracking.views.cards import AT_ONCE
from viewcast.tracking.views.shown import Shown, ShownRun
from viewcast.tracking.views.state import equals, metric, tag

ORDER: dict[Rows | None, int] = {"validation": 0, "cv": 1, None: 2, "test": 3}
FAR = 1000.0  # a loss that is so many times the median one belongs to a run that diverged
OF_A_BATCH = "_step"  # how Lightning names a loss whose mean over an epoch it logs as well
LARGEST = 1e300  # MLflow stores infinite figures as the largest number


@dataclass(frozen=True)
class Judged:
    """The metrics of a chart. ``train``: None where only validation is known."""

    train: str | None
    validation: str
    more_is_better: bool

    @property
    def metrics(self) -> list[str]:
        """Training first."""
        return [self.validation] if self.train is None else [self.train, self.validation]


@dataclass(frozen=True)
class Group:
    """Runs that a chart shows beside each other: of one split, where splits are known.

    ``filters``: what finds them, joined by AND; ``split``: "" where unknown.
    """

    split: str
    runs: Sequence[ShownRun]
    filters: Sequence[str]

    @property
    def search(self) -> str:
        """The filter of the page."""
        return " AND ".join(self.filters)

    @property
    def named(self) -> str:
        """What the name of a view says of the split."""
        return f" ({self.split})" if self.split else ""


def by_curve(shown: Shown) -> Judged | None:
    """What is drawn by epoch; None where no metric of validation rows has several points."""
    if VAL_LOSS in shown.curves and _of_viewcast(shown):
        return Judged(TRAIN_LOSS if TRAIN_LOSS in shown.curves else None, VAL_LOSS, False)
    return None if shown.ours else _by_names(shown, shown.curves)


def by_figure(shown: Shown) -> Judged | None:
    """What each run ended with; None where no metric tells how good a run is."""
    if _of_viewcast(shown):
        return Judged(MODEL_TRAIN_LOSS, MODEL_VAL_LOSS, False)
    return None if shown.ours else _by_names(shown, None)


def groups(shown: Shown, judged: Judged) -> list[Group]:
    """The runs that can be compared by a metric, at least two in each group; the largest first."""
    base = [equals(COMPARED, "true") if shown.marked else "attributes.status = 'FINISHED'"]
    shown, of_night = _of_last_night(shown)
    base += of_night
    splits = Counter(run.tags.get(SPLIT, "") for run in shown.compared)
    known = [split for split in splits if split] or [""]
    found = []
    for split in known:
        runs = [run for run in shown.compared if run.tags.get(SPLIT, "") == split]
        group = Group(split, runs, [*base, *([equals(SPLIT, split)] if split else [])])
        if not shown.marked:
            group = below(group, judged, FAR)
        beside = [] if shown.marked else [run for run in shown.runs if run.refereed]
        if any(judged.validation not in run.metrics for run in [*group.runs, *beside]):
            there = f"{metric(judged.validation)} < {_number(LARGEST)}"  # true of no run without it
            group = replace(group, filters=[*group.filters, there])
        having = [run for run in group.runs if run.figure(judged.validation) is not None]
        if len(having) > 1:
            found.append(replace(group, runs=having))
    return sorted(found, key=lambda group: (-len(group.runs), group.split))


def _of_last_night(shown: Shown) -> tuple[Shown, list[str]]:
    """The runs of the last night that trained, and their filter; elsewhere all.

    Each night validates on other days: a lower loss may be that of easier ones.
    """
    newest = next((run.tags[HOLDOUT] for run in shown.compared if HOLDOUT in run.tags), None)
    if shown.tags.get(NIGHTLY) != "true" or newest is None:
        return shown, []
    runs = [run for run in shown.runs if run.tags.get(HOLDOUT) == newest]
    return replace(shown, runs=runs), [equals(HOLDOUT, newest)]


def below(group: Group, judged: Judged, times: float) -> Group:
    """Without figures that are not finite, and without losses of ``times`` the median or more."""
    values = [
        run.metrics[judged.validation] for run in group.runs if judged.validation in run.metrics
    ]
    known = sorted(filter(math.isfinite, values))
    if not known:
        return group
    name, filters, highest = metric(judged.validation), list(group.filters), LARGEST
    if not judged.more_is_better and known[0] >= 0 and known[len(known) // 2] > 0:
        highest = float(f"{times * known[len(known) // 2]:.2g}")
    if any(map(math.isnan, values)) and known[0] > 0:  # MLflow stores 0 for it, with a mark
        filters.append(f"{name} > 0")
    if any(value >= highest for value in values):
        filters.append(f"{name} < {_number(highest)}")
    runs = [run for run in group.runs if run.metrics.get(judged.validation, 0.0) < highest]
    return replace(group, runs=runs, filters=filters)


def columns(shown: Shown, judged: Judged) -> list[str]:
    """What the table shows of each run."""
    names = [*judged.metrics]
    if any(run.figure(VAL_LOSS_EXPECTED) is not None for run in shown.runs):
        names.append(VAL_LOSS_EXPECTED)
    audited = any(VERDICT in run.tags for run in shown.runs)
    return [*map(metric, names), *([tag(VERDICT)] if audited else [])]


def unit(shown: Shown, judged: Judged, runs: Sequence[ShownRun]) -> str:
    """What the figures are measured in; without a unit the name of the metric."""
    units = {run.tags.get(UNIT, "") for run in runs} - {""}
    return shown.tags.get(UNIT) or (units.pop() if len(units) == 1 else judged.validation)


def drawn(count: int) -> tuple[str, bool]:
    """How many of the runs the UI shows, in words, and whether they must be drawn at random.

    It loads a hundred: in order of a score these would be a selection of the best.
    """
    if count <= AT_ONCE:
        return f"{count} runs", False
    return f"{AT_ONCE} of {count}, at random", True


def at_random(shown: Shown) -> str:
    """A column that is no outcome and is as good as drawn at random: a hash of the settings."""
    hashed = all(IDENTITY in run.tags for run in shown.compared)
    return tag(IDENTITY) if hashed else "attributes.run_id"


def _of_viewcast(shown: Shown) -> bool:
    return any(MODEL_VAL_LOSS in run.metrics for run in shown.compared)


def _by_names(shown: Shown, among: Collection[str] | None) -> Judged | None:
    if shown.tags.get(PART) == NIGHTS:  # nights are no candidates of which one is the best
        return None
    counts = Counter(name for run in shown.compared for name in run.metrics)
    named = {
        name: read_name(name)
        for name, count in counts.items()
        if count > 1 and (among is None or name in among)
    }
    meant, more = _chosen_by(shown)
    usable = {name: read for name, read in named.items() if not read.technical and not read.fold}
    validated = {read.core for read in usable.values() if read.rows == "validation"}
    candidates = [
        read
        for read in usable.values()
        if read.name == meant
        or (
            read.rows != "train"
            and not (read.rows is None and read.core in validated)
            and not (read.rows is None and among is None and read.more_is_better is None)
        )
    ]
    if not candidates:
        return None
    most = max(counts[read.name] for read in candidates)
    best = min(
        candidates,
        key=lambda read: (
            read.name != meant,
            2 * counts[read.name] < most,
            ORDER[read.rows],
            not read.best,
            -counts[read.name],
            -(read.number or 0),  # of several sets the last, by which a booster stops
            read.core != "loss",
            len(read.name),
            read.name,
        ),
    )
    upwards = more if best.name == meant and more is not None else bool(best.more_is_better)
    return Judged(_training(best, usable.values()), best.name, upwards)


def _training(validation: MetricName, names: Collection[MetricName]) -> str | None:
    """The same figure of training rows: named so, or without any word for rows (Keras)."""
    same = [
        name
        for name in names
        if name.core == validation.core and name.rows in ("train", None) and name != validation
    ]
    if validation.rows is None:
        same = [name for name in same if name.rows == "train"]
    first = min(
        same,
        key=lambda name: (
            name.prefix != validation.prefix,
            name.rows is None,
            name.best != validation.best,
            name.name.endswith(OF_A_BATCH),
            len(name.name),
            name.name,
        ),
        default=None,
    )
    return None if first is None else first.name


def _chosen_by(shown: Shown) -> tuple[str, bool | None]:
    """The metric that an audit found the runs to be chosen by, "" without one, and whether more of
    it is better.
    """
    for name, value in shown.tags.items():
        if name.startswith(AUDIT_OF):
            try:
                told = json_of(value)
            except ValueError:  # a short form that was cut
                continue
            if isinstance(told, dict) and told.get("metric"):
                return str(told["metric"]), told.get("more_is_better")
    return "", None


def _number(value: float) -> str:
    """A number as MLflow's filters understand it: they know no plus sign in an exponent."""
    return f"{value:g}".replace("e+", "e")
