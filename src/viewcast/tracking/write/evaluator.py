"""viewcast as an evaluator of MLflow: every evaluation leaves its row losses and is one look.

    mlflow.models.evaluate(
        model, days, targets="views", model_type="regressor",
        evaluators="viewcast", evaluator_config={"loss": "mae", "row": "day", "block": 7},
    )

Where ``evaluators`` is a list, MLflow wants the settings under the evaluator's name:
``evaluators=["default", "viewcast"], evaluator_config={"viewcast": {"loss": "mae"}}``. Where it is
``"viewcast"`` alone, both forms are taken.
"""

import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from mlflow import MlflowClient
from mlflow.models.evaluation import EvaluationResult, ModelEvaluator

from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct
from viewcast.tracking.write.scored_rows import TYPES, Settings, scored

NAME = "viewcast"  # of the evaluator; the entry point gives it to MLflow


class Evaluator(ModelEvaluator):  # type: ignore[misc]
    """Scores each validation row of a regressor or a classifier, and records the look at them.

    ``evaluator_config``: see ``scored_rows.Settings``; what the run gets: see
    ``evaluation.record``, both in ``viewcast.tracking.write``.

    Raises ConfigError for an unknown or impossible setting, and for other model types; DataError
    for rows that cannot be scored, and for a run that carries the look of another model or of other
    rows.
    """

    @classmethod
    def can_evaluate(
        cls, *, model_type: str, evaluator_config: dict[str, Any] | None, **_: Any
    ) -> bool:
        """Wherever viewcast was named or configured: it then evaluates, or says why it does not.

        If a call names no evaluator, MLflow takes every installed evaluator that accepts the model
        type, and asks from ``resolve_evaluators_and_configs``. A training set that is evaluated in
        that way must not be recorded as a look at validation rows.
        """
        unnamed = sys._getframe(1).f_code.co_name == "resolve_evaluators_and_configs"
        known = {setting.name for setting in fields(Settings)}
        return bool(known.intersection(_own(evaluator_config))) or not unnamed

    def evaluate(
        self,
        *,
        model_type: str,
        dataset: Any,
        run_id: str,
        evaluator_config: dict[str, Any] | None,
        model: Any = None,
        predictions: str | None = None,
        **_: Any,
    ) -> EvaluationResult:
        """Score the rows, write the record, return the metrics and the table."""
        # MLflow loads this module in processes that do not use it, and the store's module sets up
        # logging and environment for viewcast's own.
        from viewcast.tracking.write.evaluation import record  # noqa: PLC0415

        if model_type not in TYPES:
            raise ConfigError(
                f"model_type = {model_type!r}: viewcast evaluates none of these; allowed: "
                f"{', '.join(TYPES)}; leave viewcast out of evaluators, or log the rows yourself: "
                "viewcast.log_rows(y_true, y_pred)"
            )
        settings: Settings = construct(Settings, _own(evaluator_config), "evaluator_config")
        rows = scored(dataset, model, predictions, settings, model_type)
        metrics, table = record(MlflowClient(), run_id, dataset.name, rows)
        return EvaluationResult(metrics, {"predictions": table}, run_id)


def _own(config: dict[str, Any] | None) -> Mapping[str, Any]:
    """The settings of this evaluator, whether they stand under its name or not."""
    given = config or {}
    nested = given.get(NAME)
    return nested if isinstance(nested, Mapping) and set(given) == {NAME} else given
