"""An MLflow store as somebody else would use it: one experiment, the fluent interface."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run


@dataclass
class Store:
    """``folder`` holds the artifacts; runs are started in ``experiment``."""

    folder: Path
    client: MlflowClient
    experiment: str

    @classmethod
    @contextmanager
    def at(cls, database: Path) -> Iterator["Store"]:
        """The store becomes MLflow's current one; a model that was active no longer is."""
        mlflow.set_tracking_uri(f"sqlite:///{database}")
        mlflow.clear_active_model()
        client = MlflowClient()
        folder = database.parent / "artifacts"
        yield cls(folder, client, client.create_experiment("others", folder.as_uri()))
        while mlflow.active_run() is not None:
            mlflow.end_run("FAILED")
        mlflow.clear_active_model()

    @contextmanager
    def run(self, nested: bool = False) -> Iterator[Run]:
        with mlflow.start_run(experiment_id=self.experiment, nested=nested) as run:
            yield run

    def now(self, run: Run) -> Run:
        """The run as it is stored now."""
        return self.client.get_run(run.info.run_id)

    def table(self, run: Run, artifact: str = "predictions.parquet") -> pd.DataFrame:
        return pd.read_parquet(self.client.download_artifacts(run.info.run_id, artifact))

    def artifacts(self, run: Run) -> set[str]:
        return {file.path for file in self.client.list_artifacts(run.info.run_id)}
