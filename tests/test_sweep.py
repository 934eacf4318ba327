from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.processes import KILLED, die, exit_code
from support.project import Project
from support.sweeps import QUICK, TWO_PARTS, children, composed, swept
from viewcast.base.errors import ConfigError, DataError
from viewcast.report.figures.search import draw_sweep
from viewcast.runs.sweep import sweep
from viewcast.sweep import cohorts
from viewcast.sweep.results import thinned
from viewcast.sweep.space import Search, base_of, configured, draw, space
from viewcast.tracking.write import many_runs, sqlite_runs
from viewcast.tracking.write import sweep_recorder as tracking
from viewcast.training.gradient_descent import GradientDescent

GRID = Search("grid", trials=1, batch=1, seed=0, workers=1)


@pytest.fixture
def base(project: Project) -> dict[str, Any]:
    plain = composed(project)
    return base_of(plain)


def test_a_grid_is_every_combination_and_short_keys_are_found(base: dict[str, Any]) -> None:
    values = space({"lr": [0.1, 0.2], "units": [3, 4, 5], "seed": "range(2, 8, 3)"}, base)
    drawn = draw(values, GRID)
    assert len(drawn) == 12
    assert {one["seed"] for one in drawn} == {2, 5}
    one = configured(base, drawn[0])
    assert (one["trainer"]["lr"], one["model"]["units"], one["seed"]) == (0.1, 3, 2)
    assert base["trainer"]["lr"] == 0.001


