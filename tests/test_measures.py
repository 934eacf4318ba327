"""Measures of views, and the losses of log views that stand for them in training."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from support.shared import shared
from viewcast.base.errors import DataError
from viewcast.scoring.log_smape import LogSMAPE
from viewcast.scoring.loss import MAE, Loss, slope_of
from viewcast.scoring.measures.mrse import MRSE
from viewcast.scoring.measures.rank_percentile import RankPercentile
from viewcast.scoring.measures.smape import SMAPE
from viewcast.scoring.scorer import Scorer
from viewcast.scoring.squared_relative_log import SquaredRelativeLog

LOSSES = [LogSMAPE(), SquaredRelativeLog()]
logs = st.floats(-6, 6)
counts = st.integers(0, 10**6)
views = st.lists(st.floats(0, 1e9), min_size=2, max_size=30)


def column(*values: float) -> NDArray[np.float64]:
    return np.array(values)[:, np.newaxis]


def table(targets: NDArray[np.float64], level: float) -> pd.DataFrame:
    """Rows of the prepared table, of views (N, O) seen."""
    names = [f"target_{place}" for place in range(1, targets.shape[1] + 1)]
    rows = pd.DataFrame(np.log1p(targets) - level, columns=names)
    return rows.assign(row=[f"r{place}" for place in range(len(rows))], level=level)


def test_smape_is_the_mean_over_the_days_and_0_where_nothing_came_and_nothing_was_forecast() -> (
    None
):
    found = SMAPE().rows(np.array([[30.0, 0.0, 5.0]]), np.array([[10.0, 0.0, 0.0]]))
    assert found.tolist() == [(100 + 0 + 200) / 3]


def test_mrse_is_a_share_of_what_came_and_refuses_rows_without_views() -> None:
    assert MRSE().rows(column(3, 1), column(2, 1)).tolist() == [0.25, 0]
    with pytest.raises(DataError, match=r"1 of 2 rows have no views.*least_views"):
        MRSE().rows(column(3, 1), column(2, 0))


def test_a_percentile_is_the_place_among_what_came_and_equal_ones_share_it() -> None:
    came = column(10, 10, 40, 30)  # at 25, 25, 87.5, 62.5
    found = RankPercentile().rows(column(5, 10, 35, 100), came)
    assert found.tolist() == [25 - 0, 25 - 25, 87.5 - 75, 100 - 62.5]


def test_a_forecast_that_is_right_in_order_and_wrong_in_size_is_wrong() -> None:
    came = column(1, 2, 3, 4)
    assert RankPercentile().rows(came * 1000, came).tolist() == [87.5, 62.5, 37.5, 12.5]


@given(views=views)
def test_an_exact_forecast_has_no_error_of_rank(views: list[float]) -> None:
    came = column(*views)
    assert RankPercentile().rows(came, came).tolist() == [0] * len(came)


def test_a_row_of_several_days_is_placed_by_their_sum() -> None:
    forecast, came = np.array([[1.0, 11.0], [2.0, 1.0]]), np.array([[6.0, 6.0], [1.0, 2.0]])
    assert RankPercentile().rows(forecast, came).tolist() == [0, 0]


def test_the_published_forecasts_of_hip_have_their_printed_error() -> None:
    """7.10 in Rizoiu et al. (2017)."""
    folder = shared("data/panel")
    table = pd.read_parquet(folder / "active_hip_forecast_d091_120.parquet")
    found, came = (table[[f"{who}_views_d091_120"]].to_numpy(np.float64) for who in ("hip", "true"))
    assert RankPercentile().rows(found, came).mean() == pytest.approx(7.10, abs=0.005)


def test_no_views_forecast_where_none_came_are_exact_through_float32() -> None:
    level = float(np.log1p(1234.5))
    rows = table(np.zeros((1, 2)), level)
    forecast = np.full((1, 2), np.float32(-level), np.float64)  # as a naive feature has it
    assert Scorer(LogSMAPE(), SMAPE()).rows(forecast, rows).tolist() == [0]


@pytest.mark.parametrize("loss", LOSSES)
@given(prediction=logs, target=logs)
def test_plain_numbers_arrays_and_tensors_agree_and_the_slope_is_the_finite_difference(
    loss: Loss, prediction: float, target: float
) -> None:
    if abs(prediction - target) < 0.01:
        prediction = target + 0.5
    slope, step = slope_of(loss), 1e-6
    assert slope is not None
    value, derivative = slope(prediction, target)
    arrays = np.array([prediction]), np.array([target])
    tensors = [torch.from_numpy(each) for each in arrays]
    assert loss.rows(*arrays)[0] == pytest.approx(value)
    assert loss.rows(*tensors).item() == pytest.approx(value)
    assert loss.grad(*arrays, 1.0)[0] == pytest.approx(derivative)
    assert loss.grad(*tensors, 1.0).item() == pytest.approx(derivative)
    above, below = (slope(prediction + sign * step, target)[0] for sign in (1, -1))
    assert (above - below) / (2 * step) == pytest.approx(derivative, rel=1e-4, abs=1e-4)


@given(forecast=st.floats(1, 1e8), came=st.floats(1, 1e8))
def test_losses_of_logs_are_the_measures_of_views(forecast: float, came: float) -> None:
    pair = column(forecast), column(came)
    both = np.log(pair[0][:, 0]), np.log(pair[1][:, 0])
    assert LogSMAPE().rows(*both) == pytest.approx(SMAPE().rows(*pair), abs=1e-6)
    assert SquaredRelativeLog().rows(*both) == pytest.approx(MRSE().rows(*pair), rel=1e-6, abs=1e-9)


@given(
    came=st.lists(st.tuples(counts, counts), min_size=1, max_size=5),
    usual=counts,
)
def test_forecasts_relative_to_a_level_are_scored_in_views(
    came: list[tuple[int, int]], usual: int
) -> None:
    level = float(np.log1p(usual))
    rows = table(np.array(came, float), level)
    scorer, zeros = Scorer(MAE(), SMAPE()), np.zeros((len(came), 2))
    expected = SMAPE().rows(np.full_like(zeros, usual), np.array(came, float))
    np.testing.assert_allclose(scorer.rows(zeros, rows), expected, atol=1e-6)
    shown = scorer.columns(zeros, rows)
    assert list(shown) == ["target_1", "target_2", "prediction_1", "prediction_2"]
    np.testing.assert_allclose(shown["target_2"], np.array(came)[:, 1], rtol=1e-9, atol=1e-9)


def test_a_forecast_below_no_views_is_none_and_one_that_is_no_number_is_refused() -> None:
    rows = table(np.array([[0.0], [7.0]]), 2.0).rename(columns={"target_1": "target"})
    scorer = Scorer(MAE(), SMAPE())
    assert scorer.rows(np.array([-9.0, 0.0]), rows)[0] == 0
    with pytest.raises(DataError, match=r"measure = smape: 1 of 2 rows .* 'r1'"):
        scorer.rows(np.array([0.0, np.nan]), rows)


def test_a_measure_needs_rows_with_a_level() -> None:
    with pytest.raises(DataError, match="no level"):
        Scorer(MAE(), SMAPE()).rows(np.zeros(1), pd.DataFrame({"row": ["a"], "target": [1.0]}))
