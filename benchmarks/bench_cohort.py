"""What training costs: cohorts of K networks beside the usual loops, on one thread of a CPU.

``--memory EPOCHS`` (called by itself): the peak memory of one cohort, in a process of its own.
"""

import math
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from peers import LR, MISSING, PEERS, SAME_START, VALIDATED, Predict, Work
from side_by_side import cpu_seconds, keep

from viewcast.scoring.loss import MSE
from viewcast.training.candidate import Candidate
from viewcast.training.descent import descend
from viewcast.training.engine import Descent
from viewcast.training.gradient_descent import GradientDescent
from viewcast.training.problem import Problem
from viewcast.training.torch_engine import chunks

FEATURES, ROWS, VALIDATION, HIDDEN = 56, 1400, 45, 100
ROUNDS = 5
SEEDS = 16
ALONE = 4.5  # target of K = 1 beside the plain loop, batches of 32
COMPARED = 30  # epochs after which losses are compared

# Epochs of each contestant: enough that what is done once, before the first, does not count.
KINDS: dict[str, dict[str, Any]] = {
    "1 layer, batch 32": {
        "layers": 1,
        "batch": 32,
        "epochs": {"plain": 20, "Lightning": 12, "scikit-learn": 40, 1: 60, 16: 30, 64: 20},
        "targets": {"plain": 18, "Lightning": 40, "scikit-learn": 8},
    },
    "3 layers, batch 32": {
        "layers": 3,
        "batch": 32,
        "epochs": {"plain": 12, "Lightning": 8, "scikit-learn": 20, 1: 30, 16: 8, 64: 4},
        "targets": {"plain": 6, "Lightning": 14, "scikit-learn": 3},
    },
    "1 layer, all 1,400 rows": {
        "layers": 1,
        "batch": ROWS,
        "epochs": {"plain": 300, "Lightning": 40, "scikit-learn": 200, 1: 600, 16: 150, 64: 60},
        "targets": {"plain": 2, "Lightning": 20, "scikit-learn": 3},
    },
}
# Models and epochs of ours, epochs of one model of each peer, target ratios.
CHECKED: dict[str, dict[str, Any]] = {
    "1,400 rows, batch 32": {
        "rows": ROWS,
        "batch": 32,
        "epochs": {"plain": 15, "scikit-learn": 30, 64: 20},
        "targets": {"plain": 13, "scikit-learn": 6},
    },
    "14 rows, batch 14": {
        "rows": 14,
        "batch": 14,
        "epochs": {"plain": 800, "scikit-learn": 600, 64: 400},
        "targets": {"plain": 29, "scikit-learn": 32},
    },
}


def main() -> None:
    for name in sorted(MISSING):
        print(f"{name} is not installed: left out")
    keep(
        "cohort_updates",
        updates(),
        f"models x updates per CPU second, {FEATURES} features, {ROWS} rows, {HIDDEN} wide, Adam; "
        f"median of {ROUNDS} rounds in turns; ours also validates {VALIDATION} rows every epoch",
    )
    keep(
        "cohort_validated",
        validated(),
        "models x epochs per CPU second, losses of training and validation rows known for every "
        f"epoch, 1 layer; ours 64 models, peers 1; median of {ROUNDS} rounds in turns",
    )
    keep(
        "cohort_agreement",
        agreement(),
        f"mean squared errors after {COMPARED} epochs ({work_of(1, 32, COMPARED).updates} updates) "
        f"of batch 32, 1 layer, {SEEDS} seeds: mean, standard deviation, difference from ours in "
        "standard errors; scikit-learn starts wider (Glorot) unless told otherwise",
    )
    keep("cohort_memory", memory(), "peak MiB of 64 models, 1 layer; 0 epochs: imports and rows")
    if torch.cuda.is_available():
        keep("cohort_gpu", on_gpu(), "models x updates per second of the clock, 1 layer, batch 32")


