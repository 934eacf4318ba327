"""A callback of Hugging Face's Trainer: the evaluation rows of the kept model.

rows = EvaluationRows(compute_metrics=accuracy)
trainer = Trainer(model, args, ..., compute_metrics=rows.compute_metrics, callbacks=[rows])
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from transformers import TrainerCallback

from viewcast.api.rows import log_rows
from viewcast.base.errors import ConfigError
from viewcast.integrations.kept_state import KeptState
from viewcast.integrations.logits import probabilities
from viewcast.scoring.metric import Array
from viewcast.scoring.metrics.named import MetricLike
from viewcast.tracking.write.rows_log import last_run

PREFIX = "eval_"  # of the metrics of an evaluation


class EvaluationRows(TrainerCallback):  # type: ignore[misc]
    """Logs the rows when training ends; those of an evaluation after it, at once.

    Its ``compute_metrics`` sees the predictions of each evaluation and must be the Trainer's, for a
    callback alone sees none; your own is given to it. Logits become probabilities
    (``viewcast.integrations.logits``). Other outputs need ``predict``, which makes predictions (N,)
    or (N, C) of the Trainer's.

    The kept model is the best by ``metric_for_best_model`` where ``load_best_model_at_end`` is set;
    the evaluations are then looks. Otherwise it is the last, and one look. ``metric``, ``keys``,
    ``block``: see ``viewcast.log_rows``. The run is the one that is active while it evaluates.
    """

    def __init__(
        self,
        *,
        compute_metrics: Callable[[Any], dict[str, float]] | None = None,
        predict: Callable[[Any], Array] | None = None,
        metric: MetricLike | None = None,
        keys: Any = None,
        block: int = 1,
    ) -> None:
        self.own, self.predict = compute_metrics, predict
        self.metric, self.keys, self.block = metric, keys, block
        self.kept = KeptState(chooses=False)
        self.rows: Any = None
        self.run: str | None = None
        self.trains = False

    def compute_metrics(self, evaluated: Any) -> dict[str, float]:
        """What the Trainer calls with an EvalPrediction: the metrics of your own function."""
        output = evaluated.predictions
        if self.predict is not None:
            predicted = self.predict(output)
        else:
            first = output[0] if isinstance(output, tuple) else output  # behind it, hidden states
            predicted = probabilities(first, evaluated.label_ids)
        self.rows = (np.asarray(evaluated.label_ids), predicted)
        return {} if self.own is None else self.own(evaluated)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Find out what chooses the kept model."""
        greater = bool(args.greater_is_better)
        self.kept = KeptState(bool(args.load_best_model_at_end), greater)
        self.trains = True

    def on_evaluate(
        self,
        args: Any,
        state: Any,
        control: Any,
        metrics: Mapping[str, float] | None = None,
        **_: Any,
    ) -> None:
        """One more state was scored."""
        if self.rows is None:
            raise ConfigError(
                "EvaluationRows saw no predictions; give its compute_metrics to the trainer: "
                "Trainer(..., compute_metrics=rows.compute_metrics, callbacks=[rows])"
            )
        name = str(args.metric_for_best_model or "loss").removeprefix(PREFIX)
        self.kept.offer((metrics or {}).get(f"{PREFIX}{name}"), self.rows)
        self.run = last_run()
        if not self.trains:
            self._log()

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Log the rows of the kept model."""
        self.trains = False
        if self.kept.rows is not None:
            self._log()

    def _log(self) -> None:
        target, prediction = self.kept.rows
        log_rows(
            target,
            prediction,
            self.keys,
            metric=self.metric,
            block=self.block,
            looks=self.kept.looks,
            run_id=self.run,
        )
