"""A pool of models trained on the simulated channel's past, and fresh days to judge them on.

The models are lines and small networks on random parts of the features and with random penalties,
trained by the engine of the sweeps on the days up to ``END``. None has seen a day after it, so any
world that continues the past is a fresh validation set for all of them, and the mean over many
other simulations is the true loss.

Shape letters: K candidates, W simulations, D days after END, F features, H hidden units.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base.cli import compose
from viewcast.base.settings import construct
from viewcast.data.daily import windows
from viewcast.data.simulator import ChannelSimulator
from viewcast.models import network
from viewcast.models.scaling import Scaling
from viewcast.training.candidate import Candidate
from viewcast.training.config import parse
from viewcast.training.descent import descend
from viewcast.training.problem import Problem

Floats = NDArray[np.float32]
ROOT = Path(__file__).resolve().parents[2]
END = "2020-12-31"
LAGS, COUNTRY, SCALE = 56, "TW", 1000.0
HIDDEN: tuple[tuple[int, ...], ...] = ((), (10,))
EPOCHS = 5


@dataclass(frozen=True)
class Pool:
    """Trained candidates: per architecture their parameters (K, P), in scaled units."""

    simulator: ChannelSimulator
    seed: int
    scaling: Scaling
    parameters: dict[tuple[int, ...], NDArray[np.float64]]
    features: int

    @property
    def count(self) -> int:
        """Candidates of all architectures."""
        return sum(len(flat) for flat in self.parameters.values())

    def losses(self, simulations: int, days: int, future_seed: int) -> Iterator[Floats]:
        """World by world the absolute errors (K, D) in thousand views of the days after END."""
        yield from map(np.abs, self.residuals(simulations, days, future_seed))

    def residuals(self, simulations: int, days: int, future_seed: int) -> Iterator[Floats]:
        """World by world how much is predicted too much (K, D), in thousand views."""
        views = self.simulator.simulations(END, days, simulations, self.seed, future_seed) / SCALE
        past = self.simulator.history(END, self.seed)[-LAGS:].to_numpy() / SCALE
        ahead = pd.date_range(END, periods=days + 1, freq="D")[1:]
        known = self._known(ahead)
        for world in views:
            series = np.concatenate([past, world])
            lags = np.lib.stride_tricks.sliding_window_view(series, LAGS)[:-1, ::-1]
            x = self.scaling.inputs(np.hstack([lags, known])).astype(np.float32)
            yield self._predictions(x) - world.astype(np.float32)

    def _known(self, days: pd.DatetimeIndex) -> NDArray[np.float64]:
        """What the calendar says of each day: weekday, holiday, age (D, F - lags)."""
        every = pd.date_range(self.simulator.start, days[-1], freq="D")
        blank = pd.Series(0.0, index=every)
        known = windows(blank, LAGS, COUNTRY).loc[days]
        return np.asarray(known.iloc[:, LAGS:], dtype=np.float64)

    def _predictions(self, x: Floats) -> Floats:
        parts = []
        for hidden, flat in self.parameters.items():
            layers = network.unflatten(flat.astype(np.float32), self.features, hidden)
            (weight, bias), *rest = layers
            wide = np.moveaxis(weight, 0, 1).reshape(self.features, -1)
            first = x @ wide + bias.reshape(-1)
            if rest:
                (outer, last) = rest[0]
                hidden_units = np.maximum(first, 0).reshape(len(x), len(flat), -1)
                first = np.einsum("dkh,kh->dk", hidden_units, outer[..., 0]) + last[:, 0, 0]
            parts.append(first.T)
        return np.asarray(self.scaling.outputs(np.concatenate(parts)), dtype=np.float32)


def train(count: int, seed: int) -> Pool:
    """Train ``count`` candidates, half of them lines, half networks of ten hidden units."""
    settings = compose(ROOT, [], "simulator")
    simulator = construct(ChannelSimulator, settings["simulator"], "simulator")
    history = simulator.history(END, settings["seed"]) / SCALE
    features = windows(history, LAGS, COUNTRY)
    inputs = list(features.columns)
    rows = features.assign(row=features.index.astype(str), target=history[features.index])
    config = parse(compose(ROOT, ["data=channel", "model=deep"]))
    problem = Problem(rows, rows.iloc[:0], inputs, config.loss, 1, 1, "pool")
    base = replace(
        config.trainer, restore_best=False, patience=None, epochs=EPOCHS, train_loss="during"
    )
    rng = np.random.default_rng(seed)
    parameters = {}
    for hidden in HIDDEN:
        candidates = [_candidate(base, inputs, hidden, rng) for _ in range(count // len(HIDDEN))]
        scaling = base.scaling(problem)
        trained = descend(problem, candidates, hidden, scaling, lambda *_: None)
        parameters[hidden] = np.stack([descent.params for descent in trained])
    return Pool(simulator, settings["seed"], scaling, parameters, len(inputs))


def _candidate(
    base: Any, inputs: list[str], hidden: tuple[int, ...], rng: np.random.Generator
) -> Candidate:
    """A random part of the features, a random penalty, a random learning rate."""
    settings = replace(
        base,
        feature_share=float(rng.uniform(0.05, 1)),
        weight_decay=float(10 ** rng.uniform(-6, 0)),
        lr=float(10 ** rng.uniform(-3, -1.5)),
    )
    seed = int(rng.integers(2**31))
    return Candidate(settings, seed, base.init_values(len(inputs), hidden, seed))
