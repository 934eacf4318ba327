"""Searches of scikit-learn: the out-of-fold rows of every candidate, as one run each.

    search = GridSearchCV(model, grid, scoring="roc_auc").fit(X, y)
    viewcast.integrations.sklearn.log_search(search, X, y)

Shape letters: N rows, C classes, F folds.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed

from viewcast.api.rows import log_rows
from viewcast.base.errors import ConfigError
from viewcast.scoring.metrics import NAMES, OF_PROBABILITIES, metric_of
from viewcast.scoring.metrics.named import MetricLike
from viewcast.tracking.metric_names import read_name
from viewcast.tracking.tags import BATCH_ID
from viewcast.tracking.write.search_runs import (
    RunOfSearch,
    SearchRuns,
    as_text,
    last_search,
    without_autologging,
)

FIGURE = re.compile(r"(mean|std|split\d+)_(test|fit|score)_")
SCORE = "mean_test_score"
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True, eq=False)
class Candidate:
    """``params``: what was searched; ``figures``: its scores and times in ``cv_results_``."""

    params: dict[str, Any]
    figures: dict[str, float]


def log_search(
    search: Any,
    X: Any,
    y: Any,
    *,
    metric: MetricLike | None = None,
    keys: Any = None,
    groups: Any = None,
    block: int = 1,
    run_id: str | None = None,
    tracking_uri: str | None = None,
    **fit_params: Any,
) -> str:
    """Log the rows of every candidate of a fitted search; returns the id of the parent run.

    A search keeps scores and no predictions, so each candidate is fitted once more on each fold,
    with ``search.n_jobs``: this takes as long as the search. A row that several folds test is
    taken from the first; one that none tests (the first rows of TimeSeriesSplit) is left out.
    Folds that are drawn at random (shuffle without random_state) are drawn anew, the same for all.

    ``search``: GridSearchCV, RandomizedSearchCV or another with ``cv_results_``. ``X``, ``y``,
    ``groups``, ``fit_params``: what it was fitted with. ``metric``: by default what
    ``search.scoring`` names; ``keys``, ``block``: as in ``viewcast.log_rows``. ``run_id``: parent,
    by default the active run, else the one that autologging has just ended, else a new one. A
    candidate that has a run under it already (autologging makes five) keeps that run.

    Raises ConfigError for a search that was not fitted, and for a metric that is not known.
    """
    judged = _metric(search) if metric is None else metric
    candidates = _candidates(search)
    folds = list(
        check_cv(search.cv, y, classifier=is_classifier(search.estimator)).split(X, y, groups)
    )
    rows = first_tested(folds)
    classes = np.unique(np.asarray(y))
    told = _predictions(search, candidates, X, y, folds, judged, fit_params)
    name = type(search).__name__
    here = SearchRuns.active(run_id, tracking_uri)
    runs = here or SearchRuns.under(last_search(), name, tracking_uri)
    known = runs.known()
    named = _names(X, y, keys)[rows]
    for number, (candidate, predicted) in enumerate(zip(candidates, told, strict=True)):
        own = _run_of(candidate, known)
        child = own or runs.add(f"candidate {number}", candidate.params, None, {})
        runs.tag(child, {BATCH_ID: runs.parent})  # all were drawn before any was scored
        if own is None:
            runs.tell(child, candidate.figures)
        if predicted is not None:
            log_rows(
                np.asarray(y)[rows],
                predicted,
                named,
                metric=judged,
                classes=classes if predicted.ndim == 2 else None,
                block=block,
                name=f"{len(folds)} folds",
                run_id=child,
                tracking_uri=tracking_uri,
            )
        if own is None:
            runs.end(child, "FAILED" if predicted is None else "FINISHED")
    return runs.parent


def first_tested(folds: Sequence[Fold]) -> NDArray[np.intp]:
    """Places of the rows that some fold tests, each once, in the order of the data."""
    return np.unique(np.concatenate([test for _, test in folds]))


def out_of_fold(
    estimator: Any, X: Any, y: Any, folds: Sequence[Fold], method: str, fit_params: dict[str, Any]
) -> NDArray[Any]:
    """Predictions for the rows of ``first_tested``, (N,) or (N, C), each by the model of a fold
    that was not fitted to it.

    ``method``: predict, predict_proba or decision_function. Probabilities have a column for every
    class among ``y``, 0 where the rows of a fold lack it.
    """
    parts = []
    for train, test in folds:
        given = {
            name: _safe_indexing(value, train) if np.shape(value)[:1] == (len(y),) else value
            for name, value in fit_params.items()
        }
        fitted = clone(estimator).fit(_safe_indexing(X, train), _safe_indexing(y, train), **given)
        values = np.asarray(getattr(fitted, method)(_safe_indexing(X, test)))
        if method == "predict_proba":
            classes = np.unique(np.asarray(y))
            whole = np.zeros((len(test), len(classes)), values.dtype)
            whole[:, np.searchsorted(classes, fitted.classes_)] = values
            values = whole
        parts.append(values)
    _, first = np.unique(np.concatenate([test for _, test in folds]), return_index=True)
    return np.concatenate(parts)[first]


def _predictions(
    search: Any,
    candidates: Sequence[Candidate],
    X: Any,
    y: Any,
    folds: Sequence[Fold],
    metric: MetricLike,
    fit_params: dict[str, Any],
) -> list[NDArray[Any] | None]:
    """Of each candidate; None of one that the search could not fit."""

    def model(candidate: Candidate) -> Any:
        return clone(search.estimator).set_params(**clone(candidate.params, safe=False))

    sound = [SCORE in candidate.figures for candidate in candidates]
    with without_autologging():
        found = iter(
            Parallel(n_jobs=search.n_jobs)(
                delayed(out_of_fold)(
                    model(each), X, y, folds, _method(search.estimator, metric), fit_params
                )
                for each, fits in zip(candidates, sound, strict=True)
                if fits
            )
        )
    return [next(found) if fits else None for fits in sound]


def _candidates(search: Any) -> list[Candidate]:
    """What was tried, each setting once: of one that halving tried on more and more rows, the last.

    The figures are those of ``cv_results_`` that are finite: scores of the folds, their mean under
    the name ``mean_test_score`` whatever the metric, times.
    """
    results = getattr(search, "cv_results_", None)
    if results is None:
        raise ConfigError(
            f"search = {type(search).__name__}: was not fitted; call search.fit(X, y) first"
        )
    name = _refitted(search)
    numbers = {
        key.replace(f"_test_{name}", "_test_score") if name else key: np.asarray(values)
        for key, values in results.items()
        if FIGURE.match(key) and (not name or "test" not in key or key.endswith(f"_test_{name}"))
    }
    tried = {}
    for place, params in enumerate(results["params"]):
        own = {key: float(values[place]) for key, values in numbers.items()}
        finite = {key: value for key, value in own.items() if np.isfinite(value)}
        tried[str(sorted(params.items(), key=str))] = Candidate(params, finite)
    return list(tried.values())


def _refitted(search: Any) -> str | None:
    """The name by which the winner is chosen, of several; None of one."""
    several = not isinstance(search.scoring, str) and isinstance(search.scoring, Iterable)
    return str(search.refit) if several else None


def _metric(search: Any) -> str:
    """The metric that the search was judged by; ConfigError where its name says nothing."""
    name, scoring = _refitted(search), search.scoring
    if name is not None:
        scoring = scoring[name] if isinstance(scoring, Mapping) else name
    if scoring is None:
        return "accuracy" if is_classifier(search.estimator) else "r2"
    measure = read_name(scoring).measure if isinstance(scoring, str) else None
    if measure is None or metric_of(measure) is None:
        raise ConfigError(
            f"search.scoring = {scoring}: not known as a metric of rows; name one: "
            f"log_search(search, X, y, metric=...); allowed: {', '.join(NAMES)}, or a function of "
            "targets and predictions that gives the loss of each row"
        )
    return measure


def _method(estimator: Any, metric: MetricLike) -> str:
    """How the model is asked."""
    if metric not in OF_PROBABILITIES or not is_classifier(estimator):
        return "predict"
    return "predict_proba" if hasattr(estimator, "predict_proba") else "decision_function"


def _run_of(candidate: Candidate, known: Sequence[RunOfSearch]) -> str | None:
    wanted = {key: as_text(value) for key, value in candidate.params.items()}
    return next((run.run_id for run in known if wanted.items() <= run.params.items()), None)


def _names(X: Any, y: Any, keys: Any) -> pd.Series:
    """What names each row: ``keys``, else the index of ``y`` or ``X``, else its position."""
    if keys is not None:
        return pd.Series(keys).reset_index(drop=True)
    index = next((it.index for it in (y, X) if isinstance(it, pd.Series | pd.DataFrame)), None)
    return pd.Series(range(len(y)) if index is None else index)
