"""The kernel: every shape of work as a plain reading says, stopped and resumed at any block."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from support.kernel_calls import Case, call_of, kernel, plain, trained
from viewcast.scoring.msle import MSLE
from viewcast.scoring.smape import SMAPE
from viewcast.training.compiled.call import BLOCK, DIVERGED, ENDED, Call, new_books
from viewcast.training.compiled.layout import Layout
from viewcast.training.order import orders

STATE = ("params", "first", "second", "gradient", "best", "curve", "trajectory", "path")

CASES = {
    "one row": Case(rows=1, val=1, batch=32),
    "one feature, one unit": Case(features=1, hidden=(1,), lr=0.001),
    "fewer rows than a batch": Case(rows=5, batch=32),
    "a last batch of one row": Case(rows=17, batch=4),
    "no validation rows": Case(val=0, restore_best=False, cell=0),
    "a line": Case(hidden=(), features=20),
    "a line by plain descent": Case(hidden=(), adam=False, lr=0.001, keep_path=True),
    "three layers": Case(features=33, hidden=(17, 16, 5), batch=7, keep_path=True),
    "momentum, decay": Case(adam=False, lr=0.003, weight_decay=0.1, hidden=(6, 4)),
    "Adam, decay": Case(weight_decay=0.1, hidden=(6, 4)),
    "several outputs": Case(outputs=3, hidden=(6, 4)),
    "a line of many outputs": Case(outputs=21, hidden=()),
    "weights of rows": Case(weighted=True, outputs=2),
    "a part of rows and features": Case(
        chosen=[*range(3, 30, 2)], unseen=[0, 3], features=5, weighted=True
    ),
    "features hidden, rows as they come": Case(unseen=[1], shuffle=False),
    "a part of the rows, all at once": Case(chosen=[1, 2, 5, 7, 11], batch=99),
    "blocks of a large batch": Case(rows=900, val=600, batch=700, cell=2, epochs=3, keep_path=True),
    "all rows at once": Case(rows=513, val=300, batch=513, epochs=3, weighted=True),
    "during": Case(during=True, rows=300, batch=280, val=5),
    "raw units": Case(loss=SMAPE(), shift=3.0, scale=2.0, during=True),
    "logarithms": Case(loss=MSLE(), shift=3.0, scale=2.0, factor=1.0, adam=False),
    "a factor": Case(factor=9.0, cell=4),
    "patience": Case(epochs=60, lr=0.3, patience=3),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_training_is_that_of_a_plain_reading(case: Case) -> None:
    found, expected = trained(case), plain(case)
    epochs = len(expected.curve)
    assert found.books["status"] == ENDED
    assert (found.books["epoch"], found.books["best_epoch"]) == (epochs, expected.best_epoch)
    assert found.books["updates"] == len(expected.path)
    near: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-4}
    np.testing.assert_allclose(found.arrays["curve"][:epochs], expected.curve, **near)
    unpacked = case.layout.unpack
    np.testing.assert_allclose(unpacked(found.arrays["params"]), expected.path[-1], **near)
    kept = expected.best if case.restore_best else expected.path[-1]
    np.testing.assert_allclose(unpacked(found.kept), kept, **near)
    if case.cell:
        trajectory = found.arrays["trajectory"][:epochs]
        np.testing.assert_allclose(trajectory, expected.trajectory, **near)
    if case.keep_path:
        path = [unpacked(each) for each in found.arrays["path"]]
        np.testing.assert_allclose(path, expected.path, **near)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_stopped_after_any_block_it_goes_on_to_the_same_bits(case: Case) -> None:
    whole, call = trained(case), call_of(case)
    while not call.ended:
        call(kernel(), 1)
        other = call_of(case)  # another process: fresh arrays, but for those of a checkpoint
        for name in STATE:
            other.arrays[name][...] = call.arrays[name]
        other.books[...] = call.books
        call = other
    assert call.books.tobytes() == whole.books.tobytes()
    for name in STATE:
        assert call.arrays[name].tobytes() == whole.arrays[name].tobytes(), name


def test_nothing_is_left_in_arrays_of_work_for_the_next_candidate() -> None:
    case = Case(features=5, hidden=(6, 4), outputs=3, rows=41, val=39, weighted=True, unseen=[2])
    alone, call = trained(case), call_of(case)
    for name in ("gathered", "targets", "hidden", "deltas", "transposed", "predicted", "weights"):
        call.arrays[name][...] = np.nan
    while not call.ended:
        call(kernel(), 7)
    for name in STATE:
        assert call.arrays[name].tobytes() == alone.arrays[name].tobytes(), name


def test_a_hidden_unit_that_is_no_number_is_no_dead_unit() -> None:
    call = call_of(Case(hidden=(6, 4)))
    call.arrays["params"][: 6 * 16] = np.nan
    call(kernel(), 1_000_000)
    assert call.books["status"] == DIVERGED
    assert np.isnan(call.books["start_loss"])


def test_moments_of_parameters_without_gradient_end_at_zero() -> None:
    call = call_of(Case(rows=64, unseen=[1], batch=1, epochs=1))
    call.arrays["first"][...] = call.arrays["second"][...] = 1e-32
    call(kernel(), 1_000_000)
    for name in ("first", "second"):
        moments = np.abs(call.arrays[name])
        assert ((moments == 0) | (moments > 1e-30)).all(), name


def test_a_loss_beyond_the_limit_is_divergence() -> None:
    call = trained(Case(adam=False, lr=50.0, epochs=50))
    assert call.books["status"] == DIVERGED
    assert not call.arrays["curve"][call.books["epoch"] - 1, 0] <= call.books["limit"]
    assert call.books["start_loss"] * 1e6 == call.books["limit"]


@given(rows=st.integers(2, 700), epoch=st.integers(1, 3))
@examples(max_examples=20)
def test_the_order_of_rows_is_that_of_every_engine(rows: int, epoch: int) -> None:
    call = call_of(Case(rows=rows, batch=1, val=0, restore_best=False, cell=0, during=True))
    call(kernel(), -(-rows // BLOCK) + (epoch - 1) * rows + 1)
    (expected,) = orders(np.array([11], np.uint64), epoch, rows)
    assert np.array_equal(call.arrays["order"], expected)


@given(st.integers(1, 40), st.lists(st.integers(1, 40), max_size=3), st.integers(1, 20))
def test_packed_parameters_are_unpacked_as_they_were(
    features: int, hidden: list[int], outputs: int
) -> None:
    layout = Layout.of(features, tuple(hidden), outputs)
    sizes = [features, *hidden, outputs]
    flat = np.arange(1, 1 + sum((i + 1) * o for i, o in pairwise(sizes)))
    packed = layout.pack(flat)
    assert np.array_equal(layout.unpack(packed), flat)
    assert np.count_nonzero(packed) == len(flat)


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("x", np.zeros((43, 3), np.float32), r"array x: found float32 \(43, 3\), expected float32"),
        ("params", np.zeros(96), r"array params: found float64"),
        ("gathered", np.zeros((16, 256), np.float32).T, r"gathered: found .*, not contiguous"),
        ("y", None, r"array y: found none, expected float32 \(43, 1\)"),
    ],
)
def test_an_array_of_another_shape_is_refused(name: str, wrong: Any, message: str) -> None:
    call = call_of(Case())
    with pytest.raises(ValueError, match=message):
        Call(call.settings, new_books(), call.arrays | {name: wrong})
