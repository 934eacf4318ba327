"""``viewcast ui`` as it is typed, and what it tells."""

import json
import re
from pathlib import Path

from click.testing import CliRunner, Result

from support.simulated_store import SimulatedStore
from viewcast.commands.program import program

LINK = re.compile(r"^ {4}(\S+)$", re.M)


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(program, ["ui", *arguments])


def links(told: str) -> list[str]:
    return LINK.findall(told)


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def of_four_runs(folder: Path, empty_store: Path) -> SimulatedStore:
    """Four runs of somebody, each with a score, and an experiment without runs."""
    store = SimulatedStore.at(folder, empty_store)
    for i in range(4):
        params = {"lr": str(0.1 * (1 + i))}
        store.bare(f"run-{i}", metrics={"val_loss": 1.0 - i / 9, "train_loss": 0.5}, params=params)
    store.client.create_experiment("not yet")
    return store


def experiment_tags(store: SimulatedStore) -> dict[str, str]:
    return dict(store.client.get_experiment(store.experiment).tags)


def ours(store: SimulatedStore, verdicts: dict[str, str] | None = None) -> SimulatedStore:
    """The same, as an experiment that viewcast made, with these verdicts by holdout."""
    tags = {"viewcast.data": "channel", "viewcast.unit": "thousand views"}
    for holdout, verdict in (verdicts or {}).items():
        short = {"data": "channel", "split": "year", "rows": 366, "runs": 4, "verdict": verdict}
        tags[f"viewcast.audit.{holdout}"] = json.dumps(short)
    for name, value in tags.items():
        store.client.set_experiment_tag(store.experiment, name, value)
    for run in store.client.search_runs([store.experiment]):
        store.tag(run.info.run_id, **{"viewcast.compared": "true"})
        store.client.log_metric(run.info.run_id, "model_val_loss", 0.5)
    return store
