"""The next days of every video of a panel, by the run of the task that validated best.

Shape letters: V videos, O outputs.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from viewcast.base import files
from viewcast.base.errors import DataError
from viewcast.base.escaped import csv_text
from viewcast.base.files import read_json
from viewcast.base.paths import panel_forecast_path, run_folders
from viewcast.data import stored
from viewcast.data.panel.videos import Videos
from viewcast.data.table import select
from viewcast.models import fitted
from viewcast.scoring.scorer import in_views

AGAIN = "`dvc repro` makes it again"
LEVEL = 0.8  # of the intervals


@dataclass(frozen=True)
class PanelForecast:
    """``table``: video, from, day (1 to O, of ``each``), views, low and high; ``run``: the result
    of the run that made it; ``covered``: the share of validation rows in such an interval when its
    width was taken from the other half of the videos; ``short``: videos that are not forecast.
    """

    table: pd.DataFrame
    run: dict[str, Any]
    covered: float
    short: int


def forecast(data: Videos, root: Path) -> PanelForecast:
    """Forecast what follows the last day of each video.

    Intervals are those of the errors, in logs, that the run made on the validation rows: of the
    middle 80 %, for each day ahead. Refuses (DataError) a panel that no run has learnt, and one
    without a video that is long enough.
    """
    run, folder = _best(data, root)
    model = fitted.load(folder / "model")
    panel = data.panel(root)
    rows = data.newest(panel, data.split)
    if rows.empty:
        raise DataError(
            f"data={data.name}, split={data.split}: no video has the "
            f"{data.splits[data.split].task.window} last days without a gap that a forecast takes"
        )
    select(model.inputs, data.features, list(rows.columns))
    views = in_views(model.predict(rows), rows)
    low, high, covered = _errors(folder)
    count, outputs = views.shape
    ahead = np.tile(np.arange(1, outputs + 1), count)
    table = pd.DataFrame(
        {
            "video": np.repeat(rows["entity"].to_numpy(object), outputs),
            "from": np.repeat(rows["time"].to_numpy(), outputs),
            "day": ahead,
            "views": views.ravel(),
            "low": np.maximum(np.exp(np.log1p(views) + low) - 1, 0).ravel(),
            "high": (np.exp(np.log1p(views) + high) - 1).ravel(),
        }
    )
    return PanelForecast(table, run, covered, len(panel) - count)


def store(found: PanelForecast, root: Path, data: Videos) -> list[Path]:
    """Write the table as Parquet and as CSV; returns the files."""
    paths = [panel_forecast_path(root, data.name, data.split, k) for k in ("parquet", "csv")]
    with files.replacing(paths[0]) as partial:
        found.table.to_parquet(partial, index=False)
    digits = dict.fromkeys(["views", "low", "high"], 1)
    files.write(paths[1], csv_text(found.table.round(digits), index=False))
    return paths


def as_text(found: PanelForecast, data: Videos) -> list[str]:
    """The forecast in a few lines: what was forecast, by what, how well it has done."""
    videos = found.table["video"].nunique()
    task = data.splits[data.split].task
    asked = {
        "each": f"each of the next {task.horizon} days",
        "sum": f"the sum of the next {task.horizon} days",
        "total": f"all views until day {task.window + task.horizon}",
    }[task.asked]
    score = f"{found.run['val_loss']:.4g} {found.run['unit']}"
    largest = found.table.groupby("video")["views"].sum().nlargest(3)
    lines = [
        f"{data.label}: {asked} of {videos:,} videos, by the run “{found.run['experiment']}” "
        f"({found.run['model']}; {found.run['loss']} {score} in validation)",
        f"  intervals of {LEVEL:.0%}: they covered {found.covered:.0%} on validation videos whose "
        "errors did not make them",
        *(f"  {name}: {views:,.0f} views in all" for name, views in largest.items()),
    ]
    if found.short:
        lines.append(f"  {found.short:,} videos are not forecast: too few days, or a gap in them")
    return lines


def _best(data: Videos, root: Path) -> tuple[dict[str, Any], Path]:
    """The run of the split with the lowest validation score, and its folder."""
    found = []
    for folder in run_folders(root):
        if (folder / "result.json").is_file():
            run = read_json(folder / "result.json", AGAIN)
            own = run["data"] == data.name and run["split"] == data.split
            if own and run["status"] == "finished" and run["val_loss"] is not None:
                found.append((float(run["val_loss"]), str(folder), run))
    if not found:
        raise DataError(
            f"data={data.name}, split={data.split}: no run has validated; type `make run "
            f"DATA={data.name}` first"
        )
    _, place, run = min(found)
    return run, Path(place)


def _errors(folder: Path) -> tuple[Any, Any, float]:
    """Quantiles (O,) of what came less the forecast, in logs; and how they did across halves."""
    rows = stored.whole(folder / "predictions.parquet", AGAIN)
    rows = rows[rows["split"] == "validation"]
    came, found = (
        rows[[c for c in map(str, rows) if c == part or c.startswith(f"{part}_")]].to_numpy(
            np.float64
        )
        for part in ("target", "prediction")
    )
    errors = np.log1p(came) - np.log1p(found)
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    half = pd.factorize(rows["entity"])[0] % 2 == 0
    inside = []
    for own in (half, ~half):
        if own.any() and (~own).any():
            low, high = np.quantile(errors[own], ends, axis=0)
            inside.append((errors[~own] >= low) & (errors[~own] <= high))
    covered = float(np.concatenate(inside).mean()) if inside else float("nan")
    low, high = np.quantile(errors, ends, axis=0)
    return low, high, covered
