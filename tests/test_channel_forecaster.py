"""The forecaster of a channel: what a version of the registered model holds and gives.

Shape letters: H days ahead.
"""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.histories import channel, recipes
from viewcast.base.errors import DataError
from viewcast.forecast.channel_forecaster import FILE, FITS, ChannelForecaster
from viewcast.forecast.conformal import Intervals
from viewcast.forecast.habits import Habit
from viewcast.forecast.history import History
from viewcast.forecast.rebase import rebased

FOUR = ("theta", "ridge", "boosted", "rhythm")
LONG = channel(200)
VIEWS = pd.Series(LONG.views, pd.date_range(LONG.first, periods=len(LONG)))
INTERVALS = Intervals(0.9, (0.1, 0.2, 0.3), (0.1, 0.15, 0.2), 40)


@cache
def forecaster(*names: str, horizon: int = 3) -> ChannelForecaster:
    """Fitted on ``LONG``, once for all tests."""
    members = {name: recipes()[name] for name in names or FOUR}
    return ChannelForecaster.fitted(members, LONG, horizon)


def test_it_forecasts_the_mean_of_the_logs_of_its_members() -> None:
    each = forecaster().forecasts(LONG)
    assert list(each) == list(FOUR)
    assert forecaster().forecast(LONG) == pytest.approx(sum(each.values()) / 4)


def test_a_single_member_serves_as_it_is() -> None:
    alone = recipes()["rhythm"].fit(LONG, 3).forecast(LONG)
    assert forecaster("rhythm").forecast(LONG).tolist() == alone.tolist()


def test_the_table_ahead_begins_on_the_day_after_the_newest() -> None:
    table = replace(forecaster(), intervals=INTERVALS).ahead(VIEWS, 2)
    newest = VIEWS.index[-1]
    assert (table["date"] - newest).dt.days.tolist() == [1, 2]
    low, log, high = np.log1p(table[["low", "views", "high"]]).to_numpy().T
    assert log == pytest.approx(forecaster().forecast(LONG)[:2])
    assert high - log == pytest.approx([0.1, 0.2])
    assert log - low == pytest.approx([0.1, 0.2])


def test_the_sum_of_days_has_an_interval_of_its_own() -> None:
    made = replace(forecaster(), intervals=INTERVALS)
    low, total, high = made.total(VIEWS)
    assert total == pytest.approx(made.ahead(VIEWS, 3)["views"].sum())
    assert np.log1p([low, high]) - np.log1p(total) == pytest.approx([-0.2, 0.2])
    assert made.total(VIEWS, 2)[1] == pytest.approx(made.ahead(VIEWS, 2)["views"].sum())


def test_without_intervals_their_ends_are_missing() -> None:
    assert forecaster().ahead(VIEWS, 3)[["low", "high"]].isna().all(axis=None)
    low, total, high = forecaster().total(VIEWS)
    assert np.isnan([low, total, high]).tolist() == [True, False, True]


def test_a_forecaster_that_was_written_gives_the_same_bits(tmp_path: Path) -> None:
    habit = Habit(LONG.newest - timedelta(days=40), "two videos a week")
    members = {name: recipes()[name] for name in FOUR}
    made = ChannelForecaster.fitted(members, LONG, 3, (habit,))
    made = replace(made, intervals=INTERVALS)
    made.save(tmp_path / "one")
    read = ChannelForecaster.load(tmp_path / "one")
    assert (read.recipes, read.habits, read.intervals) == (members, (habit,), INTERVALS)
    assert read.identity == made.identity
    pd.testing.assert_frame_equal(read.ahead(VIEWS, 3), made.ahead(VIEWS, 3), check_exact=True)
    read.save(tmp_path / "two")
    for name in (FILE, FITS):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_any_history_is_moved_to_the_confirmed_habits() -> None:
    log = LONG.log.copy()
    log[150:] += np.log(3)
    history, habit = History(LONG.first, log), Habit(date(2021, 7, 29), "three videos a week")
    rhythm = recipes()["rhythm"]
    made = ChannelForecaster.fitted({"rhythm": rhythm}, history, 3, (habit,))
    moved = rebased(history, [habit])
    assert made.forecast(history).tolist() == rhythm.fit(moved, 3).forecast(moved).tolist()


def test_a_history_that_is_too_short_is_refused_with_the_member_that_needs_more() -> None:
    short = channel(20)
    members = {name: recipes()[name] for name in FOUR}
    with pytest.raises(DataError, match=r"found 20 days up to 2021-03-20, .* 40, which ridge need"):
        ChannelForecaster.fitted(members, short, 3)
    with pytest.raises(DataError, match="give more days"):
        forecaster().ahead(VIEWS.iloc[:20], 3)


@pytest.mark.parametrize("days", [0, 4])
def test_days_that_it_does_not_forecast_are_refused(days: int) -> None:
    for ask in (forecaster().ahead, forecaster().total):
        with pytest.raises(DataError, match=f"request for {days} days; .* 1 to 3 days ahead"):
            ask(VIEWS, days)


def without_hashes(folder: Path) -> dict[str, Any]:
    """A folder as an earlier version wrote it; what its description says."""
    about: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    del about["sha256"]
    (folder / FILE).write_text(json.dumps(about), encoding="utf-8")
    return about


def test_a_forecaster_of_an_earlier_version_has_no_hashes_and_forecasts(tmp_path: Path) -> None:
    made = forecaster("rhythm", "ridge")
    made.save(tmp_path)
    without_hashes(tmp_path)
    read = ChannelForecaster.load(tmp_path)
    pd.testing.assert_frame_equal(read.ahead(VIEWS, 3), made.ahead(VIEWS, 3), check_exact=True)


@pytest.mark.parametrize("hashed", [True, False])
def test_a_forecaster_with_the_fits_of_another_one_is_refused(hashed: bool, tmp_path: Path) -> None:
    forecaster("ridge").save(tmp_path / "one")
    forecaster("ridge", horizon=5).save(tmp_path / "other")
    (tmp_path / "other" / FITS).replace(tmp_path / "one" / FITS)
    if not hashed:
        without_hashes(tmp_path / "one")
    with pytest.raises(DataError, match=f"{FITS}: .*ChannelForecaster"):
        ChannelForecaster.load(tmp_path / "one")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": {"mine": {"_target_": "gone.Mine"}}}, "no such class"),
        ({"members": None}, "holds no forecaster"),
        ({"members": {"ridge": {"_target_": "viewcast.forecast.ridge.Ridge"}}}, "window is miss"),
        ({"intervals": {"level": 0.9}}, "days"),
    ],
)
def test_a_folder_that_cannot_be_read_is_refused(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    forecaster("rhythm").save(tmp_path)
    about = without_hashes(tmp_path)
    (tmp_path / FILE).write_text(json.dumps({**about, **change}), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        ChannelForecaster.load(tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(DataError, match=r"expected a folder that ChannelForecaster\.save wrote"):
        ChannelForecaster.load(tmp_path)
