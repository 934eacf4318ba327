"""Nights on a simulated channel with regimes, and the true losses in each of them.

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
SIMULATIONS = 100  # for a loss; its standard error is then about 2 %
MANY = 1000  # for a difference of two losses
NEAR = 1.25  # a loss up to this multiple of the settled oracle's loss is near it
STEADY = 5  # so many nights in a row near it are a recovery


@cache
def _composed(name: str, overrides: tuple[str, ...]) -> dict[str, Any]:
    return compose(REPOSITORY, list(overrides), name)


@dataclass(frozen=True)
class Nightly:
    """How a channel is retrained: the models of each night, and differences from ``conf/``.

    ``models``: overrides by name. ``data``, ``settings``: overrides of every run, of the night.
    """

    models: dict[str, tuple[str, ...]]
    data: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @classmethod
    def configured(cls, *settings: str) -> "Nightly":
        """The models of ``conf/challenger.yaml``."""
        names = _composed("challenger", ())["models"]
        return cls({name: (f"model={name}",) for name in names}, settings=settings)

    def plain(self, overrides: list[str]) -> dict[str, Any]:
        """A composed run, in the store of the night."""
        plain = _composed("config", (*overrides, *self.data))
        names = {"uri": STORE[0], "artifacts": STORE[2]}
        store = {key: os.environ[name] for key, name in names.items() if name in os.environ}
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
        """Each model, trained on the days of a channel whose regime never changed."""
        series, fresh = channel.views.to_frame(), (channel.last + DAY).date()
        live_path(folder).mkdir(parents=True)
        (live_path(folder) / live.DAILY).write_text(live.as_csv(series))
        (live_path(folder) / live.FRESH).write_text(live.as_fresh(fresh))
        forecasters = []
        for config in map(self.config, self.models):
            identity = preparation(config.plain["data"])
            sealed.write(
                config.data.prepare(folder), config.data.feature_lookback, folder, "live", identity
            )
            whole = table.read(prepared_path(folder, "live"), identity, "live")
            problem = problem_of(config, rows_of(config, folder))
            model = config.trainer.fit(problem, config.model).model
            forecasters.append(Forecaster(model, inputs_of(config.data, whole)))
        return forecasters


@dataclass
class _Configured(InProcess):
    nightly: Nightly | None = None

    def config(self, name: str) -> Config:
        assert self.nightly is not None, "Nightly.live says it"
        return self.nightly.config(name)


def true_losses(
    nights: Nights,
    outcomes: list[dict[str, Any]],
    channel: Channel,
    oracles: list[list[Forecaster]],
) -> pd.DataFrame:
    """The true losses in the week after each night, if the regime stays.

    Columns: night (from 1 on), regime, champion, frozen (the first champion, never replaced), naive
    (the better of yesterday and the same weekday), oracle (the best of ``oracles`` of the regime)
    and settled: the oracle's loss on a channel that was always in the regime, in views.
    """
    known: dict[int, Forecaster] = {}
    rows = []
    for number, outcome in enumerate(outcomes, start=1):
        newest, champion = pd.Timestamp(outcome["newest"]), outcome["champion"]
        if champion not in known:
            known[champion] = nights.registry.forecaster(champion)
        regime = channel.regime(newest + DAY)
        simulations = channel.simulations(newest, WEEK, SIMULATIONS, stays=True)
        settled = channel.settled(newest, WEEK, SIMULATIONS)
        row = {
            "champion": simulations.losses(known[champion]),
            "frozen": simulations.losses(known[outcomes[0]["champion"]]),
            "naive": min((simulations.naive(lag) for lag in (1, WEEK)), key=np.mean),
            "oracle": min((simulations.losses(oracle) for oracle in oracles[regime]), key=np.mean),
            "settled": min((settled.losses(oracle) for oracle in oracles[regime]), key=np.mean),
        }
        means = {name: float(losses.mean()) for name, losses in row.items()}
        rows.append({"night": number, "regime": regime, **means})
    return pd.DataFrame(rows)


def recovery(losses: pd.DataFrame, regime: int) -> float:
    """Nights in a regime until the champion was near the settled oracle for five nights in a row.

    Infinite where it never was.
    """
    own = losses[losses["regime"] == regime]
    near = (own["champion"] <= NEAR * own["settled"]).rolling(STEADY).sum().to_numpy()
    return next((float(k) for k in range(len(near)) if near[k] == STEADY), np.inf) - STEADY + 1


def evaluated(nights: Nights, outcomes: list[dict[str, Any]], channel: Channel) -> pd.DataFrame:
    """The truth about each evaluation of a challenger against a champion.

    Columns: night, regime (of the days after it), why, model (of the challenger) and two
    differences in percent of the champion's loss, above 0 where the challenger is worse. ``then``:
    on new simulations of the evaluated days, which the error rates of the test are about.
    ``after``: in the week after them, if the regime stays. ``then_error``, ``after_error``: their
    standard errors.
    """
    rows = []
    for number, outcome in enumerate(outcomes, start=1):
        gate = outcome.get("gate")
        if gate is None or gate["champion"] is None:
            continue
        pair = [nights.registry.forecaster(gate[role]) for role in ("champion", "challenger")]
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
