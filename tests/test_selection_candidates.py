"""What is accepted as the candidates of a choice, and how rows are gathered into cells."""

import numpy as np
import pytest

from viewcast.base.errors import DataError
from viewcast.selection.candidates import Candidates, cells, mean


def test_a_run_is_shown_by_its_best_state_and_the_lowest_run_wins() -> None:
    found = Candidates.of([[[5, 5]], [[9, 1], [2, 2], [1, 3]], [[4, 0]]])
    assert found.run.tolist() == [0, 1, 1, 1, 2]
    assert found.means.tolist() == [5, 5, 2, 2, 2]
    assert found.picks.tolist() == [0, 2, 4]
    assert found.shown.tolist() == [5, 2, 2]
    assert found.best == 1  # the first of equals
    assert found.losses_of(1).tolist() == [2, 2]
    assert (found.runs, found.rows) == (3, 2)
    assert found.common.tolist() == [21 / 5, 11 / 5]


def test_losses_are_kept_in_single_precision_and_means_taken_in_double() -> None:
    losses = 1e4 + np.random.default_rng(0).normal(size=(1, 10_000)).astype(np.float32)
    found = Candidates.of([losses])
    assert found.losses.dtype == np.float32
    assert found.means[0] == pytest.approx(losses.astype(np.float64).mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        ([], "no run to compare"),
        ([np.ones((1, 3)), np.ones((1, 4))], "run 1 has losses of 4 rows, run 0 of 3"),
        ([np.ones((1, 3)), np.ones(3)], r"run 1 has losses of shape \(3,\)"),
        ([np.ones((1, 3)), np.ones((0, 3))], r"run 1 has losses of shape \(0, 3\)"),
        ([np.ones((1, 0))], r"run 0 has losses of shape \(1, 0\)"),
        ([np.ones((2, 3)), [[1, np.nan, 1]]], "run 1 has a missing or infinite loss"),
        ([[[1, np.inf]]], "run 0 has a missing or infinite loss"),
        ([[[1, 1e39]]], "run 0 has a missing or infinite loss"),
    ],
)
def test_losses_that_cannot_be_compared_are_refused_with_the_run_that_has_them(
    losses: list[np.ndarray], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Candidates.of(losses)


@pytest.mark.parametrize("sizes", [[1, 1], [1, 1, 0], [1, 1, np.nan], 3])
def test_cell_sizes_must_fit_the_columns(sizes: object) -> None:
    with pytest.raises(DataError, match="expected 3 positive numbers"):
        Candidates.of([np.ones((1, 3))], sizes)  # type: ignore[arg-type]


def test_means_over_cells_are_means_over_rows_though_the_last_cell_is_shorter() -> None:
    losses = np.random.default_rng(0).random((4, 3, 103))
    coarse, sizes = cells(losses, 7)
    assert sizes.tolist() == [7] * 14 + [5]
    assert coarse[2, 1, 14] == pytest.approx(losses[2, 1, 98:].mean())
    np.testing.assert_allclose(mean(coarse, sizes), losses.mean(axis=2))
    found = Candidates.of(list(coarse), sizes)
    assert found.rows == 103
    np.testing.assert_allclose(found.means, losses.reshape(12, 103).mean(axis=1), rtol=1e-6)


def test_cells_of_one_row_are_the_rows() -> None:
    losses = np.random.default_rng(0).random((2, 5)).astype(np.float32)
    coarse, sizes = cells(losses, 1)
    assert coarse.dtype == np.float32
    np.testing.assert_array_equal(coarse, losses)
    assert sizes.tolist() == [1] * 5


def test_coarser_columns_are_the_means_of_their_rows_and_know_how_many_these_are() -> None:
    losses = np.arange(2 * 11.0).reshape(2, 1, 11)
    fine = Candidates.of(list(losses), [2.0] * 10 + [1.0])
    found = fine.coarser(4)
    assert found.sizes.tolist() == [8.0, 8.0, 5.0]
    assert found.losses[0].tolist() == [1.5, 5.5, pytest.approx((8 * 2 + 9 * 2 + 10) / 5)]
    np.testing.assert_allclose(found.means, fine.means)
