"""The page: pictures, tables and the story of the two lectures in one file that needs no network.

Nothing on it depends on the day or on the machine: the same results give the same bytes.
"""

import base64
import json
import math
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from viewcast.errors import DataError
from viewcast.paths import figures_path, page_path, summary_path
from viewcast.report.figures.gallery import draw_all
from viewcast.report.figures.results import BASELINES, MEMORIES, Results, Run
from viewcast.report.figures.style import Picture, plain
from viewcast.report.numbers import as_published, with_error

TEMPLATE = "page.html"


@dataclass(frozen=True)
class Row:
    """A run in a table; marks are places on the bar, in percent from its left end."""

    run: Run
    features: str
    train: str
    validation: str
    published: tuple[str, str] | None
    marks: dict[str, float]


@dataclass(frozen=True)
class Table:
    """The runs of one data set on one split, the only ones that can be compared."""

    data: str
    label: str
    split: str
    unit: str
    train_rows: int
    validation_rows: int
    rows: list[Row]


def build(root: Path) -> list[Picture]:
    """Draw every picture and write the page; returns the pictures with the runs they show."""
    summary = summary_path(root)
    if not summary.is_file():
        raise DataError(f"{summary}: no summary yet; type `python pipelines/evaluate.py` first")
    results = Results(root, json.loads(summary.read_text()))
    if not results.rows:
        raise DataError(f"{summary}: holds no runs; type `dvc repro` to make them")
    pictures = draw_all(results, figures_path(root))
    page = page_path(root)
    partial = page.with_suffix(".partial")
    partial.write_text(render(results, pictures), encoding="utf-8")
    partial.replace(page)
    return pictures


def render(results: Results, pictures: list[Picture]) -> str:
    """The page as text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    return environment.get_template(TEMPLATE).render(
        results=results,
        run=results.named,
        pictures={picture.name: picture for picture in pictures},
        embedded=_embedded,
        tables=[table for data in results.datasets for table in _tables(results, data)],
        best=lambda data: _best(results, data),
    )


def _embedded(picture: Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(picture.path.read_bytes()).decode()


def _best(results: Results, data: str) -> Run | None:
    """The lowest validation loss on the rows of the data set's main models, memory excluded."""
    baseline = results.experiment(f"{data}_naive")
    if baseline is None:
        return None
    honest = [run for run in results.same_rows(baseline) if run["val_loss"]]
    skilled = [run for run in honest if run["model"] not in (*BASELINES, *MEMORIES)]
    return min(skilled, key=lambda run: float(run["val_loss"]), default=None)


def _tables(results: Results, data: str) -> list[Table]:
    runs = results.of(data)
    scale = _Scale(runs)
    by_split = sorted(runs, key=lambda run: str(run["split"]))
    tables = []
    for split, group in groupby(by_split, lambda run: run["split"]):
        of_split = list(group)
        counts = [[len(run.of_split(side)) for run in of_split] for side in ("train", "validation")]
        tables.append(
            Table(
                data,
                str(of_split[0]["label"]),
                split,
                str(of_split[0]["unit"]),
                max(counts[0]),
                max(counts[1]),
                [_row(run, scale) for run in of_split],
            )
        )
    return tables


class _Scale:
    """Losses as places on a logarithmic bar that all runs of a data set share."""

    def __init__(self, runs: list[Run]) -> None:
        keys = ("train_loss", "val_loss", "published_train", "published_val")
        losses = [float(run[key]) for run in runs for key in keys if run[key]]
        self.low = math.log10(min(losses, default=1.0))
        self.high = math.log10(max(losses, default=1.0))

    def __call__(self, loss: float) -> float:
        if loss <= 0:
            return 0.0  # the left end stands for nothing lost
        share = (math.log10(loss) - self.low) / (self.high - self.low or 1)
        return round(6 + 92 * min(max(share, 0.0), 1.0), 1)


def _row(run: Run, scale: _Scale) -> Row:
    published = (run["published_train"], run["published_val"])
    losses = {
        "train": run["train_loss"],
        "validation": run["val_loss"],
        "published_train": published[0],
        "published_validation": published[1],
    }
    return Row(
        run,
        _features(run["features"]),
        plain(run["train_loss"]),
        _validation(run.row),
        None
        if published == (None, None)
        else (as_published(published[0]), as_published(published[1])),
        {name: scale(loss) for name, loss in losses.items() if loss is not None},
    )


def _validation(row: dict[str, Any]) -> str:
    value = row["val_loss"]
    if value is None or value >= 1e6:
        error = f" ± {plain(row['val_error'])}" if row["val_error"] else ""
        return plain(value) + error
    return with_error(value, row["val_error"])


def _features(names: list[str]) -> str:
    if len(names) <= 3:
        return ", ".join(name.replace("_", " ") for name in names)
    return f"{len(names)} features: {names[0].replace('_', ' ')} to {names[-1].replace('_', ' ')}"