def updates() -> list[dict[str, Any]]:
    peak = matmul_peak()
    table = []
    for kind, setting in KINDS.items():
        work = work_of(setting["layers"], setting["batch"], 1)
        jobs, done = {}, {}
        for name, epochs in setting["epochs"].items():
            part = replace(work, epochs=epochs)
            if isinstance(name, int):
                jobs[name], done[name] = partial(ours, part, name), name * part.updates
            elif name in PEERS:
                jobs[name], done[name] = partial(PEERS[name], part, 0), part.updates
        seconds = cpu_seconds(jobs, ROUNDS)
        rates = {name: done[name] / taken for name, taken in seconds.items()}
        for name, rate in rates.items():
            peer = isinstance(name, str)
            row = {
                "work": kind,
                "who": name if peer else f"ours, K={name}",
                "per second": round(rate),
                "of matmul peak": rate * flops(work) / peak,
                "K=64 / it": rates[64] / rate if peer else "",
                "target": setting["targets"][name] if peer else "",
                "K=1 / it": rates[1] / rate if peer else "",
                "target K=1": ALONE if name == "plain" and work.batch == 32 else "",
            }
            table.append(row)
    return table


def validated() -> list[dict[str, Any]]:
    table = []
    for kind, setting in CHECKED.items():
        work = work_of(1, setting["batch"], 1, setting["rows"])
        epochs = {n: e for n, e in setting["epochs"].items() if n in VALIDATED or n == 64}
        jobs = {}
        for name, count in epochs.items():
            fit, argument = (ours, 64) if name == 64 else (VALIDATED[name], 0)
            jobs[name] = partial(fit, replace(work, epochs=count), argument)
        seconds = cpu_seconds(jobs, ROUNDS)
        rates = {n: epochs[n] * (64 if n == 64 else 1) / taken for n, taken in seconds.items()}
        for name, rate in rates.items():
            peer = isinstance(name, str)
            row = {
                "work": kind,
                "who": name if peer else f"ours, K={name}",
                "epochs measured": epochs[name],
                "per second": round(rate),
                "ours / it": rates[64] / rate if peer else "",
                "target": setting["targets"][name] if peer else "",
            }
            table.append(row)
    return table


def agreement() -> list[dict[str, Any]]:
    work = work_of(1, 32, COMPARED)
    curves = [d.curve for d in ours(work, SEEDS, restore_best=False, train_loss="after")]
    ends = np.array([curve[["train_loss", "val_loss"]].iloc[-1] for curve in curves])
    losses, both = {"ours": ends}, ((work.x, work.y), (work.x_val, work.y_val))
    for name, fit in (PEERS | SAME_START).items():
        fitted = [fit(work, seed) for seed in range(SEEDS)]
        losses[name] = np.array([[mse(predict, *rows) for rows in both] for predict in fitted])
    table = []
    for name, found in losses.items():
        error = np.sqrt((found.var(0, ddof=1) + ends.var(0, ddof=1)) / SEEDS)
        row: dict[str, Any] = {"who": name}
        for i, rows in enumerate(("training", "validation")):
            row[rows] = float(found[:, i].mean())
            row[f"{rows} sd"] = float(found[:, i].std(ddof=1))
            row[f"{rows} diff/se"] = float((found - ends).mean(0)[i] / error[i])
        table.append(row)
    return table


