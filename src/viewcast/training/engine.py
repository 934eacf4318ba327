"""What an engine of gradient descent is given and what it gives back.

Shape letters: N training rows, O outputs, E epochs, P parameters.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.models.scaling import Vector
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
