"""The challenger: the nightly model that validated best, trained anew on all days but the fresh.

Its folder holds ``forecaster/``, ``weeks.parquet`` and, written last, ``challenger.json``: the
model, the candidates that it was chosen among, and the days that it was trained on.
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
from viewcast.retraining.data_versioning import PIPELINE
from viewcast.retraining.recipe import Recipe
from viewcast.retraining.walk_forward import walk_forward
from viewcast.training.config import Config

FILE = "challenger.json"
CHALLENGER = Kind(
    "challenger",
    ("forecaster/*", "walk_forward.parquet", "weeks.parquet", FILE),
    lambda folder: (folder / FILE).is_file(),
)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ChallengerSettings:
    """``conf/challenger.yaml``. ``models``: trained each night. ``walk_forward_weeks``: weeks of
    past forecasts. ``horizon``: days that the champion will forecast. ``interval_level``: share of
    days that the prediction intervals shall cover.
    """

    models: Annotated[list[str], Field(min_length=1)]
    walk_forward_weeks: Annotated[int, Field(ge=1)]
    horizon: Annotated[int, Field(ge=1)]
    interval_level: Annotated[float, Field(gt=0, lt=1)]


def make_challenger(
    configs: Mapping[str, Config], settings: ChallengerSettings, root: Path
) -> dict[str, Any]:
    """Choose, train, walk forward and store; returns the content of ``challenger.json``.

    ``configs``: the run of each model. A model that diverged is no candidate. If the best candidate
    diverges when it is trained anew, the next best takes its place. Where none is left, ``model``
    is None and ``failures`` hold the reasons: the night ends without an evaluation, and the
    champion stays.
    """
    folders.check_folder(root, challenger_path(root), CHALLENGER)
    results = {name: _result(root, name) for name in settings.models}
    scored = {name: r for name, r in results.items() if r["val_loss"] is not None}
    failures = {name: r["failure"] for name, r in results.items() if "failure" in r}
    for name in sorted(scored, key=lambda name: (scored[name]["val_loss"], name)):
        try:
            return _store(configs[name], scored[name], scored, failures, settings, root)
        except DivergenceError as error:
            failures[name] = f"trained anew on all days, {error}"
    return _written({"model": None, "failures": failures}, root)


def _written(description: dict[str, Any], root: Path) -> dict[str, Any]:
    """Write ``challenger.json``; it is the last file of the folder."""
    files.write_json(challenger_path(root) / FILE, description)
    folders.note_made(challenger_path(root), CHALLENGER)
    return description


def read(root: Path) -> dict[str, Any]:
    """The content of ``challenger.json``. Refuses (DataError) a missing file."""
    file = challenger_path(root) / FILE
    if not file.is_file():
        raise DataError(f"{file}: no challenger yet; `dvc repro {PIPELINE}` makes one")
    description: dict[str, Any] = json.loads(file.read_text())
    return description


def _result(root: Path, name: str) -> dict[str, Any]:
    file = nightly_train_path(root, name) / "result.json"
    if not file.is_file():
        raise DataError(f"{file}: not trained yet; `dvc repro {PIPELINE}` trains it")
    result: dict[str, Any] = json.loads(file.read_text())
    return result


def _store(
    config: Config,
    result: dict[str, Any],
    scored: Mapping[str, dict[str, Any]],
    failures: Mapping[str, str],
    settings: ChallengerSettings,
    root: Path,
) -> dict[str, Any]:
    whole = table.read(prepared_path(root, config.data.name), config.preparation(), "live")
    used = whole[f"split_{config.data.split}"].isin(["train", "validation"])
    trained_on = whole[used]
    inputs = inputs_of(daily_views(config.data), whole)
    recipe = Recipe(config, result["features"], result["best_epoch"])

    def fit(rows: pd.DataFrame) -> Fitted:
        return recipe.fit(rows)

    model = fit(trained_on)
    walked = walk_forward(
        fit, whole, inputs, settings.walk_forward_weeks, len(trained_on), settings.horizon
    )
    intervals = Intervals.of(walked.errors, settings.interval_level)
    output = folders.claim(root, challenger_path(root), CHALLENGER)
    Forecaster(model, inputs, intervals).save(output / "forecaster", config.data.unit)
    walked.weekly().to_parquet(output / "weeks.parquet", index=False)
    days = trained_on["time"].dt.strftime("%Y-%m-%d")
    description = {
        "model": config.model.name,
        "epochs": result["best_epoch"],
        "candidates": {name: candidate["val_loss"] for name, candidate in scored.items()},
        "val_error": result["val_error"],
        "failures": dict(failures),
        "loss": config.loss.name,
        "unit": config.loss.unit(config.data.unit),
        "trained_from": str(days.iloc[0]),
        "trained_to": str(days.iloc[-1]),
        "rows": len(trained_on),
        "identity": config.identity(),
        "content": table.content(trained_on),
    }
    return _written(description, root)


def inputs_of(data: DailyViews, whole: pd.DataFrame) -> Inputs:
    """The inputs of the forecaster. Its first day is ``lags`` days before the first row."""
    first = whole["time"].iloc[0] - pd.Timedelta(days=data.lags)
    return Inputs(data.lags, data.country, data.scale, f"{first:%Y-%m-%d}")