def memory() -> list[dict[str, Any]]:
    table = []
    for epochs in (0, 20, 200):
        command = [sys.executable, __file__, "--memory", str(epochs)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        table.append({"epochs": epochs, "peak MiB": float(done.stdout)})
    return table


def peak_memory(epochs: int) -> None:
    """Of this process, once it has trained; 0 epochs: of the imports and the rows alone."""
    work = work_of(1, 32, max(epochs, 1))
    if epochs:
        ours(work, 64)
    # Not from getrusage: its peak is that of the parent too, at the time this process began.
    status = Path("/proc/self/status").read_text().split()
    print(int(status[status.index("VmHWM:") + 1]) // 1024)


def on_gpu() -> list[dict[str, Any]]:
    """Not CPU seconds: there the clock is what one waits for."""
    table = []
    for count in (64, 4096):
        work, taken = work_of(1, 32, 10), []
        for _ in range(ROUNDS + 1):
            start = time.perf_counter()
            ours(work, count, device="cuda")  # results lie in the CPU's memory: all is done
            taken.append(time.perf_counter() - start)
        rate = count * work.updates / statistics.median(taken[1:])
        gpu = torch.cuda.get_device_name()
        table.append({"device": gpu, "K": count, "per second": round(rate)})
    return table


def ours(work: Work, count: int, device: str = "cpu", **settings: Any) -> list[Descent]:
    """A cohort with seeds 0, 1, ..., in the chunks of real use."""
    common: dict[str, Any] = {
        "name": "gradient_descent",
        "lr": LR,
        "batch_size": work.batch,
        "epochs": work.epochs,
        "shuffle": True,
        "init": "random",
        "optimizer": "adam",
        "momentum": 0.9,
        "beta2": 0.999,
        "weight_decay": 0,
        "row_share": 1,
        "feature_share": 1,
        "standardise": False,  # the rows are, for everyone
        "precision": "float32",
        "train_loss": "during",
        "restore_best": True,
        "patience": None,
        "divergence_factor": 1e6,
        "keep_path": False,
        "checkpoint_seconds": 5,
        "engine": "auto",
        "sample_weight": None,
    }
    trainer = GradientDescent(**common | settings)
    inputs = [f"x{i}" for i in range(FEATURES)]
    train, validation = (
        pd.DataFrame(x.numpy(), columns=inputs).assign(target=y.numpy())
        for x, y in ((work.x, work.y), (work.x_val, work.y_val))
    )
    problem = Problem(train, validation, inputs, MSE(), 0, 1, "bench", device=device)
    scaling = trainer.scaling(problem)
    everyone = [
        Candidate(trainer, seed, trainer.init_values(FEATURES, work.hidden, seed))
        for seed in range(count)
    ]
    found: list[Descent] = []
    for places in chunks.chunks(everyone, FEATURES, work.hidden, len(work.y), device):
        chunk = [everyone[place] for place in places]
        found += descend(problem, chunk, work.hidden, scaling, lambda *_: None)
    return found


def work_of(layers: int, batch: int, epochs: int, rows: int = ROWS) -> Work:
    """A bent plane, a plane, and noise, in standard units."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows + VALIDATION, FEATURES))
    y = np.abs(x[:, 0]) + x[:, 1] + 0.3 * rng.normal(size=len(x))
    y = (y - y[:rows].mean()) / y[:rows].std()
    x, y = (torch.as_tensor(values, dtype=torch.float32) for values in (x, y))
    hidden = (HIDDEN,) * layers
    return Work(x[:rows], y[:rows], x[rows:], y[rows:], hidden, batch, epochs)


def mse(predict: Predict, x: torch.Tensor, y: torch.Tensor) -> float:
    return float(((predict(x) - y) ** 2).mean())


def flops(work: Work) -> int:
    """Of the matrix products of an update: 2 B (forward + gradient of weights + of inputs).

    Forward and the weights' gradient take W = F H + (L - 1) H² + H products a row each, the
    inputs' W - F H: nobody asks for the gradient of the features. The update itself is not counted.
    """
    first = work.x.shape[1] * work.hidden[0]
    weights = first + (len(work.hidden) - 1) * HIDDEN**2 + HIDDEN
    rows = len(work.y) / math.ceil(len(work.y) / work.batch)  # the last batch may be smaller
    return round(2 * rows * (weights + weights + weights - first))


def matmul_peak() -> float:
    """Floating-point operations a second of one thread: the best 512 x 512 float32 product."""
    a, b = torch.rand(2, 512, 512)
    out = torch.empty(512, 512)
    best = math.inf
    for _ in range(10):
        start = time.process_time()
        for _ in range(20):
            torch.mm(a, b, out=out)
        best = min(best, (time.process_time() - start) / 20)
    print(f"matmul peak: {2 * 512**3 / best / 1e9:.0f} GFLOP/s")
    return 2 * 512**3 / best


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--memory"]:
        peak_memory(int(sys.argv[2]))
    else:
        main()
