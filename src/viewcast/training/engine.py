"""What an engine of gradient descent is given and what it gives back.

Shape letters: N training rows, O outputs, E epochs, P parameters, U updates.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.models.scaling import Vector
from viewcast.training.settings import DescentSettings
from viewcast.training.trajectory import Losses

# The places (n,) of candidates, the epochs (n,) that they have just done, their training and
# validation losses (n,) in raw units, NaN without validation rows. Epochs of one candidate come in
# their order; several may come in one call.
Report = Callable[[NDArray[np.int64], NDArray[np.int64], Vector, Vector], None]


@dataclass(frozen=True)
class Descent:
    """Kept parameters (P,), loss curve, the epoch they are from, path (with ``keep_path``).

    ``trajectory`` (E, cells): the validation losses after each epoch of a candidate with
    ``restore_best``, in raw units, row by row or in cells; no epochs otherwise. ``failure``: how
    the candidate diverged, None for one that did not.
    """

    params: Vector
    curve: pd.DataFrame
    best_epoch: int
    path: pd.DataFrame
    trajectory: Losses
    failure: str | None

    @classmethod
    def of(
        cls,
        params: Vector,
        losses: Vector,
        best_epoch: int,
        path: Sequence[NDArray[np.floating]],
        trajectory: Losses,
        failure: str | None,
    ) -> "Descent":
        """From ``losses`` (E, 2), training and validation, and ``path``, U times (P,)."""
        epochs = np.arange(1, len(losses) + 1)
        columns = {"epoch": epochs, "train_loss": losses[:, 0], "val_loss": losses[:, 1]}
        curve = pd.DataFrame(columns)
        return cls(params, curve, best_epoch, _path(path), trajectory, failure)


def diverged(settings: DescentSettings, updates: int, start_loss: float, losses: Vector) -> str:
    """How a training diverged. ``losses`` (E, 2): of its epochs, the last one too large."""
    return (
        f"diverged at step {updates} (epoch {len(losses)}) with learning rate {settings.lr:g}: "
        f"training loss {losses[-1, 0]:.4g} after {start_loss:.4g} at the start; "
        "try a smaller trainer.lr"
    )


def _path(path: Sequence[NDArray[np.floating]]) -> pd.DataFrame:
    if not len(path):
        return pd.DataFrame()
    values = np.stack(path).astype(np.float64)
    columns = [f"p{i}" for i in range(values.shape[1] - 1)] + ["b"]
    frame = pd.DataFrame(values, columns=columns)
    frame.insert(0, "update", np.arange(1, len(frame) + 1))
    return frame
