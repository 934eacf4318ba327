"""What version 0.1 wrote under other names than today, translated when it is read.

Nothing in a store is changed. Metrics are not translated: none that has another name today is read.
"""

from collections.abc import Mapping
from typing import Any

from mlflow.entities import Metric, Param, Run, RunData, RunTag

from viewcast.tracking.tags import (
    BATCH_ID,
    HIDDEN_HOLDOUT,
    MODEL,
    PARAM_RESTORE_BEST,
    PARAM_TRAINER,
    SWEEP_HIDDEN_LOSSES,
)

MODELS = {"lazy": "memorizer", "lazy2": "memorizer_leak"}
TRAINERS = {"closed_form": "least_squares", "brute_force": "grid_search"}
NAMES = {"viewcast.launch": BATCH_ID, "trainer.keep": PARAM_RESTORE_BEST}
VALUES = {
    MODEL: MODELS,
    PARAM_TRAINER: TRAINERS,
    PARAM_RESTORE_BEST: {"best": "True", "last": "False"},
}
ARTIFACTS = {
    HIDDEN_HOLDOUT: "sealed/shadow.parquet",
    SWEEP_HIDDEN_LOSSES: "sealed/shadows.parquet",
}
TRAINER_KEYS = {
    "keep": "restore_best",
    "explode": "divergence_factor",
    "start": "init",
    "optimiser": "optimizer",
}
CLASSES = {
    "viewcast.loss.MSE": "viewcast.scoring.loss.MSE",
    "viewcast.loss.MAE": "viewcast.scoring.loss.MAE",
    "viewcast.models.lazy.Lazy": "viewcast.models.memorizer.Memorizer",
    "viewcast.training.closed_form.ClosedForm": "viewcast.training.least_squares.LeastSquares",
    "viewcast.training.brute_force.BruteForce": "viewcast.training.grid_search.GridSearch",
    "viewcast.price.release.Ladder": "viewcast.holdout.release.Ladder",
    "viewcast.price.release.Thresholdout": "viewcast.holdout.release.Thresholdout",
}


def translated(run: Run) -> Run:
    """A run with the tags and parameters of today; the same object where it has no others."""
    tags, params = _renamed(run.data.tags), _renamed(run.data.params)
    if tags == run.data.tags and params == run.data.params:
        return run
    data = RunData(
        [Metric(name, value, 0, 0) for name, value in run.data.metrics.items()],
        [Param(name, value) for name, value in params.items()],
        [RunTag(name, value) for name, value in tags.items()],
    )
    return Run(run.info, data, run.inputs, run.outputs)


def artifact_names(name: str) -> list[str]:
    """The names under which an artifact may be stored, today's first."""
    return [name, *([ARTIFACTS[name]] if name in ARTIFACTS else [])]


def settings(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run (its ``config.yaml``) with the keys, names and classes of today."""
    current: dict[str, Any] = _with_classes(plain)
    if "shadow" in current.get("holdout", {}):
        current["holdout"]["hidden"] = current["holdout"].pop("shadow")
    trainer, model = current.get("trainer", {}), current.get("model", {})
    if "keep" in trainer:
        trainer["keep"] = trainer["keep"] == "best"
    current["trainer"] = {TRAINER_KEYS.get(key, key): value for key, value in trainer.items()}
    for section, names in ((current["trainer"], TRAINERS), (model, MODELS)):
        if "name" in section:
            section["name"] = names.get(section["name"], section["name"])
    return current


def _renamed(stored: Mapping[str, str]) -> dict[str, str]:
    names = {NAMES.get(name, name): value for name, value in stored.items()}
    return {name: VALUES.get(name, {}).get(value, value) for name, value in names.items()}


def _with_classes(value: Any) -> Any:
    """A copy in which every ``_target_`` names a class of today."""
    if isinstance(value, Mapping):
        return {
            key: CLASSES.get(part, part) if key == "_target_" else _with_classes(part)
            for key, part in value.items()
        }
    return [_with_classes(part) for part in value] if isinstance(value, list) else value
