"""From the runs of an experiment on any MLflow server to the studies that an audit evaluates."""

from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.assessment.refereed import Refereed
from viewcast.assessment.study import Opened, Scored, Study, studies
from viewcast.base.errors import ConfigError, DataError, TrackingError
from viewcast.holdout.looks import Look
from viewcast.tracking.answers import OF_REQUESTS, told
from viewcast.tracking.artifacts import Artifacts, each, local
from viewcast.tracking.experiments import connect_project
from viewcast.tracking.gathered import Gathered
from viewcast.tracking.metric_names import read_name
from viewcast.tracking.patience import LATER, patience
from viewcast.tracking.read.alike import clustered
from viewcast.tracking.read.candidate_runs import batches, is_search_run, of_run
from viewcast.tracking.read.data_inputs import behind
from viewcast.tracking.read.foreign_runs import read
from viewcast.tracking.read.logged_models import tells_model
from viewcast.tracking.read.native import NativeRuns
from viewcast.tracking.read.refereed import referees
from viewcast.tracking.read.run_metadata import figure, of_viewcast
from viewcast.tracking.read.settings import ReadSettings
from viewcast.tracking.read.understood import Asked, understood
from viewcast.tracking.referee_runs import is_refereed
from viewcast.tracking.store import all_runs, connect_existing, experiment_names
from viewcast.tracking.tags import (
    CANDIDATE,
    CANDIDATES,
    DATA,
    HOLDOUT,
    LOOK_KEY,
    LOSS,
    MORE_IS_BETTER,
    OPENED_RUN,
    PARENT,
    REASON,
    REUSE,
    TEST_ERROR,
    TEST_LOSS,
    TEST_OPENING,
    USER,
)

SHOWN = 12  # metrics in an error
DEFAULT = ReadSettings()


def gather(
    uri: str,
    experiment: str,
    settings: ReadSettings = DEFAULT,
    beside: bool = False,
) -> Gathered:
    """Everything that was scored in an experiment; nothing is written.

    ``beside``: in the experiments of a project, ``experiment`` and ``<experiment>-…``, without
    those of its nights (``viewcast.tracking.experiments``).
    ``settings``: what is said of runs that viewcast did not make.

    Raises TrackingError where the server cannot be reached or an artifact not be fetched;
    ConfigError for an unknown experiment, holdout or metric, with those there are; DataError where
    no run was scored.
    """
    if beside:
        client, ids = connect_project(uri, experiment)
    else:
        client, experiment_id = connect_existing(uri, experiment)
        ids = [experiment_id]
    try:
        with patience(LATER):
            return _gathered(client, ids, uri, experiment, settings)
    except OF_REQUESTS as error:
        raise TrackingError(
            f"tracking.uri = {uri}: {told(error, uri)}; then type the same again"
        ) from error


def _gathered(
    client: MlflowClient,
    ids: list[str],
    uri: str,
    experiment: str,
    settings: ReadSettings,
) -> Gathered:
    known_runs = [run for run in all_runs(client, ids) if TEST_OPENING not in run.data.tags]
    if not known_runs:
        raise DataError(f"experiment = {experiment}: no run yet; train one, then audit")
    refereed = [run for run in known_runs if is_refereed(run)]
    runs = [run for run in known_runs if not is_refereed(run)]
    with TemporaryDirectory() as folder:
        native, foreign = _parts(runs, settings.metric)
        scored, choices = _scored(client, native, Path(folder))
        scored = _in_rounds(scored, native, runs)
        others = read(client, foreign, settings, Path(folder))
        scored += others.scored
        if not scored and not refereed:
            _refuse_unscored(runs, experiment)
        scored = clustered(scored, settings.cluster, set(others.reads or ()))
        asked = Asked(uri, experiment)
        selected = [understood(study, others, asked) for study in studies(scored, choices)]
        selected.sort(key=lambda study: (-len(study.runs), study.runs[0].look.start))
        names = experiment_names(client) if refereed else {}
        told_apart = referees(Artifacts(client, Path(folder)), refereed, selected, names)
    if settings.holdout is not None:
        selected, told_apart = _of_holdout(selected, told_apart, settings.holdout)
    by_id = {run.info.run_id: run for run in known_runs}
    opened = _opened(client, ids, by_id)
    return Gathered(client, ids, experiment, selected, opened, by_id, told_apart)


def _of_holdout(
    selected: list[Study], refereed: list[Refereed], holdout: str
) -> tuple[list[Study], list[Refereed]]:
    """What is of one holdout; ``holdout``: its first digits."""
    known = {study.holdout for study in selected} | {each.plan.holdout for each in refereed}
    if not any(each.startswith(holdout) for each in known):
        listed = ", ".join(sorted(known))
        raise ConfigError(f"holdout = {holdout}: unknown; this experiment has {listed}")
    return (
        [study for study in selected if study.holdout.startswith(holdout)],
        [each for each in refereed if each.plan.holdout.startswith(holdout)],
    )


