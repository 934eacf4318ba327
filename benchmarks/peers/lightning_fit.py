"""PyTorch Lightning: a module, a loader, a trainer that neither logs nor stores."""

import logging
import warnings
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.utilities.warnings import PossibleUserWarning
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from peers.torch_loop import flattened, network, tensors
from peers.work import LR, Floats, Work

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
# It advises worker processes; for rows in memory they cost more than they bring.
warnings.filterwarnings("ignore", category=PossibleUserWarning)
warnings.filterwarnings("ignore", ".*LeafSpec")  # torch, about Lightning's own code


class Module(lightning.LightningModule):
    """The network, its loss and its optimizer."""

    def __init__(self, work: Work, start: Floats) -> None:
        super().__init__()
        self.net = network(work, start)

    def training_step(self, batch: tuple[Tensor, Tensor], _index: int) -> Tensor:
        """The loss of a batch."""
        x, y = batch
        return nn.functional.mse_loss(self.net(x), y)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.parameters(), lr=LR)


def fit(work: Work, starts: Floats, orders: NDArray[Any] | None = None) -> Floats:
    """``Trainer.fit`` of one model after the other, in orders of its loader's own."""
    assert orders is None and not work.validated, "not asked of it"
    torch.set_num_threads(1)
    return np.stack([_one(work, start) for start in starts])


def _one(work: Work, start: Floats) -> Floats:
    module = Module(work, start)
    loader = DataLoader(TensorDataset(*tensors(work)[:2]), work.batch, shuffle=True)
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=work.epochs,
        logger=False,
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
    )
    trainer.fit(module, loader)
    return flattened(module.net)
