"""One run: train one model, score it, store it, and record the same in MLflow.

The folder of a run holds ``model/``, ``predictions.parquet``, ``curve.csv``, where there are any
``path.csv``, ``surface.parquet`` and ``trajectory.parquet``, and ``result.json``, which is written
last. A run that diverged has its curve and its result, with ``status`` diverged and the reason. It
raises nothing, so that a pipeline goes on with its other models. ``sealed/`` holds row losses that
are shown nowhere: of the hidden rows, and of all validation rows where a filter releases the score.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from viewcast.base import files, folders
from viewcast.base.errors import DivergenceError
from viewcast.base.escaped import csv_text
from viewcast.base.progress import OnEpoch
from viewcast.data import table
from viewcast.models import fitted
from viewcast.runs.run_folder import CHECKPOINTS, RUN, check_output
from viewcast.scoring.scores import KEYS, Score, keyed, predictions, score
from viewcast.selection.clusters import Clusters
from viewcast.tracking import budget, tags
from viewcast.tracking.evaluation_set import run_key
from viewcast.tracking.score_filter import Filter
from viewcast.tracking.store import answering
from viewcast.tracking.write.recorder import Recorder
from viewcast.training.config import Config
from viewcast.training.problem import Trained
from viewcast.training.rows import Rows, problem_of, rows_of

SHOWN = 100_000  # training rows whose predictions are stored, at most


def run(
    config: Config, root: Path, output: Path, progress: OnEpoch | None = None
) -> dict[str, Any]:
    """Train, score, store and record one model.

    Returns the content of ``result.json``, and the ``run_id`` in MLflow. The file names the run by
    its key alone (``viewcast.tracking.run_keys``): the same work leaves the same bytes.
    ``progress`` is called after every epoch. Refuses, before an MLflow run exists, an ``output``
    that is not a folder of a run (ConfigError) and validation rows whose budget is spent
    (BudgetError).
    """
    output, checkpoints = check_output(root, output)
    rows = rows_of(config, root)
    interrupted = checkpoints / "run_id"

    def on_epoch(epoch: int, train_loss: float, val_loss: float | None) -> None:
        shown = None if score_filter else val_loss
        recorder.on_epoch(epoch, train_loss, shown)
        if progress is not None:
            progress(epoch, train_loss, shown)

    problem = replace(problem_of(config, rows), checkpoint=checkpoints, on_epoch=on_epoch)
    config.trainer.check(problem, config.model)
    budget.check(config, rows, config.identity())
    score_filter = Filter.of(config, rows)
    former = interrupted.read_text("utf-8", errors="replace") if interrupted.is_file() else None
    result = _about(config, rows)
    try:
        with answering(config.tracking), Recorder(config, root, former) as recorder:
            if former is None:
                folders.claim(root, checkpoints, CHECKPOINTS)
            files.write(interrupted, recorder.run_id, sync=False)
            folders.claim(root, output, RUN)
            recorder.inputs(rows, result["key"])
            trained = config.trainer.fit(problem, config.model)
            result |= _store(trained, rows, config, output, score_filter)
            _record(recorder, trained, rows, result, output, score_filter)
    except DivergenceError as error:
        _store_curves(_shown(error.curve, score_filter), error.path, output)
        result |= {"status": "diverged", "failure": str(error)}
    files.write_json(output / "result.json", result)
    folders.note_made(output, RUN)
    folders.claim(root, checkpoints, CHECKPOINTS)
    return {**result, "run_id": recorder.run_id}


def _about(config: Config, rows: Rows) -> dict[str, Any]:
    published = config.reference()
    return {
        "data": config.data.name,
        "label": config.data.label,
        "model": config.model.name,
        "experiment": config.name,
        "kind": config.model.kind,
        "trainer": config.trainer.name,
        "settings": {k: v for k, v in config.plain["trainer"].items() if k != "_target_"},
        "split": config.data.split,
        "features": rows.inputs,
        "loss": config.scorer.name,
        "unit": config.scorer.unit(config.data.unit),
        **_learning(config),
        "target_unit": config.data.unit,
        "block": config.data.block,
        **({"cluster": config.data.cluster} if config.data.cluster else {}),
        "status": "finished",
        "left_out": rows.left_out,
        "holdout": None if rows.validation.empty else table.holdout(rows.validation),
        "published_train": published.train if published else None,
        "published_val": published.validation if published else None,
        "published_source": published.source if published else None,
        "train_loss": None,
        "val_loss": None,
        "val_error": None,
        "best_epoch": None,
        "params": {},
        "test": {},
        "identity": config.identity(),
        "key": run_key(config, rows),
    }


def _learning(config: Config) -> dict[str, str]:
    """By what the model learns, where it is scored by something else."""
    if config.measure is None:
        return {}
    unit = config.loss.unit(config.data.unit)
    return {"learning_loss": config.loss.name, "learning_unit": unit}


def _store(
    trained: Trained, rows: Rows, config: Config, output: Path, score_filter: Filter | None
) -> dict[str, Any]:
    splits = {"train": rows.train, "validation": rows.validation, "test": rows.test}
    predicted = predictions(trained.model, splits, config.scorer)
    by_split = (predicted[predicted["split"] == split] for split in ("train", "validation"))
    train, validation = (
        score(own["loss"], config.data.block, Clusters.if_any(own, config.data.cluster))
        for own in by_split
    )
    if score_filter is not None and train is not None and validation is not None:
        validates = predicted["split"] == "validation"
        losses = predicted.loc[validates, [*KEYS, "loss"]]
        _seal(losses, output, "validation")
        released = score_filter.released(losses["loss"], train.mean)
        validation = Score(released, None, validation.rows)
        predicted = predicted[~validates]
    fitted.save(trained.model, output / "model", config.data.unit)
    if len(rows.train) > SHOWN:
        predicted = predicted[predicted["split"] != "train"]
    predicted.to_parquet(output / "predictions.parquet", index=False)
    if not rows.hidden.empty:
        hidden = config.scorer.rows(trained.model.predict(rows.hidden), rows.hidden)
        _seal(keyed(rows.hidden).assign(loss=hidden), output, "hidden_holdout")
    _store_curves(_shown(trained.curve, score_filter), trained.path, output)
    # A measure prices no epoch: its losses after each one are those that the model learns by.
    kept = ("surface", "trajectory") if config.measure is None else ("surface",)
    for name in kept:
        table_of: pd.DataFrame = getattr(trained, name)
        if not table_of.empty:
            table_of.to_parquet(output / f"{name}.parquet", index=False)
    test = predicted[predicted["split"] == "test"]
    return {
        "train_loss": train.mean if train else None,
        "val_loss": validation.mean if validation else None,
        "val_error": validation.error if validation else None,
        "best_epoch": trained.best_epoch,
        "epochs": int(trained.curve["epoch"].iloc[-1]),
        "params": trained.model.figures(),
        "test": dict(zip(test["row"], test["prediction"], strict=True)) if len(test) == 1 else {},
    }


def _seal(losses: pd.DataFrame, output: Path, name: str) -> None:
    """Store row losses that are shown nowhere in a file of their own; no figure is made of them."""
    (output / "sealed").mkdir(exist_ok=True)
    losses.to_parquet(output / "sealed" / f"{name}.parquet", index=False)


def _shown(curve: pd.DataFrame, score_filter: Filter | None) -> pd.DataFrame:
    """A curve as it may be shown: a filter releases one score, not one after every epoch."""
    return curve if score_filter is None else curve.assign(val_loss=np.nan)


def _store_curves(curve: pd.DataFrame, path: pd.DataFrame, output: Path) -> None:
    files.write(output / "curve.csv", csv_text(curve, index=False), sync=False)
    if not path.empty:
        files.write(output / "path.csv", csv_text(path, index=False), sync=False)


def _record(
    recorder: Recorder,
    trained: Trained,
    rows: Rows,
    result: dict[str, Any],
    output: Path,
    score_filter: Filter | None,
) -> None:
    sealed = sorted((output / tags.SEALED_FOLDER).glob("*.parquet"))
    recorder.files(*sealed, folder=tags.SEALED_FOLDER)
    if score_filter is not None:
        recorder.released(result["epochs"], result["val_loss"], score_filter.tags)
    metrics = tags.MODEL_METRICS.items()
    final = {name: result[key] for key, name in metrics if result[key] is not None}
    if result["val_loss"] is not None:
        final[tags.GENERALIZATION_GAP] = result["val_loss"] - result["train_loss"]
    left_out = {tags.LEFT_OUT: "; ".join(rows.left_out)} if rows.left_out else {}
    recorder.scores(final, left_out)
    example = rows.train[trained.model.inputs or ["row"]].head(2)
    recorder.model(output / "model", example, trained.model.predict(example))
    recorder.files(output / "predictions.parquet", output / "curve.csv")
    if (output / "trajectory.parquet").is_file():
        recorder.files(output / "trajectory.parquet")
