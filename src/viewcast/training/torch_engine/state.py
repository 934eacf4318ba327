"""All that changes during training, and all that a checkpoint must hold.

Shape letters: K candidates still computed, C candidates of the cohort, P parameters.
"""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viewcast.training.torch_engine.books import Books, Places
from viewcast.training.torch_engine.optimizer import OptimizerState


@dataclass
class State:
    """The state of a cohort between two epochs.

    ``optimizer_state``: parameters and moments of the candidates still computed. ``best`` (C, P):
    the parameters that each candidate keeps. ``ids`` (K,): which candidates are still computed.
    ``path``: parameters (P,) after each update, where a single candidate has ``keep_path``.
    """

    books: Books
    optimizer_state: OptimizerState
    best: Tensor
    ids: Places
    path: list[Tensor] = field(default_factory=list)

    @property
    def running(self) -> NDArray[np.bool_]:
        """Which of the computed candidates have not ended, (K,)."""
        running: NDArray[np.bool_] = self.books.last[self.ids] == 0
        return running

    def keep_only(self, kept: Places) -> None:
        """Compute only these candidates from now on: places (k,) among the computed ones."""
        self.ids = self.ids[kept]
        places = torch.as_tensor(kept, device=self.best.device)
        for name in ("units", "first", "second"):
            setattr(self.optimizer_state, name, getattr(self.optimizer_state, name)[places])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything, by name."""
        tensors = {
            "best": self.best,
            "path": torch.stack(self.path) if self.path else torch.empty(0),
            **{each.name: getattr(self.optimizer_state, each.name) for each in _OPTIMIZER},
        }
        own = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
        return {"ids": self.ids, **own, **self.books.arrays()}

    def restore(self, saved: dict[str, NDArray[Any]]) -> None:
        """Go back to what ``arrays`` gave."""
        device = self.best.device

        def tensor(name: str) -> Tensor:
            return torch.from_numpy(saved[name]).to(device)

        self.books.restore(saved)
        self.optimizer_state = OptimizerState(*(tensor(each.name) for each in _OPTIMIZER))
        self.ids, self.best, self.path = saved["ids"], tensor("best"), list(tensor("path"))


_OPTIMIZER = fields(OptimizerState)
