"""An experiment with very many runs, as a sweep of viewcast leaves them, made within a second.

MLflow takes half a minute to log a thousand runs with curves. It logs their parent here; they
become rows of its database beside the parent's.
"""

import math
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from mlflow import MlflowClient

EPOCHS = 20
DIVERGED = 2e9  # the loss that such a run ends with
SPLIT = "year"
SHARED = {
    "viewcast.data": "made_up", "viewcast.label": "made up", "viewcast.loss": "mae",
    "viewcast.unit": "thousand views",
}  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A run with its settings, tags, curves (name, step, value) and figures."""

    run_id: str
    name: str
    params: dict[str, str]
    tags: dict[str, str]
    curve: list[tuple[str, int, float]]
    figures: dict[str, float]

    @property
    def points(self) -> list[tuple[str, int, float]]:
        """Everything that is a metric."""
        return [*self.curve, *((name, 0, value) for name, value in self.figures.items())]


def many_runs(client: MlflowClient, database: Path, count: int, epochs: int = EPOCHS) -> str:
    """The id of a new experiment: a parent, so many candidates that can be compared, and one more
    that diverged. ``epochs``: points of each curve.
    """
    tags = {**SHARED, "viewcast.part": "search"}
    experiment: str = client.create_experiment(f"viewcast-made_up_{count}", tags=tags)
    parent = client.create_run(
        experiment, tags={**SHARED, "viewcast.compared": "false"}, run_name=f"search of {count}"
    )
    client.set_terminated(parent.info.run_id)
    draws = random.Random(count)
    above = parent.info.run_id
    candidates = [_candidate(n, above, draws, epochs, n == count) for n in range(count + 1)]
    with closing(sqlite3.connect(database)) as store, store:
        _insert(store, above, candidates)
    return experiment


def _candidate(
    number: int, parent: str, draws: random.Random, epochs: int, diverged: bool
) -> Candidate:
    rate, decay = draws.uniform(-4, -1), draws.uniform(-6, -2)
    end = 0.3 + 0.1 * (rate + 2.5) ** 2 + draws.uniform(0, 0.02)
    curve = []
    for epoch in range(1, epochs + 1):
        above = DIVERGED ** (epoch / epochs) if diverged else math.exp(-5 * epoch / epochs)
        curve += [("train_loss", epoch, 0.8 * end + above), ("val_loss", epoch, end + above)]
    (_, _, train), (_, _, validation) = curve[-2:]
    name = f"search-{number:04d}"
    settings = {"trainer.lr": rate, "trainer.weight_decay": decay}
    return Candidate(
        run_id=f"{draws.getrandbits(128):032x}",
        name=name,
        params={
            **{key: f"{10**value:.6g}" for key, value in settings.items()},
            **{f"{key}.log10": f"{value:.6g}" for key, value in settings.items()},
        },
        tags={
            **SHARED,
            "viewcast.split": SPLIT,
            "viewcast.model": "deep",
            "viewcast.epochs": str(epochs),
            "viewcast.candidate": str(number),
            "viewcast.identity": sha256(name.encode()).hexdigest()[:16],
            "viewcast.compared": str(not diverged).lower(),
            "mlflow.parentRunId": parent,
            "mlflow.runName": name,
        },
        curve=curve,
        figures={"model_train_loss": train, "model_val_loss": validation, "val_loss_true": end},
    )


def _insert(store: sqlite3.Connection, beside: str, candidates: Sequence[Candidate]) -> None:
    """Rows of the runs, which are those of the run ``beside`` in all that is not named here."""
    cursor = store.execute("SELECT * FROM runs WHERE run_uuid = ?", (beside,))
    row = dict(zip((column for column, *_ in cursor.description), cursor.fetchone(), strict=True))
    own = [{**row, "run_uuid": c.run_id, "name": c.name} for c in candidates]
    fields = ", ".join(f":{column}" for column in row)
    store.executemany(f"INSERT INTO runs ({', '.join(row)}) VALUES ({fields})", own)
    for table in ("params", "tags"):
        pairs = [(c.run_id, *pair) for c in candidates for pair in getattr(c, table).items()]
        store.executemany(f"INSERT INTO {table} (run_uuid, key, value) VALUES (?, ?, ?)", pairs)
    points = [(c.run_id, *point) for c in candidates for point in c.points]
    newest = [(run, name, step, value) for (run, name), (step, value) in _newest(points).items()]
    for table, rows in (("metrics", points), ("latest_metrics", newest)):
        store.executemany(
            f"INSERT INTO {table} (run_uuid, key, step, value, timestamp, is_nan)"
            " VALUES (?, ?, ?, ?, 0, 0)",
            rows,
        )


def _newest(
    points: Sequence[tuple[str, str, int, float]],
) -> dict[tuple[str, str], tuple[int, float]]:
    """The last point of each curve; they come in the order of their steps."""
    return {(run, name): (step, value) for run, name, step, value in points}
