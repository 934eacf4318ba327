"""Runs that viewcast did not make, as an audit takes them: candidates, their metric, their rows."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.assessment.row_losses import RowLosses, Vector
from viewcast.assessment.study import UNKNOWN, Facts, Scored
from viewcast.base.errors import DataError
from viewcast.holdout.looks import REPORT, Use, early_stop
from viewcast.tracking.artifact_cache import ArtifactCache, cache_folder
from viewcast.tracking.artifacts import Artifacts, each
from viewcast.tracking.look_tags import look_at, look_of
from viewcast.tracking.metric_names import MetricName, plain, read_name
from viewcast.tracking.read.candidate_runs import (
    Candidate,
    batches,
    candidates,
    is_search_run,
    usable,
    without_repetitions,
)
from viewcast.tracking.read.data_inputs import Behind, behind
from viewcast.tracking.read.metric_choice import MetricChoice, choose, fold_names, own_name
from viewcast.tracking.read.row_table import Found
from viewcast.tracking.read.row_tables import RowTables
from viewcast.tracking.read.run_metadata import facts, figure
from viewcast.tracking.read.run_settings import seed_of, settings_of, size_of
from viewcast.tracking.read.scored_models import ScoredModels
from viewcast.tracking.read.search_results import CV_RESULTS, of_search
from viewcast.tracking.read.settings import ReadSettings
from viewcast.tracking.tags import HOLDOUT, LOOK_USES

EXAMPLES = "example_count"  # what mlflow.models.evaluate counts
STOPPED = ("best_iteration", "stopped_iteration", "stopped_epoch", "restored_epoch", "best_epoch")
STOPS = ("early_stopping_rounds", "early_stopping_patience", "patience")
DATASETS = ("dataset", "dataset_name", "dataset_version", "dataset_id", "data", "data_version")


@dataclass(frozen=True, eq=False)
class Read:
    """One candidate as it was read: ``name`` of its metric, the rows ``behind`` it, its tables."""

    candidate: Candidate
    name: MetricName | None
    behind: Behind
    found: Found
    error: str | None


@dataclass(frozen=True, eq=False)
class Foreign:
    """All of them. ``choice``: None where no run has a metric that can be meant.

    ``scored``: what takes part in a study; ``reads``: how each was read, by its id; ``dropped``:
    what is no look at all, with the reason.
    """

    choice: MetricChoice | None
    scored: tuple[Scored, ...] = ()
    reads: Mapping[str, Read] | None = None
    dropped: tuple[Candidate, ...] = ()


def read(
    client: MlflowClient, runs: Sequence[Run], settings: ReadSettings, folder: Path
) -> Foreign:
    """The runs of others as an audit takes them; ``folder``: for what is fetched.

    Raises what ``viewcast.tracking.read.metric_choice.choose`` raises, TrackingError where an
    artifact cannot be fetched.
    """
    if not runs:
        return Foreign(None)
    cache = ArtifactCache(cache_folder())
    artifacts = Artifacts(client, folder, cache)
    found = _with_searches(candidates(runs), artifacts)
    choice = choose(_first_own(found), settings)
    tables = (
        RowTables(artifacts) if settings.rows is None else ScoredModels(client, settings, cache)
    )
    tables.fetch([one.run for one in found if one.run_id == one.run.info.run_id])
    reads = each(found, lambda one: _read(one, choice, tables), "runs of others", remote=False)
    values = {
        one.candidate.run_id: _value(client, one, choice)
        for one in reads
        if one.name is not None or one.candidate.folds
    }
    own, repeating = without_repetitions(
        [one.candidate for one in reads], {key: x for key, x in values.items() if x is not None}
    )
    kept = {one.run_id for one in own}
    own_batches = batches(own)
    scored, dropped = [], list(repeating)
    for one in reads:
        if one.candidate.run_id not in kept:
            continue
        value = values.get(one.candidate.run_id)
        if value is None and one.found.rows is None and one.error is None:
            dropped.append(replace(one.candidate, aside=_without(choice, one.candidate)))
            continue
        scored.append(_scored(client, one, choice, value, own_batches, settings))
    by_id = {one.candidate.run_id: one for one in reads}
    return Foreign(choice, tuple(_at_home(_by_dataset(scored, by_id))), by_id, tuple(dropped))


def _with_searches(found: list[Candidate], artifacts: Artifacts) -> list[Candidate]:
    """Searches of scikit-learn with all their candidates in place of the runs of the best."""
    children: dict[str, list[Candidate]] = defaultdict(list)
    for one in found:
        if one.parent is not None and is_search_run(one.parent):
            children[one.parent.info.run_id].append(one)
    parts: list[Candidate] = []
    done = {child.run_id for below in children.values() for child in below}
    for one in found:
        if is_search_run(one.run) and one.aside is None:
            path = artifacts.path(one.run, CV_RESULTS)
            below = children.get(one.run_id, [])
            parts += below if path is None else of_search(one.run, below, path)
            if path is None and not below:
                parts.append(one)
        elif one.run_id not in done:
            parts.append(one)
    return parts


def _first_own(found: Sequence[Candidate]) -> list[Candidate]:
    """Without runs that have children: their figures are those of the children, or summaries."""
    parents = {one.parent.info.run_id for one in found if one.parent is not None}
    own = [one for one in found if one.run_id not in parents]
    return own or list(found)


def _read(
    candidate: Candidate, choice: MetricChoice | None, tables: RowTables | ScoredModels
) -> Read:
    name = None if choice is None else own_name(candidate, choice)
    known = behind(candidate.run, name or _wanted(choice), candidate.parent)
    if candidate.run_id != candidate.run.info.run_id:  # a row of a search that is no run
        return Read(candidate, name, known, Found(None), None)
    own = choice if choice is None or name is None else replace(choice, name=name.name)
    try:
        return Read(
            candidate, name, known, _named(tables.of(candidate.run, own), choice, own), None
        )
    except DataError as error:
        return Read(candidate, name, known, Found(None), str(error))


def _named(found: Found, choice: MetricChoice | None, own: MetricChoice | None) -> Found:
    """What a run tells, under the name that the metric has in most runs."""
    if choice is None or own is None or found.rows is None or found.rows.name != own.name:
        return found
    return replace(found, rows=replace(found.rows, name=choice.name))


def _wanted(choice: MetricChoice | None) -> MetricName | None:
    return None if choice is None else read_name(choice.name)


def _value(client: MlflowClient, one: Read, choice: MetricChoice | None) -> float | None:
    """The figure of a candidate in the user's direction; None where it has none."""
    assert choice is not None
    if one.name is None:
        values = _fold_values(one, choice)
        return None if values is None else float(values.mean())
    if choice.value == "last" or one.candidate.run_id != one.candidate.run.info.run_id:
        return one.candidate.metrics[one.name.name]
    most = choice.value == "max" or (choice.value == "best" and choice.more_is_better)
    points = client.get_metric_history(one.candidate.run_id, one.name.name)
    finite = [point.value for point in points if usable(point.value)]
    if not finite:
        return one.candidate.metrics[one.name.name]
    return float(max(finite) if most else min(finite))


