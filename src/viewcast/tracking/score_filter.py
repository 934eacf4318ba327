"""Filtered scores: a run is shown what a filter releases, and its row losses are sealed.

The state of the filter is rebuilt from the earlier runs that it served on the same validation rows,
in the order of their end, in whatever experiment and deleted or not: each holds its row losses
among its sealed artifacts. Runs that end at the same time do not know of each other.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from viewcast.base.errors import BudgetError, TrackingError
from viewcast.base.settings import digest
from viewcast.holdout.release_rule import Release, State
from viewcast.tracking.evaluation_set import EvaluationSet
from viewcast.tracking.store import all_experiments, all_runs, connect
from viewcast.tracking.tags import (
    HOLDOUT,
    LOOK_KEY,
    LOOK_USES,
    MODEL_TRAIN_LOSS,
    RELEASE,
    SEALED_VALIDATION,
    VAL_LOSS,
)
from viewcast.training.config import Config

if TYPE_CHECKING:
    from viewcast.training.rows import Rows


class Filter:
    """The filter of one run's score; made before training, asked once after it."""

    def __init__(self, config: Config, release: Release, evaluation_set: EvaluationSet) -> None:
        """Refuses (BudgetError) a run whose score the filter could no longer release."""
        self.release = release
        self.settings = digest(config.plain["holdout"]["release"])
        self.evaluation_set, self.key = evaluation_set, evaluation_set.key(config.identity())
        self.client = connect(config.tracking)
        served = self._served()
        if self.key not in served and self.release.spent(self._state(served)):
            raise BudgetError(
                f"holdout.release = {release.name}: its budget of answers about the "
                f"validation rows of data={config.data.name} is spent, runs served {len(served)}; "
                f"set data.splits.{config.data.split}.validation to fresh rows, or "
                "holdout.release=null"
            )

    @classmethod
    def of(cls, config: Config, rows: "Rows") -> "Filter | None":
        """The configured filter; None without one, or without validation rows."""
        release = config.holdout.release
        evaluation_set = None if release is None else EvaluationSet.of(config, rows)
        if release is None or evaluation_set is None:
            return None
        return cls(config, release, evaluation_set)

    @property
    def tags(self) -> dict[str, str]:
        """The tag by which later runs recognise a run that this filter served."""
        return {RELEASE: self.settings}

    def released(self, losses: pd.Series, train_mean: float | None) -> float:
        """The score that is shown for validation losses (M,), in order of time.

        A repetition of a run is shown the score of that run. Raises DataError as the filter does,
        and TrackingError where the losses of an earlier run cannot be read.
        """
        served = self._served()
        if self.key in served:
            return float(served[self.key].data.metrics[VAL_LOSS])
        value, _ = self.release.release(losses.to_numpy(), train_mean, self._state(served))
        return float(value)

    def _served(self) -> dict[str, Run]:
        """Runs that were shown a score, by key, in order of their end, repetitions left out."""
        of_filter = f"tags.`{RELEASE}` = '{self.settings}'"
        of_rows = f"tags.`{HOLDOUT}` = '{self.evaluation_set.holdout}'"
        every = all_experiments(self.client)
        served = all_runs(self.client, every, f"{of_filter} and {of_rows}", deleted=True)
        runs = [run for run in served if LOOK_USES in run.data.tags]
        first: dict[str, Run] = {}
        for run in sorted(runs, key=lambda run: (run.info.end_time or 0, run.info.run_id)):
            first.setdefault(run.data.tags[LOOK_KEY], run)
        return first

    def _state(self, served: dict[str, Run]) -> State:
        state = State()
        for run in served.values():
            train_mean = run.data.metrics.get(MODEL_TRAIN_LOSS)
            losses = _losses(self.client, run.info.run_id)
            _, state = self.release.release(losses, train_mean, state)
        return state


def _losses(client: MlflowClient, run_id: str) -> Any:
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = client.download_artifacts(run_id, SEALED_VALIDATION, folder)
            return pd.read_parquet(Path(file))["loss"].to_numpy()
    except (MlflowException, OSError, ValueError, KeyError) as error:
        raise TrackingError(
            f"run {run_id}: its sealed losses {SEALED_VALIDATION} cannot be read "
            f"({error}); without them the filter's state is not known: restore them, or set "
            "holdout.release=null"
        ) from error
