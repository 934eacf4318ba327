"""What training costs, on one thread of a CPU: our engines beside the usual loops and JAX.

How fast Python is beside the processor differs between machines; how near an engine comes to the
rate of a large matrix product does so less.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from peers import ours, torch_loop
from peers.work import Fit, Work, losses, orders, starts, work_of
from side_by_side import cpu_seconds, keep

FEATURES, ROWS, VALIDATION, HIDDEN = 56, 1400, 45, 100
MANY = 64
ROUNDS = 5
SEEDS = 16
COMPARED = 30  # epochs after which losses are compared
PRODUCT, PRODUCTS = 512, 100  # the matrix product of the peak, and how many of it a round takes

COMPILED, TORCH = "compiled", "torch engine"
FITS: dict[str, Fit] = {
    COMPILED: ours.fit,
    TORCH: partial(ours.fit, engine="torch"),
    "plain PyTorch": torch_loop.fit,
}
OPTIONAL = {"Lightning": "lightning", "scikit-learn": "sklearn", "JAX, vmap": "jax", "JAX": "jax"}
if find_spec("lightning"):
    from peers import lightning_fit

    FITS["Lightning"] = lightning_fit.fit
if find_spec("sklearn"):
    from peers import sklearn_fit

    FITS["scikit-learn"] = sklearn_fit.fit
if find_spec("jax"):
    from peers import jax_fit

    FITS |= {"JAX, vmap": partial(jax_fit.fit, "vmap"), "JAX": partial(jax_fit.fit, "map")}


@dataclass(frozen=True)
class Contest:
    """One kind of work: how many models and epochs each contestant is measured on.

    Epochs are enough that what is done once, before the first, does not count. ``share``: the
    target of the compiled engine's share of the peak. ``targets``: how many times as fast as a
    contestant the compiled engine is to be, by the models that it trains then.
    """

    work: Work
    epochs: dict[tuple[str, int], int]
    share: float | None = None
    targets: dict[int, dict[tuple[str, int], float]] = field(default_factory=dict)


def contests() -> dict[str, Contest]:
    def of(layers: int, batch: int, **settings: Any) -> Work:
        rows = settings.pop("rows", ROWS)
        return work_of(rows, (HIDDEN,) * layers, batch, 1, FEATURES, VALIDATION, **settings)

    def each(epochs: dict[str, int], many: dict[str, int]) -> dict[tuple[str, int], int]:
        return {(name, 1): n for name, n in epochs.items()} | {
            (name, MANY): n for name, n in many.items()
        }

    def aims(
        plain: float | None = None,
        lightning: float | None = None,
        sklearn: float | None = None,
        jax: tuple[int, float] | None = None,
    ) -> dict[tuple[str, int], float]:
        alone = {"plain PyTorch": plain, "Lightning": lightning, "scikit-learn": sklearn}
        found = {(name, 1): aim for name, aim in alone.items() if aim is not None}
        return found | ({} if jax is None else {("JAX, vmap", jax[0]): jax[1]})

    return {
        "1 layer, batch 32": Contest(
            of(1, 32),
            each(
                {"plain PyTorch": 20, "Lightning": 12, "scikit-learn": 40, "JAX, vmap": 200}
                | {"JAX": 200, TORCH: 60, COMPILED: 400},
                {"JAX, vmap": 6, "JAX": 6, TORCH: 10, COMPILED: 40},
            ),
            0.65,
            {MANY: aims(22, 60, 15, (MANY, 1.6)), 1: aims(17, None, 11, (1, 4))},
        ),
        "3 layers, batch 32": Contest(
            of(3, 32),
            each(
                {"plain PyTorch": 12, "Lightning": 8, "scikit-learn": 20, "JAX, vmap": 50}
                | {"JAX": 50, TORCH: 30, COMPILED: 80},
                {"JAX, vmap": 2, "JAX": 2, TORCH: 2, COMPILED: 8},
            ),
            0.65,
            {MANY: aims(7, 14, 5.5, (MANY, 1.5))},
        ),
        "1 layer, all 1,400 rows": Contest(
            of(1, ROWS),
            each(
                {"plain PyTorch": 300, "Lightning": 40, "scikit-learn": 200, "JAX, vmap": 400}
                | {"JAX": 400, TORCH: 400, COMPILED: 1000},
                {"JAX, vmap": 20, "JAX": 20, TORCH: 20, COMPILED: 100},
            ),
            0.80,
            {MANY: aims(2.2, 20, 4, (MANY, 1.4))},
        ),
        "14 rows, losses of every epoch": Contest(
            of(1, 14, rows=14, validated=True),
            each(
                {"plain PyTorch": 800, "scikit-learn": 600, "JAX, vmap": 8000, "JAX": 8000}
                | {TORCH: 2000, COMPILED: 20000},
                {"JAX, vmap": 200, "JAX": 200, TORCH: 400, COMPILED: 400},
            ),
            None,
            {MANY: aims(40, None, 60)},
        ),
        "1,000,000 rows, batch 256": Contest(
            of(1, 256, rows=1_000_000),
            each({"plain PyTorch": 1, "JAX": 2, TORCH: 1, COMPILED: 3}, {}),
            0.65,
            {1: {(TORCH, 1): 5}},
        ),
    }


def main() -> None:
    torch.set_num_threads(1)
    for name in sorted(OPTIONAL.keys() - FITS.keys()):
        print(f"{name} is not installed: left out")
    rows = [row for name, contest in contests().items() for row in measured(name, contest)]
    keep(
        "engine",
        rows,
        f"models x updates per CPU second on one thread, {FEATURES} features, {HIDDEN} wide, Adam; "
        f"best of {ROUNDS} rounds in turns; our engines also measure both losses of every epoch; "
        f"peak: a product of {PRODUCT} x {PRODUCT} matrices in the same rounds",
    )
    keep(
        "engine_agreement",
        agreement(),
        f"mean squared errors after {COMPARED} epochs of batch 32, 1 layer, {SEEDS} seeds, all "
        "from the same initial parameters; differences from the compiled engine, relative, with "
        "the standard error of their mean",
    )


def measured(name: str, contest: Contest) -> list[dict[str, Any]]:
    """A row for each contestant. Its own targets are what it must not reach."""
    jobs: dict[str, Callable[[], Any]] = {"peak": products}
    works, compiling = {}, {}
    for who, epochs in contest.epochs.items():
        fit, models = FITS.get(who[0]), who[1]
        if fit is None:
            continue
        work = replace(contest.work, epochs=epochs)
        first = starts(work, models)
        works[who] = work
        jobs[_title(who)] = partial(fit, work, first, None)
        if who[0].startswith("JAX"):
            how = "vmap" if who[0].endswith("vmap") else "map"
            compiling[who] = jax_fit.compile_seconds(how, work, first)
    seconds = cpu_seconds(jobs, ROUNDS, min)
    peak = 2 * PRODUCT**3 * PRODUCTS / seconds["peak"]
    rates = {w: w[1] * work.updates / seconds[_title(w)] for w, work in works.items()}
    print(f"{name}: matrix products at {peak / 1e9:.0f} GFLOP/s")
    table = []
    for who, rate in rates.items():
        row: dict[str, Any] = {
            "work": name,
            "who": who[0],
            "K": who[1],
            "per second": round(rate),
            "of peak": rate * contest.work.flops / peak,
            "target": contest.share if who[0] == COMPILED and contest.share else "",
            "compile s": compiling.get(who, ""),
        }
        for models in (MANY, 1):
            engine = rates.get((COMPILED, models))
            compared = engine is not None and who[0] != COMPILED
            row[f"K={models} / it"] = engine / rate if compared else ""
            row[f"target K={models}"] = contest.targets.get(models, {}).get(who, "")
        table.append(row)
    return table


def agreement() -> list[dict[str, Any]]:
    work = work_of(ROWS, (HIDDEN,), 32, COMPARED, FEATURES, VALIDATION)
    first, same = starts(work, SEEDS), orders(work, SEEDS)
    own = {"restore_best": False, "train_loss": "after"}
    ends = losses(work, ours.fit(work, first, **own))
    table = []
    for name, fit in FITS.items():
        if name == COMPILED:
            continue
        ordered = name not in ("Lightning", "scikit-learn")
        given = {"orders": same} if ordered else {}
        found = losses(work, fit(work, first, **given, **(own if name == TORCH else {})))
        apart = found / ends - 1
        row: dict[str, Any] = {"who": name, "orders": "the same" if ordered else "its own"}
        for i, rows in enumerate(("training", "validation")):
            row[rows] = float(found[:, i].mean())
            row[f"{rows} mean difference"] = float(apart[:, i].mean())
            row[f"{rows} se"] = float(apart[:, i].std(ddof=1) / np.sqrt(SEEDS))
            row[f"{rows} largest"] = float(np.abs(apart[:, i]).max())
        table.append(row)
    return table


def products() -> None:
    """Large float32 matrix products of one thread."""
    a, b = torch.ones(2, PRODUCT, PRODUCT)
    out = torch.empty(PRODUCT, PRODUCT)
    for _ in range(PRODUCTS):
        torch.mm(a, b, out=out)


def _title(who: tuple[str, int]) -> str:
    return f"{who[0]}, K={who[1]}"


if __name__ == "__main__":
    main()