def _fold_values(one: Read, choice: MetricChoice) -> Vector | None:
    """Scores by fold: of the runs of the folds, or of the run's own metrics by fold."""
    if one.candidate.folds:
        values = []
        for metrics in one.candidate.folds.values():
            fold = replace(one.candidate, metrics=metrics, folds={})
            name = own_name(fold, choice)
            if name is None:
                return None
            values.append(metrics[name.name])
        return np.asarray(values, np.float64)
    names = fold_names(one.candidate.metrics, choice)
    if len(names) < 2:
        return None
    return np.asarray([one.candidate.metrics[name] for name in names.values()], np.float64)


def _scored(
    client: MlflowClient,
    one: Read,
    choice: MetricChoice | None,
    value: float | None,
    own_batches: Mapping[str, str],
    settings: ReadSettings,
) -> Scored:
    candidate, table = one.candidate, one.found.rows
    run, tags = candidate.run, candidate.run.data.tags
    holdout = tags.get(HOLDOUT) or one.behind.digest or (table.identity if table else None)
    if table is not None and table.asked:
        holdout = table.identity
    look = (look_of(run, client) if LOOK_USES in tags else None) or look_at(
        run, holdout, _uses(client, one, choice)
    )
    known = _facts(one, choice)
    sign = -1.0 if known.more_is_better else 1.0
    why = candidate.aside or one.error
    losses, shown, folds = None, None, None
    if table is not None:
        losses = RowLosses(table.keys, table.values)
        shown = float(losses.final.mean())
    elif value is not None:
        assert choice is not None
        shown = sign * value if usable(value) else None
        if shown is None:
            why = why or f"it diverged: its {choice.name} is no finite number"
        by_fold = _fold_values(one, choice)
        folds = None if by_fold is None else sign * by_fold
    return Scored(
        look=replace(
            look,
            run_id=candidate.run_id,
            key=look.key if candidate.run_id == run.info.run_id else candidate.run_id,
            holdout=holdout,
            batch_id=own_batches.get(candidate.run_id, look.batch_id),
            parent=None if candidate.parent is None else candidate.parent.info.run_id,
        ),
        facts=known,
        train_loss=_train_loss(one, sign),
        shown=shown if shown is not None and usable(shown) else None,
        rows=losses,
        excluded=why,
        folds=folds,
        row_count=_count(one, settings) if losses is None else None,
    )


