"""All figures of a study put together: defined answers on any input."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.signal import lfilter

from support.simulated_losses import simulated
from viewcast.base.errors import DataError
from viewcast.selection import inference as module
from viewcast.selection.candidates import Candidates, cells
from viewcast.selection.inference import Inference, Settings, infer
from viewcast.selection.upper_bound import RANKS

FEW = Settings(draws=100)
FIGURES = {"error", "effective", "selection_corrected", "best_of", "gain", "overfit_probability"}
BOUNDS = {"simultaneous", "confidence_set", "superior"}
COMPARED = {"gain", "superior"}  # with a reference


def study(runs: int, rows: int, phi: float = 0.0, states: int = 1) -> np.ndarray:
    losses = simulated(1, 1, runs * states, rows, phi, spread=0.1).losses[0]
    return losses.reshape(runs, states, rows)


def missing(found: Inference) -> set[str]:
    return {name for name in FIGURES | BOUNDS if getattr(found, name) is None}


def assert_defined(found: Inference) -> None:
    """What is not None is finite, and bounds are missing where the sample is too small."""
    assert (found.simultaneous is None) == (found.sample_size.refusal is not None)
    if found.selection_corrected is not None:
        assert np.isfinite(found.selection_corrected.expected).all()
        bounded = found.sample_size.refusal is None and found.bound_refusal is None
        assert np.isfinite(found.selection_corrected.upper95[:RANKS]).all() == bounded
    if found.best_of is not None:
        assert found.best_of[["shown", "honest"]].notna().all(axis=None)
        bound = found.best_of[["honest_low", "honest_high"]].notna()
        assert bound.all(axis=None) == (found.sample_size.refusal is None)
    width = found.simultaneous
    if width is not None:
        assert np.isfinite([width.half_width, width.critical, width.effective]).all()
    for name in ("error", "superior", "overfit_probability"):
        if getattr(found, name) is not None:
            assert np.isfinite(getattr(found, name)), name


def test_enough_rows_and_a_reference_give_every_part() -> None:
    losses = study(30, 200, 0.5, states=2)
    found = infer(Candidates.of(list(losses)), losses[0, 0] + 1, FEW)
    assert_defined(found)
    assert missing(found) == set()
    assert (
        found.selection_corrected is not None
        and found.gain is not None
        and found.confidence_set is not None
    )
    assert (
        found.selection_corrected.shown[0]
        < found.selection_corrected.expected[0]
        < found.selection_corrected.upper95[0]
    )
    assert found.gain.expected == pytest.approx(
        (losses[0, 0] + 1).mean() - found.selection_corrected.expected[0], rel=1e-6
    )
    assert found.confidence_set.shape == (30,)
    assert found.confidence_set[found.selection_corrected.order[0]]
    assert found.independent == pytest.approx(200 / found.length)


def test_without_a_reference_only_what_compares_is_left_out() -> None:
    found = infer(Candidates.of(list(study(5, 120))), settings=FEW)
    assert_defined(found)
    assert missing(found) == COMPARED


def test_few_rows_get_a_corrected_loss_without_bounds_and_the_rows_that_are_needed() -> None:
    losses = study(5, 60)
    found = infer(Candidates.of(list(losses)), losses[0, 0] + 1, FEW)
    assert_defined(found)
    assert missing(found) == BOUNDS
    assert found.gain is not None
    assert found.gain.lower95 is None
    assert found.gain.colour != "green"
    assert found.sample_size.rows_wanted == 100


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 19])
def test_fewer_than_20_rows_get_no_figure_and_a_reason(rows: int) -> None:
    losses = study(5, rows)
    found = infer(Candidates.of(list(losses)), losses[0, 0], FEW)
    assert_defined(found)
    assert missing(found) == FIGURES | BOUNDS
    assert f"any corrected figure ({rows}): 100 would do" in str(found.sample_size.refusal)


@pytest.mark.parametrize("rows", [20, 60, 150])
@pytest.mark.parametrize("runs", [1, 2])
def test_one_run_and_two_have_an_answer(rows: int, runs: int) -> None:
    losses = study(runs, rows)
    found = infer(Candidates.of(list(losses)), losses[0, 0], FEW)
    assert_defined(found)
    assert found.selection_corrected is not None
    if runs == 1:
        assert found.selection_corrected.optimism.tolist() == [0.0]


@pytest.mark.parametrize("rows", [60, 150])
def test_runs_that_are_exactly_alike_are_worth_what_they_show_and_tied(rows: int) -> None:
    losses = np.repeat(study(1, rows), 6, axis=0)
    found = infer(Candidates.of(list(losses)), losses[0, 0], FEW)
    assert_defined(found)
    assert found.selection_corrected is not None
    np.testing.assert_allclose(found.selection_corrected.optimism, 0, atol=1e-6)
    assert found.confidence_set is None or found.confidence_set.all()
    assert found.gain is not None
    assert (found.gain.share, found.gain.colour) == (0.0, "red")


@pytest.mark.parametrize("rows", [60, 150])
@pytest.mark.parametrize("values", [(0.0, 0.0, 0.0), (0.3, 0.1, 0.2)])
def test_losses_that_never_vary_are_worth_what_they_show(
    rows: int, values: tuple[float, ...]
) -> None:
    losses = [np.full((1, rows), value, np.float32) for value in values]
    found = infer(Candidates.of(losses), np.full(rows, 0.3), FEW)
    assert_defined(found)
    assert found.selection_corrected is not None
    np.testing.assert_allclose(found.selection_corrected.expected, sorted(values), atol=1e-6)
    assert found.error == pytest.approx(0, abs=1e-6)
    if rows == 150:
        assert "row losses do not vary" in str(found.bound_refusal)


def test_a_missing_loss_is_refused() -> None:
    losses = study(3, 100)
    losses[1, 0, 50] = np.nan
    with pytest.raises(DataError, match="run 1"):
        Candidates.of(list(losses))


def test_a_reference_of_other_rows_is_refused_before_anything_is_computed() -> None:
    with pytest.raises(DataError, match="the reference has losses of shape"):
        infer(Candidates.of(list(study(3, 100))), np.ones(99), FEW)


def test_the_least_length_of_the_user_decides_what_is_enough() -> None:
    candidates = Candidates.of(list(study(5, 150)))
    found = infer(candidates, settings=Settings(draws=100, least=10))
    assert found.length == 10
    assert found.sample_size.rows_wanted == 160


def test_lengths_are_in_rows_also_where_columns_are_cells() -> None:
    losses = study(10, 1203, 0.9)
    coarse, sizes = cells(losses, 5)
    many = Settings(draws=1000)
    rows = infer(Candidates.of(list(losses)), losses[0, 0], many)
    found = infer(Candidates.of(list(coarse), sizes), coarse[0, 0], many)
    assert_defined(found)
    assert rows.selection_corrected is not None and found.selection_corrected is not None
    assert found.length == pytest.approx(rows.length, rel=0.5)
    assert found.selection_corrected.shown[0] == pytest.approx(
        rows.selection_corrected.shown[0], rel=1e-5
    )
    assert found.selection_corrected.expected[0] == pytest.approx(
        rows.selection_corrected.expected[0], rel=0.03
    )
    assert found.error == pytest.approx(rows.error, rel=0.2)
    long = infer(Candidates.of(list(coarse), sizes), settings=Settings(draws=100, least=70))
    assert long.length == 70


def test_too_few_cells_of_enough_rows_are_refused_with_what_is_needed() -> None:
    coarse, sizes = cells(study(3, 210), 35)
    with pytest.raises(DataError, match=r"6 rows cannot be cut .* at least 8 are needed"):
        infer(Candidates.of(list(coarse), sizes), settings=FEW)


def test_the_same_seed_gives_the_same_bits_and_another_one_nearly_the_same() -> None:
    losses = study(20, 150, 0.5)
    candidates = Candidates.of(list(losses))
    one, same = (infer(candidates, losses[0, 0], FEW) for _ in range(2))
    other = infer(candidates, losses[0, 0], Settings(draws=100, seed=7))
    assert (
        one.selection_corrected is not None
        and same.selection_corrected is not None
        and other.selection_corrected is not None
    )
    assert one.selection_corrected.expected.tobytes() == same.selection_corrected.expected.tobytes()
    assert (one.gain, one.simultaneous, one.superior) == (
        same.gain,
        same.simultaneous,
        same.superior,
    )
    assert one.selection_corrected.expected[0] != other.selection_corrected.expected[0]
    assert one.selection_corrected.expected[0] == pytest.approx(
        other.selection_corrected.expected[0], rel=0.1
    )


def test_inference_loads_neither_torch_nor_mlflow_and_arch_only_where_it_tests() -> None:
    heavy = {"torch", "mlflow", "arch", "statsmodels", "hydra"}
    program = f"import sys, viewcast.selection.inference; print(*{heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == []


def test_dependent_rows_are_worth_fewer_independent_ones() -> None:
    noise = np.random.default_rng(3).normal(size=(5, 2000))
    carried = lfilter([1.0], [1.0, -0.8], noise, axis=1)
    alone, dependent = (
        infer(Candidates.of(list(30 + losses[:, np.newaxis]))).effective
        for losses in (noise, carried)
    )
    assert alone is not None
    assert dependent is not None
    # The mean of AR(0.8) rows varies (1 + 0.8) / (1 - 0.8) = 9 times as much.
    assert 0.8 * 2000 <= alone <= 2000
    assert 0.6 * 2000 / 9 <= dependent <= 1.6 * 2000 / 9


def test_many_rows_are_averaged_in_cells_and_no_figure_moves_by_more_than_the_draws_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    losses = study(10, 1900, 0.5)
    candidates, reference = Candidates.of(list(losses)), losses[0, 0] + 0.2
    many = Settings(draws=1000)
    rows = infer(candidates, reference, many)
    monkeypatch.setattr(module, "COLUMNS", 512)  # cells of four rows
    found = infer(candidates, reference, many)
    assert rows.selection_corrected is not None and found.selection_corrected is not None
    assert rows.gain is not None and found.gain is not None
    assert found.length == rows.length
    assert found.error == pytest.approx(rows.error, rel=0.1)
    for name in ("shown", "expected", "upper95"):
        one, other = (getattr(part.selection_corrected, name)[0] for part in (rows, found))
        assert abs(one - other) < 0.25 * float(rows.error or 0), name
    assert found.gain.lower95 == pytest.approx(rows.gain.lower95, abs=0.25 * float(rows.error or 0))
