import json
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from support.processes import KILLED, die, exit_code, exit_codes
from support.project import REPOSITORY, Project
from viewcast.base.errors import TrackingError
from viewcast.base.paths import prepared_path
from viewcast.base.settings import Tracking
from viewcast.data import table
from viewcast.tracking import store
from viewcast.tracking.store import connect
from viewcast.tracking.write.recorder import Recorder, flat
from viewcast.training.rows import rows_of

DEEP = ("model=deep", "trainer.epochs=7", "trainer.patience=null")


def history(project: Project, run_id: str, key: str) -> list[tuple[int, float]]:
    points = project.client.get_metric_history(run_id, key)
    return [(point.step, point.value) for point in sorted(points, key=lambda point: point.step)]


def test_every_epoch_has_both_losses_under_the_same_keys_in_every_run(project: Project) -> None:
    deep, line = project.run(*DEEP), project.run("model=linear")
    for key in ("train_loss", "val_loss"):
        assert [step for step, _ in history(project, deep["run_id"], key)] == list(range(1, 8))
        assert [step for step, _ in history(project, line["run_id"], key)] == [1]


def test_the_curve_in_mlflow_is_the_curve_on_disk(project: Project) -> None:
    result = project.run(*DEEP)
    curve = pd.read_csv(project.output(project.config(*DEEP)) / "curve.csv")
    for key in ("train_loss", "val_loss"):
        np.testing.assert_allclose(
            [value for _, value in history(project, result["run_id"], key)], curve[key], rtol=1e-12
        )


def test_a_run_carries_its_parameters_tags_gap_and_best_epoch(project: Project) -> None:
    result = project.run(*DEEP)
    recorded = project.recorded(result["run_id"])
    tags, metrics = recorded.data.tags, recorded.data.metrics
    assert recorded.info.status == "FINISHED"
    assert recorded.data.params["trainer.lr"] == "0.001"
    assert recorded.data.params["seed"] == "2021"
    assert tags["viewcast.data"] == "lectures"
    assert tags["viewcast.model"] == "deep"
    assert tags["viewcast.experiment"] == "main"
    assert tags["viewcast.unit"] == "minutes²"
    assert len(tags["viewcast.git_commit"].removesuffix("-dirty")) in (4, 40)
    assert len(tags["viewcast.dvc_lock"]) in (4, 16)
    assert metrics["best_epoch"] == result["best_epoch"]
    assert metrics["generalization_gap"] == pytest.approx(result["val_loss"] - result["train_loss"])


def test_the_composed_configuration_and_the_row_predictions_are_artifacts(
    project: Project,
) -> None:
    result = project.run("model=linear")
    names = {file.path for file in project.client.list_artifacts(result["run_id"])}
    assert {"config.yaml", "predictions.parquet", "curve.csv"} <= names
    folder = project.client.download_artifacts(result["run_id"], "predictions.parquet")
    predicted = pd.read_parquet(folder)
    validation = predicted[predicted["split"] == "validation"]
    assert validation["loss"].mean() == pytest.approx(result["val_loss"])
    assert predicted.loc[predicted["split"] == "test", ["target", "loss"]].isna().all(axis=None)


def test_the_rows_used_are_inputs_named_by_the_hash_of_all_of_them(project: Project) -> None:
    result = project.run("model=linear")
    rows = rows_of(project.config("model=linear"), project.root)
    inputs = {
        entry.tags[0].value: entry.dataset
        for entry in project.recorded(result["run_id"]).inputs.dataset_inputs
    }
    assert inputs["training"].digest == table.holdout(rows.train)
    assert inputs["validation"].digest == table.holdout(rows.validation)
    tags = project.recorded(result["run_id"]).data.tags
    assert tags["viewcast.holdout"] == inputs["validation"].digest


def test_runs_on_the_same_days_with_other_features_share_their_holdout(project: Project) -> None:
    one, two = project.run("model=linear"), project.run("model=augmented")
    assert one["holdout"] == two["holdout"]
    found = project.client.search_runs(
        ["1"], f"tags.`viewcast.holdout` = '{one['holdout']}'", max_results=10
    )
    assert {run.info.run_id for run in found} == {one["run_id"], two["run_id"]}


PREDICT = """
import sys, mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
for uri, file in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
    model = mlflow.pyfunc.load_model(uri)
    print(repr([float(value) for value in model.predict(pd.read_parquet(file))]))
assert "torch" not in sys.modules
"""


def test_a_fresh_process_loads_each_model_and_predicts_the_same_numbers(project: Project) -> None:
    arguments, expected = [f"sqlite:///{project.root}/mlflow/mlflow.db"], []
    for model in ("linear", "deep", "memorizer", "naive"):
        overrides = (f"model={model}", *(("trainer.epochs=3",) if model == "deep" else ()))
        config = project.config(*overrides)
        result = project.run_config(config)
        rows = rows_of(config, project.root)
        file = project.root / f"{model}.parquet"
        rows.validation[rows.inputs or ["row"]].to_parquet(file)
        arguments += [f"runs:/{result['run_id']}/model", str(file)]
        predicted = pd.read_parquet(project.output(config) / "predictions.parquet")
        validation = predicted["split"] == "validation"
        expected.append(predicted.loc[validation, "prediction"].tolist())
    command = [sys.executable, "-c", PREDICT, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()[-4:]] == expected