def _parts(runs: Sequence[Run], metric: str | None) -> tuple[list[Run], list[Run]]:
    """Runs that keep the record of their looks, with the sweeps they are from; and all others.

    The search that runs with rows are from is neither: it repeats what they tell. Rows that were
    logged by one metric, and are to be judged by another, are read like those of others.
    """
    sweeps = {run.info.run_id for run in runs if CANDIDATES in run.data.tags}
    native = [
        run
        for run in runs
        if run.info.run_id in sweeps
        or (of_viewcast(run) and not _judged_anew(run, metric))
        or (CANDIDATE in run.data.tags and run.data.tags.get(PARENT) in sweeps)
    ]
    own = {run.info.run_id for run in native}
    others = [run for run in runs if run.info.run_id not in own]
    told = {run.data.tags.get(PARENT, "") for run in runs if LOOK_KEY in run.data.tags}
    return native, _without_told(others, told)


def _without_told(runs: Sequence[Run], parents: Set[str]) -> list[Run]:
    """Without the ``parents`` of runs that told their rows: these say all that a parent could.

    The runs that autologging made of a search of scikit-learn go with it: each is among those.
    """
    searches = {run.info.run_id for run in runs if is_search_run(run)} & parents
    return [
        run
        for run in runs
        if run.info.run_id not in parents
        and (LOOK_KEY in run.data.tags or run.data.tags.get(PARENT) not in searches)
    ]


def _in_rounds(scored: list[Scored], native: Sequence[Run], runs: Sequence[Run]) -> list[Scored]:
    """Runs that somebody's code logged under one parent, told apart where each may have been drawn
    in sight of the one before it.
    """
    by_id = {run.info.run_id: run for run in runs}
    logged = [run for run in native if MORE_IS_BETTER in run.data.tags]
    own = batches([of_run(run, by_id.get(run.data.tags.get(PARENT, ""))) for run in logged])
    return [
        replace(one, look=replace(one.look, batch_id=own[one.run_id])) if one.run_id in own else one
        for one in scored
    ]


def _judged_anew(run: Run, metric: str | None) -> bool:
    """Whether somebody's code logged the rows, and ``metric`` is not the one they are judged by."""
    if metric is None or MORE_IS_BETTER not in run.data.tags:
        return False
    return bool((read_name(metric).measure or metric) != run.data.tags.get(LOSS))


def _scored(
    client: MlflowClient, native_runs: Sequence[Run], folder: Path
) -> tuple[list[Scored], list[Look]]:
    native = NativeRuns(client, Artifacts(client, folder))
    parents = {run.info.run_id: run for run in native_runs if CANDIDATES in run.data.tags}
    children: dict[str, list[Run]] = {run_id: [] for run_id in parents}
    singles: list[Run] = []
    for run in native_runs:
        parent = run.data.tags.get(PARENT)
        if CANDIDATE in run.data.tags and parent in children:
            children[parent].append(run)
        elif run.info.run_id not in parents:
            singles.append(run)
    remote = any(local(run) is None for run in native_runs)
    parts = each(singles, native.single, "runs", remote)
    scored = [result for part in parts for result in part]
    choices: list[Look] = []
    for run_id, parent_run in parents.items():
        candidates, choice = native.sweep(parent_run, children[run_id])
        scored += candidates
        choices += choice
    return scored, choices


def _opened(client: MlflowClient, ids: list[str], runs: dict[str, Run]) -> list[Opened]:
    """Openings of sealed tests by time; deleted ones count too."""
    openings = all_runs(client, ids, f"tags.`{TEST_OPENING}` = '1'", deleted=True)
    opened = []
    for run in sorted(openings, key=lambda run: (int(run.info.start_time), run.info.run_id)):
        tags, metrics = run.data.tags, run.data.metrics
        tested = runs.get(tags.get(OPENED_RUN, ""))
        opened.append(
            Opened(
                run_id=tags.get(OPENED_RUN, run.info.run_id),
                name=str(tested.info.run_name if tested else run.info.run_name),
                holdout=tested.data.tags.get(HOLDOUT) if tested else None,
                data=tags.get(DATA, ""),
                start=int(run.info.start_time),
                user=tags.get(USER, "unknown"),
                reason=tags.get(REASON),
                loss=figure(metrics, TEST_LOSS),
                error=figure(metrics, TEST_ERROR),
                reuse=_count(tags.get(REUSE, "0")),
            )
        )
    return opened


def _count(told: str) -> int:
    """What a tag counts; 0 where somebody has put something else there."""
    return int(told) if told.isdecimal() and len(told) < 10 else 0


def _refuse_unscored(runs: Sequence[Run], experiment: str) -> NoReturn:
    """Nothing tells a validation score: what could be meant, or what to log."""
    names = {read_name(name) for run in runs for name in run.data.metrics}
    known = sorted(name.name for name in names)
    meant = sorted(
        name.name
        for name in names
        if not name.technical
        and not all(behind(run, name).training for run in runs if name.name in run.data.metrics)
    )
    shown = ", ".join(known[:SHOWN]) + (", …" if len(known) > SHOWN else "") or "none"
    todo = (
        f"if one of these is the score of validation rows, name it: --metric {meant[0]}"
        + (f" (or {', '.join(meant[1:SHOWN])})" if meant[1:] else "")
        if meant
        else "log the validation score of each run (val_loss), or its rows: viewcast.log_rows"
    )
    if any(map(tells_model, runs)):
        todo += (
            "; they logged models, which can be scored on rows of yours: "
            "--rows valid.parquet --target y --load-models"
        )
    raise DataError(
        f"experiment = {experiment}: none of its {len(runs)} runs tells a validation score or the "
        f"losses of its rows; {todo}; metrics there are: {shown}"
    )
