"""What of the pipeline is run again after a change, with the real tools, in a clone."""

import json
from pathlib import Path

import pandas as pd
import pytest

from support.clone import Clone, stages_run, summary

pytestmark = pytest.mark.slow
reading = pytest.mark.xdist_group("clone")  # these share one copy of the clone


@pytest.fixture(scope="session")
def done(done_clone: tuple[Clone, str]) -> Clone:
    """A clone in which `make run` has run once; tests only read it."""
    return done_clone[0]


@pytest.fixture
def mine(pristine_clone: tuple[Clone, str], tmp_path: Path) -> Clone:
    """A copy of that clone, to change."""
    return pristine_clone[0].copy(tmp_path)


def stages_due(clone: Clone) -> set[str]:
    """The stages of the pipeline that DVC would run now; those that follow them are not told."""
    told = json.loads(clone.sh("dvc", "status", "--json"))
    return {stage for stage in told if not stage.startswith("pipelines/nightly/")}


@reading
def test_a_second_make_run_recomputes_nothing(done: Clone) -> None:
    output = done.make("run")
    assert stages_run(output) == []
    assert "make ui" in output


def test_an_edited_model_reruns_its_stages_and_what_follows(mine: Clone) -> None:
    mine.edit("conf/model/augmented.yaml", "  features: augmented\n", "  features: linear\n")
    augmented = [f"train@{data}-augmented" for data in ("lectures", "channel", "videos")]
    ran = stages_run(mine.sh("dvc", "repro", "evaluate", "demo"))
    # Experiments of the videos train the augmented model by another trainer.
    assert set(ran) == {"compose", *augmented, "experiments", "demo", "evaluate"}
    assert stages_due(mine) == {"audit", "report"}


def test_an_edited_option_that_nobody_uses_reruns_nothing_downstream(mine: Clone) -> None:
    mine.edit("conf/tracking/server.yaml", "flush_seconds: 1.0", "flush_seconds: 2.0")
    assert stages_run(mine.sh("dvc", "repro")) == ["compose"]


def test_one_changed_experiment_is_the_only_one_trained_again(mine: Clone) -> None:
    mine.edit("conf/trainer/grid_search.yaml", "points: 100", "points: 101")
    before = {row["experiment"]: row["key"] for row in summary(mine)}
    output = mine.sh("dvc", "repro", "evaluate", "demo")
    assert set(stages_run(output)) == {"compose", "experiments", "demo", "evaluate"}
    assert stages_due(mine) == {"audit", "report"}
    assert "demo: search kept, leaderboard kept, referee kept, experiments kept" in output
    after = {row["experiment"]: row["key"] for row in summary(mine)}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"lectures_grid_search"}
    difference = mine.sh("dvc", "metrics", "diff")
    assert "lectures_grid_search.train_loss" in difference
    assert "lectures_grid_search" in mine.sh("dvc", "metrics", "show", "--json")


def test_changed_test_days_are_prepared_and_nothing_else_runs(mine: Clone) -> None:
    views = mine.root / "data" / "channel" / "simulated_daily_views.csv"
    days = pd.read_csv(views)
    test = days["date"].between("2021-02-15", "2021-03-31")
    assert test.sum() == 45
    days.loc[test, "views"] += 777
    days.to_csv(views, index=False, lineterminator="\n")
    open_, kept = (
        mine.root / "build" / part / "channel.parquet" for part in ("prepared", "sealed")
    )
    before = open_.read_bytes(), kept.read_bytes()
    assert stages_run(mine.sh("dvc", "repro")) == ["prepare@channel"]
    assert open_.read_bytes() == before[0]
    assert kept.read_bytes() != before[1]
