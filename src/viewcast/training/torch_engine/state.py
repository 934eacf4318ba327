"""All that changes during training, and all that a checkpoint must hold.

Shape letters: K candidates still computed, C candidates of the cohort, P parameters, E epochs.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viewcast.models.scaling import Vector
from viewcast.training.torch_engine.optimizer import OptimizerState
from viewcast.training.trajectory import Losses


@dataclass
class State:
    """The state of a cohort between two epochs.

    ``ids`` (K,): which candidates are still computed. ``optimizer_state``: their parameters and
    moments. ``best`` (C, P), ``best_loss`` (C,), ``best_epoch`` (C,): the parameters that each
    keeps, and where they are from. ``last`` (C,): the last epoch of a candidate, 0 while it runs.
    ``diverged`` (C,): whether it diverged. ``curve`` (E, C, 2): training and validation loss, NaN
    where there is none. ``trajectory`` (C, E, cells): validation losses in raw units, without cells
    where no candidate has ``restore_best``. ``path``: parameters (P,) after each update, where a
    single candidate has ``keep_path``. ``orders``: C random generators, of the order of rows.
    """

    ids: Tensor
    optimizer_state: OptimizerState
    best: Tensor
    best_loss: Vector
    best_epoch: NDArray[np.int64]
    last: NDArray[np.int64]
    diverged: NDArray[np.bool_]
    curve: NDArray[np.float64]
    trajectory: Losses
    orders: list[torch.Generator]
    path: list[Tensor]
    epoch: int = 0

    @classmethod
    def first(
        cls,
        optimizer_state: OptimizerState,
        init: Tensor,
        seeds: list[int],
        epochs: int,
        cells: int,
    ) -> "State":
        """The state before any update of the parameters (C, P)."""
        count = len(init)
        return cls(
            ids=torch.arange(count),
            optimizer_state=optimizer_state,
            best=init.clone(),
            best_loss=np.full(count, np.inf),
            best_epoch=np.zeros(count, np.int64),
            last=np.zeros(count, np.int64),
            diverged=np.zeros(count, np.bool_),
            curve=np.full((epochs, count, 2), np.nan),
            trajectory=np.zeros((count, epochs, cells), np.float32),  # no memory until written
            orders=[torch.Generator().manual_seed(seed) for seed in seeds],
            path=[],
        )

    @property
    def running(self) -> NDArray[np.bool_]:
        """Which of the computed candidates have not ended, (K,)."""
        running: NDArray[np.bool_] = self.last[self.ids.numpy()] == 0
        return running

    def keep_only(self, kept: Tensor) -> None:
        """Compute only these candidates from now on: places (k,) among the computed ones."""
        self.ids = self.ids[kept]
        places = kept.to(self.optimizer_state.units.device)
        for name in ("units", "first", "second"):
            setattr(
                self.optimizer_state, name, getattr(self.optimizer_state, name)[places].contiguous()
            )

    def tensors(self) -> dict[str, Tensor]:
        """Everything, by name."""
        arrays = {"best_loss", "best_epoch", "last", "diverged"}
        return {
            "ids": self.ids,
            "best": self.best,
            "epoch": torch.tensor(self.epoch),
            "curve": torch.as_tensor(self.curve[: self.epoch]),
            "trajectory": torch.as_tensor(self.trajectory[:, : self.epoch]),
            "path": torch.stack(self.path) if self.path else torch.empty(0),
            "orders": torch.stack([order.get_state() for order in self.orders]),
            **{name: torch.as_tensor(getattr(self, name)) for name in arrays},
            **{
                field.name: getattr(self.optimizer_state, field.name)
                for field in fields(OptimizerState)
            },
        }

    def restore(self, saved: dict[str, Tensor]) -> None:
        """Go back to a checkpoint."""
        device = self.best.device
        for name in ("best_loss", "best_epoch", "last", "diverged"):
            setattr(self, name, saved[name].numpy().copy())
        self.optimizer_state = OptimizerState(
            *(saved[field.name].to(device) for field in fields(OptimizerState))
        )
        self.ids, self.best, self.epoch = (
            saved["ids"],
            saved["best"].to(device),
            int(saved["epoch"]),
        )
        self.curve[: self.epoch] = saved["curve"].numpy()
        self.trajectory[:, : self.epoch] = saved["trajectory"].numpy()
        self.path = list(saved["path"].to(device))
        for order, state in zip(self.orders, saved["orders"], strict=True):
            order.set_state(state.clone())  # torch reads a view from the start of its storage
