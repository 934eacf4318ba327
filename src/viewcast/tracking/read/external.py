"""Runs that viewcast did not make: the loss of each of their validation rows, or one figure."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.base.errors import ConfigError
from viewcast.scoring.loss import Loss
from viewcast.tracking.artifacts import Artifacts
from viewcast.tracking.metric_names import LOSSES, loss_named, more_is_better, usual
from viewcast.tracking.read.measured import SETTINGS
from viewcast.tracking.read.metric_choice import MetricChoice
from viewcast.tracking.read.row_tables import RowTables
from viewcast.tracking.tags import LOSS


def row_losses(client: MlflowClient, run: Run, loss: str | None = None) -> pd.DataFrame | None:
    """The loss of each validation row of a run; None where it stored none."""
    choice = None if loss is None else MetricChoice("", loss, False, "", "")
    with TemporaryDirectory() as folder:
        found = RowTables(Artifacts(client, Path(folder))).of(run, choice).rows
    return (
        None if found is None else found.keys[["entity", "time", "row"]].assign(loss=found.values)
    )


def scalar(run: Run, metric: str | None = None) -> tuple[str, float] | None:
    """Name and value of a run's validation loss: ``metric``, or the first of the usual names.

    The usual names are those of ``viewcast.tracking.metric_names``. One that does not name its
    rows (``mean_squared_error``) is taken if nothing better is there, and believed to be of the
    validation rows. The value is the last that was logged and may not be finite. None where the
    run has no such metric.

    Refuses (ConfigError) a metric of which more is better, such as accuracy.
    """
    if metric is not None and more_is_better(metric):
        raise ConfigError(
            f"metric = {metric}: more of it is better; expected a loss, of which less is better, "
            f"such as val_loss; run {run.info.run_id} has {', '.join(run.data.metrics) or 'none'}"
        )
    values: dict[str, float] = run.data.metrics
    name = usual(values) if metric is None else metric
    return None if name is None or name not in values else (name, values[name])


def measure_of(run: Run, loss: str | None = None) -> Loss:
    """The loss by which a run's predictions are scored; see ``row_losses``."""
    if loss is not None and loss not in LOSSES:
        raise ConfigError(f"loss = {loss}: unknown; allowed: {', '.join(LOSSES)}")
    tags, params = run.data.tags, run.data.params
    names = (loss, tags.get(LOSS), *(params.get(setting) for setting in SETTINGS))
    named = next(filter(None, (loss_named(name) for name in names if name)), None)
    if named is not None:
        return named
    measured = [loss_named(name) for name in run.data.metrics]
    return LOSSES["mse"] if LOSSES["mse"] in measured else LOSSES["mae"]
