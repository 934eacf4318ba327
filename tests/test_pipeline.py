"""The whole way, with the real tools, in a fresh clone with an empty home directory."""

import json
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from support.clone import Clone, stages_run
from viewcast.assessment.result_file import from_json
from viewcast.tracking.run_keys import by_key

pytestmark = pytest.mark.slow
reading = pytest.mark.xdist_group("clone")  # these share one copy of the clone

COLUMNS = {
    *("data", "model", "experiment", "loss", "unit", "train_loss", "val_loss", "params"),
    *("published_train", "published_val", "verdict", "key"),
}


@pytest.fixture(scope="session")
def first_output(done_clone: tuple[Clone, str]) -> str:
    return done_clone[1]


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


def summary(clone: Clone) -> list[dict[str, object]]:
    return list(json.loads((clone.root / "reports" / "summary.json").read_text()))


def runs_of(client: MlflowClient, experiment: str) -> list[Run]:
    found = client.get_experiment_by_name(experiment).experiment_id
    return list(client.search_runs([found], max_results=1000))


@reading
def test_make_run_ends_with_one_screen_and_the_next_two_commands(first_output: str) -> None:
    screen = first_output[first_output.rindex("Winners (shown") :].splitlines()
    assert len(screen) <= 40
    assert max(map(len, screen)) <= 100
    assert any("lectures, “descent diverges”: diverged at step 11" in line for line in screen)
    told = "\n".join(screen)
    for part in (
        "lectures: ",
        "channel (simulated): ",
        "search, 366 days",
        "leaderboard, 220 days",
        "refereed: none of 199 steps accepted.",
    ):
        assert part in told
    for place in ("reports/index.html", "/#/experiments/", "make ui", "viewcast show"):
        assert place in told


@reading
def test_the_page_has_the_attacked_leaderboard_beside_the_same_attack_before_a_referee(
    done: Clone,
) -> None:
    page = (done.root / "reports" / "index.html").read_text()
    assert (done.root / "reports" / "figures" / "channel_leaderboard_refereed.png").is_file()
    assert "a referee accepts none of the same steps" in page


@reading
def test_every_model_is_one_command_away(done: Clone) -> None:
    table = done.make("show")
    for row in summary(done):
        short = str(row["experiment"]).removeprefix(f"{row['data']}_")
        assert short in table
    assert "published" in table
    assert "channel (simulated)" in table


@reading
def test_the_summary_has_the_columns_that_other_tools_rely_on(done: Clone) -> None:
    rows = summary(done)
    assert all(set(row) >= COLUMNS for row in rows)
    assert {row["experiment"] for row in rows} >= {
        file.stem for file in (done.root / "conf" / "experiment").glob("*.yaml")
    }
    by_name = {row["experiment"]: row for row in rows}
    course = by_name["lectures_course"]
    assert course["params"] == pytest.approx({"w": 1.912, "b": 0.593}, abs=5e-4)
    assert (course["published_train"], course["published_val"]) == (240, 1143)


@reading
@pytest.mark.parametrize(
    ("experiment", "train", "validation"),
    [
        ("main-linear", 0.48, 0.58),
        ("channel_linear_7", 0.38, 0.49),
        ("channel_linear_28", 0.33, 0.46),
        ("channel_linear_56", 0.32, 0.46),
    ],
)
def test_lines_on_the_simulated_channel_lose_what_was_published_within_a_tenth(
    done: Clone, experiment: str, train: float, validation: float
) -> None:
    rows = {
        f"main-{row['model']}" if row["experiment"] == "main" else row["experiment"]: row
        for row in summary(done)
        if row["data"] == "channel"
    }
    row = rows[experiment]
    assert (row["published_train"], row["published_val"]) == (train, validation)
    assert row["train_loss"] == pytest.approx(train, rel=0.1)
    assert row["val_loss"] == pytest.approx(validation, rel=0.1)