def _facts(one: Read, choice: MetricChoice | None) -> Facts:
    candidate, table = one.candidate, one.found.rows
    known = replace(
        facts(candidate.run, candidate.parent),
        name=candidate.name,
        seed=seed_of(candidate.params, candidate.run.data.tags),
        settings=settings_of(candidate.params),
    )
    size, size_of_what = size_of(candidate.params, candidate.metrics)
    known = replace(known, size=size, size_of=size_of_what)
    if table is not None:
        return replace(
            known,
            loss=table.name,
            more_is_better=table.more_is_better,
            measure=(choice.measure or "") if choice is not None else "",
            approximate=table.approximate,
            bound=table.bound,
        )
    if choice is None:
        return known
    return replace(
        known,
        loss=choice.name,
        measure=choice.measure or "",
        more_is_better=choice.more_is_better,
    )


def _uses(client: MlflowClient, one: Read, choice: MetricChoice | None) -> tuple[Use, ...]:
    """How the scores of a run were used: a series that a choice of the epoch was made by is as
    many scores as it has points, any other series is shown once.
    """
    candidate = one.candidate
    if choice is None or one.name is None or candidate.run_id != candidate.run.info.run_id:
        return (REPORT,)
    stops = any(candidate.params.get(name, "None") not in ("None", "", "0") for name in STOPS)
    acted = stops or choice.value != "last" or one.name.best
    acted = acted or any(name in candidate.metrics for name in STOPPED)
    if not acted:
        return (REPORT,)
    same = [name for name in candidate.metrics if read_name(name).figure == one.name.figure]
    points = max(len(client.get_metric_history(candidate.run_id, name)) for name in same)
    return (early_stop(points) if points > 1 else REPORT,)


def _train_loss(one: Read, sign: float) -> float | None:
    """The same measure on the training rows, where the run tells it."""
    if one.name is None:
        return None
    names = [read_name(name) for name in one.candidate.metrics]
    same = [name.name for name in names if name.core == one.name.core and name.rows == "train"]
    bare = ["loss"] if one.name.core == "loss" else []
    value = figure(one.candidate.metrics, *same, *bare)
    return None if value is None else sign * value


def _count(one: Read, settings: ReadSettings) -> int | None:
    """How many rows the score is the mean of."""
    if settings.n is not None:
        return settings.n
    examples = figure(one.candidate.metrics, EXAMPLES)
    return one.behind.count or (None if examples is None else int(examples))


def _without(choice: MetricChoice | None, candidate: Candidate) -> str:
    if candidate.aside is not None:
        return candidate.aside
    if choice is None:
        return "it has neither a validation metric nor a table of row losses"
    return f"it has no {choice.name}"


def _by_dataset(scored: Sequence[Scored], reads: Mapping[str, Read]) -> list[Scored]:
    """Runs whose rows nothing names, by what they say of their data set if they differ in it."""
    told = {one.run_id: _dataset(reads[one.run_id].candidate) for one in scored}
    unknown = [one for one in scored if one.look.holdout is None]
    if len({told[one.run_id] for one in unknown}) < 2:
        return list(scored)
    return [
        replace(one, look=replace(one.look, holdout=_unknown(told[one.run_id])))
        if one.look.holdout is None
        else one
        for one in scored
    ]


def _unknown(dataset: str | None) -> str:
    text = re.sub(r"[^\w.:/-]+", "_", dataset or "not named")
    return f"{UNKNOWN}: {text}"


def _dataset(candidate: Candidate) -> str | None:
    known = {plain(name): value for name, value in candidate.run.data.tags.items()}
    known |= {plain(name): value for name, value in candidate.params.items()}
    return next((f"{name} {known[name]}" for name in DATASETS if name in known), None)


def _at_home(scored: Sequence[Scored]) -> list[Scored]:
    """Runs that are set aside and do not name their rows stand beside most of the others."""
    counts: dict[str | None, int] = defaultdict(int)
    for one in scored:
        counts[one.look.holdout] += one.excluded is None
    if not counts or counts[None]:
        return list(scored)
    home = max(counts, key=lambda holdout: counts[holdout])
    return [
        replace(one, look=replace(one.look, holdout=home))
        if one.look.holdout is None and one.excluded is not None
        else one
        for one in scored
    ]
