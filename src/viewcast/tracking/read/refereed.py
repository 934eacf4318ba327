"""Referees as the runs of an experiment tell them, and who read their rows outside of them.

Submissions have no score, so that these runs take no part in a study. Of a closed referee the
artifact ``closing.json`` tells all; of an open one, its runs.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pandas as pd
from mlflow.entities import Run

from viewcast.assessment.refereed import (
    RawReader,
    Refereed,
    acceptances,
    by_submitter,
    gain_of,
)
from viewcast.assessment.refereed_sentences import told
from viewcast.assessment.study import Study
from viewcast.base.errors import DataError
from viewcast.base.parse import json_of
from viewcast.base.quoted import shortened
from viewcast.data.stretches import has_stretch
from viewcast.data.table import TARGET, holdout
from viewcast.referee.record import Closing, Submitted, closing_of
from viewcast.referee.terms import Plan
from viewcast.tracking.artifacts import Artifacts
from viewcast.tracking.referee_runs import CLOSED, is_submission, plan_of, submitted_of
from viewcast.tracking.tags import REFEREE, REFEREE_CLOSING, REFEREE_OUTSIDE, REFEREE_STATE


def referees(
    artifacts: Artifacts,
    runs: Sequence[Run],
    studies: Sequence[Study],
    experiments: Mapping[str, str],
) -> list[Refereed]:
    """The referees of some runs, by their start.

    ``runs``: of referees and of submissions; ``studies``: of all other runs; ``experiments``: names
    by id. Raises DataError for damaged tags and a damaged artifact, TrackingError where that cannot
    be fetched.
    """
    by_plan: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_plan[run.data.tags[REFEREE]].append(run)
    identities = [(study, _identities(study)) for study in studies] if runs else []
    found = []
    for same in by_plan.values():
        parents = [run for run in same if not is_submission(run)]
        if not parents:  # somebody has deleted it: its submissions say nothing without the plan
            continue
        parent = min(parents, key=_start)
        shared = _shared(artifacts, parent)
        readers = [
            reader
            for study, known in identities
            for reader in _readers(study, known, parent, same, shared)
        ]
        where = experiments.get(str(parent.info.experiment_id), "")
        found.append((_start(parent), _refereed(artifacts, parent, same, readers, where)))
    return [refereed for _, refereed in sorted(found, key=lambda each: each[0])]


def _refereed(
    artifacts: Artifacts,
    parent: Run,
    runs: Sequence[Run],
    readers: Sequence[RawReader],
    experiment: str,
) -> Refereed:
    plan, closing = plan_of(parent), _closing(artifacts, parent)
    submissions = _submissions(runs) if closing is None else closing.submissions
    moment = None if closing is None else datetime.fromtimestamp(closing.closed / 1000, UTC)
    return told(
        Refereed(
            run_id=str(parent.info.run_id),
            experiment=experiment,
            plan=plan,
            plan_hash=plan.hash,
            submissions=len(submissions),
            accepted=acceptances(submissions),
            left=min((one.left for one in submissions), default=plan.terms.budget),
            by_submitter=by_submitter(submissions),
            gain=None if closing is None else gain_of(closing),
            closed=None if moment is None else moment.isoformat(timespec="seconds"),
            closed_by=None if closing is None else closing.closed_by,
            deviations=() if closing is None else closing.deviations,
            raw_readers=tuple(readers),
        )
    )


def _submissions(runs: Sequence[Run]) -> tuple[Submitted, ...]:
    own = (submitted_of(run) for run in runs if is_submission(run))
    return tuple(sorted(own, key=lambda one: one.number))


def _closing(artifacts: Artifacts, parent: Run) -> Closing | None:
    if parent.data.tags.get(REFEREE_STATE) != CLOSED:
        return None
    where = f"run {parent.info.run_id} ({parent.info.run_name}), artifact {REFEREE_CLOSING}"
    path = artifacts.path(parent, REFEREE_CLOSING)
    if path is None:
        raise DataError(f"{where}: missing, and the referee is closed; bring it back")
    try:
        return closing_of(json_of(path.read_text(encoding="utf-8")))
    except ValueError as error:
        why = shortened(str(error), 200)
        raise DataError(f"{where}: damaged ({why}); bring it back") from error
    except DataError as error:
        raise DataError(f"{where}: {error}") from error


def _rows(study: Study) -> pd.DataFrame | None:
    """The rows of a study with their targets, where these are known."""
    keys = study.keys
    return None if keys is None or TARGET not in keys or keys[TARGET].isna().any() else keys


def _identities(study: Study) -> set[str]:
    """The identities of a study's rows: other people's tables have one of their own beside it."""
    rows = _rows(study)
    return {study.holdout} if rows is None else {study.holdout, holdout(rows)}


def _has_all(study: Study, identities: set[str], plan: Plan) -> bool:
    """Whether a study's rows are those of a referee, or those are a stretch of them."""
    if plan.holdout in identities:
        return True
    rows = _rows(study)
    return rows is not None and has_stretch(rows, plan.rows, plan.holdout)


def _shared(artifacts: Artifacts, parent: Run) -> dict[str, int]:
    """How many of its rows other runs were shown, by their id, as a closed referee has found."""
    path = artifacts.path(parent, REFEREE_OUTSIDE)
    if path is None:
        return {}
    where = f"run {parent.info.run_id} ({parent.info.run_name}), artifact {REFEREE_OUTSIDE}"
    try:
        return {
            str(run): int(rows) for run, rows in json_of(path.read_text(encoding="utf-8")).items()
        }
    except (ValueError, OverflowError, AttributeError, TypeError) as error:
        why = shortened(str(error), 200)
        raise DataError(f"{where}: damaged ({why}); bring it back, or delete it") from error


def _readers(
    study: Study,
    identities: set[str],
    parent: Run,
    runs: Sequence[Run],
    shared: Mapping[str, int],
) -> list[RawReader]:
    """The runs of a study that were shown scores of the referee's rows; ``shared``: how many, where
    it is some of them.
    """
    if not any(run.look.scores for run in study.runs):
        return []
    whole = _has_all(study, identities, plan_of(parent))
    submitters = {submitted_of(run).submitter for run in runs if is_submission(run)}
    return [
        RawReader(
            run_id=run.run_id,
            name=run.facts.name,
            user=run.look.user,
            scores=run.look.scores,
            rows=None if whole else shared[run.run_id],
            submitter=run.look.user in submitters,
        )
        for run in study.runs
        if run.look.scores and (whole or run.run_id in shared)
    ]


def _start(run: Run) -> tuple[int, str]:
    return int(run.info.start_time or 0), str(run.info.run_id)
