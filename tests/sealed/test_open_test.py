"""The opening of the sealed test: recorded first, scored once, refused a second time."""

import json

import numpy as np
import pandas as pd
import pytest

from support.openings import NAIVE, kept_rows, opened, openings, refused
from support.project import Project
from viewcast.data import table
from viewcast.runs.final_test import sentences

# What an opening shows and records


def test_the_test_loss_is_the_mean_loss_of_the_sealed_rows(project: Project, naive: str) -> None:
    shown = opened(project, naive)
    rows = kept_rows(project, *NAIVE)
    assert shown.score.rows == len(rows) == 45
    assert shown.score.mean == pytest.approx((rows["target"] - rows["lag_1"]).abs().mean())
    assert (shown.unit, shown.loss, shown.reuse) == ("thousand views", "mae", 0)


def test_an_opening_is_a_run_of_its_own_that_says_what_was_opened(
    project: Project, naive: str
) -> None:
    shown = opened(project, naive)
    run, rows = project.recorded(shown.run_id), kept_rows(project, *NAIVE)
    tags, metrics = run.data.tags, run.data.metrics
    assert run.info.status == "FINISHED"
    assert json.loads(tags["viewcast.looks"]) == [{"purpose": "test", "scores": 1, "among": 1}]
    assert tags["viewcast.opened_run"] == naive
    assert tags["viewcast.sealed"] == table.holdout(rows)
    assert tags["viewcast.reuse"] == "0"
    assert tags["mlflow.user"]
    assert "viewcast.holdout" not in tags, "it is no look at validation rows"
    assert "viewcast.reason" not in tags
    assert metrics["test_loss"] == shown.score.mean
    assert metrics["test_error"] == shown.score.error
    assert metrics["rows"] == 45
    (used,) = run.inputs.dataset_inputs
    assert used.tags[0].value == "test"
    assert used.dataset.digest == table.holdout(rows)
    assert json.loads(used.dataset.profile)["moments"] == table.moments(rows)
    assert project.recorded(naive).data.tags["viewcast.test_opened"] == shown.run_id


def test_the_loss_of_every_row_is_an_artifact(project: Project, naive: str) -> None:
    shown = opened(project, naive)
    stored = pd.read_parquet(project.client.download_artifacts(shown.run_id, "predictions.parquet"))
    rows = kept_rows(project, *NAIVE)
    assert stored["row"].tolist() == rows["row"].tolist()
    assert stored["time"].tolist() == rows["row"].tolist()
    assert set(stored["split"]) == {"test"}
    np.testing.assert_allclose(stored["loss"], (rows["target"] - rows["lag_1"]).abs())
    assert stored["loss"].mean() == shown.score.mean


def test_a_run_is_found_by_its_folder_or_the_folders_name(project: Project, naive: str) -> None:
    folder = project.output(project.config(*NAIVE))
    assert opened(project, folder.name).tested == naive
    again = opened(project, str(folder.relative_to(project.root)), "by its path")
    assert again.tested == naive


@pytest.mark.parametrize("model", ["linear", "memorizer"])
def test_every_kind_of_model_is_scored_on_the_one_test_lecture(
    project: Project, model: str
) -> None:
    shown = opened(project, project.run(f"model={model}")["run_id"])
    predicted = 0.0 if model == "memorizer" else None
    if predicted is None:
        folder = project.output(project.config("model=linear"))
        stored = pd.read_parquet(folder / "predictions.parquet")
        predicted = float(stored.loc[stored["split"] == "test", "prediction"].iloc[0])
    assert shown.score.mean == pytest.approx((107 - predicted) ** 2)
    assert (shown.score.rows, shown.score.error) == (1, None)
    assert "test_error" not in project.recorded(shown.run_id).data.metrics


def test_what_is_said_has_loss_error_unit_rows_and_how_often(project: Project, naive: str) -> None:
    first = "\n".join(sentences(opened(project, naive)))
    assert "test of naive of channel (simulated), run " in first
    assert "mae in thousand views: 0." in first
    assert "± standard error) on 45 test rows" in first
    assert "opened once: the first look" in first
    again = "\n".join(sentences(opened(project, naive, "labels were corrected")))
    assert "opened twice: the test set has been reused once" in again


# The second time


def test_a_second_opening_is_refused_with_when_who_and_what_was_seen(
    project: Project, naive: str
) -> None:
    opened(project, naive)
    message = refused(project, naive)
    assert message.startswith("the sealed test of channel has been opened once:")
    assert naive in message
    assert "thousand views), 45 of these 45 rows" in message
    assert "reason='...'" in message
    assert len(openings(project)) == 1


def test_a_reason_opens_it_again_and_is_recorded_with_the_count(
    project: Project, naive: str
) -> None:
    opened(project, naive)
    assert opened(project, naive, "labels were corrected").reuse == 1
    third = opened(project, naive, "curiosity")
    tags = project.recorded(third.run_id).data.tags
    assert (tags["viewcast.reuse"], tags["viewcast.reason"]) == ("2", "curiosity")
    message = refused(project, naive)
    assert "opened 3 times" in message
    assert "because 'labels were corrected'" in message


def test_the_rows_are_sealed_for_every_run_and_experiment(project: Project, naive: str) -> None:
    opened(project, naive)
    other = project.run("data=channel", "model=linear", "tracking.experiment=another")
    refused(project, other["run_id"], "tracking.experiment=another")


def test_deleting_the_record_does_not_seal_the_rows_again(project: Project, naive: str) -> None:
    project.client.delete_run(opened(project, naive).run_id)
    refused(project, naive)


def test_rows_that_overlap_with_an_earlier_opening_count(project: Project, naive: str) -> None:
    opened(project, naive)
    later = (*NAIVE, "data.splits.lecture.test.first=2021-03-22")
    project.prepared.clear()
    run = project.run(*later)["run_id"]
    assert "10 of these 10 rows" in refused(project, run)


@pytest.mark.parametrize("other", [("data.scale=1", "data.unit=views"), ("data.country=null",)])
def test_the_same_days_count_in_whatever_form_they_come(
    project: Project, naive: str, other: tuple[str, ...]
) -> None:
    opened(project, naive)
    project.prepared.clear()
    assert "45 of these 45 rows" in refused(project, project.run(*NAIVE, *other)["run_id"])


def test_rows_apart_from_every_earlier_opening_are_sealed_still(
    project: Project, naive: str
) -> None:
    early = (*NAIVE, "data.splits.lecture.test.last=2021-03-21")
    late = (*NAIVE, "data.splits.lecture.test.first=2021-03-22")
    for overrides, count in ((early, 35), (late, 10)):
        project.prepared.clear()
        shown = opened(project, project.run(*overrides)["run_id"])
        assert (shown.reuse, shown.score.rows) == (0, count)


def test_another_data_set_is_another_test(project: Project, naive: str) -> None:
    opened(project, naive)
    assert opened(project, project.run("model=linear")["run_id"]).reuse == 0
