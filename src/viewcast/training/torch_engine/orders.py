"""The orders of ``viewcast.training.order``, made where the rows are.

Shape letters: K candidates, N rows.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viewcast.training.order import FIRST, SECOND, STEP, starts


def orders(seeds: NDArray[np.uint64], epoch: int, rows: int, device: torch.device) -> Tensor:
    """The numbers of the rows (K, N) in the order of the epoch (from 1)."""
    start = torch.from_numpy(starts(seeds, epoch).view(np.int64)).to(device)
    steps = torch.arange(1, rows + 1, device=device) * _signed(STEP)
    keys = _shifted(_mixed(start[:, None] + steps), 1)
    return torch.argsort(keys, dim=1, stable=True)


def _mixed(bits: Tensor) -> Tensor:
    """``order.mixed``: products of signed numbers of 64 bits keep the same 64 bits."""
    bits = (bits ^ _shifted(bits, 30)) * _signed(FIRST)
    bits = (bits ^ _shifted(bits, 27)) * _signed(SECOND)
    return bits ^ _shifted(bits, 31)


def _shifted(bits: Tensor, count: int) -> Tensor:
    """To the right by so many bits; zeros come in, where a signed shift would copy the sign."""
    return (bits >> count) & ((1 << (64 - count)) - 1)


def _signed(bits: int) -> int:
    return bits - 2**64 if bits >= 2**63 else bits
