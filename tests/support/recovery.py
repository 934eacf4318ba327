"""Nights lived on a channel with regimes, and what was truly so in each of them.

Shape letter: W simulations.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from support.nights import InProcess, Nights
from support.project import REPOSITORY
from support.regimes import DAY, Channel
from viewcast.base.cli import compose
from viewcast.base.paths import live_path, prepared_path
from viewcast.data import live, sealed, table
from viewcast.data.preparation import preparation
from viewcast.forecast.forecaster import Forecaster
from viewcast.retraining import retrain
from viewcast.retraining.challenger import inputs_of
from viewcast.retraining.data_versioning import STORE
from viewcast.retraining.settings import Settings
from viewcast.training.config import Config, parse
from viewcast.training.rows import problem_of, rows_of

WEEK = 7
WORLDS = 100  # for a loss; its standard error is then about 2 %
MANY = 1000  # for a difference of two
NEAR = 1.25  # times the settled oracle's loss is near it
STEADY = 5  # nights in a row near it are a recovery


@cache
def _composed(name: str, overrides: tuple[str, ...]) -> dict[str, Any]:
    return compose(REPOSITORY, list(overrides), name)


@dataclass(frozen=True)
class Nightly:
    """How a channel is retrained: the models of each night and what differs from ``conf/``.

    ``models``: overrides by name. ``data``, ``settings``: overrides of every run, of the night.
    """

    models: dict[str, tuple[str, ...]]
    data: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @classmethod
    def configured(cls, *settings: str) -> "Nightly":
        """As ``conf/`` has it."""
        names = _composed("challenger", ())["models"]
        return cls({name: (f"model={name}",) for name in names}, settings=settings)

    def plain(self, overrides: list[str]) -> dict[str, Any]:
        """A composed run in the store that a night tells."""
        plain = _composed("config", (*overrides, *self.data))
        told = {"uri": STORE[0], "artifacts": STORE[2]}
        store = {key: os.environ[name] for key, name in told.items() if name in os.environ}
        return {**plain, "tracking": {**plain["tracking"], **store}}

    def config(self, name: str) -> Config:
        """The run of one of the models."""
        return parse(self.plain(["data=live", "tracking=nightly", *self.models[name]]))

    def live(self, nights: Nights, first: pd.Timestamp, count: int) -> Iterator[dict[str, Any]]:
        """The outcomes of ``count`` nights in a row, from ``first`` on."""
        plain = _composed("retrain", self.settings)
        plain = {**plain, "tracking": nights.settings.tracking.__dict__}
        settings = replace(Settings.parse(plain), source=nights.source)
        asked = replace(settings.retrain, today=first.date(), nights=count)

        def versioning(root: Path, lock: int) -> InProcess:
            return _Configured(root, lock, tuple(self.models), nightly=self)

        settings = replace(settings, retrain=asked)
        return retrain.nights(settings, nights.root, self.plain, versioning)

    def oracles(self, channel: Channel, folder: Path) -> list[Forecaster]:
        """Each model, trained on the days of a channel that has been the same for long."""
        series, fresh = channel.views.to_frame(), (channel.last + DAY).date()
        live_path(folder).mkdir(parents=True)
        (live_path(folder) / live.DAILY).write_text(live.as_csv(series))
        (live_path(folder) / live.FRESH).write_text(live.as_fresh(fresh))
        found = []
        for config in map(self.config, self.models):
            identity = preparation(config.plain["data"])
            sealed.write(
                config.data.prepare(folder), config.data.feature_lookback, folder, "live", identity
            )
            whole = table.read(prepared_path(folder, "live"), identity, "live")
            problem = problem_of(config, rows_of(config, folder))
            model = config.trainer.fit(problem, config.model).model
            found.append(Forecaster(model, inputs_of(config.data, whole)))
        return found


@dataclass
class _Configured(InProcess):
    nightly: Nightly | None = None

    def config(self, name: str) -> Config:
        assert self.nightly is not None, "Nightly.live says it"
        return self.nightly.config(name)


def measured(
    nights: Nights, told: list[dict[str, Any]], channel: Channel, oracles: list[list[Forecaster]]
) -> pd.DataFrame:
    """What everybody will truly lose in the week after each night, if habits stay as they are.

    Columns: night (from 1 on), regime, champion, frozen (the first champion for ever), naive (the
    better of yesterday and the same weekday), oracle (``oracles`` of the regime, the best of them)
    and settled: the oracle's loss where the regime has been there for long, in views.
    """
    known: dict[int, Forecaster] = {}
    rows = []
    for number, one in enumerate(told, start=1):
        newest = pd.Timestamp(one["newest"])
        if one["champion"] not in known:
            known[one["champion"]] = nights.registry.forecaster(one["champion"])
        regime = channel.regime(newest + DAY)
        simulations = channel.simulations(newest, WEEK, WORLDS, stays=True)
        settled = channel.settled(newest, WEEK, WORLDS)
        row = {
            "champion": simulations.losses(known[one["champion"]]),
            "frozen": simulations.losses(known[told[0]["champion"]]),
            "naive": min((simulations.naive(lag) for lag in (1, WEEK)), key=np.mean),
            "oracle": min((simulations.losses(oracle) for oracle in oracles[regime]), key=np.mean),
            "settled": min((settled.losses(oracle) for oracle in oracles[regime]), key=np.mean),
        }
        means = {name: float(losses.mean()) for name, losses in row.items()}
        rows.append({"night": number, "regime": regime, **means})
    return pd.DataFrame(rows)


def recovery(losses: pd.DataFrame, regime: int) -> float:
    """After how many nights in a regime the champion came near the settled oracle, and stayed there
    for five nights in a row; infinite where it did not.
    """
    own = losses[losses["regime"] == regime]
    near = (own["champion"] <= NEAR * own["settled"]).rolling(STEADY).sum().to_numpy()
    return next((float(k) for k in range(len(near)) if near[k] == STEADY), np.inf) - STEADY + 1


def judged(nights: Nights, told: list[dict[str, Any]], channel: Channel) -> pd.DataFrame:
    """What was truly so at each judgement of a challenger against a champion.

    Columns: night, regime (of the days after it), why, model (of the challenger) and two
    differences in percent of the champion's loss, above 0 where the challenger is worse: then, on
    the judged days lived anew, which is what the judge's error rates are about; after, in the week
    after them if habits stay. ``then_error``, ``after_error``: their standard errors.
    """
    rows = []
    for number, one in enumerate(told, start=1):
        gate = one.get("gate")
        if gate is None or gate["champion"] is None:
            continue
        pair = [nights.registry.forecaster(gate[who]) for who in ("champion", "challenger")]
        before, newest = pd.Timestamp(gate["first"]) - DAY, pd.Timestamp(gate["last"])
        row = {"night": number, "regime": channel.regime(newest + DAY), "why": gate["why"]}
        for when, simulations in (
            ("then", channel.simulations(before, gate["days"], MANY, stays=False)),
            ("after", channel.simulations(newest, WEEK, MANY, stays=True)),
        ):
            champion, challenger = (simulations.losses(forecaster) for forecaster in pair)
            share = 100 / champion.mean()
            row[when] = float((challenger - champion).mean() * share)
            row[f"{when}_error"] = float((challenger - champion).std() * share / np.sqrt(MANY))
        rows.append({**row, "model": gate["challenger_model"]})
    return pd.DataFrame(rows)
