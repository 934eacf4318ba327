"""Runs of an experiment without a store: figures that are given, artifacts in folders."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunData, RunInfo, RunTag

import viewcast
from fuzz.target import Accepted
from viewcast.tracking.read import gather

START = 1_700_000_000_000  # milliseconds


def run_of(number: int, about: Mapping[str, Any], folder: Path) -> Run:
    """A run whose artifacts lie in the folder of its number."""
    begun = about.get("start", START + 60_000 * number)
    info = RunInfo(
        run_id=about.get("id", f"{number:032x}"),
        experiment_id="1",
        user_id="somebody",
        status=about.get("status", "FINISHED"),
        start_time=begun,
        end_time=begun + 30_000,
        lifecycle_stage="active",
        artifact_uri=str(folder / str(number)),
        run_name=about.get("name", f"run-{number}"),
    )
    metrics = [Metric(key, value, begun, 0) for key, value in about["metrics"].items()]
    params = [Param(key, value) for key, value in about["params"].items()]
    tags = [RunTag(key, value) for key, value in about["tags"].items()]
    return Run(info, RunData(metrics, params, tags))


class Client:
    """A store without histories."""

    tracking_uri = "sqlite:///none.db"

    def get_metric_history(self, run_id: str, key: str) -> list[Metric]:
        """No points."""
        return []

    def get_experiment(self, experiment_id: str) -> None:
        """None."""


def read(abouts: Sequence[Mapping[str, Any]], folder: Path, whole: bool) -> Accepted:
    """The loss of each run by its name, and of each referee by its hash what it tells; ``whole``:
    after an audit of them all, which is written as text.
    """
    runs = [run_of(number, each, folder) for number, each in enumerate(abouts)]
    client = cast(MlflowClient, Client())

    def stored(*asked: Any, deleted: bool = False) -> list[Run]:
        return [] if deleted else runs

    with (
        patch.object(gather, "connect_existing", return_value=(client, "1")),
        patch.object(gather, "all_runs", stored),
        patch.object(gather, "experiment_names", return_value={"1": "fuzzed"}),
    ):
        if whole:
            audited = viewcast.audit("sqlite:///none.db", "fuzzed", draws=50)
            assert str(audited)
            told = audited.to_dict()
            shown = [each for part in told["audits"] for each in part["runs"]]
            return Accepted({each["name"]: each["shown"] for each in shown})
        gathered = gather.gather("sqlite:///none.db", "fuzzed")
    scored = [each for study in gathered.studies for each in study.runs]
    losses = {each.facts.name: each.shown for each in scored}
    asked = {each.plan_hash: each.submissions for each in gathered.refereed}
    return Accepted({**losses, **asked})
