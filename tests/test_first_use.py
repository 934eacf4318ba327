"""A store that several clients use for the first time at the same moment."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from support.mlflow_store import Store
from support.refereed import plan_on, submissions
from viewcast.base.errors import TrackingError
from viewcast.tracking import first_use
from viewcast.tracking.store import connect_to
from viewcast.tracking.write.refereed import RefereeRuns


def test_who_reads_an_sqlite_store_waits_for_its_tables(
    tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Waited(first_use.FileLock):
        """The other process makes the tables while its lock is waited for."""

        def acquire(self, *arguments: Any, **named: Any) -> Any:
            shutil.copy(empty_store, database)
            return super().acquire(*arguments, **named)

    database = tmp_path / "mlflow.db"
    database.touch()
    monkeypatch.setattr(first_use, "FileLock", Waited)
    with pytest.raises(TrackingError, match="without a version"):
        connect_to(f"sqlite:///{database}")  # nobody is making them
    (tmp_path / "mlflow.lock").touch()
    assert connect_to(f"sqlite:///{database}").search_experiments()


def test_a_referee_whose_experiment_somebody_makes_at_the_same_moment_is_recorded_in_it(
    others_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = MlflowClient.create_experiment

    def twice(client: MlflowClient, name: str, *more: Any) -> str:
        create(client, name, *more)
        return str(create(client, name, *more))

    monkeypatch.setattr(MlflowClient, "create_experiment", twice)
    client, place = others_store.client, others_store.folder.as_uri()
    told = RefereeRuns(str(client.tracking_uri), "new", place)
    told.submissions(plan_on(), [submissions(1)[0]])
    made = client.get_experiment_by_name("new")
    assert len(client.search_runs([made.experiment_id])) == 2
