"""Filtered scores: a run is shown what a filter releases, and its row losses are sealed.

What the filter remembers is rebuilt, in order of their end, from the runs on the same validation
rows that it has served before, in whatever experiment and deleted or not: each holds its row losses
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
from viewcast.holdout.release import Release, State
from viewcast.tracking.look_tags import HOLDOUT, KEY, USES, EvaluationSet
from viewcast.tracking.store import all_experiments, all_runs, connect
from viewcast.training.config import Config

if TYPE_CHECKING:
    from viewcast.training.rows import Rows

RELEASE = "viewcast.release"  # the settings of the filter that served a run, as a hash
SEALED = "sealed/validation.parquet"


class Filter:
    """The filter of one run's score; made before training, asked once after it."""

    def __init__(self, config: Config, evaluation_set: EvaluationSet) -> None:
        """Refuses (BudgetError) a run whose score the filter could not answer for any more."""
        self.release: Release = config.holdout.release
        self.settings = digest(config.plain["holdout"]["release"])
        self.evaluation_set, self.key = evaluation_set, evaluation_set.key(config.identity())
        self.client, _ = connect(config.tracking)
        served = self._served()
        if self.key not in served and self.release.spent(self._state(served)):
            raise BudgetError(
                f"holdout.release = {self.release.name}: its budget of answers about the "
                f"validation rows of data={config.data.name} is spent, runs served {len(served)}; "
                f"set data.splits.{config.data.split}.validation to fresh rows, or "
                "holdout.release=null"
            )

    @classmethod
    def of(cls, config: Config, rows: "Rows") -> "Filter | None":
        """The filter that is asked for, None where none is or there is nothing to filter."""
        evaluation_set = None if config.holdout.release is None else EvaluationSet.of(config, rows)
        return None if evaluation_set is None else cls(config, evaluation_set)

    @property
    def tags(self) -> dict[str, str]:
        """What the next runs know a served run by."""
        return {RELEASE: self.settings}

    def released(self, losses: pd.Series, train_mean: float | None) -> float:
        """The score that is shown for validation losses (M,), in order of time.

        A run that repeats one is shown what that one was. Raises DataError as the filter does, and
        TrackingError where the losses of an earlier run cannot be had.
        """
        served = self._served()
        if self.key in served:
            return float(served[self.key].data.metrics["val_loss"])
        value, _ = self.release.release(losses.to_numpy(), train_mean, self._state(served))
        return float(value)

    def _served(self) -> dict[str, Run]:
        """Runs that were shown a score, by key, in order of their end, repetitions left out."""
        mark = f"tags.`{RELEASE}` = '{self.settings}' and tags.`{HOLDOUT}` = '{self.evaluation_set.holdout}'"
        runs = [
            run
            for experiment in all_experiments(self.client)
            for run in all_runs(self.client, experiment, mark, deleted=True)
            if USES in run.data.tags
        ]
        first: dict[str, Run] = {}
        for run in sorted(runs, key=lambda run: (run.info.end_time or 0, run.info.run_id)):
            first.setdefault(run.data.tags[KEY], run)
        return first

    def _state(self, served: dict[str, Run]) -> State:
        state = State()
        for run in served.values():
            train_mean = run.data.metrics.get("model_train_loss")
            losses = _losses(self.client, run.info.run_id)
            _, state = self.release.release(losses, train_mean, state)
        return state


def _losses(client: MlflowClient, run_id: str) -> Any:
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = client.download_artifacts(run_id, SEALED, folder)
            return pd.read_parquet(Path(file))["loss"].to_numpy()
    except (MlflowException, OSError, ValueError, KeyError) as error:
        raise TrackingError(
            f"run {run_id}: its sealed losses {SEALED} cannot be read ({error}); without them the "
            "filter's state is not known: bring them back, or set holdout.release=null"
        ) from error
