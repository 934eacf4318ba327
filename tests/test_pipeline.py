"""The whole way, with the real tools, in a fresh clone with an empty home directory."""

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from support.clone import Clone, stages_run, summary
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
        ("model=dep", "Available options in 'model': augmented, boosted"),
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
