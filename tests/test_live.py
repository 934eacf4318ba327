"""The days that nights store."""

from pathlib import Path

import pandas as pd
import pytest

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.paths import days_path
from viewcast.data import live
from viewcast.retraining.refresh import known


def series(days: int, first: str = "2020-01-01") -> pd.DataFrame:
    index = pd.date_range(first, periods=days, name="date")
    return pd.DataFrame({"views": [float(100 + day) for day in range(days)]}, index=index)


def test_a_stored_series_is_read_back_as_it_was(tmp_path: Path) -> None:
    days = series(40).assign(minutes=0.1234567890123456, likes=[*([3.0] * 39), float("nan")])
    (tmp_path / live.DAILY).write_text(live.as_csv(days))
    found = live.read(tmp_path)
    pd.testing.assert_frame_equal(found, days, check_freq=False, check_index_type=False)
    assert (
        (tmp_path / live.DAILY).read_text().startswith("date,views,minutes,likes\n2020-01-01,100,")
    )


def test_the_file_names_the_metric_and_no_other_figure_is_called_views(tmp_path: Path) -> None:
    days = series(3).assign(likes=3.0) / 2
    (tmp_path / live.DAILY).write_text(live.as_csv(days, "estimatedMinutesWatched"))
    assert (tmp_path / live.DAILY).read_text().startswith("date,estimatedMinutesWatched,likes\n")
    assert live.metric(tmp_path) == "estimatedMinutesWatched"
    assert live.read(tmp_path)["views"].tolist() == [50, 50.5, 51]


def test_a_series_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no live series yet; `make retrain` makes one"):
        live.read(tmp_path)


def test_a_series_without_its_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / live.DAILY).write_text("2020-01-01,100\n")
    with pytest.raises(DataError, match=r"line 1: found .*, expected date and a metric"):
        live.read(tmp_path)


def test_a_channel_forecasts_one_metric(tmp_path: Path) -> None:
    folder = days_path(tmp_path, "mine")
    folder.mkdir(parents=True)
    assert known(tmp_path, "other", "views") is None
    (folder / live.DAILY).write_text(live.as_csv(series(3)))
    assert len(known(tmp_path, "mine", "views")) == 3
    with pytest.raises(ConfigError, match=r"data\.metric = engagedViews: .* = mine forecast views"):
        known(tmp_path, "mine", "engagedViews")
