"""All that a night leaves behind, for nights that were interrupted and nights that were not."""

import json
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Experiment

from support.nights import Nights
from viewcast.base.paths import live_path, nightly_path, retraining_path
from viewcast.tracking.used_days import spent_to

PROMOTES = ("promotion.max_champion_age=1", "promotion.non_inferiority_margin=0.9")
PASSING = ("finished", "seconds", "run_id", "stages", "when", "id")


def left_by(nights: Nights) -> dict[str, Any]:
    """All that a night leaves behind, but for times and for names that are drawn."""
    client = MlflowClient(nights.settings.tracking.uri)
    registry = nights.registry
    champion = registry.champion()
    assert champion is not None
    history = json.loads(retraining_path(nights.root).read_text())
    looks = client.search_runs(
        [nights.experiment("-nights").experiment_id],
        "tags.`viewcast.night` = '2018-03-08' and attributes.status != 'X'",
    )
    kept = live_path(nights.root)
    return {
        "outcomes": [without(line) for line in nights.outcomes],
        "promotions": [without(line) for line in nights.promotions],
        "champion": champion.number,
        "versions": [version.tags["viewcast.content"] for version in registry.versions()],
        "challenger": client.get_model_version_by_alias("viewcast", "challenger").version,
        "forecast": registry.forecaster(champion.number).ahead(nights.series, 3).to_dict("list"),
        "data": {file.name: file.read_text() for file in kept.iterdir()},
        "data.dvc": (nights.root / "data.dvc").read_text(),
        "history": history,
        "spent": spent_to(client),
        "curve": nights.curve,
        "nights show": shown_with(nights.experiment("-nights")),
        # A night that was killed may have trained a model twice: its views count more runs.
        "trained show": sorted(shown_with(nights.experiment())),
        "nights in MLflow": [run.info.status for run in looks],
        "unfinished": [file.name for file in nightly_path(nights.root).glob("*.json")],
        "partial": [str(file) for file in nights.root.rglob("*.partial")],
    }


def shown_with(experiment: Experiment) -> dict[str, str]:
    """The note and the views of an experiment."""
    return {name: value for name, value in experiment.tags.items() if name.startswith("mlflow.")}


def without(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key not in PASSING}
