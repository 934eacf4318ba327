"""Runs that viewcast did not make, as an audit takes them: candidates, their metric, their rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.assessment.study import Scored
from viewcast.base.errors import DataError
from viewcast.base.paths import cache_folder
from viewcast.tracking.artifact_cache import ArtifactCache
from viewcast.tracking.artifacts import Artifacts, each
from viewcast.tracking.metric_names import MetricName, read_name
from viewcast.tracking.read.candidate_runs import (
    Candidate,
    batches,
    candidates,
    is_search_run,
    without_repetitions,
)
from viewcast.tracking.read.data_inputs import behind
from viewcast.tracking.read.foreign_figures import Read, value_of
from viewcast.tracking.read.foreign_scored import at_home, by_dataset, scored_of
from viewcast.tracking.read.metric_choice import MetricChoice, choose, own_name
from viewcast.tracking.read.row_table import Found
from viewcast.tracking.read.row_tables import RowTables
from viewcast.tracking.read.scored_models import ScoredModels
from viewcast.tracking.read.search_results import CV_RESULTS, of_search
from viewcast.tracking.read.settings import ReadSettings


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
        RowTables(artifacts, cluster=settings.cluster)
        if settings.rows is None
        else ScoredModels(client, settings, cache)
    )
    tables.fetch([one.run for one in found if one.run_id == one.run.info.run_id])
    reads = each(found, lambda one: _read(one, choice, tables), "runs of others", remote=False)
    values = {
        one.candidate.run_id: None if choice is None else value_of(client, one, choice)
        for one in reads
    }
    own, repeating = without_repetitions(
        [one.candidate for one in reads],
        {key: x for key, x in values.items() if x is not None},
        {one.candidate.run_id for one in reads if one.found.rows is not None},
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
        scored.append(scored_of(client, one, choice, value, own_batches, settings))
    by_id = {one.candidate.run_id: one for one in reads}
    return Foreign(choice, tuple(at_home(by_dataset(scored, by_id))), by_id, tuple(dropped))


def _with_searches(found: list[Candidate], artifacts: Artifacts) -> list[Candidate]:
    """Searches of scikit-learn with all their candidates in place of the runs of the best.

    A search that has such runs had ended, even if it is FAILED: autologging breaks off after them
    where a store refuses that they name their training rows all at once.
    """
    children: dict[str, list[Candidate]] = defaultdict(list)
    for one in found:
        if one.parent is not None and is_search_run(one.parent):
            children[one.parent.info.run_id].append(one)
    parts: list[Candidate] = []
    done = {child.run_id for below in children.values() for child in below}
    for one in found:
        if is_search_run(one.run) and (one.aside is None or one.run_id in children):
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


def _without(choice: MetricChoice | None, candidate: Candidate) -> str:
    if candidate.aside is not None:
        return candidate.aside
    if choice is None:
        return "it has neither a validation metric nor a table of row losses"
    return f"it has no {choice.name}"