@reading
def test_every_row_of_the_summary_is_a_run_in_mlflow(done: Clone) -> None:
    client = MlflowClient(f"sqlite:///{done.root}/mlflow/mlflow.db")
    runs = {}
    for data in ("lectures", "channel"):
        own = by_key(runs_of(client, f"viewcast-{data}"))
        assert {row["key"] for row in summary(done) if row["data"] == data} == set(own)
        runs |= own
    failed = [run for run in runs.values() if run.info.status != "FINISHED"]
    assert [run.data.tags["viewcast.experiment"] for run in failed] == ["lectures_descent_diverges"]


@reading
@pytest.mark.parametrize("part", ["search", "leaderboard"])
def test_the_hundreds_of_runs_of_the_demonstration_have_experiments_of_their_own(
    done: Clone, part: str
) -> None:
    told = json.loads((done.root / "build" / "demo" / f"{part}.json").read_text())["runs"]
    client = MlflowClient(f"sqlite:///{done.root}/mlflow/mlflow.db")
    assert set(by_key(runs_of(client, f"viewcast-channel-{part}"))) == set(told)
    assert len(told) == 1 + 200


YEAR = ("channel", "year")
AUDITED = {
    f"viewcast.{name}"
    for name in ("expected", "bound95", "optimism", "look_count", "in_confidence_set", "verdict")
}


@reading
def test_the_audit_stands_in_the_run_table_of_every_run_with_figures(done: Clone) -> None:
    client = MlflowClient(f"sqlite:///{done.root}/mlflow/mlflow.db")
    results = from_json((done.root / "reports" / "audit.json").read_text(), "reports/audit.json")
    (search,) = (result for result in results if (result.data, result.split) == YEAR)
    assert search.refusal is None
    assert search.winner is not None
    known = by_key(
        [*runs_of(client, "viewcast-channel"), *runs_of(client, "viewcast-channel-search")]
    )
    winner = known[search.winner.run_id].data
    assert set(winner.tags) >= AUDITED
    assert float(winner.tags["viewcast.expected"]) > winner.metrics["model_val_loss"]
    assert winner.tags["viewcast.in_confidence_set"] == "yes"
    by_name = {row["experiment"]: row["key"] for row in summary(done)}
    early = known[by_name["channel_year_early_stopping"]].data
    assert set(early.tags) >= AUDITED
    assert int(early.tags["viewcast.look_count"]) > 1


@reading
def test_the_diverged_run_is_said_at_the_end_and_the_others_went_on(first_output: str) -> None:
    assert "diverged at step 11" in first_output[first_output.rindex("Running stage") :]


@reading
def test_pictures_are_artifacts_of_the_runs_they_show(done: Clone) -> None:
    client = MlflowClient(f"sqlite:///{done.root}/mlflow/mlflow.db")
    grid_search = next(r for r in summary(done) if r["experiment"] == "lectures_grid_search")
    shown = by_key(runs_of(client, "viewcast-lectures"))[str(grid_search["key"])]
    pictures = client.list_artifacts(shown.info.run_id, "pictures")
    assert any(file.path.endswith(".png") for file in pictures)


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


def test_the_sealed_test_is_opened_once_and_again_only_for_a_reason(mine: Clone) -> None:
    program = ("python", "pipelines/open_test.py")
    output = mine.sh(*program, "run=build/train/channel/linear")
    assert "mae in thousand views: 0.7" in output
    assert "on 45 test rows" in output
    output = mine.sh(*program, "run=channel_naive", status=1)
    assert "the sealed test of channel has been opened once" in output
    assert "Traceback" not in output
    output = mine.sh(*program, "run=channel_naive", "reason='the first run was the wrong one'")
    assert "opened twice: the test set has been reused once" in output
    assert stages_run(mine.sh("dvc", "repro")) == []


def test_plots_can_be_shown_and_compared(mine: Clone) -> None:
    assert mine.sh("git", "status", "--porcelain") == ""  # the same work leaves the same bytes
    mine.sh("dvc", "plots", "show", "--out", "plots")
    assert "train_loss" in (mine.root / "plots" / "index.html").read_text()
    mine.sh("dvc", "plots", "diff", "HEAD", "--out", "compared")
    assert "train_loss" in (mine.root / "compared" / "index.html").read_text()