def test_the_stored_model_has_signature_and_example_and_no_pickle(project: Project) -> None:
    result = project.run("model=linear")
    mlflow.set_tracking_uri(f"sqlite:///{project.root}/mlflow/mlflow.db")
    info = mlflow.models.get_model_info(f"runs:/{result['run_id']}/model")
    assert [column.name for column in info.signature.inputs] == ["pages"]
    assert info.saved_input_example_info is not None
    stored = {file.suffix for file in (project.root / "mlflow").rglob("*") if file.is_file()}
    assert not stored & {".pkl", ".pickle", ".pt", ".pth", ".joblib"}


def test_a_model_that_is_recorded_is_not_loaded_to_predict_its_example_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(
        mlflow.pyfunc.PyFuncModel, "predict", lambda *given, **_: asked.append(given)
    )
    project.run("model=linear")
    assert asked == []


def test_a_diverging_run_ends_failed_with_step_and_learning_rate(project: Project) -> None:
    result = project.run("experiment=lectures_descent_diverges")
    recorded = project.recorded(result["run_id"])
    assert result["status"] == "diverged"
    assert recorded.info.status == "FAILED"
    assert "step 11" in recorded.data.tags["viewcast.failure"]
    assert "learning rate 0.001" in recorded.data.tags["viewcast.failure"]
    assert len(history(project, result["run_id"], "train_loss")) == 11


def test_left_out_rows_are_said_in_the_run(project: Project) -> None:
    result = project.run("experiment=lectures_course_words")
    said = "7 of 7 validation rows left out: words unknown"
    assert project.recorded(result["run_id"]).data.tags["viewcast.left_out"] == said
    assert result["left_out"] == [said]
    assert result["val_loss"] is None


def test_simulated_data_is_tagged_as_simulated(project: Project) -> None:
    result = project.run("data=channel", "model=linear")
    assert project.recorded(result["run_id"]).data.tags["viewcast.simulated"] == "true"


def test_points_are_written_in_batches(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    config = project.config("model=linear", "tracking.flush_seconds=3600")
    calls = []
    with Recorder(config, project.root) as recorder:
        write = recorder.client.log_batch
        monkeypatch.setattr(
            recorder.client, "log_batch", lambda *a, **k: (calls.append(k), write(*a, **k))
        )
        for epoch in range(1, 1001):
            recorder.on_epoch(epoch, 1.0, 2.0)
    assert [len(call["metrics"]) for call in calls if "metrics" in call] == [1000, 1000]
    assert len(history(project, recorder.run_id, "val_loss")) == 1000


def record_and_die(root: Path) -> None:
    project = Project(root)
    recorder = Recorder(project.config("model=linear", "tracking.flush_seconds=0"), root)
    for epoch in range(1, 100):
        recorder.on_epoch(epoch, 1.0, 2.0)
        if epoch == 60:
            die()


def test_a_crash_loses_nothing_older_than_the_flush_interval(project: Project) -> None:
    assert exit_code(record_and_die, project.root) == KILLED
    (crashed,) = project.runs()
    assert len(history(project, crashed.info.run_id, "val_loss")) == 60


def use_first(root: Path, process: int) -> None:
    _, experiment = Project(root).experiment()
    (root / str(process)).write_text(experiment)


def test_six_processes_may_use_a_new_store_at_once(tmp_path: Path) -> None:
    assert exit_codes([(use_first, (tmp_path, process)) for process in range(6)]) == [0] * 6
    assert len({(tmp_path / str(process)).read_text() for process in range(6)}) == 1


def test_runs_are_listed_over_all_pages(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    client, experiment = project.experiment()
    made = {client.create_run(experiment).info.run_id for _ in range(5)}
    monkeypatch.setattr(store, "PAGE", 2)
    assert {run.info.run_id for run in store.all_runs(client, experiment)} == made


def test_a_server_that_is_down_is_named_and_nothing_is_trained() -> None:
    os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
    try:
        with pytest.raises(TrackingError, match=r"tracking.uri = http://127.0.0.1:9: .*sqlite"):
            connect(Tracking("http://127.0.0.1:9", None, "viewcast", 1.0))
    finally:
        del os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"]


def test_an_interrupted_run_is_ended_killed_and_named_by_the_one_that_resumes(
    project: Project,
) -> None:
    config = project.config("model=linear")
    project.prepare(config)
    interrupted = Recorder(config, project.root)
    checkpoints = project.output(config).parent / "checkpoints" / config.identity()
    checkpoints.mkdir(parents=True)
    (checkpoints / "run_id").write_text(interrupted.run_id)
    result = project.run("model=linear")
    assert project.recorded(interrupted.run_id).info.status == "KILLED"
    tags = project.recorded(result["run_id"]).data.tags
    assert tags["viewcast.resumes"] == interrupted.run_id


def test_a_run_writes_nothing_when_its_data_are_prepared_with_other_settings(
    project: Project,
) -> None:
    project.prepare(project.config("data=channel"))
    with pytest.raises(Exception, match="prepared with other settings"):
        project.run("data=channel", "data.lags=28", "model.features=[lag_1]")
    assert project.experiments() == []
    assert prepared_path(project.root, "channel").is_file()


def test_nested_settings_become_flat_scalars() -> None:
    nested = {"a": {"b": 1, "c": {"d": [1, 2]}}, "e": None, "f": {}}
    assert flat(nested) == {"a.b": "1", "a.c.d": "[1, 2]", "e": "None", "f": "{}"}


def test_the_configured_store_is_absolute() -> None:
    tracking = Project(REPOSITORY).plain("tracking=sqlite")["tracking"]
    assert tracking["artifacts"].startswith("/")
