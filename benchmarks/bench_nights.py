"""Sixty nights in a row with three regime changes: recovery of the champion, and promotions.

    python benchmarks/bench_nights.py --seeds 6

The nights are those of ``python pipelines/retrain.py`` with the settings of ``conf/`` (source,
check, store, evaluation, registry); DVC's part is done in-process. The channel is simulated, so the
true loss of the champion in the week after each night is known: the mean over many simulations.

``recovered in``: nights after a change until the champion's loss stayed, for five nights in a row,
within 25 % of the settled loss, by seed. The settled loss is that of the same models trained on two
years of the new regime and used on a channel that has always been in it. ``x settled``: the
champion's loss divided by the settled loss. ``x oracle``: divided by the loss of those models on
the champion's days. ``x frozen``: by that of the first champion, never retrained. ``x naive``: by
that of the better of two naive forecasts. Means over the nights of a regime, geometric over seeds.

``evaluated``: evaluations of a challenger against a champion. ``no better``: those whose challenger
was in truth no better on days like the evaluated ones. ``called better``: how many of these were
called better; ``at most %``: the upper end of its 95 % interval (Clopper-Pearson); the rule's rate
is 5 %. ``worse after``: promotions of a model that was in truth worse in the week after by more
than two standard errors, if the regime stays; ``by at most %``.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from rich.progress import track
from scipy.stats import beta
from side_by_side import keep

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import viewcast.report.nights_page
from support.nights import Diary, started
from support.recovery import Nightly, evaluated, recovery, true_losses
from support.regimes import DAY, Channel, three_changes
from viewcast.forecast.forecaster import Forecaster

START = "2017-01-01"
FIRST = pd.Timestamp("2019-03-27")  # night; the windows and fresh days take 814 days before it
NIGHTS = 60
CHANGES = (8, 25, 42)  # nights that bring the first day of a new regime
SCENARIOS = {
    "three changes": ("as usual", "three times the views", "weekends busy", "a third, noise x 2"),
    "none": ("as usual",),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    work = list(product(SCENARIOS, range(arguments.seeds)))
    with ProcessPoolExecutor(arguments.processes, get_context("spawn")) as pool:
        found = list(track(pool.map(lived, *zip(*work, strict=True)), "nights", len(work)))
    rows = []
    for scenario, regimes in SCENARIOS.items():
        own = [each for (name, _), each in zip(work, found, strict=True) if name == scenario]
        for number, regime in enumerate(regimes):
            rows.append({"scenario": scenario, "regime": regime, **row(own, number)})
        rows.append({"scenario": scenario, "regime": "all", **row(own, None)})
    note = f"{arguments.seeds} seeds of {NIGHTS} nights each; changes at nights {CHANGES}"
    keep("nights", rows, note)


def lived(scenario: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sixty nights of one channel: ``true_losses`` and ``evaluated``."""
    viewcast.report.nights_page.write_page = lambda root: None  # no pictures are needed
    regimes = three_changes(START)[: len(SCENARIOS[scenario])]
    firsts = tuple(FIRST + (night - 2) * DAY for night in CHANGES[: len(regimes) - 1])
    channel = Channel(regimes, firsts, FIRST + NIGHTS * DAY, seed)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "empty.db"
        MlflowClient(f"sqlite:///{store}").search_experiments()
        nights = started(Path(folder) / "project", store, Diary(channel.views))
        outcomes = list(Nightly.configured().live(nights, FIRST, NIGHTS))
        wrong = [outcome for outcome in outcomes if outcome["code"] not in (0, 11, 12)]
        assert len(outcomes) == NIGHTS and not wrong, wrong
        oracles = [oracle(number) for number in range(len(regimes))]
        losses = true_losses(nights, outcomes, channel, oracles)
        return losses, evaluated(nights, outcomes, channel)


@cache
def oracle(regime: int) -> list[Forecaster]:
    """The configured models, trained on a channel that has always been in a regime."""
    channel = Channel((three_changes(START)[regime],), (), FIRST, 1000)
    with tempfile.TemporaryDirectory() as folder:
        return Nightly.configured().oracles(channel, Path(folder))


def row(found: list[tuple[pd.DataFrame, pd.DataFrame]], regime: int | None) -> dict[str, Any]:
    """One line of the table; ``regime``: None for all of them."""
    inside = [
        tuple(table if regime is None else table[table["regime"] == regime] for table in pair)
        for pair in found
    ]
    losses, evaluations = [pair[0] for pair in inside], pd.concat([pair[1] for pair in inside])
    nights = sorted(recovery(pair[0], regime) for pair in found) if regime else []
    promoted = evaluations[evaluations["why"] != "kept"]
    worse = promoted[promoted["after"] > 2 * promoted["after_error"]]
    equal = evaluations[evaluations["then"] >= 0]
    called = int((equal["why"] == "better").sum())
    return {
        "recovered in": " ".join(str(shown) for shown in _shown(nights)),
        **{f"x {name}": _ratio(losses, name) for name in ("settled", "oracle", "frozen", "naive")},
        "evaluated": len(evaluations),
        "better": int((promoted["why"] == "better").sum()),
        "refresh": int((promoted["why"] == "refresh").sum()),
        "no better": len(equal),
        "called better": called,
        "at most %": 100 * _upper(called, len(equal)),
        "worse after": len(worse),
        "by at most %": float(worse["after"].max()) if len(worse) else 0.0,
    }


def _shown(nights: list[float]) -> Iterator[int | str]:
    yield from ("never" if np.isinf(night) else int(night) for night in nights)


def _ratio(losses: list[pd.DataFrame], name: str) -> float:
    each = [np.log(table["champion"].mean() / table[name].mean()) for table in losses]
    return float(np.exp(np.mean(each)))


def _upper(count: int, of: int) -> float:
    """Upper end of the two-sided 95 % interval of a share."""
    return 1.0 if count == of else float(beta.ppf(0.975, count + 1, of - count))


if __name__ == "__main__":
    main()
