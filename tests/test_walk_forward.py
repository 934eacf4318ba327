"""The walk-forward: what a recipe would have lost, each week blind to what came after."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from viewcast.data.daily import windows
from viewcast.forecast.forecaster import Inputs, levels
from viewcast.models.fitted import Fitted, FittedNaive, FittedNetwork
from viewcast.models.scaling import Scaling
from viewcast.retraining.walk_forward import walk_forward

LAGS = 7
INPUTS = Inputs(LAGS, None, 10.0, "2020-01-01")


def rows_of(views: np.ndarray) -> pd.DataFrame:
    """The open rows of a prepared table of these views."""
    days = pd.date_range("2020-01-01", periods=len(views))
    scaled = pd.Series(views / 10, index=days)
    features = windows(scaled, LAGS, None)
    time = pd.DatetimeIndex(features.index)
    keys = {"row": time.strftime("%Y-%m-%d"), "time": time, "target": scaled[time].to_numpy()}
    return pd.DataFrame(keys).join(features.reset_index(drop=True))


def channel(days: int = 150) -> np.ndarray:
    return np.random.default_rng(7).integers(500, 1500, days).astype(float)


def least_squares(rows: pd.DataFrame) -> Fitted:
    x = rows[["lag_1", "lag_7"]].to_numpy()
    design = np.hstack([x, np.ones((len(x), 1))])
    flat, *_ = np.linalg.lstsq(design, rows["target"].to_numpy(), rcond=None)
    return FittedNetwork(["lag_1", "lag_7"], (), flat, Scaling.identity(2))


def last_week(rows: pd.DataFrame) -> Fitted:
    return FittedNaive(["lag_7"], 0.0)


def test_what_comes_later_moves_no_earlier_forecast() -> None:
    views = channel()
    walked = walk_forward(least_squares, rows_of(views), INPUTS, 6, 90, 3).days
    for week, first in enumerate(walked["week"].unique()[1:], 1):
        place = (pd.Timestamp(first) - pd.Timestamp("2020-01-01")).days
        other = views.copy()
        other[place:] = other[place:][::-1] * 3
        changed = walk_forward(least_squares, rows_of(other), INPUTS, 6, 90, 3).days
        np.testing.assert_array_equal(
            changed["forecast"][: 7 * week], walked["forecast"][: 7 * week]
        )
        # The first day of the week is forecast from the days before it, which have not changed.
        assert changed["forecast"][7 * week] == walked["forecast"][7 * week]


def test_the_last_whole_weeks_are_walked_each_day_once() -> None:
    rows = rows_of(channel())
    walked = walk_forward(least_squares, rows, INPUTS, 6, 90, 3).days
    assert walked["day"].tolist() == rows["time"].tolist()[-42:]
    assert walked.groupby("week").size().tolist() == [7] * 6


def test_a_recipe_that_repeats_last_week_is_the_naive_forecast() -> None:
    walked = walk_forward(last_week, rows_of(channel()), INPUTS, 5, 90, 2)
    np.testing.assert_allclose(walked.days["forecast"], walked.days["naive"])
    weekly = walked.weekly()
    np.testing.assert_allclose(weekly["loss"], weekly["naive"])
    by_hand = (walked.days["naive"] - walked.days["views"]).abs().to_numpy().reshape(5, 7)
    np.testing.assert_allclose(weekly["loss"], by_hand.mean(axis=1))


def test_errors_are_shares_of_the_level_at_the_origin_by_days_ahead() -> None:
    views = channel()
    walked = walk_forward(last_week, rows_of(views), INPUTS, 4, 90, 3)
    # Day t and those after it are forecast on the evening of day t - 1; the last two are cut off.
    series = pd.Series(views)
    expected = [
        [(series[t + h] - series[t + h - 7]) / levels(series)[t - 1] for h in range(3)]
        for t in range(150 - 28, 150 - 2)
    ]
    np.testing.assert_allclose(walked.errors, expected)


@pytest.mark.parametrize(("weeks", "expected"), [(3, 3), (100, 14)])
def test_weeks_without_enough_days_before_them_are_left_out(weeks: int, expected: int) -> None:
    # Of 143 rows, half a window of 90 days must lie before a week.
    walked = walk_forward(last_week, rows_of(channel()), INPUTS, weeks, 90, 1)
    assert len(walked.days) == 7 * expected


def test_each_week_is_trained_on_the_window_before_it() -> None:
    seen = []

    def watched(fit: Callable[[pd.DataFrame], Fitted]) -> Callable[[pd.DataFrame], Fitted]:
        def noting(rows: pd.DataFrame) -> Fitted:
            seen.append((rows["time"].iloc[0], rows["time"].iloc[-1], len(rows)))
            return fit(rows)

        return noting

    rows = rows_of(channel())
    walked = walk_forward(watched(last_week), rows, INPUTS, 3, 90, 1)
    starts = walked.days["week"].unique()
    day = pd.Timedelta(days=1)
    assert seen == [(start - 90 * day, start - day, 90) for start in starts]


def test_too_short_a_history_walks_nowhere() -> None:
    walked = walk_forward(last_week, rows_of(channel(24)), INPUTS, 5, 17, 2)
    assert walked.days.empty
    assert walked.errors.shape == (0, 2)
    assert walked.weekly().empty
