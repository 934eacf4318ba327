"""Nights in a temporary project: real store, real models, and DVC's part done in-process."""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from mlflow.entities import Experiment

from support.project import REPOSITORY
from viewcast.base.cli import compose
from viewcast.base.files import entries
from viewcast.base.paths import (
    live_path,
    nightly_path,
    nightly_train_path,
    outcomes_path,
    prepared_path,
    promotions_path,
)
from viewcast.base.settings import construct
from viewcast.data import live, sealed
from viewcast.data.preparation import preparation
from viewcast.data.simulator import ChannelSimulator
from viewcast.retraining import retrain
from viewcast.retraining.challenger import ChallengerSettings, make_challenger
from viewcast.retraining.data_versioning import STORE
from viewcast.retraining.settings import Settings
from viewcast.runs.run import run
from viewcast.tracking.write.registry import Registry
from viewcast.training.config import Config, parse

MAKING = ChallengerSettings(
    ["linear", "augmented"], walk_forward_weeks=4, horizon=3, interval_level=0.9
)


def unchanged(delivery: pd.DataFrame) -> pd.DataFrame:
    return delivery


@dataclass
class Diary:
    """A source that a test writes into: all days of the simulated channel, and what it says of
    them. ``changed``: days and the views that are delivered instead (None: the day is left out).
    """

    days: pd.Series
    changed: dict[str, float | None] = field(default_factory=dict)
    label: str = "diary (simulated)"
    timezone: str = "UTC"
    answer: Callable[[pd.DataFrame], pd.DataFrame] = unchanged

    def fetch(self, root: Path, since: date | None, today: date) -> pd.DataFrame:
        days = self.days[self.days.index < pd.Timestamp(today)]
        for day, views in self.changed.items():
            if pd.Timestamp(day) not in days.index:
                continue
            if views is None:
                days = days.drop(pd.Timestamp(day))
            else:
                days[pd.Timestamp(day)] = views
        frame = days.to_frame("views")
        return self.answer(frame if since is None else frame.loc[pd.Timestamp(since) :])


def composed(overrides: list[str]) -> dict[str, Any]:
    """A nightly run with windows that a test can afford, in the store that a night tells."""
    plain = _composed("config", tuple(overrides), *SMALL)
    return {**plain, "tracking": {**plain["tracking"], "uri": os.environ.get(STORE[0], "unknown")}}


SMALL = ("data.splits.nightly.train=120", "data.lags=14", "model.features=[lag_1..lag_7]")


@cache
def _composed(name: str, overrides: tuple[str, ...], *more: str) -> dict[str, Any]:
    """Hydra takes a third of a second for what is the same in every night."""
    return compose(REPOSITORY, [*overrides, *more], name)


@dataclass
class InProcess:
    """What DVC does in a night, without DVC: keep, prepare, train, make the challenger."""

    root: Path
    lock: int
    models: tuple[str, ...] = ("linear", "augmented")
    epochs: int | None = None

    def pull(self) -> None:
        pass

    def add(self) -> None:
        text = "".join(file.read_text() for file in sorted(live_path(self.root).iterdir()))
        mark = hashlib.md5(text.encode()).hexdigest()
        (self.root / "data.dvc").write_text(f"outs:\n- md5: {mark}.dir\n")

    def repro(self) -> list[str]:
        configs = {name: self.config(name) for name in self.models}
        data = configs[self.models[0]].data
        identity = preparation(configs[self.models[0]].plain["data"])
        sealed.write(data.prepare(self.root), data.feature_lookback, self.root, "live", identity)
        content = hashlib.md5(prepared_path(self.root, "live").read_bytes()).hexdigest()
        done = nightly_path(self.root) / "done"  # as dvc.lock knows it
        if done.is_file() and done.read_text() == content:
            return []
        for name, config in configs.items():
            run(config, self.root, nightly_train_path(self.root, name))
        make_challenger(configs, replace(MAKING, models=list(self.models)), self.root)
        done.write_text(content)
        return list(self.models)

    def config(self, name: str) -> Config:
        features = ["model.features=[lag_1,lag_7]"] if name == "linear" else []
        return parse(composed(["data=live", f"model={name}", "tracking=nightly", *features]))


