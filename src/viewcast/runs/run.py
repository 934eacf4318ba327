"""One run: rows in; model, predictions, curve and result out, and the same in MLflow.

The folder of a run holds ``model/``, ``predictions.parquet``, ``curve.csv``, where there are any
``path.csv``, ``surface.parquet`` and ``trajectory.parquet``, and, written last, ``result.json``. A
run that diverged has its curve and its result, with ``status`` diverged and the reason; it raises
nothing, so that a pipeline goes on with its other models. ``sealed/`` holds row losses that nobody
is shown: of the hidden rows, and of all validation rows where a filter releases the score.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from viewcast.base import files, folders
from viewcast.base.errors import ConfigError, DivergenceError
from viewcast.base.folders import Kind
from viewcast.base.progress import OnEpoch
from viewcast.data import table
from viewcast.models import fitted
from viewcast.scoring.loss import row_losses
from viewcast.scoring.scores import KEYS as SHOWN_KEYS
from viewcast.scoring.scores import Score, keyed, predictions, score
from viewcast.tracking.tags import LEFT_OUT
from viewcast.training.config import Config
from viewcast.training.problem import Trained
from viewcast.training.rows import Rows, problem_of, rows_of

if TYPE_CHECKING:
    from viewcast.tracking.score_filter import Filter


def _recorded(folder: Path) -> bool:
    """Whether a folder without a mark is that of a run of version 0.1."""
    try:
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return bool({"run_id", "identity"} <= result.keys())
    except (OSError, ValueError, AttributeError):
        return False


RUN = Kind(
    "run",
    (
        *("model/model.json", "model/weights.safetensors", "sealed/*.parquet"),
        *("predictions.parquet", "surface.parquet", "trajectory.parquet"),
        *("curve.csv", "path.csv", "result.json", "key"),
    ),
    _recorded,
)
CHECKPOINTS = Kind(
    "checkpoint",
    ("run_id", "finished", "state.safetensors", "state.safetensors.partial"),
    lambda folder: (folder / "run_id").is_file() or (folder / "finished").is_file(),
)


def places(root: Path, output: Path) -> tuple[Path, Path]:
    """The folder of a run and, beside it, that of its checkpoints; refuses (ConfigError) others."""
    output = folders.check_folder(root, output, RUN)
    if output.name == "checkpoints":
        raise ConfigError(f"{output}: checkpoints of runs have this name; choose another folder")
    return output, folders.check_folder(
        root, output.parent / "checkpoints" / output.name, CHECKPOINTS
    )


def run(config: Config, root: Path, output: Path, watch: OnEpoch | None = None) -> dict[str, Any]:
    """Train, score, store and record one model; returns the content of ``result.json``.

    ``watch`` is called after every epoch, for a progress bar. Refuses (ConfigError) a folder that
    may hold something else than a run, and (BudgetError) validation rows whose budget is spent.
    """
    # MLflow takes a second to import: only who records pays.
    from viewcast.tracking import budget  # noqa: PLC0415
    from viewcast.tracking.score_filter import Filter  # noqa: PLC0415
    from viewcast.tracking.write.recorder import Recorder  # noqa: PLC0415

    output, checkpoints = places(root, output)
    rows = rows_of(config, root)
    marker = checkpoints / "run_id"

    def on_epoch(epoch: int, train_loss: float, val_loss: float | None) -> None:
        shown = None if filtered else val_loss
        recorder.on_epoch(epoch, train_loss, shown)
        if watch is not None:
            watch(epoch, train_loss, shown)

    problem = replace(problem_of(config, rows), checkpoint=checkpoints, on_epoch=on_epoch)
    config.trainer.check(problem, config.model)
    budget.check(config, rows, config.identity())
    filtered = Filter.of(config, rows)
    recorder = Recorder(config, root, marker.read_text() if marker.is_file() else None)
    if not marker.is_file():
        folders.claim(root, checkpoints, CHECKPOINTS)
    files.write(marker, recorder.run_id)
    folders.claim(root, output, RUN)
    result = _about(config, rows, recorder.run_id)
    try:
        with recorder:
            recorder.inputs(rows)
            trained = config.trainer.fit(problem, config.model)
            result |= _store(trained, rows, config, output, filtered)
            _record(recorder, trained, rows, result, output, filtered)
    except DivergenceError as error:
        _store_curves(_shown(error.curve, filtered), error.path, output)
        result |= {"status": "diverged", "failure": str(error)}
    files.write_json(output / "result.json", result)
    folders.claim(root, checkpoints, CHECKPOINTS)
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


def _store(
    trained: Trained, rows: Rows, config: Config, output: Path, filtered: "Filter | None"
) -> dict[str, Any]:
    splits = {"train": rows.train, "validation": rows.validation, "test": rows.test}
    predicted = predictions(trained.model, splits, config.loss)
    train, validation = (
        score(predicted.loc[predicted["split"] == split, "loss"], config.data.block)
        for split in ("train", "validation")
    )
    if filtered is not None and train is not None and validation is not None:
        validates = predicted["split"] == "validation"
        losses = predicted.loc[validates, [*SHOWN_KEYS, "loss"]]
        _seal(losses, output, "validation")
        released = filtered.released(losses["loss"], train.mean)
        validation = Score(released, None, validation.rows)
        predicted = predicted[~validates]
    fitted.save(trained.model, output / "model", config.data.unit)
    predicted.to_parquet(output / "predictions.parquet", index=False)
    if not rows.hidden.empty:
        target = rows.hidden["target"].to_numpy()
        hidden = row_losses(config.loss, trained.model.predict(rows.hidden), target)
        _seal(keyed(rows.hidden).assign(loss=hidden), output, "hidden_holdout")
    _store_curves(_shown(trained.curve, filtered), trained.path, output)
    for name in ("surface", "trajectory"):
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
    """Row losses that nobody is shown, in a file of their own: no figure is made of them here."""
    (output / "sealed").mkdir(exist_ok=True)
    losses.to_parquet(output / "sealed" / f"{name}.parquet", index=False)


def _shown(curve: pd.DataFrame, filtered: "Filter | None") -> pd.DataFrame:
    """A curve as it may be shown: a filter releases one score, and not one after every epoch."""
    return curve if filtered is None else curve.assign(val_loss=np.nan)


def _store_curves(curve: pd.DataFrame, path: pd.DataFrame, output: Path) -> None:
    curve.to_csv(output / "curve.csv", index=False)
    if not path.empty:
        path.to_csv(output / "path.csv", index=False)


def _record(
    recorder: Any,
    trained: Trained,
    rows: Rows,
    result: dict[str, Any],
    output: Path,
    filtered: "Filter | None",
) -> None:
    recorder.files(*sorted((output / "sealed").glob("*.parquet")), folder="sealed")
    if filtered is not None:
        recorder.released(result["epochs"], result["val_loss"], filtered.tags)
    names = ("train_loss", "val_loss", "val_error", "best_epoch")
    final = {f"model_{name}": result[name] for name in names if result[name] is not None}
    final["best_epoch"] = final.pop("model_best_epoch")
    if result["val_loss"] is not None:
        final["generalization_gap"] = result["val_loss"] - result["train_loss"]
    tags = {LEFT_OUT: "; ".join(rows.left_out)} if rows.left_out else {}
    recorder.scores(final, tags)
    example = rows.train[trained.model.inputs or ["row"]].head(2)
    recorder.model(output / "model", example, trained.model.predict(example))
    recorder.files(output / "predictions.parquet", output / "curve.csv")
    if not trained.trajectory.empty:
        recorder.files(output / "trajectory.parquet")
