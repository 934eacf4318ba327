"""The forecast of what follows the last day of each video, by the run that validated best."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.panels import panel_of, task_of, written
from viewcast.base.errors import DataError
from viewcast.base.paths import experiments_path
from viewcast.base.settings import build
from viewcast.data.panel.videos import Videos
from viewcast.models import fitted
from viewcast.models.fitted import FittedNaive
from viewcast.runs import panel_forecast

SPLIT = {
    **{"task": asdict(task_of()), "new": "days", "cluster": "entity", "folds": 3, "seed": 1},
    **{"validation": [0], "test": [1], "validation_spans": 1, "test_spans": 1},
}
SERIES = {"a": [9.0] * 20, "b": [99.0] * 20, "short": [5.0] * 3}


def videos() -> Videos:
    """A data set of one task: two days from seven."""
    section = {
        "_target_": "viewcast.data.panel.videos.Videos",
        "reader": {"_target_": "support.panels.Table", "file": "panel.csv"},
        **{"name": "videos", "label": "videos", "raw": "data/videos", "unit": "log views"},
        **{"block": 1, "split": "next", "splits": {"next": SPLIT}},
        "features": {"all": ["lag_*"]},
    }
    data = build(section, "data")
    assert isinstance(data, Videos)
    return data


def ran(root: Path, name: str, score: float, constant: float, **other: Any) -> None:
    """A run of an experiment that forecasts a constant share of the level, and how it validated."""
    folder = experiments_path(root) / name
    fitted.save(FittedNaive([], constant, 2), folder / "model", "log views")
    result = {"data": "videos", "split": "next", "status": "finished", "val_loss": score}
    about = {"experiment": name, "model": "naive", "loss": "smape", "unit": "%"}
    (folder / "result.json").write_text(json.dumps({**result, **about, **other}))
    # In logs, video k of ten had k / 10 more than was forecast for day 1, twice that for day 2.
    errors = np.arange(10) / 10
    rows = pd.DataFrame({"entity": [f"v{k}" for k in range(10)], "split": "validation"})
    for day in (1, 2):
        rows[f"target_{day}"] = np.expm1(1 + day * errors)
        rows[f"prediction_{day}"] = np.expm1(1.0)
    rows.to_parquet(folder / "predictions.parquet")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    written(panel_of(SERIES), tmp_path / "data" / "videos")
    return tmp_path


def test_each_video_that_is_long_enough_has_a_forecast_of_each_day(root: Path) -> None:
    ran(root, "level", 10.0, 0.0)
    found = panel_forecast.forecast(videos(), root)
    shown = found.table[["video", "from", "day", "views"]]
    assert shown["video"].tolist() == ["a", "a", "b", "b"]
    assert shown["from"].tolist() == [21] * 4
    assert shown["day"].tolist() == [1, 2, 1, 2]
    assert shown["views"].tolist() == pytest.approx([9, 9, 99, 99], rel=1e-5)
    assert found.short == 1


def test_the_run_that_validated_best_forecasts(root: Path) -> None:
    ran(root, "level", 10.0, 0.0)
    ran(root, "twice", 9.0, float(np.log(2)))
    found = panel_forecast.forecast(videos(), root)
    assert found.run["experiment"] == "twice"
    assert found.table["views"].tolist() == pytest.approx([19, 19, 199, 199], rel=1e-5)


@pytest.mark.parametrize(
    "other",
    [{"data": "lectures"}, {"split": "long"}, {"status": "diverged"}, {"val_loss": None}],
    ids=str,
)
def test_a_run_of_something_else_or_without_a_score_does_not_forecast(
    root: Path, other: dict[str, Any]
) -> None:
    ran(root, "level", 10.0, 0.0)
    ran(root, "twice", 9.0, 0.7, **other)
    assert panel_forecast.forecast(videos(), root).run["experiment"] == "level"


def test_an_interval_holds_the_middle_80_percent_of_the_errors_of_its_day(root: Path) -> None:
    ran(root, "level", 10.0, 0.0)
    table = panel_forecast.forecast(videos(), root).table.iloc[:2]
    low, high = np.log1p(table["low"]), np.log1p(table["high"])
    assert (low - np.log(10)).tolist() == pytest.approx([0.09, 0.18], rel=1e-4)
    assert (high - np.log(10)).tolist() == pytest.approx([0.81, 1.62], rel=1e-4)


def test_the_share_that_intervals_cover_is_that_of_videos_that_did_not_make_them(
    root: Path,
) -> None:
    ran(root, "level", 10.0, 0.0)
    # Of 0, 2, ..., 8 tenths the interval is 0.8 to 7.2: of the others it holds 1, 3, 5, 7.
    # Of 1, 3, ..., 9 tenths it is 1.8 to 8.2: of the others it holds 2, 4, 6, 8.
    assert panel_forecast.forecast(videos(), root).covered == pytest.approx(0.8)


def test_without_a_run_that_has_validated_it_is_said_how_to_run_one(root: Path) -> None:
    with pytest.raises(DataError, match="no run has validated; type `make run DATA=videos` first"):
        panel_forecast.forecast(videos(), root)


def test_a_panel_without_a_video_that_is_long_enough_is_refused(root: Path) -> None:
    ran(root, "level", 10.0, 0.0)
    written(panel_of({"a": [1.0] * 6}), root / "data" / "videos")
    with pytest.raises(DataError, match="no video has the 7 last days without a gap"):
        panel_forecast.forecast(videos(), root)


def test_the_table_is_kept_whole_and_as_text_with_one_digit(root: Path) -> None:
    ran(root, "level", 10.0, 0.0)
    found = panel_forecast.forecast(videos(), root)
    whole, text = panel_forecast.store(found, root, videos())
    pd.testing.assert_frame_equal(pd.read_parquet(whole), found.table, check_dtype=False)
    first = text.read_text().splitlines()[:2]
    assert first == ["video,from,day,views,low,high", "a,21,1,9.0,9.9,21.5"]


def test_the_forecast_in_words_tells_what_was_asked_and_what_is_left_out(root: Path) -> None:
    ran(root, "level", 10.0, 0.0)
    lines = panel_forecast.as_text(panel_forecast.forecast(videos(), root), videos())
    assert lines == [
        "videos: each of the next 2 days of 2 videos, by the run “level” (naive; smape 10 % in "
        "validation)",
        "  intervals of 80%: they covered 80% on validation videos whose errors did not make them",
        "  b: 198 views in all",
        "  a: 18 views in all",
        "  1 videos are not forecast: too few days, or a gap in them",
    ]
