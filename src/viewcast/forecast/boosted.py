"""Boosted trees (LightGBM) on the scale-free rows of a channel; the day ahead is an input.

Shape letters: D days, N rows, F inputs, H days ahead.
"""

from collections.abc import Mapping
from dataclasses import dataclass as plain
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.reach import within_reach
from viewcast.forecast.rows import MIN_DAYS, PAST, Rows
from viewcast.models.trees import Tree, trees_of

Vector = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
BINS = 63  # of an input's values


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Boosted:
    """``window``: newest days that it is fitted on. ``trees`` of at most ``leaves`` leaves.

    ``min_rows``: the fewest rows of a leaf. ``bagging`` and ``features``: shares of the rows and of
    the inputs that a tree sees. ``seed``: of these draws.
    """

    window: Annotated[int, Field(ge=WEEK)]
    trees: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    leaves: Annotated[int, Field(ge=2)]
    min_rows: Annotated[int, Field(ge=1)]
    bagging: Annotated[float, Field(gt=0, le=1)]
    features: Annotated[float, Field(gt=0, le=1)]
    seed: Annotated[int, Field(ge=0)]
    min_days: ClassVar[int] = MIN_DAYS

    def fit(self, history: History, horizon: int) -> "FittedBoosted":
        """Fit the absolute error of all of the next ``horizon`` days in one ensemble.

        Refuses (ConfigError) where LightGBM is not installed.
        """
        try:
            import lightgbm  # noqa: PLC0415 (an extra, and slow to import)
        except ImportError as error:
            raise ConfigError(
                "recipes.boosted needs LightGBM; install it (pip install 'viewcast[forecasting]') "
                "or leave boosted out of the list recipe"
            ) from error
        rows = Rows.of(history, self.window)
        targets = [rows.targets(ahead) for ahead in range(1, horizon + 1)]
        inputs = [_inputs(rows, place + 1)[: len(targets[place])] for place in range(horizon)]
        settings = {"verbose": -1, "max_bin": BINS}
        data = lightgbm.Dataset(np.vstack(inputs), np.concatenate(targets), params=settings)
        booster = lightgbm.train({**self._settings(), **settings}, data, self.trees)
        return FittedBoosted(booster.model_to_string(num_iteration=-1), horizon)

    def restored(self, arrays: Arrays, horizon: int) -> "FittedBoosted":
        """The inverse of ``arrays``."""
        return FittedBoosted(arrays["text"].tobytes().decode(), horizon)

    def _settings(self) -> dict[str, Any]:
        return {
            "objective": "l1",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.min_rows,
            "bagging_fraction": self.bagging,
            "bagging_freq": 1,
            "feature_fraction": self.features,
            "seed": self.seed,
            "deterministic": True,  # the same bits on each run
            "force_row_wise": True,
            "num_threads": 1,  # its rows are few: more threads take longer
        }


@plain(frozen=True)
class FittedBoosted:
    """Trees in LightGBM's ``text`` format. LightGBM itself is not needed to forecast."""

    text: str
    horizon: int

    def forecast(self, history: History) -> Vector:
        """log(1 + views) (H,) of the next days, from the newest 28."""
        rows = Rows(history.tail(PAST))
        inputs = np.vstack([_inputs(rows, ahead + 1)[-1] for ahead in range(self.horizon)])
        differences = sum((tree.predict(inputs) for tree in self._trees), np.zeros(self.horizon))
        return within_reach(rows.level[-1] + differences, history.log)

    def arrays(self) -> Arrays:
        """The text in UTF-8."""
        return {"text": np.frombuffer(self.text.encode(), dtype=np.uint8)}

    @cached_property
    def _trees(self) -> list[Tree]:
        return trees_of(self.text)


def _inputs(rows: Rows, ahead: int) -> Vector:
    """Inputs (N, F + 1): those of the rows, and the day ahead."""
    inputs = rows.inputs(ahead)
    return np.hstack([inputs, np.full((len(inputs), 1), float(ahead))])
