"""scikit-learn's MLPRegressor, its own stopping rules off, rows in float32 (the quicker)."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_limits

from peers.work import LR, Floats, Work
from viewcast.models.network import unflatten

warnings.filterwarnings("ignore", category=ConvergenceWarning)  # epochs are what is fixed


class FromStart(MLPRegressor):
    """Begins with given parameters: its own are drawn wider (Glorot)."""

    def begin(self, layers: list[tuple[Floats, Floats]]) -> "FromStart":
        """Take these layers, in their order."""
        self._given = iter(layers)
        return self

    def _init_coef(self, fan_in: int, fan_out: int, dtype: Any) -> tuple[Any, Any]:
        weight, bias = next(self._given)
        return weight.astype(dtype), bias.ravel().astype(dtype)


def fit(work: Work, starts: Floats, orders: NDArray[Any] | None = None) -> Floats:
    """One call of ``fit``; for losses of every epoch ``partial_fit`` and ``predict`` in turns."""
    assert orders is None, "it draws its own"
    # numpy's library of matrix products asks nobody else how many threads it may use.
    with threadpool_limits(1):
        return np.stack([_one(work, start, seed) for seed, start in enumerate(starts)])


def _one(work: Work, start: Floats, seed: int) -> Floats:
    regressor = FromStart(
        hidden_layer_sizes=work.hidden,
        alpha=0,
        batch_size=work.batch,
        learning_rate_init=LR,
        max_iter=work.epochs,
        n_iter_no_change=10**9,
        tol=0,
        random_state=seed,
    ).begin(unflatten(start, work.x.shape[1], work.hidden))
    if work.validated:
        losses = []
        for _ in range(work.epochs):
            regressor.partial_fit(work.x, work.y)
            losses.append(np.square(regressor.predict(work.x_val) - work.y_val).mean())
    else:
        regressor.fit(work.x, work.y)
        assert regressor.n_iter_ == work.epochs
    layers = zip(regressor.coefs_, regressor.intercepts_, strict=True)
    return np.concatenate([part.ravel() for layer in layers for part in layer])
