"""A run that has ended before it is recorded, such as a candidate of a sweep."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlflow.entities import Metric, Param


@dataclass(frozen=True)
class FinishedRun:
    """``tags``: its name is among them. ``start``, ``end``: milliseconds since 1970. ``status``: as
    MLflow names it.
    """

    tags: dict[str, str]
    start: int
    end: int
    status: str
    params: Sequence[Param]
    metrics: Sequence[Metric]
