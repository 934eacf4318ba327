"""What an audit says of scores alone, of seeds and of two searches: from a study to the result."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from viewcast.assessment.audit import audit
from viewcast.assessment.result import AuditResult
from viewcast.assessment.row_losses import RowLosses
from viewcast.assessment.score_range import score_range
from viewcast.assessment.settings import AuditSettings
from viewcast.assessment.study import Facts, Scored, study
from viewcast.base.settings import Tracking
from viewcast.holdout.looks import Look, Use
from viewcast.selection.error_rates import rate_bound

SETTINGS = AuditSettings(tracking=Tracking("sqlite:///none.db", None, "exp", 1.0), draws=60)
ROWS = 240
KEYS = pd.DataFrame({"row": np.arange(ROWS).astype(str)})


def scored(name: str, shown: float, parent: str | None = None, **facts: object) -> Scored:
    look = Look(name, name, (Use("report", 1, 1),), "h", parent or "batch", 0, 1, "ana", "FINISHED")
    known = {"loss": "acc", "measure": "accuracy", "more_is_better": True, **facts}
    run = Facts(name, **known)  # type: ignore[arg-type]
    return Scored(replace(look, parent=parent), run, shown=shown)


def of_accuracies(values: list[float], rows: int | None = 400, scale: float = 1.0) -> list[Scored]:
    return [
        replace(scored(f"r{i}", -scale * value), row_count=rows) for i, value in enumerate(values)
    ]


def result(runs: list[Scored]) -> AuditResult:
    return audit([study("h", runs)], SETTINGS, "exp")[0]


ACCURACIES = [0.80, 0.81, 0.82, 0.90]


def test_accuracies_of_known_rows_have_a_range_and_a_bound_in_the_users_own_direction() -> None:
    found = result(of_accuracies(ACCURACIES)).score_range
    assert found is not None
    assert (found.basis, found.count, found.size) == ("rows", 4, 400)
    assert found.shown == found.high == pytest.approx(0.90)
    assert 0.8325 < found.low < 0.90
    assert found.bound95 == pytest.approx(1 - rate_bound(0.10, 400, 4))
    assert found.tied == 1


def test_percentages_are_the_same_times_a_hundred() -> None:
    shares, percent = (
        result(of_accuracies(ACCURACIES, scale=scale)).score_range for scale in (1.0, 100.0)
    )
    assert shares is not None
    assert percent is not None
    assert percent.bound95 == pytest.approx(100 * shares.bound95)
    assert percent.noise == pytest.approx(100 * shares.noise)
    assert percent.low == pytest.approx(100 * shares.low)


def test_error_rates_are_the_mirror_of_accuracies() -> None:
    rates = [
        replace(scored(f"r{i}", 1 - value, measure="zero_one", more_is_better=False), row_count=400)
        for i, value in enumerate(ACCURACIES)
    ]
    accuracy, rate = result(of_accuracies(ACCURACIES)).score_range, result(rates).score_range
    assert accuracy is not None
    assert rate is not None
    assert rate.bound95 == pytest.approx(1 - accuracy.bound95)
    assert rate.high == pytest.approx(1 - accuracy.low)


@pytest.mark.parametrize(
    "runs",
    [
        of_accuracies(ACCURACIES, rows=None),  # of how many rows is not known
        [replace(run, row_count=n) for n, run in enumerate(of_accuracies(ACCURACIES), 100)],
        [replace(scored(str(i), float(i), measure="roc_auc"), row_count=400) for i in range(3)],
        [replace(scored(str(i), -float(i)), folds=np.ones(2)) for i in range(3)],
    ],
)
def test_nothing_is_said_where_the_noise_is_not_known(runs: list[Scored]) -> None:
    assert score_range(study("h", runs)) is None


def test_scores_by_fold_come_first_and_runs_without_them_take_no_part() -> None:
    rng = np.random.default_rng(1)
    runs = [
        replace(run, folds=run.shown + 0.02 * rng.normal(size=5))
        for run in of_accuracies(ACCURACIES)
        if run.shown is not None
    ]
    single = replace(scored("single", -0.99), row_count=400)
    found = result([*runs, single]).score_range
    assert found is not None
    assert (found.basis, found.count, found.size) == ("folds", 4, 5)
    assert found.low == found.high <= found.shown
    assert found.bound95 is not None
    assert found.bound95 < found.low


def test_settings_with_several_seeds_are_judged_by_their_means() -> None:
    runs = [
        replace(
            scored(f"{setting}/{seed}", -value - 0.01 * seed, settings=setting, seed=str(seed)),
            row_count=1000,
        )
        for setting, value in (("a", 0.80), ("b", 0.85))
        for seed in range(3)
    ]
    found = result(runs).score_range
    assert found is not None
    assert (found.basis, found.count, found.size) == ("seeds", 2, 3)
    assert found.shown == pytest.approx(0.86)  # the mean of the setting, not its luckiest seed


def with_rows(
    name: str, level: float, rng: np.random.Generator, parent: str | None = None, **facts: object
) -> Scored:
    losses = level + COMMON + rng.normal(size=ROWS)
    known = {"loss": "mae", "measure": "mae", "more_is_better": False, **facts}
    run = scored(name, float(losses.mean()), parent, **known)
    return replace(run, rows=RowLosses(KEYS, losses))


COMMON = np.random.default_rng(0).normal(size=ROWS)


def test_runs_that_share_all_but_the_seed_tell_how_much_is_the_seed() -> None:
    rng = np.random.default_rng(2)
    runs = [
        with_rows(f"{a}/{s}", 5 + 0.5 * a, rng, settings=f"s{a}", seed=str(s))
        for a in range(3)
        for s in range(3)
    ]
    it = result(runs)
    assert it.seed_share is not None
    assert (it.seed_share.settings, it.seed_share.seeds) == (3, 3)
    assert it.seed_share.base == "the average setting"
    assert it.seed_share.setting == pytest.approx(0.5, abs=0.2)
    assert any("is the setting and stays when it is trained again" in text for text in it.sentences)


def test_runs_without_a_seed_are_no_repetitions() -> None:
    rng = np.random.default_rng(3)
    runs = [with_rows(str(i), 5.0, rng, settings="same") for i in range(6)]
    assert result(runs).seed_share is None


def test_runs_of_one_setting_and_one_seed_differ_by_something_that_they_do_not_tell() -> None:
    rng = np.random.default_rng(3)
    runs = [with_rows(str(i), 5.0, rng, settings="same", seed=str(i % 5)) for i in range(6)]
    assert result(runs).seed_share is None
    assert result(runs[:5]).seed_share is not None


def test_two_searches_that_did_not_look_are_compared_at_equal_budget() -> None:
    rng = np.random.default_rng(4)
    runs = [
        with_rows(f"{model}{i}", level, rng, parent=model, model=model)
        for model, level, count in (("linear", 4.0, 6), ("net", 5.0, 9))
        for i in range(count)
    ]
    it = result(runs)
    assert it.searches is not None
    assert (it.searches.first, it.searches.second) == ("the search of linear", "the search of net")
    assert it.searches.k == 6
    assert it.searches.second_loss - it.searches.first_loss == pytest.approx(1.0, abs=0.3)
    assert it.searches.p_value < 0.01
    assert any("a difference of more than chance" in text for text in it.sentences)
    sequential = [
        replace(run, look=replace(run.look, batch_id=run.run_id))
        if run.look.parent == "net"
        else run
        for run in runs
    ]
    assert result(sequential).searches is None  # it may have learnt from its runs
    assert result(runs[:10]).searches is None  # four runs are too few
