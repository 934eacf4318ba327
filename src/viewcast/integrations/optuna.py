"""Studies of Optuna: a run for each trial, with the validation rows that the objective predicted.

runs = TrialRuns()

def objective(trial):
    model = fit(trial.suggest_float("rate", 1e-4, 1e-1, log=True))
    predicted = model.predict(X_valid)
    runs.keep(trial, y_valid, predicted)
    return mean_absolute_error(y_valid, predicted)

study.optimize(objective, n_trials=100, callbacks=[runs])
"""

from datetime import datetime
from threading import Lock
from typing import Any

from optuna.study import Study
from optuna.trial import BaseTrial, FrozenTrial, TrialState

from viewcast.api.rows import log_rows
from viewcast.base.errors import ConfigError
from viewcast.scoring.metrics.named import MetricLike
from viewcast.tracking.tags import BATCH_ID
from viewcast.tracking.write.row_scores import metric_that_gives
from viewcast.tracking.write.search_runs import SearchRuns

ENDS = {TrialState.COMPLETE: "FINISHED", TrialState.PRUNED: "KILLED", TrialState.FAIL: "FAILED"}
# These samplers draw a trial without a look at the values of earlier ones.
INDEPENDENT = ("RandomSampler", "GridSampler", "QMCSampler", "BruteForceSampler")
VALUE = "value"  # of the objective, as a metric


class TrialRuns:
    """A callback of ``study.optimize``; threads of one study may share it.

    The runs lie under the run that is active when this object is made, else under a new one of the
    study's name. A trial that the sampler drew in sight of earlier values is a round of its own.

    ``metric``, ``block``: see ``viewcast.log_rows``. By default the metric is the one that gives
    the first trial's value on its rows, else the usual one of such rows.
    """

    def __init__(
        self,
        *,
        metric: MetricLike | None = None,
        block: int = 1,
        run_id: str | None = None,
        tracking_uri: str | None = None,
    ) -> None:
        self.metric, self.block, self.tracking_uri = metric, block, tracking_uri
        self.kept: dict[int, tuple[Any, Any, Any]] = {}
        self.runs = SearchRuns.active(run_id, tracking_uri)
        self.lock = Lock()

    def keep(self, trial: BaseTrial, y_true: Any, y_pred: Any, keys: Any = None) -> None:
        """Called by the objective: what a trial predicted for the validation rows; see
        ``viewcast.log_rows``. A second call for the same trial replaces the first.
        """
        self.kept[trial.number] = (y_true, y_pred, keys)

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Write the run of a trial that has ended. Refuses (ConfigError) several objectives."""
        if len(study.directions) > 1:
            raise ConfigError(
                f"study {study.study_name}: {len(study.directions)} objectives; expected one: "
                "an audit prices the choice of the best by one metric"
            )
        rows = self.kept.pop(trial.number, None)
        about = {
            "direction": study.direction.name.lower(),
            "sampler": type(study.sampler).__name__,
            "trial": str(trial.number),
        }
        runs = self._under(study)
        run_id = runs.add(
            f"trial {trial.number}", trial.params, _moment(trial.datetime_start), about
        )
        alone = about["sampler"] not in INDEPENDENT
        runs.tag(run_id, {BATCH_ID: run_id if alone else runs.parent})
        if trial.value is not None:
            runs.tell(run_id, {VALUE: trial.value})
        if rows is not None and trial.state == TrialState.COMPLETE:
            self._log(run_id, trial, *rows)
        runs.end(run_id, ENDS.get(trial.state, "FAILED"), _moment(trial.datetime_complete))

    def _under(self, study: Study) -> SearchRuns:
        with self.lock:
            if self.runs is None:
                self.runs = SearchRuns.under(None, study.study_name, self.tracking_uri)
            return self.runs

    def _log(self, run_id: str, trial: FrozenTrial, y_true: Any, y_pred: Any, keys: Any) -> None:
        with self.lock:
            if self.metric is None and trial.value is not None:
                self.metric = metric_that_gives(trial.value, y_true, y_pred)
        log_rows(
            y_true,
            y_pred,
            keys,
            metric=self.metric,
            block=self.block,
            run_id=run_id,
            tracking_uri=self.tracking_uri,
        )


def _moment(moment: datetime | None) -> int | None:
    """Milliseconds since 1970."""
    return None if moment is None else int(moment.timestamp() * 1000)
