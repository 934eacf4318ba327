"""Nights in a temporary project: real store, real models, and DVC's part done in-process."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
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
from viewcast.base.files import entries, write_json
from viewcast.base.paths import (
    LIVE,
    channel_path,
    days_path,
    ledger_path,
    nights_log_path,
    refused_path,
    reigns_path,
    settings_of_refit_path,
)
from viewcast.base.settings import construct, digest
from viewcast.data import live
from viewcast.data.simulator import ChannelSimulator
from viewcast.forecast import ledger
from viewcast.forecast.history import History
from viewcast.forecast.ledger import Kept
from viewcast.retraining import retrain
from viewcast.retraining.refit import RefitSettings, refit, store
from viewcast.retraining.settings import Settings
from viewcast.tracking.write.registry import Registry


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
    settle_days: int = 0
    metric: str = "views"
    site: str | None = None
    answer: Callable[[pd.DataFrame], pd.DataFrame] = unchanged

    def fetch(
        self, root: Path, since: date | None, today: date, known: pd.Series | None = None
    ) -> pd.DataFrame:
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


SMALL = (
    "recipe=[seasonal_naive,mean7,rhythm,ridge]",
    "forecast.combination=[rhythm,ridge]",
    "forecast.backtest_days=10",
    "check.recent_days=14",
)


@cache
def composed(overrides: tuple[str, ...]) -> dict[str, Any]:
    """The settings of a night that a test can afford; Hydra takes a third of a second for them."""
    return compose(REPOSITORY, [*SMALL, *overrides], "retrain")


@dataclass
class InProcess:
    """What DVC does in a night, without DVC: keep the days, and refit what has changed."""

    root: Path
    settings: Settings
    lock: int

    def prepare(self) -> None:
        pass

    def repro(self, settings: Mapping[str, Any]) -> list[str]:
        channel = self.settings.retrain.channel
        write_json(settings_of_refit_path(self.root, channel), settings)
        folder = channel_path(self.root, channel)
        content = f"{self.days_hash()} {digest(settings)}"
        done = folder / "done"  # as dvc.lock knows it
        if done.is_file() and done.read_text() == content:
            return []
        history = History.of(live.read(days_path(self.root, channel))["views"])
        known = RefitSettings.read(self.root, channel)
        made = refit(self.settings.recipes, history, known.confirmed(), known.horizon)
        store(made, self.root, channel)
        done.write_text(content)
        return ["refit"]

    def days_hash(self) -> str:
        text = (days_path(self.root, self.settings.retrain.channel) / live.DAILY).read_bytes()
        return hashlib.md5(text).hexdigest()

    def push(self) -> None:
        pass


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
        plain = composed(tuple(self.overrides))
        tracking = {
            "uri": self.uri or f"sqlite:///{self.root}/mlflow/mlflow.db",
            "artifacts": None if self.uri else f"{self.root}/mlflow/artifacts",
        }
        plain = {**plain, "tracking": {**plain["tracking"], **tracking}}
        return replace(Settings.parse(plain), source=self.source)

    def on(self, today: date | str, count: int = 1) -> list[dict[str, Any]]:
        """The outcomes of so many nights from ``today`` on."""
        first = date.fromisoformat(str(today))
        settings = self.settings
        asked = replace(settings.retrain, today=first, nights=count)
        return list(retrain.nights(replace(settings, retrain=asked), self.root, self.versioning))

    def one(self, today: date | str) -> dict[str, Any]:
        (outcome,) = self.on(today)
        return outcome

    @property
    def registry(self) -> Registry:
        return Registry(self.settings.tracking, "viewcast")

    @property
    def promotions(self) -> list[dict[str, Any]]:
        return entries(reigns_path(self.root, LIVE))

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        return entries(nights_log_path(self.root, LIVE))

    @property
    def ledger(self) -> list[Kept]:
        return ledger.read(ledger_path(self.root, LIVE))

    @property
    def series(self) -> pd.Series:
        return live.read(days_path(self.root, LIVE))["views"]

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
        files = sorted(refused_path(self.root, LIVE).glob("*/reason.json"))
        return [json.loads(file.read_text())["reason"] for file in files]


def started(folder: Path, store: Path, source: Any) -> Nights:
    """A project without any night yet; ``store``: an empty tracking database."""
    (folder / "mlflow").mkdir(parents=True)
    shutil.copy(store, folder / "mlflow" / "mlflow.db")
    return Nights(folder, source)


def copied(nights: Nights, root: Path, source: Any) -> Nights:
    """The same project elsewhere, beside the first one; its store follows at its first use."""
    shutil.copytree(nights.root, root)
    return Nights(root, source)


def simulated(last: str) -> pd.Series:
    """The simulated channel, with surprises of its own, from 2017-01-01."""
    parameters = yaml.safe_load((REPOSITORY / "conf" / "simulator.yaml").read_text())
    simulator: ChannelSimulator = construct(ChannelSimulator, parameters["simulator"], "")
    return simulator.history(last, 5).astype(float).rename_axis("date")
