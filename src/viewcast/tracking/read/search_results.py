"""All candidates of a scikit-learn search, from the table that its autologging leaves.

Of a search only the five best candidates become runs; ``cv_results.csv`` of the parent has all of
them, and their scores by fold.
"""

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from mlflow.entities import Run

from viewcast.base.errors import DataError
from viewcast.tracking.read.candidate_runs import Candidate

CV_RESULTS = "cv_results.csv"
RESOURCES = "iter"  # of a halving search: later iterations score fewer candidates on more rows


def of_search(parent: Run, children: Sequence[Candidate], path: Path) -> list[Candidate]:
    """One candidate for each row of the table; a row that became a run has its identity.

    A row that did not is named after its parameters; its id is that of the parent and its number.
    Children that are no row of the table are kept. Raises DataError for a table that cannot be
    read.
    """
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{CV_RESULTS}: cannot be read ({error}); log it again") from error
    left = list(children)
    found = []
    for number, row in enumerate(table.to_dict("records")):
        metrics = {str(key): float(value) for key, value in row.items() if _is_number(value)}
        params = _params(row)
        text = ", ".join(f"{key}={value}" for key, value in params.items())
        child = next((each for each in left if _same(each.metrics, metrics)), None)
        if child is not None:
            left.remove(child)
        made = child or Candidate(parent, f"{parent.info.run_id}-{number}", "", {}, {}, parent)
        found.append(
            replace(
                made,
                name=made.name or text,
                metrics={**metrics, **made.metrics},
                params={**params, "estimator": parent.data.params.get("estimator", "")},
                aside=made.aside or _fewer(row, table),
            )
        )
    return [*found, *left]


def _fewer(row: Mapping[object, object], table: pd.DataFrame) -> str | None:
    if RESOURCES not in table or row[RESOURCES] == table[RESOURCES].max():
        return None
    return "it was scored with fewer resources than the last iteration of its halving search"


def _params(row: Mapping[object, object]) -> dict[str, str]:
    """The parameters that a search varied."""
    try:
        given = ast.literal_eval(str(row.get("params", "{}")))
        return {str(key): str(value) for key, value in given.items()}
    except (ValueError, SyntaxError, AttributeError):  # a parameter that is an object
        columns = [str(key) for key in row if str(key).startswith("param_")]
        return {name.removeprefix("param_"): str(row[name]) for name in columns}


def _same(child: Mapping[str, float], row: Mapping[str, float]) -> bool:
    """Whether a run is a row: it has the same mean scores and took the same time to fit."""
    shared = [name for name in row if name in child and name.startswith("mean_")]
    return bool(shared) and all(_close(child[name], row[name]) for name in shared)


def _close(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=1e-9) or (math.isnan(first) and math.isnan(second))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
