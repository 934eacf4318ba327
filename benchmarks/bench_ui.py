"""Seconds from opening a view in MLflow's UI to its last chart, by the number of runs.

    python benchmarks/bench_ui.py [ROUNDS]

Each time is that of a new tab that has nothing of the UI in its cache. Curves of all runs that the
UI loads are measured beside those of the best twenty, which the view shows. Needs Chromium.
"""

import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from mlflow import MlflowClient
from mlflow.version import VERSION
from playwright.sync_api import Browser
from side_by_side import keep

from support.browser import chromium
from support.charts_page import tab
from support.many_runs import many_runs
from support.servers import serving
from support.view_fields import Wanted
from viewcast.tracking.views.state import ALL
from viewcast.tracking.views.view import View, address
from viewcast.tracking.write.views import write_views

RUNS = (50, 400, 1000)
POINTS = 200  # of each curve
ROUNDS = 3
PATIENCE = 240_000  # milliseconds
CURVES_OF_ALL = "curves of all runs"


@dataclass(frozen=True)
class Case:
    """A view of an experiment with so many runs. ``counts``: of runs that each chart shows."""

    name: str
    runs: int
    link: str
    counts: list[int]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with TemporaryDirectory() as folder, stored(Path(folder)) as cases, chromium() as browser:
        seconds: dict[tuple[str, int], list[float]] = {}
        for _ in range(rounds):
            for case in cases:
                seconds.setdefault((case.name, case.runs), []).append(drawn(browser, case))
    medians = {key: statistics.median(taken) for key, taken in seconds.items()}
    keep(
        "ui",
        [row_of(case, medians) for case in sorted(cases, key=lambda case: (case.name, case.runs))],
        f"MLflow {VERSION}: seconds from opening a link to the last chart, median of {rounds} "
        f"rounds in turns; curves have {POINTS} points; the UI loads 100 runs",
    )


def row_of(case: Case, medians: Mapping[tuple[str, int], float]) -> dict[str, Any]:
    taken = medians[case.name, case.runs]
    return {
        "view": case.name,
        "runs": case.runs,
        "drawn": max(case.counts, default=0),
        "seconds": taken,
        f"of {RUNS[0]} runs": taken / medians[case.name, RUNS[0]],
    }


@contextmanager
def stored(folder: Path) -> Iterator[list[Case]]:
    """A server with an experiment of each size, for as long as the context lasts."""
    database = folder / "mlflow.db"
    client = MlflowClient(f"sqlite:///{database}")
    made: list[tuple[int, str, View]] = []
    for count in RUNS:
        experiment = many_runs(client, database, count, POINTS)
        for view in write_views(client, experiment):
            made.append((count, experiment, view))
            if view.state["runsHiddenMode"] != ALL and "curves" in view.key:
                every = replace(view, key="all", name=CURVES_OF_ALL, state=of_all(view))
                client.set_experiment_tag(experiment, every.tag, every.text(len(made)))
                made.append((count, experiment, every))
    with serving("ui", "--backend-store-uri", f"sqlite:///{database}", "--workers", "1") as server:
        yield [
            Case(
                view.name.partition(":")[0],
                count,
                address(server, experiment, view.key),
                Wanted.of(client, experiment, view.state).counts,
            )
            for count, experiment, view in made
        ]


def of_all(curves: View) -> dict[str, Any]:
    return {**curves.state, "runsHiddenMode": ALL}


def drawn(browser: Browser, case: Case) -> float:
    """Seconds until every chart shows all its runs."""
    page = tab(browser)
    page.goto(case.link)
    page.wait_for_function(
        "counts => allDrawn(counts)", arg=case.counts, timeout=PATIENCE, polling=250
    )
    taken = float(page.evaluate("performance.now()")) / 1000
    page.close()
    print(f"{case.name}, {case.runs} runs: {taken:.1f} s", file=sys.stderr, flush=True)
    return taken


if __name__ == "__main__":
    main()
