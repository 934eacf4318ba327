"""What an experiment holds, as far as views need it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlflow import MlflowClient


@dataclass(frozen=True)
class ShownRun:
    """A run: its settings, its newest figures, and its tags."""

    run_id: str
    name: str
    status: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Shown:
    """An experiment with its runs. ``curves``: the metrics that have several points.

    ``ours``: whether viewcast made it (``viewcast.tracking.experiments``); else only what MLflow
    itself and an audit wrote is known.
    """

    experiment_id: str
    name: str
    tags: Mapping[str, str]
    runs: Sequence[ShownRun]
    curves: frozenset[str]

    @property
    def ours(self) -> bool:
        """Whether viewcast made the experiment."""
        raise NotImplementedError


def shown(client: MlflowClient, experiment_id: str) -> Shown:
    """Read an experiment."""
    raise NotImplementedError
