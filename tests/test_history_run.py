"""The run that goes on from night to night, in a real store."""

import json
import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from mlflow import MlflowClient
from PIL import Image

from viewcast.tracking.write.history_run import HistoryRun, number

FIRST = date(2021, 3, 1)
DAY = timedelta(days=1)


@pytest.fixture
def client(tmp_path: Path, empty_store: Path) -> MlflowClient:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")


@pytest.fixture
def nights(client: MlflowClient, tmp_path: Path) -> str:
    return str(client.create_experiment("nights", (tmp_path / "artifacts").as_uri()))


def history(client: MlflowClient, nights: str, model: str = "viewcast") -> HistoryRun:
    return HistoryRun.of(client, nights, model, {"viewcast.unit": "views"})


def promised(days: int, loss: float = 300.0) -> dict[date, dict[str, float]]:
    return {
        FIRST + day * DAY: {"promised_loss": loss, "champion_version": 1} for day in range(days)
    }


def written(run: HistoryRun, name: str) -> list[tuple[int, float]]:
    points = run.client.get_metric_history(run.run_id, name)
    return sorted((point.step, point.value) for point in points)


def test_there_is_one_run_per_registered_model_however_often_it_is_asked_for(
    client: MlflowClient, nights: str
) -> None:
    asked = [history(client, nights, model).run_id for model in ("viewcast", "other") * 3]
    assert sorted(Counter(asked).values()) == [3, 3]
    runs = client.search_runs([nights])
    assert {run.info.run_id for run in runs} == set(asked)
    assert {run.data.tags["viewcast.unit"] for run in runs} == {"views"}


def test_a_point_stands_at_its_day_and_the_newest_day_is_the_value_of_the_run(
    client: MlflowClient, nights: str
) -> None:
    run = history(client, nights)
    run.add({FIRST + DAY: {"promised_loss": 290.0}, FIRST: {"promised_loss": 300.0}})
    first, second = sorted(
        client.get_metric_history(run.run_id, "promised_loss"), key=lambda p: p.step
    )
    assert (first.value, first.step, first.timestamp) == (300.0, 18687, 1614600000000)  # noon UTC
    assert second.timestamp - first.timestamp == 24 * 3600 * 1000
    stored = client.get_run(run.run_id)
    assert stored.data.metrics == {"promised_loss": 290.0}
    assert stored.info.status == "FINISHED"


def test_a_night_that_is_repeated_writes_nothing_twice_and_changes_nothing(
    client: MlflowClient, nights: str
) -> None:
    run = history(client, nights)
    assert run.add(promised(3)) == 6
    ended = client.get_run(run.run_id).info.end_time
    assert run.add(promised(3, loss=999.0)) == 0  # as known then, though corrected since
    assert client.get_run(run.run_id).info.end_time == ended
    assert written(run, "promised_loss") == [(number(FIRST + day * DAY), 300.0) for day in range(3)]
    assert run.add(promised(5)) == 4


def test_a_kill_between_its_creation_and_its_points_leaves_a_run_that_is_gone_on_with(
    client: MlflowClient, nights: str
) -> None:
    killed = history(client, nights)
    assert client.get_run(killed.run_id).info.status == "RUNNING"
    client.log_metric(killed.run_id, "champion_version", 1, 1614600000000, number(FIRST))
    again = history(client, nights)
    assert again.run_id == killed.run_id
    assert again.add(promised(1)) == 1
    assert client.get_run(killed.run_id).info.status == "FINISHED"


def test_four_hundred_nights_are_kept(client: MlflowClient, nights: str) -> None:
    """In one go, as for a store of former nights; more than one call of MLflow takes."""
    values = {
        FIRST + day * DAY: {name: float(day) for name in ("promised_loss", "low", "high")}
        for day in range(400)
    }
    run = history(client, nights)
    assert run.add(values) == 1200
    assert run.add({**values, FIRST + 400 * DAY: {"low": 400.0}}) == 1
    assert [value for _, value in written(run, "low")] == [float(day) for day in range(401)]


def test_the_picture_of_the_last_night_replaces_the_former_and_images_stay(
    client: MlflowClient, nights: str, tmp_path: Path
) -> None:
    run, file = history(client, nights), tmp_path / "champions.png"
    for night, colour in enumerate(("red", "green", "green", "blue")):
        Image.new("RGB", (40, 20), colour).save(file)
        evaluated = colour != "blue"
        for _ in range(2):  # repeated after a kill
            run.picture(file, "champions", FIRST + night // 2 * DAY if evaluated else None)
    (kept,) = (tmp_path / "artifacts").rglob("champions.png")
    assert kept.read_bytes() == file.read_bytes()
    images = sorted((tmp_path / "artifacts").rglob("images/*.png"))
    assert len(images) == 2
    tags = client.get_run(run.run_id).data.tags
    assert tags["mlflow.loggedImages"] == "True"
    assert json.loads(tags["viewcast.pictures"]) == {"champions": [number(FIRST + DAY), ""]}