def test_overrides_and_multirun_work_as_in_any_hydra_program(mine: Clone) -> None:
    output = mine.sh(
        *("python", "pipelines/train.py", "--multirun", "data=channel", "model=linear,naive")
    )
    assert "linear (main)" in output
    assert "naive (main)" in output
    output = mine.sh(
        *("python", "pipelines/train.py", "model=deep", "data=channel", "trainer.lr=0.01"),
        "trainer.epochs=2",
    )
    assert "best epoch" in output


@reading
@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainer.lrr=1", "unknown key trainer.lrr; allowed: _target_, name, optimizer, lr"),
        ("trainer.lr=-1", "trainer.lr = -1: Input should be greater than 0"),
        ("model=dep", "Available options in 'model':\n\taugmented"),
    ],
)
def test_a_wrong_setting_is_refused_in_words_and_leaves_nothing(
    done: Clone, override: str, message: str
) -> None:
    before = sorted((done.root / "build" / "runs").glob("*"))
    output = done.sh("python", "pipelines/train.py", "model=deep", override, status=1)
    assert message in output
    assert "Traceback" not in output
    assert sorted((done.root / "build" / "runs").glob("*")) == before


def test_a_german_studio_export_becomes_a_data_set_of_the_pipeline(
    mine: Clone, shared: Path
) -> None:
    source = shared / "data" / "studio" / "weima-2020-german"
    mine.sh("python", "pipelines/import_export.py", f"source='{source}'", "name=Weima")
    stages = stages_run(mine.sh("dvc", "repro", "train@weima-linear"))
    assert stages == ["compose", "prepare@weima", "train@weima-linear"]
    predicted = pd.read_parquet(mine.root / "build/train/weima/linear/predictions.parquet")
    assert (predicted["split"] == "validation").sum() == 45


def test_a_real_studio_export_is_run_alone_under_the_name_of_its_folder(
    mine: Clone, shared: Path
) -> None:
    before = (mine.root / "data.dvc").read_text()
    name = "wholebrainhealth-2020-2022"
    output = mine.make("run", f"SOURCE={shared / 'data' / 'studio' / name}")
    assert "803 days, 2020-09-01 to 2022-11-12; column 'Views', read as views" in output
    assert f"Only {name}: `make run DATA=all` brings the lectures back." in output
    assert (mine.root / "data.dvc").read_text() != before
    ran = stages_run(output)
    assert f"train@{name}-deep" in ran
    assert not any("lectures" in stage or "channel" in stage for stage in ran)
    rows = {row["model"]: row for row in summary(mine)}
    assert set(rows) >= {
        "linear",
        "augmented",
        "deep",
        "naive",
        "seasonal_naive",
        "memorizer",
        "memorizer_leak",
    }
    assert {(row["data"], row["unit"]) for row in rows.values()} == {(name, "views")}
    night = json.loads((mine.root / "reports" / "retraining.json").read_text())
    assert (night["channel"], night["newest"]) == (name, "2022-11-12")


def test_a_refused_export_leaves_data_and_pipeline_as_they_were(
    mine: Clone, tmp_path: Path
) -> None:
    """An export of 28 days, which YouTube Studio makes unless it is told otherwise."""
    export = tmp_path / "export"
    export.mkdir()
    days = pd.date_range("2021-01-01", periods=28).strftime("%Y-%m-%d")
    (export / "Totals.csv").write_text("\n".join(["Date,Views", *(f"{day},5" for day in days), ""]))
    output = mine.sh("python", "pipelines/import_export.py", f"source='{export}'", status=1)
    assert "found 28 days, expected at least 147 to train, validate and test on" in output
    assert mine.sh("git", "status", "--porcelain", "conf", "data.dvc") == ""
    assert not (mine.root / "data" / "export").exists()
