"""The calibration on the simulated channel, small: benchmarks/calibration has the whole."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.xdist_group("calibration")  # what is costly is made once for all

CALIBRATION = Path(__file__).parents[1] / "benchmarks" / "calibration"
STUDIES, DAYS, COUNT = 100, 366, 100
# Standard errors at 100 studies: 6 % of the optimism for the bias, 2.2 points for the coverage.


@pytest.fixture(scope="module")
def cells() -> Iterator[dict[str, list[Any]]]:
    """Studies of equally good candidates, and of candidates as they come."""
    added = [str(CALIBRATION), str(CALIBRATION.parent)]
    sys.path[:0] = added
    import channel_studies  # noqa: PLC0415 (a benchmark's module: not on the path before)
    from pool import train  # noqa: PLC0415

    pool = train(COUNT, 1)
    truth = np.mean(list(pool.losses(300, DAYS, 3)), axis=0)
    found: dict[str, list[Any]] = {"equal": [], "real": []}
    for study, losses in enumerate(pool.losses(STUDIES, DAYS, 2)):
        for kind, own in found.items():
            own.append(channel_studies.study_cell(losses, truth, COUNT, kind, study))
    yield found
    for path in added:
        sys.path.remove(path)


def off(cells: list[Any], reading: str) -> tuple[float, float]:
    """Bias as a share of the naive optimism, and coverage of the bound."""
    true = np.array([cell.true + cell.luck for cell in cells])
    optimism = float((true - [cell.shown for cell in cells]).mean())
    expected = np.array([cell.promised[reading][0] for cell in cells])
    covered = [cell.promised[reading][1] >= cell.true for cell in cells]
    return float((expected - true).mean()) / optimism, float(np.mean(covered))


def test_the_shown_score_of_equal_models_promises_what_it_cannot_keep(
    cells: dict[str, list[Any]],
) -> None:
    bias, covered = off(cells["equal"], "shown")
    assert bias == pytest.approx(-1)
    assert covered < 0.7


def test_the_expected_loss_of_equal_models_is_unbiased_and_its_bound_holds(
    cells: dict[str, list[Any]],
) -> None:
    bias, covered = off(cells["equal"], "fair-75")
    assert abs(bias) <= 0.2
    assert covered >= 0.9


def test_the_bound_holds_for_models_as_they_come(cells: dict[str, list[Any]]) -> None:
    assert off(cells["real"], "fair-75")[1] >= 0.9


def test_the_gaussian_correction_is_far_off_for_correlated_models(
    cells: dict[str, list[Any]],
) -> None:
    assert off(cells["equal"], "gaussian")[0] > 0.4
