"""The books of a cohort: what each candidate's losses were, which epoch it keeps, and how it ended.

Arrays over all candidates: an epoch costs the same calls for one candidate and for thousands.

Shape letters: C candidates of the cohort, k of them that ran an epoch, E epochs.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewcast.models.scaling import Vector
from viewcast.training.candidate import Rules
from viewcast.training.trajectory import Losses

Places = NDArray[np.int64]


@dataclass
class Books:
    """``best_loss``, ``best_epoch`` (C,): of the epoch that each keeps. ``last`` (C,): the last
    epoch of a candidate, 0 while it runs. ``diverged`` (C,): whether it diverged. ``curve``
    (E, C, 2): training and validation loss, NaN where there is none. ``trajectory`` (C, E, cells):
    validation losses in raw units, without cells where no candidate has ``restore_best``.
    """

    best_loss: Vector
    best_epoch: Places
    last: Places
    diverged: NDArray[np.bool_]
    curve: Vector
    trajectory: Losses
    epoch: int = 0

    @classmethod
    def empty(cls, count: int, epochs: int, cells: int) -> "Books":
        """Before the first epoch of so many candidates."""
        return cls(
            best_loss=np.full(count, np.inf),
            best_epoch=np.zeros(count, np.int64),
            last=np.zeros(count, np.int64),
            diverged=np.zeros(count, np.bool_),
            curve=np.full((epochs, count, 2), np.nan),
            trajectory=np.zeros((count, epochs, cells), np.float32),  # no memory until written
        )

    def ran(self, epoch: int) -> Places:
        """The candidates that ran this epoch."""
        return np.flatnonzero((self.last == 0) | (self.last >= epoch))

    def enter(self, ids: Places, train: Vector, val: Vector, rules: Rules) -> NDArray[np.bool_]:
        """Note losses (k,) of the epoch just done by the running candidates ``ids`` (k,).

        Returns which of them are to keep their parameters, (k,).
        """
        self.epoch += 1
        self.curve[self.epoch - 1, ids] = np.stack([train, val], -1)
        best = rules.restore_best[ids]
        lost = best & ~np.isfinite(val) | ~(train <= rules.limit[ids])
        self.diverged[ids] = lost
        better: NDArray[np.bool_] = ~lost & (~best | (val < self.best_loss[ids]))
        self.best_loss[ids[better]], self.best_epoch[ids[better]] = val[better], self.epoch
        ended = lost | (self.epoch - self.best_epoch[ids] >= rules.patience[ids])
        self.last[ids[ended]] = self.epoch
        return better

    def enter_cells(self, ids: Places, cells: Vector) -> None:
        """Note the validation losses (k, cells), in raw units, of the epoch about to be entered."""
        with np.errstate(over="ignore"):  # beyond single precision a loss is infinite
            self.trajectory[ids, self.epoch] = cells

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything, by name."""
        return {
            "best_loss": self.best_loss,
            "best_epoch": self.best_epoch,
            "last": self.last,
            "diverged": self.diverged,
            "curve": self.curve[: self.epoch],
            "trajectory": np.ascontiguousarray(self.trajectory[:, : self.epoch]),
            "epoch": np.array(self.epoch),
        }

    def restore(self, saved: dict[str, NDArray[Any]]) -> None:
        """Go back to what ``arrays`` gave."""
        self.epoch = int(saved["epoch"])
        for name in ("best_loss", "best_epoch", "last", "diverged"):
            setattr(self, name, saved[name])
        self.curve[: self.epoch] = saved["curve"]
        self.trajectory[:, : self.epoch] = saved["trajectory"]
