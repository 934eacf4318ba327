"""A tracking store with runs as viewcast records them, of losses made here."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from viewcast.base.settings import Tracking

HOLDOUT = "00c0ffee00c0ffee"
HOUR = 3_600_000


def days(count: int, first: str = "2021-01-01") -> pd.DataFrame:
    """Keys of so many days of one channel, with targets of their own."""
    times = pd.date_range(first, periods=count).strftime("%Y-%m-%d")
    return pd.DataFrame(
        {"entity": "channel", "time": times, "row": times, "target": np.arange(count) + 0.5}
    )


def trajectory(losses: Any, epochs: Any = None) -> pd.DataFrame:
    """Losses (E, L) as the artifact of a run."""
    rows = np.asarray(losses, np.float32)
    numbers = np.arange(1, len(rows) + 1) if epochs is None else np.asarray(epochs)
    return pd.DataFrame(
        {"epoch": numbers.astype(np.int32), "losses": pd.Series(list(rows), dtype="object")}
    )


@dataclass
class SimulatedStore:
    """``clock``: when the next batch_id starts, in milliseconds; each takes an hour."""

    root: Path
    client: MlflowClient
    experiment: str
    clock: int = 1_600_000_000_000
    count: int = 0
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, root: Path, empty: Path) -> "SimulatedStore":
        database = root / "mlflow.db"
        shutil.copy(empty, database)
        client = MlflowClient(f"sqlite:///{database}")
        artifacts = (root / "artifacts").as_uri()
        return cls(root, client, client.create_experiment("study", artifacts))

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.root}/mlflow.db"

    @property
    def tracking(self) -> Tracking:
        return Tracking(self.uri, None, "study", 1.0)

    def bare(
        self,
        name: str,
        tags: dict[str, str] | None = None,
        metrics: dict[str, float] | None = None,
        params: dict[str, str] | None = None,
        status: str = "FINISHED",
    ) -> str:
        """A run without artifacts, which starts when the last one has ended."""
        batch_id = (tags or {}).get("viewcast.batch_id")
        if batch_id is None or batch_id not in self.names:
            self.clock += 2 * HOUR
            self.names[batch_id or name] = name
        run = self.client.create_run(self.experiment, self.clock, tags or {}, name)
        run_id: str = run.info.run_id
        self.client.log_batch(
            run_id,
            metrics=[Metric(k, v, self.clock, 0) for k, v in (metrics or {}).items()],
            params=[Param(k, v) for k, v in (params or {}).items()],
        )
        self.client.set_terminated(run_id, status, self.clock + HOUR)
        self.count += 1
        return run_id

    def run(
        self,
        name: str,
        losses: Any,
        keys: pd.DataFrame | None = None,
        *,
        states: Any = None,
        hidden_holdout: Any = None,
        hidden_keys: pd.DataFrame | None = None,
        curve: pd.DataFrame | None = None,
        key: str | None = None,
        batch_id: str | None = None,
        holdout: str = HOLDOUT,
        model: str = "deep",
        uses: list[dict[str, Any]] | None = None,
        tags: dict[str, str] | None = None,
        metrics: dict[str, float] | None = None,
        params: dict[str, str] | None = None,
    ) -> str:
        """A run of viewcast with row losses (M,), and what else it may leave."""
        final = np.asarray(losses, np.float64)
        scores = 1 if states is None else len(states)
        said = uses or [
            {"purpose": "early_stop" if scores > 1 else "report", "scores": scores, "among": scores}
        ]
        about = {
            "viewcast.holdout": holdout,
            "viewcast.look": key or f"{name}-{self.count}",
            "viewcast.looks": json.dumps(said),
            "viewcast.data": "channel",
            "viewcast.label": "channel (simulated)",
            "viewcast.split": "year",
            "viewcast.unit": "views",
            "viewcast.loss": "mae",
            "viewcast.block": "1",
            "viewcast.model": model,
            "viewcast.experiment": name,
            "mlflow.user": "ana",
            **({"viewcast.batch_id": batch_id} if batch_id else {}),
            **(tags or {}),
        }
        figures = {"val_loss": float(final.mean()), "train_loss": 0.1, **(metrics or {})}
        figures = {name: value for name, value in figures.items() if np.isfinite(value)}
        run_id = self.bare(name, about, figures, params)
        rows = days(len(final)) if keys is None else keys
        self.table(run_id, rows.assign(split="validation", prediction=0.0, loss=final))
        if states is not None:
            self.table(run_id, trajectory(states), "trajectory.parquet")
        if hidden_holdout is not None:
            hidden = days(len(hidden_holdout), "2023-01-01") if hidden_keys is None else hidden_keys
            frame = hidden[["entity", "time", "row"]].assign(loss=np.asarray(hidden_holdout))
            self.table(run_id, frame, "sealed/hidden_holdout.parquet")
        if curve is not None:
            curve.to_csv(self.folder(run_id) / "curve.csv", index=False)
        return run_id

    def sweep(
        self,
        predictions: Any,
        keys: pd.DataFrame,
        *,
        trajectories: pd.DataFrame | None = None,
        hidden_losses: Any = None,
        hidden_keys: pd.DataFrame | None = None,
        holdout: str = HOLDOUT,
    ) -> list[str]:
        """A sweep that predicts (C, M) of rows with these targets; the parent's run comes first."""
        count = len(predictions)
        shared = {
            "viewcast.holdout": holdout,
            "viewcast.batch_id": f"sweep-{self.count}",
            "viewcast.data": "channel",
            "viewcast.loss": "mae",
            "viewcast.unit": "views",
            "viewcast.block": "1",
            "mlflow.user": "ben",
        }
        choice = json.dumps([{"purpose": "select", "scores": 0, "among": count}])
        own = {"viewcast.candidates": str(count), "viewcast.looks": choice}
        look = {"viewcast.look": f"sweep-{self.count}"}
        parent = self.bare("search", {**shared, **own, **look})
        columns = {str(i): np.asarray(p, np.float32) for i, p in enumerate(predictions)}
        self.table(parent, keys.assign(**columns), "tables/predictions.parquet")
        if trajectories is not None:
            self.table(parent, trajectories, "tables/trajectories.parquet")
        if hidden_losses is not None:
            assert hidden_keys is not None
            hidden = {str(i): np.asarray(s, np.float32) for i, s in enumerate(hidden_losses)}
            frame = hidden_keys[["entity", "time", "row"]].assign(**hidden)
            self.table(parent, frame, "sealed/hidden_losses.parquet")
        report = json.dumps([{"purpose": "report", "scores": 1, "among": 1}])
        runs = [parent]
        for i in range(count):
            tags = {
                **shared,
                "viewcast.looks": report,
                "viewcast.look": f"{parent}-{i}",
                "viewcast.candidate": str(i),
                "mlflow.parentRunId": parent,
            }
            runs.append(self.bare(f"search-{i:04d}", tags, {"model_train_loss": 0.1}))
        return runs

    def folder(self, run_id: str) -> Path:
        """Where the artifacts of a run lie."""
        found = self.root / "artifacts" / run_id / "artifacts"
        found.mkdir(parents=True, exist_ok=True)
        return found

    def table(self, run_id: str, frame: pd.DataFrame, name: str = "predictions.parquet") -> None:
        path = self.folder(run_id) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(path, index=False)

    def rows_input(self, run_id: str, digest: str, context: str = "eval") -> None:
        """Name the rows of a run as MLflow does."""
        data = Dataset("sales", digest, "local", "somewhere")
        entry = DatasetInput(data, [InputTag("mlflow.data.context", context)])
        self.client.log_inputs(run_id, datasets=[entry])

    def tag(self, run_id: str, **tags: str) -> None:
        self.client.log_batch(run_id, tags=[RunTag(k, v) for k, v in tags.items()])

    def latest(self, run_id: str) -> dict[str, float]:
        metrics: dict[str, float] = self.client.get_run(run_id).data.metrics
        return metrics
