"""A run and a set of experiments replace only folders of former runs."""

import json
from typing import Any

import pytest

from support.filled_folders import content, fill
from support.project import Project
from viewcast.base.errors import ConfigError
from viewcast.base.folders import MARK
from viewcast.base.paths import experiment_path, experiments_path
from viewcast.runs.experiments import LEFT_ALONE, run_experiments
from viewcast.runs.run import run

MODEL = ("data=lectures", "model=linear")


@pytest.mark.parametrize(
    "output", [".", "..", "../victim", "{victim}", "link", "inner", "src", "build", "README.md"]
)
def test_a_run_refuses_an_output_that_is_not_its_own_before_anything_is_made(
    project: Project, tmp_path_factory: pytest.TempPathFactory, output: str
) -> None:
    victim = fill(tmp_path_factory.mktemp("victim"))
    root = fill(project.root, "README.md", "src/package/code.py")
    (root / "link").symlink_to(victim)
    (root / "inner").symlink_to(root / "src")
    config = project.config(*MODEL)
    project.prepare(config)
    before = content(root), content(victim)
    if output == "../victim":
        output = f"../{victim.name}"
    with pytest.raises(ConfigError, match=r"is the project|holds|lies outside|is a file"):
        run(config, root, root / output.format(victim=victim))
    assert (content(root), content(victim)) == before
    assert project.runs() == []


@pytest.mark.parametrize("place", ["", "model/", "../checkpoints/mine/"])
def test_a_run_refuses_a_folder_with_a_file_beside_a_former_run(
    project: Project, place: str
) -> None:
    config = project.config(*MODEL)
    project.prepare(config)
    output = project.root / "build" / "mine"
    run(config, project.root, output)
    (output / place / "notes.txt").write_text("mine")
    before, count = content(project.root / "build"), len(project.runs())
    with pytest.raises(ConfigError, match=r"holds (model/)?notes\.txt, which no"):
        run(config, project.root, output)
    assert content(project.root / "build") == before
    assert len(project.runs()) == count


def test_a_run_refuses_the_name_of_the_folder_of_checkpoints(project: Project) -> None:
    config = project.config(*MODEL)
    with pytest.raises(ConfigError, match="checkpoints of runs lie there"):
        run(config, project.root, project.root / "build" / "checkpoints")


def test_an_interrupted_run_is_done_again_in_its_folder(project: Project) -> None:
    config = project.config("data=lectures", "model=deep", "trainer.epochs=3")
    project.prepare(config)
    output = project.root / "build" / "mine"

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(config, project.root, output, interrupt)
    (output / "model").mkdir()  # as a kill between two files would leave it
    (output / "curve.csv").write_text("epoch")
    assert run(config, project.root, output)["status"] == "finished"
    assert run(config, project.root, output)["status"] == "finished"


def test_a_run_of_version_0_1_is_replaced(project: Project) -> None:
    config = project.config(*MODEL)
    project.prepare(config)
    output = project.root / "build" / "mine"
    result = run(config, project.root, output)
    for folder in (output, output.parent / "checkpoints" / "mine"):
        (folder / MARK).unlink()
    (output / "result.json").write_text(json.dumps(result))
    (output.parent / "checkpoints" / "mine" / "finished").touch()
    again = run(config, project.root, output)
    assert again["run_id"] != result["run_id"]
    assert again["train_loss"] == result["train_loss"]


def test_experiments_remove_only_runs_that_are_no_longer_planned(project: Project) -> None:
    plain = project.plain(*MODEL)
    tracking = plain.pop("tracking")
    project.prepare(project.config(*MODEL))
    plans = {name: {**plain, "name": name} for name in ("kept", "dropped", "extended")}
    run_experiments(plans, tracking, project.root)
    fill(experiment_path(project.root, "extended"), "notes.txt")
    run(project.config(*MODEL), project.root, experiment_path(project.root, "by_hand"))
    fill(experiments_path(project.root), "list.txt", "mine/thesis.txt")
    others = ("by_hand", "extended", "mine")
    before = {name: content(experiment_path(project.root, name)) for name in others}
    outcome = run_experiments({"kept": plans["kept"]}, tracking, project.root)
    assert outcome == {"kept": "kept"} | dict.fromkeys((*others, "list.txt"), LEFT_ALONE)
    assert {name: content(experiment_path(project.root, name)) for name in others} == before
    assert not experiment_path(project.root, "dropped").exists()


def test_experiments_are_refused_before_the_first_run_if_a_folder_is_not_theirs(
    project: Project,
) -> None:
    plain = project.plain(*MODEL)
    tracking = plain.pop("tracking")
    project.prepare(project.config(*MODEL))
    victim = fill(experiment_path(project.root, "second"))
    before = content(victim)
    with pytest.raises(ConfigError, match=r"holds data, thesis\.txt, which no run"):
        run_experiments({"first": plain, "second": plain}, tracking, project.root)
    assert content(victim) == before
    assert project.runs() == []
