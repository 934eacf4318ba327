"""From the runs of an experiment on any MLflow server to the studies that an audit evaluates."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from viewcast.assessment.row_losses import RowLosses
from viewcast.assessment.study import Opened, Scored, studies
from viewcast.base.errors import ConfigError, DataError, TrackingError
from viewcast.holdout.looks import Look
from viewcast.tracking.artifacts import Artifacts, each, local
from viewcast.tracking.gathered import Gathered
from viewcast.tracking.look_tags import look_at, look_of
from viewcast.tracking.read import external
from viewcast.tracking.read.native import NativeRuns
from viewcast.tracking.read.run_metadata import VALIDATING, dataset, facts, figure, of_viewcast
from viewcast.tracking.read.settings import ReadSettings
from viewcast.tracking.store import all_runs, connect_existing, related
from viewcast.tracking.tags import (
    CANDIDATE,
    CANDIDATES,
    DATA,
    HOLDOUT,
    OPENED_RUN,
    PARENT,
    REASON,
    REUSE,
    TEST_ERROR,
    TEST_LOSS,
    TEST_OPENING,
    TRAIN_LOSS,
    USER,
)

DEFAULT = ReadSettings()


def gather(
    uri: str,
    experiment: str,
    settings: ReadSettings = DEFAULT,
    beside: bool = False,
) -> Gathered:
    """Everything that was scored in an experiment; nothing is written.

    ``beside``: in those that belong to it as well (``viewcast.tracking.store.related``).
    ``settings``: what is said of runs that viewcast did not make.

    Raises TrackingError where the server cannot be reached or an artifact not be fetched;
    ConfigError for an unknown experiment, holdout or metric, with those there are; DataError where
    no run was scored.
    """
    client, experiment_id = connect_existing(uri, experiment)
    try:
        ids = related(client, experiment) if beside else [experiment_id]
        return _gathered(client, ids, experiment, settings)
    except MlflowException as error:
        raise TrackingError(
            f"tracking.uri = {uri}: broke off ({error}); type the same again once it answers"
        ) from error


def _gathered(
    client: MlflowClient,
    ids: list[str],
    experiment: str,
    settings: ReadSettings,
) -> Gathered:
    runs = [run for run in all_runs(client, ids) if TEST_OPENING not in run.data.tags]
    if not runs:
        raise DataError(f"experiment = {experiment}: no run yet; train one, then audit")
    with TemporaryDirectory() as folder:
        scored, choices = _scored(client, runs, Path(folder), settings.metric)
    if not scored:
        _refuse_unscored(runs, experiment, settings.metric)
    selected = studies(scored, choices)
    if settings.holdout is not None:
        known = ", ".join(sorted(study.holdout for study in selected))
        selected = [study for study in selected if study.holdout.startswith(settings.holdout)]
        if not selected:
            raise ConfigError(f"holdout = {settings.holdout}: unknown; this experiment has {known}")
    by_id = {run.info.run_id: run for run in runs}
    opened = _opened(client, ids, by_id)
    return Gathered(client, ids, experiment, selected, opened, by_id)


def _scored(
    client: MlflowClient, runs: Sequence[Run], folder: Path, metric: str | None
) -> tuple[list[Scored], list[Look]]:
    native = NativeRuns(client, Artifacts(client, folder))
    parents = {run.info.run_id: run for run in runs if CANDIDATES in run.data.tags}
    children: dict[str, list[Run]] = {run_id: [] for run_id in parents}
    singles: list[Run] = []
    others: list[Run] = []
    for run in runs:
        parent = run.data.tags.get(PARENT)
        if CANDIDATE in run.data.tags and parent in children:
            children[parent].append(run)
        elif run.info.run_id not in parents:
            (singles if of_viewcast(run) else others).append(run)
    remote = any(local(run) is None for run in runs)
    parts = each(singles, native.single, "runs", remote)
    scored = [result for part in parts for result in part]
    choices: list[Look] = []
    for run_id, parent_run in parents.items():
        candidates, choice = native.sweep(parent_run, children[run_id])
        scored += candidates
        choices += choice
    made = each(others, lambda run: _external(client, run, metric), "runs of others", remote)
    return scored + [result for result in made if result is not None], choices


def _external(client: MlflowClient, run: Run, metric: str | None) -> Scored | None:
    """A run that keeps no record of its looks: row losses where it stored any, else one figure."""
    why = None
    try:
        table = external.row_losses(client, run)
    except DataError as error:
        table, why = None, str(error)
    scalar = external.scalar(run, metric)
    if table is None and scalar is None:
        return None
    rows = dataset(run, *VALIDATING)
    holdout = run.data.tags.get(HOLDOUT) or (str(rows.digest) if rows else None)
    if holdout is None and table is not None:
        holdout = _identity(table)
    look = look_of(run, client) or look_at(run, holdout)
    own = facts(run)
    if table is not None:
        losses = RowLosses(table[["entity", "time", "row"]], table["loss"].to_numpy())
        shown = float(losses.final.mean())
    else:
        assert scalar is not None
        losses, shown = None, scalar[1]
        own = replace(own, loss=scalar[0])
        if not math.isfinite(shown):
            why = f"its {scalar[0]} is {shown}"
    return Scored(
        look=replace(look, holdout=holdout),
        facts=own,
        train_loss=figure(run.data.metrics, TRAIN_LOSS, "training_loss", "loss"),
        shown=shown if math.isfinite(shown) else None,
        rows=losses,
        excluded=why,
    )


def _identity(table: pd.DataFrame) -> str:
    """Identity of a set of rows by their keys, in whatever order (16 hex)."""
    keys = zip(table["entity"], table["time"], table["row"], strict=True)
    lines = sorted("\x1f".join(key) for key in keys)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


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
                reuse=int(tags.get(REUSE, 0)),
            )
        )
    return opened


def _refuse_unscored(runs: Sequence[Run], experiment: str, metric: str | None) -> None:
    known = sorted({name for run in runs for name in run.data.metrics})
    shown = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
    if metric is not None and metric not in known:
        raise ConfigError(
            f"metric = {metric}: no run of experiment {experiment} has it; "
            f"allowed: {shown or 'none: these runs have no metrics'}"
        )
    raise DataError(
        f"experiment = {experiment}: none of its {len(runs)} runs tells a validation loss or the "
        f"losses of its rows; name the metric (metric=...), there are: {shown or 'none'}"
    )
