"""A callback of LightGBM: the validation rows at the best iteration, the iterations as looks.

lightgbm.train(
    params, train, 1000, valid_sets=[valid],
    callbacks=[ValidationRows(X_valid, y_valid, early_stopping=lightgbm.early_stopping(20))],
)
"""

from collections.abc import Callable
from typing import Any

from lightgbm import Booster
from lightgbm.callback import CallbackEnv, EarlyStopException

from viewcast.api.rows import log_rows
from viewcast.base.errors import ConfigError
from viewcast.scoring.metrics.named import MetricLike


class ValidationRows:
    """Logs the rows to the active run when training ends.

    ``early_stopping``: the callback of ``lightgbm.early_stopping``, which must be given here and
    not beside this one: LightGBM tells nobody else that it has stopped. Each scored iteration is
    then a look, and the rows are those of the best. ``metric``, ``keys``, ``block``: see
    ``viewcast.log_rows``. Raises ConfigError in ``lightgbm.cv``, whose models share no rows.
    """

    order = 30  # LightGBM calls callbacks in this order; early stopping has 30
    before_iteration = False

    def __init__(
        self,
        X: Any,
        y: Any,
        *,
        early_stopping: Callable[[CallbackEnv], None] | None = None,
        metric: MetricLike | None = None,
        keys: Any = None,
        block: int = 1,
    ) -> None:
        self.X, self.y, self.early_stopping = X, y, early_stopping
        self.metric, self.keys, self.block = metric, keys, block

    def __call__(self, env: CallbackEnv) -> None:
        """After each iteration."""
        if not isinstance(env.model, Booster):
            raise ConfigError(
                "lightgbm.cv fits one model per fold; expected lightgbm.train or fit; log "
                "out-of-fold predictions yourself: viewcast.log_rows(y, predicted)"
            )
        done = env.iteration + 1
        try:
            if self.early_stopping is not None:
                self.early_stopping(env)
        except EarlyStopException as stop:
            self._log(env.model, stop.best_iteration + 1, done - env.begin_iteration)
            raise
        if done == env.end_iteration:
            self._log(env.model, done, 1)

    def _log(self, model: Booster, trees: int, looks: int) -> None:
        log_rows(
            self.y,
            model.predict(self.X, num_iteration=trees),
            self.keys,
            metric=self.metric,
            block=self.block,
            looks=looks,
        )
