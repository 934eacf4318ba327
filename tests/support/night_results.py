"""All that a night leaves behind, for nights that were interrupted and nights that were not."""

import json
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Experiment

from support.nights import Nights
from viewcast.base.paths import LIVE, channel_path, retraining_path

PASSING = ("finished", "seconds", "run_id", "stages", "when", "id", "who")
LOGS = ("ledger.jsonl", "backtest.jsonl", "judgements.jsonl", "promotions.jsonl")


def left_by(nights: Nights) -> dict[str, Any]:
    """All that a night leaves behind, but for times and for names that are drawn."""
    client = MlflowClient(nights.settings.tracking.uri)
    registry = nights.registry
    champion = registry.champion()
    assert champion is not None
    experiment = nights.experiment("-nights")
    runs = client.search_runs([experiment.experiment_id])
    folder = channel_path(nights.root, LIVE)
    return {
        "outcomes": [without(line) for line in nights.outcomes],
        "logs": {name: lines(folder / name) for name in LOGS},
        "champion": champion.number,
        "versions": [
            (version.number, version.tags["viewcast.content"]) for version in registry.versions()
        ],
        "forecast": registry.forecaster(champion.number).ahead(nights.series, 7).to_dict("list"),
        "days": (folder / "days" / "daily.csv").read_text(),
        "record": json.loads(retraining_path(nights.root).read_text()),
        "curve": nights.curve,
        "nights show": shown_with(experiment),
        "nights in MLflow": sorted(run.info.status for run in runs),
        "unfinished": [file.name for file in folder.glob("*") if file.name in HALF],
        "partial": [str(file) for file in nights.root.rglob("*.partial*")],
    }


HALF = ("night.json", "staged.csv")  # of a night that has not come to its end


def lines(path: Any) -> list[dict[str, Any]]:
    """The lines of a log, without what passes."""
    text = path.read_text() if path.is_file() else ""
    return [without(json.loads(line)) for line in text.splitlines()]


def shown_with(experiment: Experiment) -> dict[str, str]:
    """The note and the views of an experiment."""
    return {name: value for name, value in experiment.tags.items() if name.startswith("mlflow.")}


def without(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key not in PASSING}
