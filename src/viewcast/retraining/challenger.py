"""The challenger: the nightly model that validated best, trained anew on all days but the fresh.

Its folder holds ``forecaster/``, ``walk_forward.parquet``, ``weeks.parquet`` and, written last,
``challenger.json``: which model, chosen among which, trained on which days.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base import files, folders
from viewcast.base.errors import DataError, DivergenceError
from viewcast.base.folders import Kind
from viewcast.base.paths import challenger_path, nightly_train_path, prepared_path
from viewcast.data import table
from viewcast.data.views import DailyViews, daily_views
from viewcast.forecast.forecaster import Forecaster, Inputs
from viewcast.forecast.intervals import Intervals
from viewcast.models.fitted import Fitted
from viewcast.retraining.recipe import Recipe
from viewcast.retraining.reproduce import PIPELINE
from viewcast.retraining.walk_forward import walk_forward
from viewcast.training.config import Config

FILE = "challenger.json"
CHALLENGER = Kind(
    "challenger",
    (
        *("forecaster/model.json", "forecaster/weights.safetensors", "forecaster/forecaster.json"),
        *("walk_forward.parquet", "weeks.parquet", FILE),
    ),
    lambda folder: (folder / FILE).is_file(),
)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Making:
    """``conf/challenger.yaml``. ``models``: those that train each night. ``weeks``: of the
    walk-forward. ``ahead``: days that the champion will forecast. ``level``: share of days that the
    prediction intervals shall cover.
    """

    models: Annotated[list[str], Field(min_length=1)]
    weeks: Annotated[int, Field(ge=1)]
    ahead: Annotated[int, Field(ge=1)]
    level: Annotated[float, Field(gt=0, lt=1)]


def make(configs: Mapping[str, Config], making: Making, root: Path) -> dict[str, Any]:
    """Choose, train, walk forward and store; returns the content of ``challenger.json``.

    ``configs``: the run of each model. A model that diverged is no candidate; one that diverges
    when it is trained anew gives way to the next best. Where none is left the ``model`` is None and
    ``failures`` say why: the night ends without a judgement, and the champion stays.
    """
    folders.check_folder(root, challenger_path(root), CHALLENGER)
    results = {name: _result(root, name) for name in making.models}
    scored = {name: r for name, r in results.items() if r["val_loss"] is not None}
    told = {name: r["failure"] for name, r in results.items() if "failure" in r}
    for name in sorted(scored, key=lambda name: (scored[name]["val_loss"], name)):
        try:
            return _store(configs[name], scored[name], scored, told, making, root)
        except DivergenceError as error:
            told[name] = f"trained anew on all days, {error}"
    return _written({"model": None, "failures": told}, root)


def _written(about: dict[str, Any], root: Path) -> dict[str, Any]:
    """Keep what is known of the challenger, last of all."""
    files.write_json(challenger_path(root) / FILE, about)
    return about


def read(root: Path) -> dict[str, Any]:
    """What is known of the challenger; refuses (DataError) none."""
    file = challenger_path(root) / FILE
    if not file.is_file():
        raise DataError(f"{file}: no challenger yet; `dvc repro {PIPELINE}` makes one")
    about: dict[str, Any] = json.loads(file.read_text())
    return about


def _result(root: Path, name: str) -> dict[str, Any]:
    file = nightly_train_path(root, name) / "result.json"
    if not file.is_file():
        raise DataError(f"{file}: not trained yet; `dvc repro {PIPELINE}` does it")
    result: dict[str, Any] = json.loads(file.read_text())
    return result


def _store(
    config: Config,
    result: dict[str, Any],
    scored: Mapping[str, dict[str, Any]],
    told: Mapping[str, str],
    making: Making,
    root: Path,
) -> dict[str, Any]:
    whole = table.read(prepared_path(root, config.data.name), config.preparation(), "live")
    used = whole[f"split_{config.data.split}"].isin(["train", "validation"])
    learnt = whole[used]
    inputs = inputs_of(daily_views(config.data), whole)
    recipe = Recipe(config, result["features"], result["best_epoch"])

    def fit(rows: pd.DataFrame) -> Fitted:
        return recipe.fit(rows)

    model = fit(learnt)
    walked = walk_forward(fit, whole, inputs, making.weeks, len(learnt), making.ahead)
    intervals = Intervals.of(walked.errors, making.level)
    output = folders.claim(root, challenger_path(root), CHALLENGER)
    Forecaster(model, inputs, intervals).save(output / "forecaster", config.data.unit)
    walked.weekly().to_parquet(output / "weeks.parquet", index=False)
    days = learnt["time"].dt.strftime("%Y-%m-%d")
    about = {
        "model": config.model.name,
        "epochs": result["best_epoch"],
        "candidates": {name: one["val_loss"] for name, one in scored.items()},
        "val_error": result["val_error"],
        "failures": dict(told),
        "loss": config.loss.name,
        "unit": config.loss.unit(config.data.unit),
        "trained_from": str(days.iloc[0]),
        "trained_to": str(days.iloc[-1]),
        "rows": len(learnt),
        "identity": config.identity(),
        "content": table.content(learnt),
    }
    return _written(about, root)


def inputs_of(data: DailyViews, whole: pd.DataFrame) -> Inputs:
    """What its features are made of; its first day is ``lags`` days before its first row."""
    first = whole["time"].iloc[0] - pd.Timedelta(days=data.lags)
    return Inputs(data.lags, data.country, data.scale, f"{first:%Y-%m-%d}")
