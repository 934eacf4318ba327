"""The page of a panel: its table of tasks, and pictures that small panels can have."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from viewcast.base.files import write_json
from viewcast.base.paths import params_path, prepared_path
from viewcast.report.figures import panel_errors, panel_fans, panel_series
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import applied
from viewcast.report.panel_tables import panel_tables

DAYS, WEEKS = 3, 4


def results(root: Path, videos: int) -> Results:
    """A naive run and a better one, of rows of so many videos at four moments."""
    rng = np.random.default_rng(1)
    names = [f"v{video:02d}" for video in range(videos)]
    keys = pd.DataFrame([(v, f"2026-0{w + 1}-01") for v in names for w in range(WEEKS)])
    keys = keys.set_axis(["entity", "time"], axis=1)
    keys.insert(0, "row", keys["entity"] + " " + keys["time"])
    size = np.log1p(10.0 ** rng.uniform(1, 4, len(keys)))
    table = keys.assign(size=size, age=4.0, category_music=1.0, split_week="validation")
    lags = {f"lag_{lag}": 0.1 * rng.normal(size=len(keys)) for lag in range(1, 8)}
    path = prepared_path(root, "videos", "week")
    path.parent.mkdir(parents=True)
    table.assign(**lags).to_parquet(path)
    write_json(params_path(root, "prepare", "videos"), {"splits": {"week": split()}})
    rows = [run(root, name, keys, size, rng) for name in ("naive", "deep")]
    return Results(root, rows)


def split() -> dict[str, Any]:
    published = {"LightGBM": {"train": None, "validation": 18.04, "source": "measured elsewhere"}}
    task = {"window": 56, "horizon": DAYS, "asked": "each"}
    return {"task": task, "new": "days", "published": published}


def run(root: Path, name: str, keys: pd.DataFrame, size: Any, rng: Any) -> dict[str, Any]:
    """The row of the summary; its predictions are stored."""
    columns: dict[str, Any] = {}
    for day in range(1, DAYS + 1):
        columns[f"target_{day}"] = np.expm1(size + 0.1 * rng.normal(size=len(keys)))
        columns[f"prediction_{day}"] = np.expm1(size)
    loss = rng.uniform(10, 20, len(keys)) + 5 * (name == "naive")
    folder = root / "build" / "experiments" / f"videos_{name}"
    folder.mkdir(parents=True)
    table = keys.assign(split="validation", **columns, loss=loss)
    table.to_parquet(folder / "predictions.parquet")
    about = {"data": "videos", "label": "videos", "model": name, "split": "week", "kind": name}
    score = {"val_loss": float(loss.mean()), "val_error": 0.3, "train_loss": 1.0}
    kept = {"status": "finished", "cluster": "entity", "loss": "smape", "unit": "%", "key": name}
    return {**about, **score, **kept, "experiment": f"videos_{name}"}


def test_the_table_has_the_best_run_beside_naive_and_the_figures_of_others(tmp_path: Path) -> None:
    (table,) = panel_tables(results(tmp_path, 20))
    (row,) = table.rows
    assert (row.task, row.best_name) == ("week", "deep")
    assert row.asked == "each of the next 3 days, from 56 days"
    assert row.published == "LightGBM 18.04 (measured elsewhere)"
    assert row.naive.startswith("20")


def test_a_panel_of_twenty_videos_has_errors_by_class_series_and_fans(tmp_path: Path) -> None:
    found = results(tmp_path, 20)
    with applied():
        drawn = [d.name for m in (panel_errors, panel_series, panel_fans) for d in m.draw(found)]
    assert drawn == ["videos_week_errors", "videos_week_series", "videos_week_fans"]


def test_the_titles_of_a_panel_say_each_score_with_its_unit_and_its_error(tmp_path: Path) -> None:
    score = r"\d+\.\d+ ± \d\.\d+ %"
    with applied():
        (errors,) = panel_errors.draw(results(tmp_path, 20))
        (series,) = panel_series.draw(results(tmp_path / "again", 20))
    assert re.fullmatch(
        rf"Videos with .* a day are missed by {score}, those .* {score}", errors.title
    )
    above = [axes.get_title() for axes in series.figure.axes]
    assert all(
        re.fullmatch(r"v\d\d\n(best|typical|worst): \d+\.?\d*\u00a0%", title) for title in above
    )


@pytest.mark.parametrize(
    ("name", "heading", "told"),
    [
        ("below 10", "views a day", "with fewer than 10 views a day"),
        ("10 to 100", "views a day", "with 10 to 100 views a day"),
        ("above 365", "days since the upload", "with more than 365 days since the upload"),
        ("music", "category", "of the category music"),
    ],
)
def test_a_class_of_videos_is_named_as_people_name_it(name: str, heading: str, told: str) -> None:
    assert panel_errors.in_words(name, heading) == told


def test_a_panel_of_six_videos_has_no_fans_since_no_others_make_the_interval(
    tmp_path: Path,
) -> None:
    found = results(tmp_path, 6)
    with applied():
        assert list(panel_fans.draw(found)) == []
        assert list(panel_series.draw(found)) == []
        assert len(list(panel_errors.draw(found))) == 1
