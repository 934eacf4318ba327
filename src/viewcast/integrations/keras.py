"""A callback of Keras: the validation rows of the model as training leaves it.

model.fit(
    X, y, validation_data=(X_valid, y_valid), epochs=50,
    callbacks=[EarlyStopping(restore_best_weights=True), ValidationRows(X_valid, y_valid)],
)
"""

from typing import Any

from keras.callbacks import Callback

from viewcast.api.rows import log_rows
from viewcast.integrations.logits import probabilities
from viewcast.scoring.metrics.named import MetricLike


class ValidationRows(Callback):  # type: ignore[misc]
    """Predicts the rows once, when training has ended, and logs them to the active run.

    It must be the last of the callbacks: those before it have then restored the weights that are
    kept. ``chosen``: whether an epoch was chosen by these rows (EarlyStopping, ModelCheckpoint);
    all epochs that scored them are then looks. ``metric``, ``keys``, ``block``: see
    ``viewcast.log_rows``. Logits become probabilities (``viewcast.integrations.logits``).
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        *,
        chosen: bool = True,
        metric: MetricLike | None = None,
        keys: Any = None,
        block: int = 1,
    ) -> None:
        super().__init__()
        self.X, self.y, self.chosen = X, y, chosen
        self.metric, self.keys, self.block = metric, keys, block
        self.epochs = 0

    def on_train_begin(self, logs: Any = None) -> None:
        """Another training of the same model counts anew."""
        self.epochs = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Count the epochs that scored validation rows."""
        self.epochs += any(name.startswith("val_") for name in logs or {})

    def on_train_end(self, logs: Any = None) -> None:
        """Log the rows of the model that is kept."""
        log_rows(
            self.y,
            probabilities(self.model.predict(self.X, verbose=0), self.y),
            self.keys,
            metric=self.metric,
            block=self.block,
            looks=max(self.epochs, 1) if self.chosen else 1,
        )
