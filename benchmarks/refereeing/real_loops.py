"""Real loops: 200 edits of a model's configuration, judged by the raw score and by a referee.

Each submission changes one setting and takes a new seed, from the configuration that was accepted
last (``seeds alone``: nothing but the seed changes). The raw loop keeps what scores better on all
validation rows; the other one asks ``viewcast.referee.Referee``. Fresh rows, which neither has
seen, tell what each submission is worth: other simulations of the channel's days, or the rows of a
data set that are neither for training nor for validation.

Shape letters: N rows, P columns.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from refereeing.cells import mean
from refereeing.tables import progress
from viewcast.base.cli import compose
from viewcast.base.settings import construct
from viewcast.data.daily import windows
from viewcast.data.simulator import ChannelSimulator
from viewcast.referee import Referee, Verdict
from viewcast.referee.terms import HiddenRows
from viewcast.scoring.metrics import metric_of

Rows = NDArray[Any]
ROOT = Path(__file__).resolve().parents[2]
EDITS = 200
END, LAGS, TRAINED = "2020-12-31", 28, 730  # of the channel: the two years before 2021
DAYS, FRESH = 366, 20  # validation days, and simulations of the same days
MEMORY = 4.0  # days over which losses of the channel depend on each other
TREES = 20
START = {"depth": 6, "leaf": 5, "columns": 0.4, "trees": True, "penalty": 10.0, "rows": 0.7}
CHOICES: dict[str, tuple[Any, ...]] = {
    "depth": (2, 3, 4, 6, 8, 12, None),
    "leaf": (1, 2, 5, 10, 20, 40),
    "columns": (0.1, 0.2, 0.4, 0.7, 1.0),
    "trees": (True, True, False),
    "penalty": (0.1, 1.0, 10.0, 100.0, 1000.0),
    "rows": (0.5, 0.7, 0.9),
}


@dataclass(frozen=True)
class World:
    """Training rows, validation rows and fresh ones of one repetition, each (N, P) and (N,).

    ``fresh`` may be the validation rows' days, again and again: then ``again`` is True.
    """

    train: tuple[Rows, Rows]
    validation: tuple[Rows, Rows]
    fresh: tuple[Rows, Rows]
    again: bool = False


@dataclass(frozen=True)
class Task:
    """``worlds``: how many, and how one is made of its number; ``metric``, ``length``: what the
    referee is told; ``edits``: False where nothing but seeds changes.
    """

    name: str
    metric: str
    count: int
    world: Callable[[int], World]
    length: float = 1.0
    edits: bool = True
    classes: bool = False
    hidden_rows: HiddenRows = "last"


def tasks(quick: bool) -> list[Task]:
    """Our own channel (simulated), and two data sets that come with scikit-learn."""
    channel, digits, diabetes = _Channel(), _split(datasets.load_digits, 300, 400), _diabetes()
    counts = (1, 1, 2) if quick else (16, 16, 32)
    return [
        Task("channel (simulated)", "mae", counts[0], channel.world, length=MEMORY),
        Task(
            "channel (simulated), hidden rows spread",
            "mae",
            counts[0],
            channel.world,
            length=MEMORY,
            hidden_rows="spread",
        ),
        Task("digits", "log_loss", counts[1], digits, classes=True),
        Task("diabetes", "mae", counts[2], diabetes),
        Task("diabetes, seeds alone", "mae", counts[2], diabetes, edits=False),
    ]


def real_loops(quick: bool) -> list[dict[str, Any]]:
    """A row for each task and loop."""
    rows = []
    every = tasks(quick)
    steps = sum(task.count for task in every)
    with progress("real loops", steps) as told, threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that stopped early is a candidate like others
        for task in every:
            # A raw loop hides no rows, wherever they lie.
            loops = ("raw score shown", "referee") if task.hidden_rows == "last" else ("referee",)
            found: dict[str, list[dict[str, float]]] = {loop: [] for loop in loops}
            for number in range(task.count):
                world = task.world(number)
                for loop, own in found.items():
                    own.append(lived(task, world, number, refereed=loop == "referee"))
                told()
            rows += [_row(task, loop, pd.DataFrame(own)) for loop, own in found.items()]
    return rows


def lived(task: Task, world: World, number: int, *, refereed: bool) -> dict[str, float]:
    """What one loop accepted, what it claims, and what fresh rows tell."""
    rng = np.random.default_rng([number, task.edits])
    metric = metric_of(task.metric)
    assert metric is not None
    target, fresh_target = world.validation[1], world.fresh[1]
    referee = Referee(
        target, task.metric, budget=EDITS, length=task.length, hidden_rows=task.hidden_rows
    )
    config, kept = dict(START), dict(START)
    first = incumbent = fresh = None
    best, accepted, false = np.inf, -1, 0
    for _ in range(EDITS):
        predict = _fitted(config, world, int(rng.integers(2**31)), task.classes)
        shown = predict(world.validation[0])
        losses = metric.rows(target, shown).values
        taken = referee.submit(shown).accepted if refereed else bool(losses.mean() < best)
        if taken:
            best = min(best, float(losses.mean())) if not refereed else best
            new = metric.rows(fresh_target, predict(world.fresh[0])).values
            false += fresh is not None and float(new.mean()) >= float(fresh.mean())
            first = (losses, new) if first is None else first
            incumbent, fresh, kept, accepted = losses, new, config, accepted + 1
        config = _edited(kept, rng) if task.edits else kept
    assert first is not None
    gains = first[1] - fresh
    told = {
        "start": float(first[1].mean()),
        "accepted": accepted,
        "false": false,
        "true gain": float(gains.mean()),
        "claim": float((first[0] - incumbent).mean()),
    }
    if not refereed:
        return told
    verdict = referee.close()
    told |= {"claim": verdict.claimed, "estimate": verdict.estimate}
    told["right"], told["truth below"] = _right(verdict, gains)
    if world.again:  # what is true of the days that are hidden alone
        own = gains.reshape(-1, len(target))[:, referee.parts.hidden].ravel()
        told["right for hidden days"], told["truth below of hidden days"] = _right(verdict, own)
    return told


def _right(verdict: Verdict, gains: Rows) -> tuple[bool, bool]:
    """Whether the interval, with the error of the fresh rows' mean, holds it; and whether that mean
    is below it, so that too much is claimed.
    """
    if not verdict.acceptances:
        return True, False  # no gain is claimed over the submission itself
    error = 1.96 * float(gains.std()) / np.sqrt(len(gains))
    low = verdict.estimate - np.hypot(verdict.estimate - verdict.low, error)
    high = verdict.estimate + np.hypot(verdict.high - verdict.estimate, error)
    return bool(low <= gains.mean() <= high), bool(gains.mean() < low)


def real_markdown(rows: list[dict[str, Any]]) -> Iterator[str]:
    """A table in Markdown."""
    columns = (
        *("start", "accepted", "false", "true gain", "claim", "claim - truth", "estimate"),
        *("estimate - truth", "right", "truth below"),
        *("right for hidden days", "truth below of hidden days"),
    )
    if rows:
        yield "\n| data | metric | loop | loops | " + " | ".join(columns) + " |"
        yield "|---" * (len(columns) + 4) + "|"
    for row in rows:
        cells = [row["data"], row["metric"], row["loop"], str(row["loops"])]
        yield "| " + " | ".join([*cells, *(_told(row, name) for name in columns)]) + " |"


def _told(row: dict[str, Any], name: str) -> str:
    value, error = row.get(name), row.get(f"{name} ±")
    if value is None:
        return "–"
    return f"{value:.3g}" + ("" if error is None else f" ± {error:.2g}")


def _row(task: Task, loop: str, lives: pd.DataFrame) -> dict[str, Any]:
    lives = lives.assign(**{"claim - truth": lives["claim"] - lives["true gain"]})
    if "estimate" in lives:
        lives["estimate - truth"] = lives["estimate"] - lives["true gain"]
    row: dict[str, Any] = {"data": task.name, "metric": task.metric, "loop": loop}
    row["loops"], row["edits"] = len(lives), EDITS
    for name in lives:
        row[name], row[f"{name} ±"] = mean(lives[name].to_numpy())
    return row


def _edited(config: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """One setting takes another value."""
    name = list(CHOICES)[int(rng.integers(len(CHOICES)))]
    values = [value for value in CHOICES[name] if value != config[name]]
    return {**config, name: values[int(rng.integers(len(values)))]}


def _fitted(
    config: dict[str, Any], world: World, seed: int, classes: bool
) -> Callable[[Rows], Rows]:
    """What predicts, fitted on a part of the rows that the seed draws."""
    x, y = world.train
    rows = np.random.default_rng(seed).permutation(len(y))[: round(config["rows"] * len(y))]
    if config["trees"]:
        made = ExtraTreesClassifier if classes else ExtraTreesRegressor
        model = made(
            TREES,
            max_depth=config["depth"],
            min_samples_leaf=config["leaf"],
            max_features=config["columns"],
            random_state=seed,
        )
    elif classes:
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=1 / config["penalty"], max_iter=30)
        )
    else:
        model = make_pipeline(StandardScaler(), Ridge(config["penalty"]))
    model.fit(x[rows], y[rows])
    if not classes:
        return lambda x: np.asarray(model.predict(x))

    def chances(x: Rows) -> Rows:
        found = np.full((len(x), 10), 0.01)
        found[:, model.classes_.astype(int)] += model.predict_proba(x)
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    return chances


class _Channel:
    """The project's simulated channel: its past, and simulations of the year that follows."""

    def __init__(self) -> None:
        settings = compose(ROOT, [], "simulator")
        self.simulator = construct(ChannelSimulator, settings["simulator"], "simulator")
        self.seed = settings["seed"]
        self.past = self.simulator.history(END, self.seed) / 1000
        self.train = self._rows(self.past)[-TRAINED:]

    def world(self, number: int) -> World:
        views = self.simulator.simulations(END, DAYS, FRESH + 1, self.seed, 100 + number) / 1000
        each = [self._year(world) for world in views]
        fresh = tuple(np.concatenate(parts) for parts in zip(*each[1:], strict=True))
        return World(_parted(self.train), each[0], (fresh[0], fresh[1]), again=True)

    def _year(self, views: Rows) -> tuple[Rows, Rows]:
        days = pd.date_range(END, periods=DAYS + 1, freq="D")[1:]
        series = pd.concat([self.past[-LAGS:], pd.Series(views, index=days)])
        return _parted(self._rows(series)[-DAYS:])

    def _rows(self, series: pd.Series) -> pd.DataFrame:
        known = windows(series, LAGS, "TW")
        return known.assign(target=series[known.index])


def _parted(rows: pd.DataFrame) -> tuple[Rows, Rows]:
    return rows.drop(columns="target").to_numpy(float), rows["target"].to_numpy(float)


def _split(load: Callable[..., Any], train: int, validation: int) -> Callable[[int], World]:
    """Rows of a data set, parted anew for each world; all that are left are fresh."""
    x, y = load(return_X_y=True)

    def world(number: int) -> World:
        order = np.random.default_rng(number).permutation(len(y))
        parts = np.split(order, [train, train + validation])
        return World(*((x[part], y[part]) for part in parts))

    return world


def _diabetes() -> Callable[[int], World]:
    return _split(datasets.load_diabetes, 120, 160)
