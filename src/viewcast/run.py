"""One run: rows in; model, predictions, curve and result out, and the same in MLflow.

The folder of a run holds ``model/``, ``predictions.parquet``, ``curve.csv``, where there are any
``path.csv`` and ``surface.parquet``, and, written last, ``result.json``. A run that diverged has
its curve and its result, with ``status`` diverged and the reason; it raises nothing, so that a
pipeline goes on with its other models.
"""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from viewcast.config import Config
from viewcast.data import table
from viewcast.errors import DataError, DivergenceError
from viewcast.models import fitted
from viewcast.paths import prepared_path
from viewcast.scores import predictions, score
from viewcast.training.cohort import device_of
from viewcast.training.problem import OnEpoch, Problem, Trained

KEYS = ["row", "entity", "time", "target"]


@dataclass(frozen=True)
class Rows:
    """The rows of each split that have every feature, the features, and what was left out."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    inputs: list[str]
    left_out: list[str]


def rows_of(config: Config, root: Path) -> Rows:
    """Read the prepared table and take the model's features and the data set's split.

    A row that lacks a feature cannot serve and is left out, with a sentence in ``left_out`` and
    never filled in; refuses (DataError) to go on without any training row.
    """
    whole = table.read(
        prepared_path(root, config.data.name), config.preparation(), config.data.name
    )
    columns = table.feature_columns(whole)
    inputs = table.select(config.model.features, config.data.features, columns)
    labels = whole[f"split_{config.data.split}"]
    complete = whole[inputs].notna()
    kept, left_out = {}, []
    for split in ("train", "validation", "test"):
        of_split = labels == split
        usable = of_split & complete.all(axis=1)
        kept[split] = whole.loc[usable, [*KEYS, *inputs]].reset_index(drop=True)
        lacking = [name for name in inputs if not complete.loc[of_split, name].all()]
        if lacking:
            left_out.append(
                f"{of_split.sum() - usable.sum()} of {of_split.sum()} {split} rows left out: "
                f"{', '.join(lacking)} unknown"
            )
    if kept["train"].empty:
        raise DataError(f"no training row has all of {inputs}; {'; '.join(left_out)}")
    return Rows(kept["train"], kept["validation"], kept["test"], inputs, left_out)


def problem_of(config: Config, rows: Rows) -> Problem:
    """What a trainer is given for this configuration and these rows."""
    shown = ["row", "target", *rows.inputs]
    return Problem(
        train=rows.train[shown],
        validation=rows.validation[shown],
        inputs=rows.inputs,
        loss=config.loss,
        seed=config.seed,
        threads=config.threads,
        identity=f"{config.identity()}-{table.content(rows.train, rows.validation)}",
        device=device_of(config.device),
    )


def run(config: Config, root: Path, output: Path, watch: OnEpoch | None = None) -> dict[str, Any]:
    """Train, score, store and record one model; returns the content of ``result.json``.

    ``watch`` is told of every epoch beside MLflow, for a progress bar.
    """
    from viewcast.tracking.recorder import Recorder  # noqa: PLC0415 (MLflow: only who records pays)

    rows = rows_of(config, root)
    checkpoints = output.parent / "checkpoints" / output.name
    marker = checkpoints / "run_id"

    def on_epoch(epoch: int, train_loss: float, val_loss: float | None) -> None:
        recorder.on_epoch(epoch, train_loss, val_loss)
        if watch is not None:
            watch(epoch, train_loss, val_loss)

    problem = replace(problem_of(config, rows), checkpoint=checkpoints, on_epoch=on_epoch)
    config.trainer.check(problem, config.model)
    recorder = Recorder(config, root, marker.read_text() if marker.is_file() else None)
    checkpoints.mkdir(parents=True, exist_ok=True)
    marker.write_text(recorder.run_id)
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    result = _about(config, rows, recorder.run_id)
    try:
        with recorder:
            recorder.inputs(rows.train, rows.validation)
            trained = config.trainer.fit(problem, config.model)
            result |= _store(trained, rows, config, output)
            _record(recorder, trained, rows, result, output)
    except DivergenceError as error:
        _store_curves(error.curve, error.path, output)
        result |= {"status": "diverged", "failure": str(error)}
    (output / "result.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    for file in checkpoints.iterdir():
        file.unlink()
    (checkpoints / "finished").touch()  # DVC warns about an empty output
    return result


def _about(config: Config, rows: Rows, run_id: str) -> dict[str, Any]:
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
        "loss": config.loss.name,
        "unit": config.loss.unit(config.data.unit),
        "target_unit": config.data.unit,
        "block": config.data.block,
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
        "run_id": run_id,
    }


def _store(trained: Trained, rows: Rows, config: Config, output: Path) -> dict[str, Any]:
    splits = {"train": rows.train, "validation": rows.validation, "test": rows.test}
    predicted = predictions(trained.model, splits, config.loss)
    fitted.save(trained.model, output / "model", config.data.unit)
    predicted.to_parquet(output / "predictions.parquet", index=False)
    _store_curves(trained.curve, trained.path, output)
    if not trained.surface.empty:
        trained.surface.to_parquet(output / "surface.parquet", index=False)
    train, validation = (
        score(predicted.loc[predicted["split"] == split, "loss"], config.data.block)
        for split in ("train", "validation")
    )
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


def _store_curves(curve: pd.DataFrame, path: pd.DataFrame, output: Path) -> None:
    curve.to_csv(output / "curve.csv", index=False)
    if not path.empty:
        path.to_csv(output / "path.csv", index=False)


def _record(
    recorder: Any, trained: Trained, rows: Rows, result: dict[str, Any], output: Path
) -> None:
    names = ("train_loss", "val_loss", "val_error", "best_epoch")
    final = {f"model_{name}": result[name] for name in names if result[name] is not None}
    final["best_epoch"] = final.pop("model_best_epoch")
    if result["val_loss"] is not None:
        final["generalization_gap"] = result["val_loss"] - result["train_loss"]
    tags = {"viewcast.left_out": "; ".join(rows.left_out)} if rows.left_out else {}
    recorder.scores(final, tags)
    example = rows.train[trained.model.inputs or ["row"]].head(2)
    recorder.model(output / "model", example, trained.model.predict(example))
    recorder.files(output / "predictions.parquet", output / "curve.csv")