@dataclass
class Nights:
    """A project whose days come from ``source``."""

    root: Path
    source: Any
    versioning: Any = InProcess
    overrides: tuple[str, ...] = ()
    uri: str | None = None

    @property
    def settings(self) -> Settings:
        plain = _composed(
            "retrain", ("fresh.first_champion_days=14", "check.recent_days=14"), *self.overrides
        )
        store = {
            "uri": self.uri or f"sqlite:///{self.root}/mlflow/mlflow.db",
            "artifacts": None if self.uri else f"{self.root}/mlflow/artifacts",
        }
        plain = {**plain, "tracking": {**plain["tracking"], **store}}
        return replace(Settings.parse(plain), source=self.source)

    def on(self, today: date | str, count: int = 1) -> list[dict[str, Any]]:
        """The outcomes of so many nights from ``today`` on."""
        first = date.fromisoformat(str(today))
        settings = self.settings
        asked = replace(settings.retrain, today=first, nights=count)
        return list(
            retrain.nights(replace(settings, retrain=asked), self.root, composed, self.versioning)
        )

    def one(self, today: date | str) -> dict[str, Any]:
        (outcome,) = self.on(today)
        return outcome

    @property
    def registry(self) -> Registry:
        return Registry(self.settings.tracking, "viewcast")

    @property
    def promotions(self) -> list[dict[str, Any]]:
        return entries(promotions_path(self.root))

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        return entries(outcomes_path(self.root))

    @property
    def series(self) -> pd.Series:
        return live.read(live_path(self.root))["views"]

    def experiment(self, part: str = "") -> Experiment:
        """An experiment of the live series."""
        client = self.registry.client
        found: Experiment | None = client.get_experiment_by_name(f"viewcast-live{part}")
        assert found is not None, part
        return found

    @property
    def curve(self) -> dict[str, list[tuple[str, float]]]:
        """The points of the run that goes on from night to night: day and value, by metric."""
        client, experiment = self.registry.client, self.experiment("-nights").experiment_id
        (run,) = client.search_runs([experiment], "tags.`viewcast.history` = 'true'")
        assert run.info.status == "FINISHED"
        return {
            name: sorted(
                (f"{datetime.fromtimestamp(point.timestamp / 1000, UTC):%Y-%m-%d}", point.value)
                for point in client.get_metric_history(run.info.run_id, name)
            )
            for name in sorted(run.data.metrics)
        }

    def quarantined(self) -> list[str]:
        """The reasons of everything that was excluded."""
        files = sorted((self.root / "data" / "quarantine").glob("*/reason.json"))
        return [json.loads(file.read_text())["reason"] for file in files]


def started(folder: Path, store: Path, source: Any) -> Nights:
    """A project without any night yet; ``store``: an empty tracking database."""
    (folder / "mlflow").mkdir(parents=True)
    shutil.copy(store, folder / "mlflow" / "mlflow.db")
    return Nights(folder, source)


def copied(nights: Nights, root: Path, source: Any) -> Nights:
    """A project elsewhere; what the store says of its own place moves with it."""
    shutil.copytree(nights.root, root)
    store = root / "mlflow" / "mlflow.db"
    with sqlite3.connect(store) as database:
        for table, column in (
            ("experiments", "artifact_location"),
            ("runs", "artifact_uri"),
            ("logged_models", "artifact_location"),
            ("model_versions", "storage_location"),
            ("model_versions", "source"),
        ):
            database.execute(
                f"update {table} set {column} = replace({column}, ?, ?)",
                (str(nights.root), str(root)),
            )
    database.close()
    return Nights(root, source)


def simulated(last: str) -> pd.Series:
    """The simulated channel, with surprises of its own, from 2017-01-01."""
    parameters = yaml.safe_load((REPOSITORY / "conf" / "simulator.yaml").read_text())
    simulator: ChannelSimulator = construct(ChannelSimulator, parameters["simulator"], "")
    return simulator.history(last, 5).astype(float).rename_axis("date")
