"""The field's protocols on a panel of real videos: ours beside the published figures.

`python benchmarks/bench_panels.py PANEL.parquet [HIP.parquet]`: a wide table as in
``panels/protocol.py``; ACTIVE (Rizoiu et al. 2017) is one, and is not part of the project. Every
candidate is fixed beforehand; the choice is made by validation videos or days, and the test is
scored once, at the end. "expected" is what the audit says of the choice before it.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from panels import peers
from panels.candidates import LOSSES, Candidate, candidates
from panels.protocol import MEASURES, Rows, folds_of
from panels.studies import repeated
from side_by_side import keep

from viewcast.data import table
from viewcast.scoring.scorer import in_views
from viewcast.selection.candidates import Candidates
from viewcast.selection.clusters import Clusters, cluster_error
from viewcast.selection.inference import infer

PUBLISHED = {
    "week": "naive 21.57, AR(7) 24.06, ridge 19.84, LightGBM 18.04, small net 17.89",
    "month": "HIP 7.10, last week 3.96, ridge 3.62, LightGBM 3.50, net 3.48, average 3.46",
    "launch": "on other data, Pinto et al.: S-H 0.2382, ML 0.2022, MRBF 0.1892",
}
AVERAGED = 3  # best of validation, of different kinds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("panel", type=Path, nargs="?")
    parser.add_argument("hip", type=Path, nargs="?")
    parser.add_argument("--tasks", nargs="*", default=list(PUBLISHED))
    asked = parser.parse_args()
    if asked.panel is None:
        print("panels: give a panel of real videos; none is part of the project")
        return
    for task in asked.tasks:
        lines, studies = protocol(task, asked.panel, asked.hip)
        keep(f"panels_{task}", lines, f"{MEASURES[task].name}; published: {PUBLISHED[task]}")
        keep(f"panels_{task}_studies", studies, f"the choice repeated, {MEASURES[task].unit}")


def protocol(task: str, panel: Path, hip: Path | None) -> tuple[list[Any], list[Any]]:
    """The table of candidates and that of repeated studies."""
    folds, tried, views, tested = folds_of(panel, task), candidates(task), {}, {}
    for candidate in tried:
        start = time.perf_counter()
        parts = [_forecasts(candidate, rows) for rows in folds]
        views[candidate.name] = np.concatenate([own for own, _ in parts])
        tested[candidate.name] = np.concatenate([own for _, own in parts])
        print(f"{task}: {candidate.name}, {time.perf_counter() - start:.0f} s", flush=True)
    validation = pd.concat([rows.validation for rows in folds], ignore_index=True)
    test = pd.concat([rows.test for rows in folds], ignore_index=True)
    chosen = _best_kinds(task, tried, views, validation)
    for part in (views, tested):
        part["average"] = np.exp(np.mean([np.log1p(part[name]) for name in chosen], axis=0)) - 1
    kinds = {each.name: each.kind for each in tried} | {"average": "average"}
    losses = {name: _scored(task, own, validation) for name, own in views.items()}
    lines = _lines(task, kinds, losses, tested, validation, test)
    if task == "launch":
        lines += _pinto(folds)
    if task == "month" and hip is not None:
        lines.append(_line("HIP, knows future shares", "peer", None, None, None, peers.hip(hip)))
    matrix = np.stack(list(losses.values()))
    keys = validation[["entity", "time"]]
    half = validation["entity"].nunique() // 2
    studies = [repeated(matrix, keys, videos, 50) for videos in (half, 200)]
    return lines, studies


def _forecasts(candidate: Candidate, rows: Rows) -> tuple[Any, Any]:
    """Forecasts of views of the validation rows, and of the test rows after a refit."""
    columns = table.feature_columns(rows.train.columns)
    inputs, loss = candidate.inputs(columns), LOSSES[candidate.loss]
    found = []
    for own, asked in ((rows, rows.validation), (rows.refit(), rows.test)):
        problem = own.problem(inputs, loss, seed=1)
        fitted = candidate.trainer.fit(problem, candidate.model).model
        found.append(in_views(fitted.predict(asked), asked))
    return found[0], found[1]


def _scored(task: str, views: Any, rows: pd.DataFrame) -> Any:
    target = rows[table.target_columns(rows.columns)].to_numpy(np.float64)
    return MEASURES[task].rows(views, in_views(target, rows))


def _best_kinds(task: str, tried: list[Candidate], views: Any, rows: pd.DataFrame) -> list[str]:
    """The best of validation of each kind that learns, the best kinds first."""
    best: dict[str, tuple[float, str]] = {}
    for each in tried:
        if each.kind != "naive":
            score = float(_scored(task, views[each.name], rows).mean())
            best[each.kind] = min(best.get(each.kind, (np.inf, "")), (score, each.name))
    return [name for _, name in sorted(best.values())[: AVERAGED - 1]]


def _lines(
    task: str, kinds: dict[str, str], losses: Any, tested: Any, validation: Any, test: Any
) -> list[Any]:
    """Each candidate's validation and true score; of each kind's best what the audit expects."""
    clusters = Clusters.of(validation, "entity")
    at_test = Clusters.of(test, "entity")
    names = sorted(losses, key=lambda name: losses[name].mean())
    all_of_them = Candidates.of([losses[name][None] for name in losses])
    found = infer(all_of_them, clusters=clusters).selection_corrected
    assert found is not None
    lines = []
    for rank, name in enumerate(names):
        true = _scored(task, tested[name], test)
        error = cluster_error(true, at_test).error
        expected, bound = found.expected[rank], found.upper95[rank]
        lines.append(
            _line(name, kinds[name], losses[name].mean(), expected, bound, true.mean(), error)
        )
    return lines


def _line(
    name: str, kind: str, validation: Any, expected: Any, bound: Any, true: float, error: Any = None
) -> dict[str, Any]:
    numbers = {"validation": validation, "expected": expected, "95 % below": bound, "true": true,
               "±": error}  # fmt: skip
    known = {
        key: None if value is None else round(float(value), 4) for key, value in numbers.items()
    }
    return {"candidate": name, "kind": kind, **known}


def _pinto(folds: list[Rows]) -> list[Any]:
    """The methods of Pinto et al. on the same folds."""
    lines = []
    for name, method in (("S-H", peers.sh), ("ML", peers.ml), ("MRBF", peers.mrbf)):
        scores = []
        for rows in folds:
            own = rows.refit()
            given, total = _views(own.train)
            asked, came = _views(rows.test)
            scores.append(
                MEASURES["launch"].rows(method(given, total, asked)[:, None], came[:, None])
            )
        lines.append(
            _line(f"Pinto et al., {name}", "peer", None, None, None, np.concatenate(scores).mean())
        )
    return lines


def _views(rows: pd.DataFrame) -> tuple[Any, Any]:
    """Views of the first days (N, L), oldest first, and the total (N,)."""
    lags = sorted((c for c in rows if str(c).startswith("lag_")), key=lambda c: -int(c[4:]))
    given = np.expm1(rows[lags].to_numpy(np.float64) + rows["size"].to_numpy(np.float64)[:, None])
    return np.maximum(given, 0), in_views(rows["target"].to_numpy(np.float64), rows)[:, 0]


if __name__ == "__main__":
    main()
