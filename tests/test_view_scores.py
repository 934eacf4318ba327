"""Scores of forecasts of views: losses of logs, measures of views, and which of them is shown."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from viewcast.base.errors import DataError
from viewcast.scoring.log_smape import LogSMAPE
from viewcast.scoring.loss import MAE, Loss
from viewcast.scoring.measures.mrse import MRSE
from viewcast.scoring.measures.rank_percentile import RankPercentile
from viewcast.scoring.measures.smape import SMAPE
from viewcast.scoring.scorer import Scorer
from viewcast.scoring.squared_relative_log import SquaredRelativeLog

BOTH = [LogSMAPE(), SquaredRelativeLog()]
views = st.floats(0.01, 1e6)
logs = st.floats(-5, 5)


def column(*values: float) -> Any:
    """Views of one output (N, 1)."""
    return np.array(values, float)[:, np.newaxis]


def table(levels: list[float], **targets: list[float]) -> pd.DataFrame:
    """Rows of a prepared table: their level, and targets less it."""
    rows = [f"r{place}" for place in range(len(levels))]
    return pd.DataFrame({"row": rows, "level": levels, **targets})


def test_thrice_the_views_are_an_error_of_100_percent_either_way() -> None:
    errors = LogSMAPE().rows(np.log([3.0, 1.0, 2.0]), np.log([1.0, 3.0, 2.0]))
    assert errors == pytest.approx([100, 100, 0])


def test_twice_and_half_the_views_are_squared_shares_of_1_and_a_quarter() -> None:
    shares = SquaredRelativeLog().rows(np.log([2.0, 1.0, 5.0]), np.log([1.0, 2.0, 5.0]))
    assert shares == pytest.approx([1, 0.25, 0])


@pytest.mark.parametrize("loss", BOTH, ids=lambda loss: loss.name)
def test_an_exact_forecast_has_no_gradient(loss: Loss) -> None:
    assert loss.grad(np.array([1.5]), np.array([1.5]), 1.0).tolist() == [0]


@pytest.mark.parametrize(("loss", "unit"), list(zip(BOTH, ["%", "share²"], strict=True)))
def test_the_unit_of_an_error_of_logs_is_not_that_of_the_target(loss: Loss, unit: str) -> None:
    assert loss.unit("log views") == unit


def test_the_relative_squared_error_of_a_row_is_the_mean_of_its_outputs() -> None:
    found = MRSE().rows(np.array([[3.0, 5.0], [1.0, 1.0]]), np.array([[1.0, 5.0], [2.0, 2.0]]))
    assert found.tolist() == [2, 0.25]


def test_the_opposite_order_is_off_by_the_distance_of_the_ranks() -> None:
    assert RankPercentile().rows(column(4, 3, 2, 1), column(1, 2, 3, 4)).tolist() == [
        *(75, 25, 25, 75)
    ]


def test_a_forecast_that_differs_by_rounding_has_the_place_of_what_it_equals() -> None:
    rows = table([2.0, 2.0], target=[0.5, 1.5])
    scorer = Scorer(MAE(), RankPercentile())
    assert scorer.rows(np.array([0.5 + 1e-9, 1.5 - 1e-9]), rows).tolist() == [0, 0]


def test_without_a_measure_the_loss_is_what_is_shown() -> None:
    scorer, rows = Scorer(MAE()), table([0.0, 0.0], target_1=[1.0, 2.0], target_2=[3.0, 4.0])
    predicted = np.array([[2.0, 3.0], [4.0, 4.0]])
    assert (scorer.name, scorer.unit("log views")) == ("mae", "log views")
    assert scorer.rows(predicted, rows).tolist() == [0.5, 1]


def test_a_measure_is_what_is_shown_and_is_of_views() -> None:
    scorer, rows = Scorer(MAE(), SMAPE()), table([math.log(2)], target=[0.0])
    assert (scorer.name, scorer.unit("log views")) == ("smape", "%")
    # 1 view came, and 3 were forecast
    assert scorer.rows(np.array([math.log(2)]), rows) == pytest.approx([100])


def test_no_rows_have_no_scores() -> None:
    assert Scorer(MAE(), RankPercentile()).rows(np.zeros(0), table([], target=[])).tolist() == []


def test_a_forecast_that_is_no_number_is_refused_by_its_row() -> None:
    rows = table([1.0, 1.0], target=[0.0, 0.0])
    with pytest.raises(DataError, match=r"measure = smape: 1 of 2 rows have no score.*'r1'"):
        Scorer(MAE(), SMAPE()).rows(np.array([0.0, math.nan]), rows)


def test_a_table_of_predictions_is_in_views_where_a_measure_scores_them() -> None:
    rows = table([0.0], target_1=[math.log(2)], target_2=[math.log(3)])
    found = Scorer(MAE(), SMAPE()).columns(np.log([[4.0, 5.0]]), rows)
    shown = {name: float(cells[0]) for name, cells in found.items()}
    assert shown == pytest.approx(
        {"target_1": 1, "target_2": 2, "prediction_1": 3, "prediction_2": 4}
    )


def test_a_table_of_predictions_is_in_logs_where_the_loss_scores_them() -> None:
    found = Scorer(MAE()).columns(np.array([0.5]), table([9.0], target=[0.25]))
    assert {name: cells.tolist() for name, cells in found.items()} == {
        "target": [0.25],
        "prediction": [0.5],
    }


def test_where_the_target_is_not_known_none_is_shown() -> None:
    found = Scorer(MAE()).columns(np.array([0.5]), table([9.0], target=[0.25]), known=False)
    assert np.isnan(found["target"]).all()
