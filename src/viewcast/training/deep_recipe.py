"""A small network as a recipe of the nights, on the scale-free days of a channel.

An ensemble of networks, each with one hidden layer of rectified linear units beside a linear path,
has one output for each day ahead. It is not among the recipes of the default: on real channels it
loses to all others and adds nothing to their combination (``benchmarks/bench_forecast.py``).

Shape letters: N rows, F inputs, H days ahead, K networks, U hidden units, B rows of a batch.
"""

from dataclasses import dataclass as plain
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.forecast.history import WEEK, History
from viewcast.forecast.recipe import Arrays

Floats = NDArray[np.float64]
PAST = 4 * WEEK  # days that a row reads
MIN_ROWS = 20
MISS = 0.5  # error in units of the mean target above which the loss is linear
NAMES = ("into_hidden", "hidden_bias", "out_of_hidden", "bias", "direct")


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Deep:
    """``networks`` of ``units`` hidden units each; their mean forecasts.

    ``window``: newest days that they are fitted on. ``steps`` of Adam on ``batch`` rows each, from
    ``learning_rate`` down to 0. ``weight_decay``: of the weights, decoupled from the gradient.
    """

    window: Annotated[int, Field(ge=PAST)]
    networks: Annotated[int, Field(ge=1)]
    units: Annotated[int, Field(ge=1)]
    steps: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    seed: Annotated[int, Field(ge=0)]
    min_days: ClassVar[int] = PAST + MIN_ROWS

    def fit(self, history: History, horizon: int) -> "FittedDeep":
        """Fit by gradient descent. With fewer than 20 rows the forecast is the level."""
        own = history.log[-self.window - PAST :]
        first = int(history.weekdays[-len(own)])
        level, inputs = _rows(own, first)
        rows = max(len(own) - PAST - horizon + 1, 0)
        scaling = np.stack([inputs.mean(axis=0), inputs.std(axis=0) + 1e-3])
        if rows < MIN_ROWS:
            return FittedDeep(scaling, 0.0, _start(self, inputs.shape[1], horizon, None))
        ahead = np.lib.stride_tricks.sliding_window_view(own[PAST:], horizon)
        targets = ahead - level[:rows, None]
        scaling = np.stack([inputs[:rows].mean(axis=0), inputs[:rows].std(axis=0) + 1e-3])
        unit = float(np.abs(targets).mean()) + 1e-6
        X = (inputs[:rows] - scaling[0]) / scaling[1]
        return FittedDeep(scaling, unit, _descended(self, X, targets / unit))

    def restored(self, arrays: Arrays, horizon: int) -> "FittedDeep":
        """The inverse of ``FittedDeep.arrays``."""
        weights = {name: arrays[name] for name in NAMES}
        return FittedDeep(arrays["scaling"], float(arrays["unit"]), weights)


@plain(frozen=True)
class FittedDeep:
    """``scaling`` (2, F): means and deviations of the inputs. ``unit``: of the outputs, in log
    views. ``weights``: by NAMES, of K networks.
    """

    scaling: Floats
    unit: float
    weights: dict[str, NDArray[Any]]

    def forecast(self, history: History) -> Floats:
        """log(1 + views) (H,) of the days after the newest one, from the newest 28."""
        log = history.log[-PAST:]
        (level,), inputs = _rows(log, int(history.weekdays[-len(log)]))
        outputs = _outputs(self.weights, (inputs - self.scaling[0]) / self.scaling[1])
        return np.asarray(np.maximum(level + self.unit * outputs.mean(axis=0)[0], 0))

    def arrays(self) -> Arrays:
        """Scaling, unit and weights."""
        return {**self.weights, "scaling": self.scaling, "unit": np.array(self.unit)}


def _rows(log: Floats, first: int) -> tuple[Floats, Floats]:
    """Level (N,) and inputs (N, F) of each origin with 28 days up to it; ``first``: the weekday of
    the first day. The inputs are these days less the level, their spread, and the next weekday.
    """
    days = np.lib.stride_tricks.sliding_window_view(log, PAST)
    level = days[:, -WEEK:].mean(axis=1)
    lags = days - level[:, None]
    tomorrow = (first + PAST + np.arange(len(days))) % WEEK
    return level, np.column_stack([lags, lags.std(axis=1), np.eye(WEEK)[tomorrow]])


def _outputs(weights: Any, inputs: Any) -> Any:
    """Outputs (K, N, H) of K networks; works on numpy arrays and on torch tensors."""
    into, hidden_bias, out, bias, direct = (weights[name] for name in NAMES)
    hidden = (inputs @ into + hidden_bias).clip(min=0)
    return hidden @ out + bias + inputs @ direct


def _start(
    settings: Deep, inputs: int, horizon: int, rng: np.random.Generator | None
) -> dict[str, Floats]:
    """Weights before the first step: random into and out of the hidden units, else 0."""
    K, U = settings.networks, settings.units
    shapes = [(K, inputs, U), (K, 1, U), (K, U, horizon), (K, 1, horizon), (K, inputs, horizon)]
    weights = {name: np.zeros(shape) for name, shape in zip(NAMES, shapes, strict=True)}
    if rng is not None:
        weights["into_hidden"] = rng.normal(0, inputs**-0.5, shapes[0])
        weights["out_of_hidden"] = rng.normal(0, 0.3 * U**-0.5, shapes[2])
    return weights


def _descended(settings: Deep, X: Floats, Y: Floats) -> dict[str, NDArray[Any]]:
    """Weights after all steps on inputs (N, F) and targets (N, H), both scaled."""
    import torch  # noqa: PLC0415 (it takes more than a second to import, and forecasts need none)

    rng = np.random.default_rng(settings.seed)
    start = _start(settings, X.shape[1], Y.shape[1], rng)
    weights = {
        name: torch.tensor(value, dtype=torch.float32, requires_grad=True)
        for name, value in start.items()
    }
    decayed = [weight for name, weight in weights.items() if "bias" not in name]
    free = [weight for name, weight in weights.items() if "bias" in name]
    groups: list[dict[str, Any]] = [{"params": decayed}, {"params": free, "weight_decay": 0.0}]
    adam = torch.optim.AdamW(groups, settings.learning_rate, weight_decay=settings.weight_decay)
    inputs, targets = (torch.tensor(each, dtype=torch.float32) for each in (X, Y))
    for step in range(settings.steps):
        for group in adam.param_groups:
            group["lr"] = settings.learning_rate * (1 - step / settings.steps)
        batch = rng.choice(len(X), min(len(X), settings.batch), replace=False)
        outputs = _outputs(weights, inputs[batch])
        wanted = targets[batch].expand_as(outputs)
        loss = torch.nn.functional.huber_loss(outputs, wanted, reduction="sum", delta=MISS)
        adam.zero_grad()
        torch.autograd.backward(loss / len(batch))
        adam.step()
    return {name: weight.detach().numpy().astype(np.float64) for name, weight in weights.items()}
