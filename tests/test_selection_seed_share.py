"""Is it just the seed: the winner's gain in parts of setting, seed and rows."""

from dataclasses import dataclass

import numpy as np
import pytest

from viewcast.base.errors import DataError
from viewcast.selection.blocks import draw
from viewcast.selection.candidates import Candidates
from viewcast.selection.inference import Settings, infer
from viewcast.selection.resampling import resample
from viewcast.selection.seed_share import SeedShare, seed_share
from viewcast.selection.selection_corrected import selection_corrected

STUDIES = 60
ROWS = 300


@dataclass(frozen=True)
class Study:
    """Losses (R, M) of settings times seeds; true losses of settings and of runs."""

    losses: np.ndarray
    settings: list[str]
    of_setting: np.ndarray
    of_run: np.ndarray


def study(number: int, settings: int, seeds: int, setting: float, seed: float) -> Study:
    """``setting``, ``seed``: standard deviation between settings, and between seeds of one."""
    rng = np.random.default_rng(number)
    level = 5 + setting * rng.normal(size=settings)
    runs = (level[:, np.newaxis] + seed * rng.normal(size=(settings, seeds))).ravel()
    losses = runs[:, np.newaxis] + rng.normal(size=ROWS) + rng.normal(size=(len(runs), ROWS))
    names = [str(i) for i in range(settings) for _ in range(seeds)]
    return Study(losses, names, np.repeat(level, seeds), runs)


def split(it: Study, reference: np.ndarray | None = None) -> SeedShare | None:
    candidates = Candidates.of(list(it.losses[:, np.newaxis]))
    draws = draw(ROWS, 1.0, 100, 7)
    found = resample(candidates, draws)
    expected = float(selection_corrected(candidates, found).expected[0])
    return seed_share(candidates, it.settings, draws, found, expected, 1.0, reference)


@pytest.mark.parametrize(("setting", "seed"), [(0.0, 0.0), (0.2, 0.0), (0.0, 0.15), (0.15, 0.15)])
def test_the_parts_are_those_that_are_there(setting: float, seed: float) -> None:
    parts, truth, covered = [], [], []
    for number in range(STUDIES):
        it = study(number, 8, 3, setting, seed)
        share = split(it)
        assert share is not None
        best = int(it.losses.mean(axis=1).argmin())
        real = it.of_setting.mean() - it.of_setting[best], it.of_setting[best] - it.of_run[best]
        truth.append((*real, share.gain - sum(real)))
        parts.append((share.setting, share.seed, share.rows))
        errors = share.setting_error, share.seed_error, share.rows_error
        covered.append(np.abs(np.subtract(parts[-1], truth[-1])) <= 1.96 * np.array(errors))
    np.testing.assert_allclose(np.mean(parts, axis=0), np.mean(truth, axis=0), atol=0.03)
    assert (np.mean(covered, axis=0) >= 0.88).all()


def test_the_parts_make_up_the_gain() -> None:
    it = study(1, 5, 4, 0.1, 0.1)
    share = split(it)
    assert share is not None
    assert share.setting + share.seed + share.rows == pytest.approx(share.gain)
    assert (share.settings, share.seeds) == (5, 4)
    means = it.losses.mean(axis=1)
    assert share.gain == pytest.approx(means.mean() - means.min(), abs=1e-5)


def test_a_reference_is_what_the_gain_is_over() -> None:
    it = study(2, 5, 4, 0.1, 0.1)
    share = split(it, it.losses[0])
    assert share is not None
    means = it.losses.mean(axis=1)
    assert share.gain == pytest.approx(means[0] - means.min(), abs=1e-5)
    assert share.setting + share.seed + share.rows == pytest.approx(share.gain)


def test_runs_that_differ_by_the_seed_alone_gain_nothing_by_their_setting() -> None:
    shares = [split(study(number, 1, 6, 0.0, 0.1)) for number in range(20)]
    assert all(share is not None and share.setting == share.setting_error == 0 for share in shares)
    assert np.mean([share.seed for share in shares if share]) > 0.03
    assert np.mean([share.spread for share in shares if share]) == pytest.approx(0.1, abs=0.03)


def test_a_winner_that_was_trained_once_has_no_split() -> None:
    it = study(3, 4, 2, 0.0, 0.0)
    alone = np.vstack([it.losses, it.losses.mean(axis=0) - 1])
    assert split(Study(alone, [*it.settings, None], it.of_setting, it.of_run)) is None  # type: ignore[list-item]


def test_settings_are_one_for_each_run() -> None:
    it = study(3, 4, 2, 0.0, 0.0)
    with pytest.raises(DataError, match="settings of 7 runs: expected 8"):
        split(Study(it.losses, it.settings[:7], it.of_setting, it.of_run))


def test_the_figures_of_a_study_have_a_split_only_where_settings_are_known() -> None:
    it = study(4, 4, 3, 0.1, 0.1)
    candidates = Candidates.of(list(it.losses[:, np.newaxis]))
    settings = Settings(100)
    assert infer(candidates, settings=settings).seed_share is None
    found = infer(candidates, settings=settings, trained=it.settings)
    assert found.seed_share is not None
    assert found.selection_corrected is not None
    assert found.seed_share.rows == pytest.approx(found.selection_corrected.optimism[0])
    winner = it.losses[int(it.losses.mean(axis=1).argmin())]
    own = infer(candidates, winner.astype(np.float32), settings, trained=it.settings)
    assert own.seed_share == found.seed_share  # a reference that wins is none
