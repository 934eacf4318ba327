"""Runs that viewcast did not make: from the store to the answer, and whether the answer is right.

    python benchmarks/foreign.py                   # repeated studies of four bundled data sets
    python benchmarks/foreign.py --table           # the experiments of tests/foreign
    python benchmarks/foreign.py --make FOLDER     # the same, to look at: FOLDER/mlflow.db

A study is logged as any training loop would do it, one run for each candidate with its score and
a table of predictions, and audited by ``viewcast.audit``; what the winner is worth is told by
fresh rows that were logged nowhere. Beside it stand three readings of the same rows: the best run
as it is, its mean over five folds, and the Gaussian correction for the best of so many. Needs the
extra ``foreign``.
"""

import argparse
import logging
import shutil
import sys
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numpy as np
from calibration.readings import best_run, gaussian, k_fold
from foreign.answer import Answered, ask
from foreign.every import EXPERIMENTS, maker
from foreign.experiment import Expected, build
from foreign_studies import Problem, Study, log, problems, study
from mlflow import MlflowClient
from scipy.stats import norm
from side_by_side import keep

import viewcast
from viewcast.scoring.metrics import metric_of

Told = dict[str, tuple[float, float]]
READINGS = {"best run": best_run, "k folds": k_fold, "Gaussian": gaussian}


def make(folder: Path, names: list[str]) -> dict[str, Expected]:
    """The experiments of these names (all by default) in a store in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    artifacts = (folder / "artifacts").resolve().as_uri()
    made = {}
    for name in names or list(EXPERIMENTS):
        made[name] = build(name, maker(name), _uri(folder), artifacts)
    return made


def table(names: list[str]) -> None:
    """What the audit makes of every experiment."""
    rows = []
    with TemporaryDirectory() as folder:
        for name, expected in make(Path(folder), names).items():
            rows.append(_row(name, expected, ask(_uri(Path(folder)), name, expected)))
    counts = Counter(row["answer"] for row in rows)
    answers = ", ".join(f"{count} {answer}" for answer, count in counts.most_common())
    keep("foreign_experiments", rows, f"{len(rows)} experiments: {answers}")


def _row(name: str, expected: Expected, answered: Answered) -> dict[str, Any]:
    result = answered.result
    winner = None if result is None else result.winner
    fresh = None if winner is None else expected.fresh.get(winner.name)
    return {
        "experiment": name,
        "answer": answered.answer,
        "as it should": answered.answer == expected.answer,
        "right winner": (winner and winner.name) == expected.winner,
        "shown": winner and winner.shown,
        "expected": winner and winner.expected,
        "95 % bound": winner and winner.bound95,
        "fresh rows": fresh,
        "in short": answered.in_short,
    }


def studies(count: int, candidates: int) -> None:
    """Bias, coverage and width of each reading on each data set."""
    every = problems()
    found: dict[str, list[Told]] = defaultdict(list)
    with TemporaryDirectory() as folder:
        MlflowClient(_uri(Path(folder))).search_experiments()  # makes the tables, once
        for number in range(count):  # in turns: an interrupted run has as many of each
            for problem in every:
                found[problem.name].append(told(problem, candidates, number, Path(folder)))
    keep_studies(every, found, candidates)


def told(problem: Problem, candidates: int, number: int, empty: Path) -> Told:
    """What each reading of a study tells, as expected figure and bound above the fresh score.

    Both as losses, and in ``se`` the standard error of the winner's score. ``empty``: the folder of
    a store without runs.
    """
    made, name = study(problem, candidates, number), f"{problem.name} {number}"
    with TemporaryDirectory() as folder:
        shutil.copy(empty / "mlflow.db", folder)
        log(problem, made, MlflowClient(_uri(Path(folder))), name, Path(folder) / "artifacts")
        losses = _losses(problem, made)
        winner = int(losses.mean(axis=1).argmin())
        own = _audited(Path(folder), name, f"candidate {winner}", float(made.scores[winner]))
    sign = -1 if problem.more_is_better else 1
    readings = {"viewcast": (sign * own[0], sign * own[1])}
    for reading, read in READINGS.items():
        it = read(losses)
        readings[reading] = (it.expected, it.upper95)
    fresh = sign * made.fresh[winner]
    above = {name: (it[0] - fresh, it[1] - fresh) for name, it in readings.items()}
    return {**above, "se": (float(losses[winner].std(ddof=1)) / np.sqrt(problem.validation), 0.0)}


def keep_studies(every: list[Problem], found: dict[str, list[Told]], candidates: int) -> None:
    """Print and keep the table."""
    rows = [
        _figures(problem, reading, found[problem.name])
        for problem in every
        for reading in ("viewcast", *READINGS)
    ]
    count = min(len(own) for own in found.values())
    keep(
        "foreign_studies",
        rows,
        f"{count} studies of {candidates} candidates each, from an MLflow store to the answer; "
        "bias: expected less fresh score in standard errors of the winner's, positive is careful; "
        "attainable: what an exact bound would cover of the noisy means of the fresh rows; "
        "width: bound less fresh score, in the same standard errors",
    )


def _audited(folder: Path, name: str, winner: str, shown: float) -> tuple[float, float]:
    """Expected figure and bound, of the run and the score that a user sees as the best."""
    (result,) = viewcast.audit(_uri(folder), name).results
    assert result.winner is not None
    assert result.winner.name == winner, (name, result.winner.name, winner)
    assert np.isclose(result.winner.shown or np.nan, shown), (name, result.winner.shown, shown)
    if result.winner.expected is None or result.winner.bound95 is None:
        raise SystemExit(f"{name}: not priced: {result.refusal}")
    return result.winner.expected, result.winner.bound95


def _losses(problem: Problem, made: Study) -> Any:
    """Pseudo-losses (K, M) of the candidates: less is better."""
    metric = metric_of(problem.measure)
    assert metric is not None
    values = np.stack([metric.rows(made.target, own).values for own in made.predicted])
    return -values if problem.more_is_better else values


def _figures(problem: Problem, reading: str, found: list[Told]) -> dict[str, Any]:
    se = float(np.mean([own["se"][0] for own in found]))
    bias, bound = np.array([own[reading] for own in found]).T
    attainable = norm.cdf(norm.ppf(0.95) / np.sqrt(1 + problem.validation / problem.fresh))
    return {
        "data": problem.name,
        "metric": problem.metric,
        "reading": reading,
        "bias (se)": float(bias.mean()) / se,
        "±": float(bias.std(ddof=1)) / np.sqrt(len(bias)) / se,
        "covers": float((bound >= 0).mean()),
        "attainable": float(attainable),
        "width (se)": float(bound.mean()) / se,
    }


def _uri(folder: Path) -> str:
    return f"sqlite:///{folder.resolve()}/mlflow.db"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--candidates", type=int, default=20)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--make", type=Path, metavar="FOLDER")
    parser.add_argument("names", nargs="*", help="of tests/foreign; all by default")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    if asked.make is not None:
        for name, expected in make(asked.make, asked.names).items():
            print(name, expected, sep="\n    ")
    elif asked.table:
        table(asked.names)
    else:
        studies(asked.studies, asked.candidates)
