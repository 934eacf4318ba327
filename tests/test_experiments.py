"""Every experiment that conf/ offers can be run: no configuration rots unnoticed."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from support.project import REPOSITORY, Project
from viewcast.base.cli import compose
from viewcast.runs.plan import Pipeline, add_dataset, plan
from viewcast.training.config import parse

EXPERIMENTS = sorted(file.stem for file in (REPOSITORY / "conf" / "experiment").glob("*.yaml"))


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Project:
    """One project for all experiments: the data are prepared once."""
    root = tmp_path_factory.mktemp("project")
    (root / "mlflow").mkdir()
    shutil.copy(empty_store, root / "mlflow" / "mlflow.db")
    return Project(root)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_experiment_runs_and_leaves_a_result(shared_project: Project, name: str) -> None:
    overrides = [f"experiment={name}"]
    config = shared_project.config(*overrides)
    if config.trainer.name == "gradient_descent":
        overrides += ["trainer.epochs=2", f"name={name}"]
    result = shared_project.run(*overrides)
    folder = shared_project.output(shared_project.config(*overrides))
    assert json.loads((folder / "result.json").read_text()) == result
    assert result["status"] == "finished"
    assert result["experiment"] == name
    assert result["train_loss"] >= 0


@pytest.mark.parametrize(
    "model", ["linear", "augmented", "deep", "naive", "memorizer", "memorizer_leak"]
)
@pytest.mark.parametrize("data", ["lectures", "channel"])
def test_every_model_runs_on_every_embedded_data_set(
    shared_project: Project, data: str, model: str
) -> None:
    epochs = ("trainer.epochs=2",) if model == "deep" else ()
    result = shared_project.run(f"data={data}", f"model={model}", *epochs)
    assert result["val_error"] is None or result["val_error"] >= 0
    assert result["holdout"] is not None


def test_the_memorising_functions_have_the_losses_of_the_lecture(shared_project: Project) -> None:
    memorizer, memorizer_leak = (
        shared_project.run("data=channel", f"model={m}") for m in ("memorizer", "memorizer_leak")
    )
    naive = shared_project.run("data=channel", "model=naive")
    assert (memorizer["train_loss"], memorizer_leak["train_loss"], memorizer_leak["val_loss"]) == (
        0,
        0,
        0,
    )
    assert memorizer["val_loss"] > naive["val_loss"]


TRACKING = {"uri": "x", "artifacts": None, "experiment": "viewcast", "flush_seconds": 1}
PIPELINE = yaml.safe_load((REPOSITORY / "conf" / "pipeline.yaml").read_text())


def planned(*datasets: str) -> dict[str, dict[str, object]]:
    names = {key: PIPELINE[key] for key in ("models", "baselines", "workers")}
    pipeline = Pipeline(datasets=list(datasets), tracking=TRACKING, **names)
    return plan(pipeline, REPOSITORY, lambda overrides: compose(REPOSITORY, overrides))


def test_the_plan_holds_every_run_of_its_data_sets_and_no_address() -> None:
    runs = planned("lectures")
    assert set(runs["main"]["lectures"]) == {"linear", "augmented", "deep"}
    of_lectures = {name for name in EXPERIMENTS if name.startswith("lectures")}
    assert of_lectures <= set(runs["experiments"])
    assert not any(name.startswith("channel") for name in runs["experiments"])
    assert str(REPOSITORY) not in yaml.safe_dump(runs)
    for run in runs["experiments"].values():
        assert "tracking" not in run


def test_lectures_have_no_seasonal_forecast() -> None:
    assert "lectures_seasonal_naive" not in planned("lectures")["experiments"]


def test_a_data_set_is_added_to_the_pipeline_once_and_comments_stay(tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    conf.mkdir()
    before = (REPOSITORY / "conf" / "pipeline.yaml").read_text()
    (conf / "pipeline.yaml").write_text(before)
    add_dataset(tmp_path, "studio")
    add_dataset(tmp_path, "studio")
    after = (conf / "pipeline.yaml").read_text()
    assert yaml.safe_load(after)["datasets"] == ["lectures", "channel", "studio"]
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in after.splitlines() if line.startswith("#")
    ]


def test_what_is_planned_for_a_studio_export_is_valid() -> None:
    for run in planned("studio")["main"]["studio"].values():
        parse({**run, "tracking": TRACKING})
