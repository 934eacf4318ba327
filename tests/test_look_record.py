"""The record of looks in MLflow: each run writes its own, nothing is lost, nothing counts twice."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from support.onlookers import looked, recorded
from support.processes import KILLED, die, exit_code, exit_codes
from support.project import Project
from viewcast.base.errors import DataError
from viewcast.base.paths import params_path
from viewcast.holdout.looks import REPORT, distinct, early_stop
from viewcast.runs.run import run
from viewcast.tracking import evaluation_set, look_tags, store
from viewcast.tracking.look_tags import look_of
from viewcast.tracking.write.recorder import Recorder
from viewcast.training.config import parse
from viewcast.training.rows import rows_of

DEEP = ("model=deep", "trainer.epochs=7", "trainer.patience=null")
HERE = str(Path(__file__).parent)


def test_a_run_that_keeps_its_best_epoch_reveals_a_score_for_each(project: Project) -> None:
    result = project.run(*DEEP)
    tags = project.recorded(result["run_id"]).data.tags
    assert json.loads(tags["viewcast.looks"]) == [
        {"purpose": "early_stop", "scores": 7, "among": 7}
    ]
    (found,) = recorded(project)
    assert (found.holdout, found.key) == (result["holdout"], tags["viewcast.look"])
    assert found.user == tags["mlflow.user"] != ""
    assert (tags["viewcast.block"], tags["viewcast.split"]) == ("1", "within")
    assert (tags["viewcast.loss"], tags["viewcast.label"]) == ("mse", "lectures")


@pytest.mark.parametrize("options", [("model=linear",), (*DEEP, "trainer.restore_best=false")])
def test_a_run_that_only_reports_reveals_one_score(
    project: Project, options: tuple[str, ...]
) -> None:
    project.run(*options)
    assert [one.uses for one in recorded(project)] == [(REPORT,)]


def test_an_identical_run_is_no_new_look_and_another_seed_is(project: Project) -> None:
    for seed in (1, 1, 2):
        looked(project, project.config(*DEEP, f"seed={seed}"), epochs=7)
    assert len(recorded(project)) == 3
    assert [one.scores for one in distinct(recorded(project))] == [7, 7]


def test_a_change_of_code_makes_a_new_look(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(project, project.config("model=linear"))
    monkeypatch.setattr(evaluation_set, "code_of", lambda config: "changed")
    looked(project, project.config("model=linear"))
    assert len(distinct(recorded(project))) == 2


def test_a_run_without_validation_rows_is_no_look(project: Project) -> None:
    result = project.run("experiment=lectures_course_words")
    assert recorded(project) == []
    assert "viewcast.holdout" not in project.recorded(result["run_id"]).data.tags


def test_a_run_that_diverged_counts_with_the_epochs_it_revealed(project: Project) -> None:
    wild = ("trainer.optimizer=sgd", "trainer.momentum=0", "trainer.lr=1000")
    result = project.run(*DEEP, *wild)
    assert result["status"] == "diverged"
    points = project.client.get_metric_history(result["run_id"], "val_loss")
    (found,) = recorded(project)
    assert found.uses == (early_stop(len(points)),)
    assert found.status == "FAILED"


def test_runs_of_one_process_are_one_batch_and_dvc_stages_of_one_plan_too(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand = look_tags.batch_id(project.root)
    assert look_tags.batch_id(project.root) == by_hand
    monkeypatch.setenv("DVC_STAGE", "train@lectures-deep")
    assert look_tags.batch_id(project.root) == by_hand, "no plan"
    batch = params_path(project.root, "batch")
    batch.parent.mkdir(parents=True)
    batch.write_text("{plan: one, modules: [viewcast.training.lookup]}")
    first = look_tags.batch_id(project.root)
    assert first.startswith("dvc-")
    monkeypatch.setenv("DVC_STAGE", "experiments")
    assert look_tags.batch_id(project.root) == first
    batch.write_text("{plan: another, modules: [viewcast.training.lookup]}")
    assert look_tags.batch_id(project.root) != first


def test_runs_that_others_logged_count_by_loss_or_by_rows(project: Project) -> None:
    client, experiment = project.experiment()
    scalar, nothing = (client.create_run(experiment).info.run_id for _ in range(2))
    client.log_metric(scalar, "val_loss", 0.5)
    client.log_metric(nothing, "train_loss", 0.5)
    found = recorded(project)
    assert [(one.run_id, one.key, one.uses) for one in found] == [(scalar, scalar, (REPORT,))]
    assert (found[0].batch_id, found[0].holdout) == (scalar, None)


def test_an_unreadable_tag_is_refused_with_its_run(project: Project) -> None:
    run_id = looked(project, project.config("model=linear"))
    project.client.set_tag(run_id, "viewcast.looks", "[]nonsense")
    with pytest.raises(DataError, match=f"run {run_id}: tag viewcast.looks"):
        recorded(project)


def test_the_record_is_read_over_all_pages(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, experiment = project.experiment()
    for _ in range(5):
        client.log_metric(client.create_run(experiment).info.run_id, "val_loss", 0.5)
    monkeypatch.setattr(store, "PAGE", 2)
    assert len(recorded(project)) == 5


# Killed


def run_and_die(root: Path, epoch: int, options: tuple[str, ...]) -> None:
    project = Project(root, {"lectures"})
    config = project.config(*options)

    def on_epoch(now: int, train_loss: float, val_loss: float | None) -> None:
        if now == epoch:
            die()

    run(config, project.root, project.output(config), on_epoch)


def test_a_killed_run_leaves_an_honest_record_and_going_on_counts_no_epoch_twice(
    project: Project,
) -> None:
    options = (*DEEP, "tracking.flush_seconds=0", "trainer.checkpoint_seconds=0")
    project.prepare(project.config(*options))
    assert exit_code(run_and_die, project.root, 4, options) == KILLED
    (found,) = recorded(project)
    assert (found.uses, found.status) == ((early_stop(4),), "RUNNING")
    project.run(*options)
    both = recorded(project)
    assert sorted((one.status, one.scores) for one in both) == [("FINISHED", 7), ("KILLED", 4)]
    (whole,) = distinct(both)
    assert (whole.scores, whole.status) == (7, "FINISHED")


def test_a_run_that_was_killed_before_its_first_score_is_no_look(project: Project) -> None:
    config = project.config(*DEEP)
    recorder = Recorder(config, project.root)
    recorder.client.set_tag(recorder.run_id, "viewcast.look", "some key")
    assert look_of(project.recorded(recorder.run_id), project.client) is None


# Many at once


def write_six(root: Path, plain: dict[str, Any], process: int) -> None:
    """Four runs of its own and two that all processes record."""
    rows = rows_of(parse(plain), root)
    for number in range(6):
        seed = 100 * (1 + process) + number if number < 4 else number
        config = parse({**plain, "seed": seed})
        with Recorder(config, root) as recorder:
            recorder.inputs(rows, config.identity())
            for epoch in range(1, 2 + seed % 5):
                recorder.on_epoch(epoch, 1.0, 2.0)


def test_eight_processes_at_once_lose_nothing_and_count_nothing_twice(project: Project) -> None:
    project.prepare(project.config("model=deep"))
    plain = project.plain("model=deep", "tracking.flush_seconds=0.05")
    calls = [(write_six, (project.root, plain, process)) for process in range(8)]
    assert exit_codes(calls) == [0] * 8
    everything = recorded(project)
    assert len(everything) == 8 * 6
    assert {one.status for one in everything} == {"FINISHED"}
    found = distinct(everything)
    assert len(found) == 8 * 4 + 2
    seeds = [100 * (1 + p) + n for p in range(8) for n in range(4)] + [4, 5]
    assert sum(one.scores for one in found) == sum(1 + seed % 5 for seed in seeds)
    assert len({one.holdout for one in everything}) == 1
    batches = {one.batch_id for one in everything}
    assert len(batches) == 8


@pytest.mark.parametrize(("refusals", "kept"), [(1, True), (2, True), (3, False)])
def test_who_is_refused_because_another_named_the_same_rows_first_tries_again(
    project: Project, monkeypatch: pytest.MonkeyPatch, refusals: int, kept: bool
) -> None:
    whole, left = MlflowClient.log_inputs, iter(range(refusals))

    def refused(*given: Any, **named: Any) -> None:
        if next(left, None) is not None:
            raise MlflowException("UNIQUE constraint failed: datasets.digest")
        whole(*given, **named)

    monkeypatch.setattr(MlflowClient, "log_inputs", refused)
    config = project.config("model=linear")
    with nullcontext() if kept else pytest.raises(MlflowException, match="UNIQUE"):
        run_id = looked(project, config)
        inputs = project.recorded(run_id).inputs.dataset_inputs
        assert {entry.tags[0].value for entry in inputs} == {"training", "validation"}
