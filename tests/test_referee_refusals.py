"""What a referee in one process refuses, in words that depend on no target."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.judged_targets import AMOUNTS, CLASSES, ROWS, TEXT, amounts
from viewcast.base.errors import DataError
from viewcast.referee import Referee, RefusedError


@pytest.mark.parametrize("metric", ["mse", "mae", "rmse", "mape", "smape", "msle", "r2"])
@given(size=st.floats(-1e308, 1e308), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_no_refusal_depends_on_any_target(metric: str, size: float, seed: int) -> None:
    others = np.random.default_rng(seed).lognormal(0, 10, ROWS)
    predictions = np.where(np.arange(ROWS) == 3, size, 1.0)
    assert refused(AMOUNTS, metric, predictions) == refused(others, metric, predictions)


def test_some_of_these_predictions_are_refused_and_some_are_not() -> None:
    told = [refused(AMOUNTS, "mse", np.full(ROWS, size)) for size in (1.0, 1e14, 1e16, -1e308)]
    assert [sentence is None for sentence in told] == [True, True, False, False]


def refused(targets: Any, metric: str, predictions: Any) -> str | None:
    try:
        assert Referee(targets, metric).submit(predictions).accepted
    except RefusedError as error:
        return str(error)
    return None


def test_predictions_that_overflow_are_refused_before_they_are_the_first() -> None:
    referee = Referee(AMOUNTS, "mse")
    with pytest.raises(RefusedError, match="so great that their mse cannot be told"):
        referee.submit(np.full(ROWS, 1e160))
    assert referee.left == 200


@pytest.mark.parametrize(
    ("predictions", "said"),
    [
        (np.ones(ROWS - 1), r"shape \(119,\); expected \(120,\)"),
        (np.ones((ROWS, 2, 2)), "shape"),
        (np.where(np.arange(ROWS) == 7, np.nan, 1.0), "not finite in 1 of 120 rows.* row 7;"),
        (np.where(np.arange(ROWS) > 100, np.inf, 1.0), "not finite in 19 of 120 rows"),
        ([None, *range(1, ROWS)], "not finite in 1 of 120"),
        (["many"] * ROWS, "expected numbers"),
        ([*["many"] * (ROWS - 1), None], "missing in 1 of 120 rows, the first is row 119"),
        (np.ones((ROWS, 3)), "expected one number for each row"),
    ],
)
def test_what_is_no_prediction_of_each_row_is_refused_and_not_counted(
    predictions: Any, said: str
) -> None:
    referee = Referee(AMOUNTS, "mae")
    with pytest.raises(RefusedError, match=said):
        referee.submit(predictions)
    assert referee.left == 200
    assert referee.submit(amounts(1, 1.0)).left == 199


@pytest.mark.parametrize(
    ("targets", "metric", "said"),
    [
        (AMOUNTS[:99], "mae", "99 rows: a referee needs 100"),
        (np.append(AMOUNTS[1:], np.nan), "mae", "not finite"),
        (np.append(AMOUNTS[1:], 1e300), "mae", "take another unit"),
        (np.append(AMOUNTS[1:], 0.0), "mape", "1 of 30 targets are 0"),
        ([*TEXT[1:], None], "accuracy", "targets: missing in 1 of 120"),
        (np.sort(CLASSES), "f1", "rows that are hidden has the class 0"),
        (np.sort(TEXT), "f1_macro", "rows that judge has the class dog|hidden has the class bird"),
        (np.zeros(ROWS), "accuracy", "all targets are"),
        (np.append(AMOUNTS[:90], np.ones(30)), "r2", "nothing to explain"),
        (TEXT, "f1", "expected two"),
        (TEXT, "mae", "expected numbers"),
    ],
)
def test_targets_that_cannot_be_judged_are_refused_at_the_start(
    targets: Any, metric: str, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        Referee(targets, metric)


@pytest.mark.parametrize(
    ("terms", "blocks"),
    [
        ({"hidden": 0.05}, "114 rows that judge and 6 hidden"),
        ({"length": 3.0}, "15 blocks of 6 rows that judge and 5 hidden"),
    ],
)
def test_fewer_than_eight_hidden_blocks_are_refused(terms: dict[str, Any], blocks: str) -> None:
    with pytest.raises(DataError, match=f"found {blocks}, expected 8 or more"):
        Referee(AMOUNTS, "mae", **terms)
