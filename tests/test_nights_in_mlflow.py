"""What a night leaves in a real store: its forecasts, the curve over all nights, notes, a view."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from PIL import Image

from support import kept, told_nights
from viewcast.base.paths import figures_path
from viewcast.base.settings import Tracking
from viewcast.forecast.ledger import SERVED
from viewcast.report.nights_record import NightsRecord, WeekOfEvidence, parsed
from viewcast.report.nights_table import PICTURE
from viewcast.retraining.nights_in_mlflow import show_nights
from viewcast.tracking.subject import Subject
from viewcast.tracking.write.night_run import NightRun

JUDGED = date(2026, 3, 8)


@pytest.fixture
def subject(tmp_path: Path, empty_store: Path) -> Subject:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    artifacts = str(tmp_path / "artifacts")
    tracking = Tracking(f"sqlite:///{tmp_path}/mlflow.db", artifacts, "viewcast", 5.0)
    return Subject("live", "my channel", "mae", "views", tracking, nightly=True)


def record_of(nights: int, judged: bool = False) -> NightsRecord:
    record = parsed(told_nights.record(nights))
    evidence = [WeekOfEvidence(JUDGED, {"theta": 2.0}, 2.0)] if judged else []
    newest = kept.ledger(nights)[-1].origin
    return replace(record, newest=newest, evidence=evidence)


def shown(
    subject: Subject, root: Path, nights: int, judged: bool = False, known: str | None = None
) -> NightRun:
    """The night after as many ``nights``, the last of them included; ``known``: its run."""
    run = NightRun(subject, root, str(kept.ledger(nights)[-1].origin + kept.DAY), known)
    picture = figures_path(root) / f"{PICTURE}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 20), (nights, 0, 0)).save(picture)
    views = kept.views(kept.INSTALLED - 1 + nights)
    show_nights(run, subject, record_of(nights, judged), kept.ledger(nights), views, root)
    return run


def everything(client: MlflowClient) -> dict[str, Any]:
    """Runs, points, tags and artifacts of the store."""
    (experiment,) = (
        each for each in client.search_experiments() if each.name == "viewcast-live-nights"
    )
    runs = client.search_runs([experiment.experiment_id])
    return {
        "tags": experiment.tags,
        **{
            run.info.run_id: (
                run.data.tags,
                {key: len(client.get_metric_history(run.info.run_id, key))
                 for key in run.data.metrics},
                sorted(
                    file.path
                    for place in ("", "pictures", "images")
                    for file in client.list_artifacts(run.info.run_id, place or None)
                ),
            )
            for run in runs
        },
    }  # fmt: skip


def history(client: MlflowClient) -> Run:
    (run,) = client.search_runs(
        [each.experiment_id for each in client.search_experiments()],
        "tags.`viewcast.history` = 'true'",
    )
    return run


def test_a_night_leaves_its_forecasts_as_a_table_and_says_them(
    subject: Subject, tmp_path: Path
) -> None:
    run = shown(subject, tmp_path, 3)
    table = run.client.load_table(history(run.client).info.experiment_id, "forecasts.json")
    assert set(table["recipe"]) == {SERVED, "combination", "theta"}
    assert len(table) == 3 * 7
    first = table.iloc[0]
    assert (first["origin"], first["day"], first["ahead"]) == ("2026-03-03", "2026-03-04", 1)
    stored = run.client.get_run(run.run_id)
    total = record_of(3).total
    assert stored.data.metrics["forecast_total"] == total.views
    assert stored.data.metrics["forecast_total_low"] == total.low
    assert stored.data.tags["mlflow.note.content"].startswith("**Thursday, 11 March 2021: 3,200")


def test_the_history_goes_on_from_night_to_night(subject: Subject, tmp_path: Path) -> None:
    run = shown(subject, tmp_path, 3)
    shown(subject, tmp_path, 4, judged=True)
    run_id = history(run.client).info.run_id
    versions = run.client.get_metric_history(run_id, "champion_version")
    assert sorted(point.value for point in versions) == [0.0, 1.0, 2.0, 3.0]
    (evidence,) = run.client.get_metric_history(run_id, "evidence")
    assert evidence.step == (JUDGED - date(1970, 1, 1)).days
    note = history(run.client).data.tags["mlflow.note.content"]
    assert f"get-artifact?path=pictures/{PICTURE}.png" in note
    experiment = run.client.get_experiment(history(run.client).info.experiment_id)
    assert experiment.tags["viewcast.verdict"].startswith("Forecasts of one day are")
    assert "viewStateShareKey=viewcast-nights" in experiment.tags["mlflow.note.content"]
    assert "mlflow.sharedViewState.viewcast-nights" in experiment.tags


def test_a_night_that_is_shown_again_changes_nothing(subject: Subject, tmp_path: Path) -> None:
    run = shown(subject, tmp_path, 3, judged=True)
    before = everything(run.client)
    shown(subject, tmp_path, 3, judged=True, known=run.run_id)
    assert everything(run.client) == before


def test_a_picture_of_each_judged_week_stays(subject: Subject, tmp_path: Path) -> None:
    for nights in (3, 4, 5):
        run = shown(subject, tmp_path, nights, judged=nights > 3)
    images = run.client.list_artifacts(history(run.client).info.run_id, "images")
    assert len([file for file in images if file.path.endswith(".png")]) == 1
