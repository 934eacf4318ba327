"""A callback of XGBoost: the validation rows at the best iteration, the iterations as looks.

model = XGBClassifier(early_stopping_rounds=20, callbacks=[ValidationRows(X_valid, y_valid)])
model.fit(X, y, eval_set=[(X_valid, y_valid)])
"""

from typing import Any

from xgboost import Booster, DMatrix
from xgboost.callback import TrainingCallback

from viewcast.api.rows import log_rows
from viewcast.base.errors import ConfigError
from viewcast.scoring.metrics.named import MetricLike


class ValidationRows(TrainingCallback):  # type: ignore[misc]
    """Logs the rows to the active run when training ends.

    With early stopping, each scored iteration is a look, and the rows are those of the best.
    ``metric``, ``keys``, ``block``: see ``viewcast.log_rows``. Raises ConfigError in
    ``xgboost.cv``, whose models share no rows.
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        *,
        metric: MetricLike | None = None,
        keys: Any = None,
        block: int = 1,
    ) -> None:
        super().__init__()
        self.X, self.y = X, y
        self.metric, self.keys, self.block = metric, keys, block
        self.looks = 0

    def before_training(self, model: Any) -> Any:
        """Another training counts anew."""
        self.looks = 0
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Count the iterations that were scored."""
        self.looks += bool(evals_log)
        return False

    def after_training(self, model: Any) -> Any:
        """Log the rows of the kept iterations."""
        if not isinstance(model, Booster):
            raise ConfigError(
                "xgboost.cv fits one model per fold; expected xgboost.train or fit; log "
                "out-of-fold predictions yourself: viewcast.log_rows(y, predicted)"
            )
        best = model.attr("best_iteration")
        trees = (0, 0) if best is None else (0, int(best) + 1)  # (0, 0) means all
        log_rows(
            self.y,
            model.predict(DMatrix(self.X), iteration_range=trees),
            self.keys,
            metric=self.metric,
            block=self.block,
            looks=1 if best is None else max(self.looks, 1),
        )
        return model
