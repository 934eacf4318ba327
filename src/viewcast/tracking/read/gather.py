"""From the runs of an experiment on any MLflow server to the studies that an audit can price."""

import hashlib
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException

from viewcast.audit.row_losses import RowLosses
from viewcast.audit.study import Opened, Scored, Study, studies
from viewcast.base.errors import ConfigError, DataError, TrackingError
from viewcast.holdout.looks import Look
from viewcast.tracking.look_tags import HOLDOUT, PARENT, look_of
from viewcast.tracking.read import external
from viewcast.tracking.read.artifacts import Artifacts, each, local
from viewcast.tracking.read.native import Own
from viewcast.tracking.read.run_metadata import (
    CANDIDATE,
    CANDIDATES,
    VALIDATING,
    dataset,
    facts,
    figure,
    look_at,
    of_viewcast,
)
from viewcast.tracking.store import SQLITE, all_runs, related

RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
OPEN, OPENED = "viewcast.sealed_open", "viewcast.opened_run"


@dataclass(frozen=True, eq=False)
class Gathered:
    """An experiment: its studies, the openings of sealed tests, and its runs by their id.

    ``experiment_ids``: of the experiment and of those that belong to it.
    """

    client: MlflowClient
    experiment_ids: list[str]
    experiment: str
    studies: list[Study]
    opened: list[Opened]
    runs: dict[str, Run]


def gather(
    uri: str,
    experiment: str,
    holdout: str | None = None,
    metric: str | None = None,
    beside: bool = False,
) -> Gathered:
    """Everything that was scored in an experiment; nothing is written.

    ``beside``: in those that belong to it as well (``viewcast.tracking.store.related``).
    ``holdout``: only the one whose identity begins so, null for all. ``metric``: the validation
    loss of runs that viewcast did not make, null to find it by its usual names.

    Raises TrackingError where the server cannot be reached or an artifact not be fetched;
    ConfigError for an unknown experiment, holdout or metric, with those there are; DataError where
    no run was scored.
    """
    client, experiment_id = reach(uri, experiment)
    try:
        ids = related(client, experiment) if beside else [experiment_id]
        return _gathered(client, ids, experiment, holdout, metric)
    except MlflowException as error:
        raise TrackingError(
            f"tracking.uri = {uri}: broke off ({error}); type the same again once it answers"
        ) from error


def _gathered(
    client: MlflowClient,
    ids: list[str],
    experiment: str,
    holdout: str | None,
    metric: str | None,
) -> Gathered:
    runs = [run for run in all_runs(client, ids) if OPEN not in run.data.tags]
    if not runs:
        raise DataError(f"experiment = {experiment}: no run yet; train one, then audit")
    with TemporaryDirectory() as folder:
        scored, choices = _scored(client, runs, Path(folder), metric)
    if not scored:
        _refuse_unscored(runs, experiment, metric)
    found = studies(scored, choices)
    if holdout is not None:
        known = ", ".join(sorted(one.holdout for one in found))
        found = [one for one in found if one.holdout.startswith(holdout)]
        if not found:
            raise ConfigError(f"holdout = {holdout}: unknown; this experiment has {known}")
    by_id = {run.info.run_id: run for run in runs}
    opened = _opened(client, ids, by_id)
    return Gathered(client, ids, experiment, found, opened, by_id)


def reach(uri: str, experiment: str) -> tuple[MlflowClient, str]:
    """A client and the id of an experiment that is there; neither is made.

    Raises TrackingError where the server does not answer, ConfigError for an unknown experiment.
    """
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).is_file():
        raise TrackingError(f"tracking.uri = {uri}: no such file; type `make run`, or mend the uri")
    try:
        with _few_tries():
            client = MlflowClient(uri)
            found = client.get_experiment_by_name(experiment)
            known = [] if found else [one.name for one in client.search_experiments()]
    except (MlflowException, OSError) as error:
        raise TrackingError(
            f"tracking.uri = {uri}: cannot be used ({error}); start the server, or mend the uri"
        ) from error
    if found is None:
        raise ConfigError(
            f"experiment = {experiment}: unknown to {uri}; allowed: {', '.join(known) or 'none'}"
        )
    return client, str(found.experiment_id)


@contextmanager
def _few_tries() -> Iterator[None]:
    """Whether a server is there shows at once; MLflow would try for minutes."""
    given = os.environ.get(RETRIES)
    os.environ.setdefault(RETRIES, "1")
    try:
        yield
    finally:
        if given is None:
            del os.environ[RETRIES]


def _scored(
    client: MlflowClient, runs: Sequence[Run], folder: Path, metric: str | None
) -> tuple[list[Scored], list[Look]]:
    own = Own(client, Artifacts(client, folder))
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
    afar = any(local(run) is None for run in runs)
    scored = [one for found in each(singles, own.single, "runs", afar) for one in found]
    choices: list[Look] = []
    for run_id, parent_run in parents.items():
        found, choice = own.sweep(parent_run, children[run_id])
        scored += found
        choices += choice
    made = each(others, lambda run: _of_others(client, run, metric), "runs of others", afar)
    return scored + [one for one in made if one is not None], choices


def _of_others(client: MlflowClient, run: Run, metric: str | None) -> Scored | None:
    """A run that keeps no record of its looks: row losses where it stored any, else one figure."""
    why = None
    try:
        table = external.row_losses(client, run)
    except DataError as error:
        table, why = None, str(error)
    told = external.scalar(run, metric)
    if table is None and told is None:
        return None
    rows = dataset(run, VALIDATING)
    named = run.data.tags.get(HOLDOUT) or (str(rows.digest) if rows else None)
    if named is None and table is not None:
        named = _identity(table)
    look = look_of(run, client) or look_at(run, named)
    own = facts(run)
    if table is not None:
        losses = RowLosses(table[["entity", "time", "row"]], table["loss"].to_numpy())
        shown = float(losses.final.mean())
    else:
        assert told is not None
        losses, shown = None, told[1]
        own = replace(own, loss=told[0])
        if not math.isfinite(shown):
            why = f"its {told[0]} is {shown}"
    return Scored(
        look=replace(look, holdout=named),
        facts=own,
        train_loss=figure(run.data.metrics, "train_loss", "training_loss", "loss"),
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
    """Openings of sealed tests by time; one that was deleted happened all the same."""
    mark = f"tags.`{OPEN}` = '1'"
    found = client.search_runs(ids, mark, ViewType.ALL, order_by=["start_time"])
    opened = []
    for run in found:
        tags, metrics = run.data.tags, run.data.metrics
        tested = runs.get(tags.get(OPENED, ""))
        opened.append(
            Opened(
                run_id=tags.get(OPENED, run.info.run_id),
                name=str(tested.info.run_name if tested else run.info.run_name),
                holdout=tested.data.tags.get(HOLDOUT) if tested else None,
                data=tags.get("viewcast.data", ""),
                start=int(run.info.start_time),
                user=tags.get("mlflow.user", "unknown"),
                reason=tags.get("viewcast.reason"),
                loss=figure(metrics, "test_loss"),
                error=figure(metrics, "test_error"),
                reuse=int(tags.get("viewcast.reuse", 0)),
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
