"""Which rows choose and which judge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import ConfigError, DataError
from viewcast.selection.blocks import Draws, draw


@given(
    columns=st.integers(8, 300),
    length=st.floats(0.1, 400),
    share=st.floats(0.05, 0.25),
    seed=st.integers(0, 2**32),
)
def test_every_draw_has_rows_to_choose_and_rows_to_judge_and_none_does_both(
    columns: int, length: float, share: float, seed: int
) -> None:
    found = draw(columns, length, 20, seed, share)
    assert found.held.shape == found.chosen.shape == (20, columns)
    assert found.held.any(axis=1).all()
    assert found.chosen.any(axis=1).all()
    assert not (found.held & found.chosen).any()


@pytest.mark.parametrize("length", [1.3, 4.0, 11.7])
def test_rows_that_choose_are_further_than_the_dependence_from_rows_that_judge(
    length: float,
) -> None:
    found = draw(400, length, 50, 3)
    assert nearest(found) > length
    assert nearest(found) == np.ceil(length) + 1  # and not further than needed


def nearest(found: Draws) -> int:
    """Fewest rows between a judging row and a choosing one, in any draw."""
    apart = [
        np.abs(np.flatnonzero(held)[:, np.newaxis] - np.flatnonzero(chosen)).min()
        for held, chosen in zip(found.held, found.chosen, strict=True)
    ]
    return int(min(apart))


def test_rows_that_are_exchangeable_are_drawn_singly_without_gaps() -> None:
    found = draw(1000, 1.0, 40, 3)
    np.testing.assert_array_equal(found.chosen, ~found.held)
    assert (found.held.sum(axis=1) == 250).all()
    runs = (np.diff(found.held.astype(int), axis=1) == 1).sum(axis=1)
    assert (runs > 150).all()  # 1000/4 rows, three in four of them after a row that is not held


def test_blocks_are_twice_the_dependence_length_and_a_quarter_of_them_is_held() -> None:
    held = draw(1003, 4.0, 300, 3).held.astype(int)
    edges = np.diff(held, axis=1, prepend=0, append=0)
    starts, stops = np.argwhere(edges == 1), np.argwhere(edges == -1)
    lengths = stops[:, 1] - starts[:, 1]
    inner = (starts[:, 1] > 0) & (stops[:, 1] < 1003)
    assert (lengths[inner] % 8 == 0).all()
    assert held.mean() == pytest.approx(0.25, abs=0.01)
    offsets = {int(start[1]) % 8 for start in starts[starts[:, 1] > 0]}
    assert offsets == set(range(8))


@pytest.mark.parametrize("length", [1.0, 5.0, 60.0])
def test_every_row_judges_about_equally_often(length: float) -> None:
    share = draw(120, length, 20_000, 1).held.mean(axis=0)
    np.testing.assert_allclose(share, share.mean(), atol=0.015)


def test_dependence_that_is_long_beside_the_rows_still_leaves_four_blocks() -> None:
    found = draw(100, 80.0, 200, 3)
    assert (found.held.sum(axis=1) <= 25).all()
    assert (found.chosen.sum(axis=1) >= 38).all()


def test_a_seed_gives_the_same_draws_and_another_one_others() -> None:
    one, same, other = draw(100, 3.0, 10, 1), draw(100, 3.0, 10, 1), draw(100, 3.0, 10, 2)
    np.testing.assert_array_equal(one.held, same.held)
    np.testing.assert_array_equal(one.chosen, same.chosen)
    assert (one.held != other.held).any()


@pytest.mark.parametrize("columns", [0, 1, 7])
def test_fewer_than_eight_rows_cannot_be_cut(columns: int) -> None:
    with pytest.raises(DataError, match=f"{columns} rows cannot be cut"):
        draw(columns, 1.0, 10, 1)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_no_more_than_a_quarter_can_be_held_out(share: float) -> None:
    with pytest.raises(ConfigError, match=r"at most 0\.25"):
        draw(100, 1.0, 10, 1, share)