@given(seed=st.integers(0, 2**31), trials=st.integers(1, 50))
def test_random_draws_lie_in_the_space_and_follow_from_the_seed(seed: int, trials: int) -> None:
    plain = {"trainer": {"lr": 1.0, "momentum": 0.0}, "model": {}, "seed": 0}
    interval = {"low": 1e-4, "high": 1e-1, "log": True}
    values = space({"lr": interval, "momentum": [0.1, 0.5]}, plain)
    search = Search("random", trials=trials, batch=1, seed=seed, workers=1)
    drawn = draw(values, search)
    assert drawn == draw(values, search)
    assert len(drawn) == trials
    assert all(1e-4 <= one["trainer.lr"] <= 1e-1 for one in drawn)
    assert {one["trainer.momentum"] for one in drawn} <= {0.1, 0.5}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("lrr", [1], "sweep.lrr: unknown key; allowed: .*lr, .*units, .*seed"),
        ("lr", 3, "sweep.lr = 3: expected a list"),
        ("lr", [], r"sweep.lr = \[\]: expected a list"),
        ("lr", "rang(3)", "sweep.lr = 'rang\\(3\\)': expected a list"),
        ("lr", {"low": 1, "high": 0}, "low = 1 must be below high = 0"),
        ("lr", {"low": 0, "hihg": 1}, "unknown key sweep.lr.hihg; allowed: sweep.lr.low"),
        ("trainer", [1], "sweep.trainer: unknown key"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused_by_key(
    base: dict[str, Any], key: str, value: Any, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        space({key: value}, base)


def test_a_wrong_candidate_is_refused_before_anything_is_written(project: Project) -> None:
    with pytest.raises(ConfigError, match=r"trainer\.lr = -1"):
        swept(project, "++sweep.lr=[0.1,-1]")
    assert not (project.root / "build" / "sweeps").exists()


def test_a_sweep_over_data_that_are_not_prepared_makes_nothing(project: Project) -> None:
    with pytest.raises(DataError, match=r"not prepared yet; type `dvc repro prepare@lectures`"):
        sweep(composed(project, "++sweep.lr=[0.1]"), project.root)
    assert not (project.root / "build").exists()


def test_the_tables_hold_every_candidate(project: Project) -> None:
    _, results, _ = swept(project, "++sweep.lr=[0.001,0.01]", "++sweep.seed=[1,2,3]")
    assert results.candidates["candidate"].tolist() == list(range(6))
    assert set(results.candidates.columns) >= {"trainer.lr", "seed", "train_loss", "val_loss"}
    assert results.curves.groupby("candidate").size().tolist() == [4] * 6
    assert results.predictions.columns.tolist()[:4] == ["entity", "time", "row", "target"]
    assert results.predictions.shape == (5, 4 + 6)
    assert (results.predictions.iloc[:, 4:].dtypes == np.float32).all()
    losses = (results.predictions["3"] - results.predictions["target"]) ** 2
    assert losses.mean() == pytest.approx(results.candidates["val_loss"][3], rel=1e-5)


def test_a_candidate_has_the_very_losses_of_an_ordinary_run(project: Project) -> None:
    _, results, _ = swept(project, "++sweep.lr=[0.003,0.01]", "++sweep.seed=[5,6]")
    alone = project.run(*QUICK, "trainer.lr=0.01", "seed=6")
    candidate = results.candidates.iloc[3]
    assert (candidate["trainer.lr"], candidate["seed"]) == (0.01, 6)
    assert candidate["val_loss"] == alone["val_loss"]
    assert candidate["best_epoch"] == alone["best_epoch"]


def test_different_architectures_become_cohorts_of_their_own(project: Project) -> None:
    _, results, _ = swept(project, "++sweep.units=[3,7]", "++sweep.seed=[1,2]")
    for place, units in enumerate((3, 3, 7, 7)):
        alone = project.run(*QUICK, f"model.units={units}", f"seed={1 + place % 2}")
        assert results.candidates["val_loss"][place] == alone["val_loss"]


def test_every_candidate_is_a_run_below_one_parent_with_its_holdout(project: Project) -> None:
    folder, results, everyone = swept(project, "++sweep.lr=[0.001,0.01]", "++sweep.seed=[1,2,3]")
    parent = tracking.record(results, everyone, folder, project.root)
    runs = children(project, parent)
    assert len(runs) == 6
    ordinary = project.run(*QUICK)
    for run in runs:
        line = results.candidates.iloc[int(run.data.tags["viewcast.candidate"])]
        assert run.data.tags["viewcast.holdout"] == ordinary["holdout"]
        assert run.data.tags["viewcast.identity"] == line["identity"]
        assert float(run.data.params["trainer.lr"]) == line["trainer.lr"]
        assert run.data.metrics["model_val_loss"] == pytest.approx(line["val_loss"])
    tables = {file.path for file in project.client.list_artifacts(parent, "tables")}
    names = ("candidates", "curves", "predictions", "trajectories")
    assert tables == {f"tables/{name}.parquet" for name in names}


def test_only_fifty_candidates_have_their_curves_as_metrics(project: Project) -> None:
    folder, results, everyone = swept(project, "++sweep.seed='range(60)'", "trainer.epochs=2")
    parent = tracking.record(results, everyone, folder, project.root)
    best = set(results.candidates.nsmallest(20, "val_loss")["candidate"])
    long = set()
    for run in children(project, parent):
        points = project.client.get_metric_history(run.info.run_id, "val_loss")
        if len(points) == 2:
            long.add(int(run.data.tags["viewcast.candidate"]))
    assert len(long) == 50
    assert best <= long


def test_a_diverged_candidate_is_told_and_its_run_failed(project: Project) -> None:
    wild = ("trainer.optimizer=sgd", "trainer.momentum=0", "trainer.epochs=50")
    folder, results, everyone = swept(project, *wild, "++sweep.lr=[0.001,1000]")
    parent = tracking.record(results, everyone, folder, project.root)
    assert results.candidates["status"].tolist() == ["finished", "diverged"]
    assert "1" not in results.predictions
    (failed,) = (run for run in children(project, parent) if run.info.status == "FAILED")
    assert "learning rate 1000" in failed.data.tags["viewcast.failure"]


def test_recording_that_was_interrupted_goes_on_without_doubles(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, results, everyone = swept(project, "++sweep.seed='range(9)'")
    whole, left = sqlite_runs.add, iter(range(2))

    def interrupted(*arguments: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        whole(*arguments)

    monkeypatch.setattr(many_runs, "TOGETHER", 2)
    monkeypatch.setattr(sqlite_runs, "add", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tracking.record(results, everyone, folder, project.root)
    monkeypatch.setattr(sqlite_runs, "add", whole)
    parent = tracking.record(results, everyone, folder, project.root)
    numbers = [int(run.data.tags["viewcast.candidate"]) for run in children(project, parent)]
    assert sorted(numbers) == list(range(9))


def sweep_and_die(root: Path) -> None:
    """Killed in the second part."""
    whole, calls = GradientDescent.fit_cohort, iter(range(2))

    def once(*arguments: Any) -> Any:
        if next(calls, None) == 1:
            die()
        return whole(*arguments)

    cohorts.VISITS, GradientDescent.fit_cohort = 0, once
    swept(Project(root), *TWO_PARTS)


def test_a_sweep_that_was_killed_goes_on_and_repeats_no_finished_part(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohorts, "VISITS", 0)
    assert exit_code(sweep_and_die, project.root) == KILLED
    trained = []
    whole = GradientDescent.fit_cohort
    monkeypatch.setattr(
        GradientDescent, "fit_cohort", lambda *a: (trained.append(len(a[2])), whole(*a))[1]
    )
    _, resumed, _ = swept(project, *TWO_PARTS)
    assert trained == [20 - cohorts.SMALLEST]
    other = Project(tmp_path / "other")
    _, uninterrupted, _ = swept(other, *TWO_PARTS)
    pd.testing.assert_frame_equal(resumed.candidates, uninterrupted.candidates, check_exact=True)
    pd.testing.assert_frame_equal(resumed.curves, uninterrupted.curves, check_exact=True)


def test_optuna_draws_in_sight_of_losses_and_draws_the_same_again(project: Project) -> None:
    pytest.importorskip("optuna", reason="optuna is an extra: pip install 'viewcast[optuna]'")
    search = ("search.method=optuna", "search.trials=9", "search.batch=3")
    key = "++sweep.lr={low: 1e-4, high: 1e-1, log: true}"
    _, first, everyone = swept(project, *search, key)
    _, again, _ = swept(project, *search, key)
    assert len(everyone) == 9
    assert first.candidates["trainer.lr"].nunique() == 9
    pd.testing.assert_frame_equal(first.candidates, again.candidates)


def test_thinned_curves_keep_first_and_last_and_are_short() -> None:
    curve = pd.DataFrame({"epoch": np.arange(1, 5001)})
    short = thinned(curve)["epoch"].tolist()
    assert (short[0], short[-1]) == (1, 5000)
    assert len(short) <= 200
    assert thinned(curve.head(50)).equals(curve.head(50))


def test_pictures_state_their_finding_and_carry_the_label(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    candidates = pd.DataFrame(
        {
            "candidate": range(40),
            "trainer.lr": np.repeat([0.1, 0.2], 20),
            "model.units": np.tile([3, 4], 20),
            "status": "finished",
            "train_loss": rng.uniform(1, 2, 40),
            "val_loss": rng.uniform(2, 3, 40),
            "val_error": 0.1,
            "best_epoch": 5,
            "epochs": 10,
        }
    )
    candidates.loc[7, "val_loss"] = 1.234
    curves = candidates[["candidate"]].merge(
        pd.DataFrame({"epoch": range(1, 11), "train_loss": 1.5, "val_loss": 2.5}), how="cross"
    )
    pictures = draw_sweep(candidates, curves, "channel (simulated)", "views", tmp_path)
    by_name = {picture.name: picture for picture in pictures}
    assert set(by_name) == {"sweep_fan", "sweep_cloud", "sweep_heat"}
    assert "1.23" in by_name["sweep_fan"].title
    assert all(picture.path.is_file() for picture in pictures)
    assert all("simulated" in picture.caption for picture in pictures)
