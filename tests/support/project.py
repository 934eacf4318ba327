"""A project in a temporary folder: the repository's configuration and data, results elsewhere."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run

from support.clone import REPOSITORY
from support.configurations import composed
from viewcast.data import sealed
from viewcast.data.panel import prepared
from viewcast.data.preparation import preparation
from viewcast.runs.run import run
from viewcast.tracking import run_keys
from viewcast.tracking.experiments import experiment_of, project_experiments
from viewcast.tracking.store import connect
from viewcast.training.config import Config, parse


@dataclass
class Project:
    """``root`` holds build/ and mlflow/; ``conf/`` and ``data/`` are the repository's."""

    root: Path
    prepared: set[str] = field(default_factory=set)

    def plain(self, *overrides: str, config_name: str = "config") -> dict[str, Any]:
        """The composed mapping of a run (or of another file of ``conf/``) with this store."""
        plain = composed(*overrides, config_name=config_name)
        plain["tracking"]["uri"] = f"sqlite:///{self.root}/mlflow/mlflow.db"
        plain["tracking"]["artifacts"] = f"{self.root}/mlflow/artifacts"
        return plain

    def config(self, *overrides: str) -> Config:
        return parse(self.plain(*overrides))

    def prepare(self, config: Config) -> None:
        name = config.data.name
        if name not in self.prepared:
            section, lookback = config.plain["data"], config.data.feature_lookback
            if config.data.part is not None:
                prepared.write(section, REPOSITORY, self.root)
            else:
                whole = config.data.prepare(REPOSITORY)
                sealed.write(whole, lookback, self.root, name, preparation(section))
            self.prepared.add(name)

    def run(self, *overrides: str) -> dict[str, Any]:
        """Prepare the data if need be, and train; the content of result.json, and run_id."""
        return self.run_config(self.config(*overrides))

    def run_config(self, config: Config) -> dict[str, Any]:
        """The same for a configuration that is parsed already."""
        self.prepare(config)
        return run(config, self.root, self.output(config))

    def output(self, config: Config) -> Path:
        return self.root / "build" / "runs" / config.identity()

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(f"sqlite:///{self.root}/mlflow/mlflow.db")

    def recorded(self, run_id: str) -> Run:
        return self.client.get_run(run_id)

    def of_key(self, key: str) -> Run:
        return run_keys.recorded(self.config().tracking)[key]

    def runs(self) -> list[Run]:
        """The runs of the experiments of the project, newest first."""
        return list(self.client.search_runs(self.experiments()))

    def experiments(self) -> list[str]:
        """The ids of the experiments of the project."""
        return project_experiments(self.client, self.config().tracking)

    def experiment(self, *overrides: str) -> tuple[MlflowClient, str]:
        """A client, and the id of the experiment that a run would belong to, made if need be."""
        config = self.config(*overrides)
        client = connect(config.tracking)
        return client, experiment_of(client, config)
