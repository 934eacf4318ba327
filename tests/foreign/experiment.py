"""What an experiment is, and what a right audit of it finds."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import mlflow
from mlflow.entities import Experiment, Run

Answer = Literal["priced", "ranged", "refused"]


@dataclass(frozen=True)
class Expected:
    """The right answer.

    ``answer``: a price with the rows or models there are, a labelled range from scores alone, or
    neither. ``winner``: the run that is best by ``metric`` on the validation rows, and ``shown``
    its value there, in the user's own direction; ``rows``: how many validation rows, None where the
    store does not tell. ``runs``: how many were compared. ``fresh``: by run, the same metric on the
    rows that were held back. ``ask``: arguments of ``viewcast.audit`` besides store and name.
    ``says``: what the answer must state in words; ``never``: what it may not. ``holdouts``: sets of
    validation rows, each with an audit of its own.
    """

    answer: Answer
    winner: str | None = None
    metric: str | None = None
    shown: float | None = None
    more_is_better: bool = False
    rows: int | None = None
    runs: int | None = None
    fresh: Mapping[str, float] = field(default_factory=dict)
    ask: Mapping[str, Any] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    holdouts: int = 1

    @classmethod
    def best_of(
        cls, answer: Answer, metric: str, scores: Mapping[str, float], **others: Any
    ) -> "Expected":
        """The best of runs by their names and scores."""
        pick = max if others.get("more_is_better") else min
        winner = pick(scores, key=lambda name: scores[name])
        others.setdefault("runs", len(scores))
        return cls(answer, winner, metric, scores[winner], **others)


Build = Callable[[], Expected]


@contextmanager
def logged(name: str, nested: bool = False, **params: Any) -> Iterator[Run]:
    """A run of the current experiment with its parameters."""
    with mlflow.start_run(run_name=name, nested=nested) as run:
        mlflow.log_params(params)
        yield run


@contextmanager
def autologged(library: Any) -> Iterator[None]:
    """What a library logs by itself, without its models: they take seconds each."""
    library.autolog(log_models=False, silent=True)
    try:
        yield
    finally:
        library.autolog(disable=True, silent=True)


def current() -> Experiment:
    """The experiment that is being made: the newest of the store."""
    return mlflow.MlflowClient().search_experiments(order_by=["creation_time DESC"])[0]


def build(name: str, make: Build, uri: str, artifacts: str) -> Expected:
    """Make an experiment of this name in a store; ``artifacts``: the address of its artifacts."""
    mlflow.set_tracking_uri(uri)
    mlflow.create_experiment(name, f"{artifacts}/{name}")
    mlflow.set_experiment(name)
    with warnings.catch_warnings():  # of the libraries, about each other
        warnings.simplefilter("ignore")
        try:
            return make()
        finally:
            while mlflow.active_run() is not None:
                mlflow.end_run("FAILED")
