"""The true loss of a model on a simulated channel: its mean loss in fresh simulations.

The days before the validation rows stay as they are. The validation days are simulated again many
times, and the model predicts each simulation as it predicts the validation rows of the data set.
No choice of a model ever used these simulations.

Shape letters: W simulations, D validation days, F features, H hidden units.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass as checked

from viewcast.base.errors import DataError
from viewcast.base.products import SHORT, product
from viewcast.base.settings import STRICT
from viewcast.data.daily import windows
from viewcast.data.simulator import Simulated
from viewcast.data.views import DailyViews
from viewcast.models import network
from viewcast.models.fitted import Fitted, FittedNetwork
from viewcast.scoring.loss import Loss
from viewcast.tracking.tags import VAL_LOSS_TRUE, VAL_LOSS_TRUE_ERROR

Vector = NDArray[Any]


@checked(frozen=True, config=STRICT)
class SimulationSettings:
    """How often the validation days are simulated anew (``count``), and from which ``seed``."""

    count: Annotated[int, Field(ge=2)]
    seed: Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Truth:
    """The mean loss over simulations and its standard error; the simulations are independent."""

    mean: float
    error: float

    @classmethod
    def of(cls, simulations: Vector) -> "Truth":
        """From one figure of each simulation (W,)."""
        error = simulations.std(ddof=1) / np.sqrt(len(simulations))
        return cls(float(simulations.mean()), float(error))


@dataclass(frozen=True)
class Simulations:
    """Fresh validation days, simulation by simulation.

    ``rows``: W·D rows with the columns of the prepared table that models read. Their keys, such as
    ``2020-01-01 in simulation 7``, occur nowhere else, so no model can remember them. ``count``: W.
    """

    rows: pd.DataFrame
    count: int
    _inputs: dict[tuple[str, ...], Vector] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        data: DailyViews,
        rows: pd.DataFrame,
        simulated: Simulated,
        settings: SimulationSettings,
    ) -> "Simulations":
        """Simulate the days of ``rows``, the validation rows of ``data``, again and again.

        Refuses (DataError) targets that are not what the simulator made for their days.
        """
        days = pd.DatetimeIndex(rows["time"].sort_values())
        history = simulated.simulator.history(str(days[-1].date()), simulated.seed) / data.scale
        _same_views(rows, history, data)
        before = days[0] - pd.Timedelta(days=1)
        drawn = simulated.simulator.simulations(
            *(str(before.date()), (days[-1] - before).days, settings.count),
            *(simulated.seed, settings.seed),
        )
        past = np.tile(history[:before].to_numpy()[-data.lags :], (settings.count, 1))
        views = np.hstack([past, drawn / data.scale])
        wanted = (days - days[0]).days
        lags = np.lib.stride_tricks.sliding_window_view(views, data.lags, axis=1)
        features = windows(history, data.lags, data.country).loc[days]
        shape = (settings.count, *features.shape)
        cells = np.broadcast_to(features.to_numpy(), shape).copy()
        cells[:, :, : data.lags] = lags[:, wanted, ::-1]  # the first columns of a window
        simulated_rows = pd.DataFrame(cells.reshape(-1, shape[2]), columns=features.columns)
        names = [f"{day:%Y-%m-%d} in simulation " for day in days]
        keys = [f"{name}{w}" for w in range(settings.count) for name in names]
        simulated_rows.insert(0, "row", keys)
        simulated_rows.insert(1, "target", views[:, data.lags :][:, wanted].ravel())
        return cls(simulated_rows, settings.count)

    def predict(self, model: Fitted) -> Vector:
        """Predictions (W·D,); networks' in short products, which changes no digit that is shown."""
        if not isinstance(model, FittedNetwork):
            return model.predict(self.rows)
        names, scaling = tuple(model.inputs), model.scaling
        if names not in self._inputs:
            self._inputs[names] = self.rows[list(names)].to_numpy(np.float64)
        (weight, bias), *deeper = network.unflatten(model.params, len(names), model.hidden)
        # The scaling of the features moves into the first layer: W·D·F divisions less per model.
        weight = weight / scaling.x_std[:, None]
        layers = [(weight, bias - product(scaling.x_mean, weight)), *deeper]
        return np.asarray(scaling.outputs(network.forward(layers, self._inputs[names], SHORT)))

    def losses(self, predicted: Vector, loss: Loss) -> Vector:
        """The mean loss in each simulation (W,) of the predictions (W·D,)."""
        losses = loss.rows(predicted, self.rows["target"].to_numpy())
        return np.asarray(losses.reshape(self.count, -1).mean(axis=1))

    def truth(self, predicted: Vector, loss: Loss) -> Truth:
        """The true loss of the predictions (W·D,)."""
        return Truth.of(self.losses(predicted, loss))


@dataclass(frozen=True)
class TrueLoss:
    """The true loss of a model as metrics of its run, on ``simulations`` of its validation rows.

    ``identity``: hash of everything that the simulations follow from.
    """

    simulations: Simulations
    identity: str

    def __call__(self, model: Fitted, loss: Loss) -> dict[str, float]:
        """``val_loss_true`` and its standard error."""
        return self.of(self.simulations.predict(model), loss)

    def of(self, predicted: Vector, loss: Loss) -> dict[str, float]:
        """The same, from predictions (W·D,)."""
        truth = self.simulations.truth(predicted, loss)
        return {VAL_LOSS_TRUE: truth.mean, VAL_LOSS_TRUE_ERROR: truth.error}


def _same_views(rows: pd.DataFrame, history: pd.Series, data: DailyViews) -> None:
    targets = rows.set_index("time")["target"]
    wrong = targets[targets != history.reindex(targets.index)]
    if len(wrong):
        raise DataError(
            f"data={data.name}: found {wrong.iloc[0]:g} {data.unit} on {wrong.index[0]:%Y-%m-%d}, "
            "which conf/simulator.yaml does not simulate, so the true loss is not known; "
            "type `python pipelines/simulate.py` and `dvc add data`, or correct conf/simulator.yaml"
        )
