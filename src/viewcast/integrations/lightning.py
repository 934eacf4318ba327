"""A callback of Lightning: the validation rows of the kept epoch, with the epochs as looks.

trainer = Trainer(max_epochs=50, callbacks=[ModelCheckpoint(monitor="val_loss"), ValidationRows()])
trainer.fit(model, train_loader, validation_loader)
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from viewcast.api.rows import log_rows
from viewcast.base.errors import ConfigError, DataError
from viewcast.integrations.kept_state import KeptState
from viewcast.integrations.logits import probabilities
from viewcast.scoring.metrics.given import as_array
from viewcast.scoring.metrics.named import MetricLike

if "lightning" in sys.modules:  # one of the two packages is in use, and they do not mix
    from lightning.pytorch.callbacks import Callback
else:
    from pytorch_lightning.callbacks import Callback

Told = tuple[Any, Any]  # targets (N,), predictions (N,) or (N, C)


class ValidationRows(Callback):  # type: ignore[misc]
    """Logs the rows of the first validation loader when the training ends.

    What a batch is told: the entries ``target`` and ``prediction`` of what ``validation_step``
    returns; without these, ``predict(module, batch)``, which gives targets and predictions; without
    that, ``batch`` is (inputs, targets), and the module is called with the inputs. Logits become
    probabilities (``viewcast.integrations.logits``).

    The kept epoch is the best by ``monitor`` of the first ModelCheckpoint that has one; the epochs
    are then looks. Without one it is the last epoch, and one look.

    The run is that of the trainer's MLFlowLogger, else the active run (autologging makes one).
    ``metric``, ``keys``, ``block``: see ``viewcast.log_rows``; ``keys`` are in the order of the
    loader, which must not shuffle.

    Raises ConfigError for a validation on several devices, which see only parts of the rows.
    """

    def __init__(
        self,
        *,
        predict: Callable[[Any, Any], Told] | None = None,
        metric: MetricLike | None = None,
        keys: Any = None,
        block: int = 1,
    ) -> None:
        super().__init__()
        self.predict, self.metric, self.keys, self.block = predict, metric, keys, block
        self.batches: list[Told] = []
        self.kept = KeptState(chooses=False)
        self.monitor: str | None = None

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Find out what chooses the kept epoch."""
        if trainer.world_size > 1:
            raise ConfigError(
                f"trainer: {trainer.world_size} devices; ValidationRows expects one, for each sees "
                "only a part of the rows; log them after a validation on one device: "
                "viewcast.log_rows(y_true, y_pred)"
            )
        named = (c for c in trainer.checkpoint_callbacks if getattr(c, "monitor", None))
        checkpoint = next(named, None)
        self.monitor = None if checkpoint is None else checkpoint.monitor
        greater = checkpoint is not None and checkpoint.mode == "max"
        self.kept = KeptState(self.monitor is not None, greater)

    def on_validation_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep what was predicted for a batch."""
        if trainer.sanity_checking or dataloader_idx:
            return
        target, prediction = self._told(pl_module, outputs, batch)
        self.batches.append((as_array(target), as_array(prediction)))

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """One more state was scored."""
        batches, self.batches = self.batches, []
        if batches:
            target, prediction = (np.concatenate(parts) for parts in zip(*batches, strict=True))
            score = trainer.callback_metrics.get(self.monitor) if self.monitor else None
            rows = (target, probabilities(prediction, target))
            self.kept.offer(None if score is None else float(score), rows)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Log the rows of the kept state."""
        if self.kept.rows is None:
            return
        target, prediction = self.kept.rows
        logger = next((each for each in trainer.loggers if hasattr(each, "run_id")), None)
        log_rows(
            target,
            prediction,
            self.keys,
            metric=self.metric,
            block=self.block,
            looks=self.kept.looks,
            run_id=None if logger is None else logger.run_id,
            tracking_uri=getattr(logger, "_tracking_uri", None),
        )

    def _told(self, module: Any, outputs: Any, batch: Any) -> Told:
        if isinstance(outputs, Mapping) and {"target", "prediction"} <= outputs.keys():
            return outputs["target"], outputs["prediction"]
        if self.predict is not None:
            return self.predict(module, batch)
        if not isinstance(batch, list | tuple) or len(batch) != 2:
            raise DataError(
                f"a validation batch is {type(batch).__name__}; expected (inputs, targets), or "
                "validation_step to return the entries target and prediction, or "
                "ValidationRows(predict=...)"
            )
        return batch[1], module(batch[0])
