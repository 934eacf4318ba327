"""What is a candidate's own, for K candidates at once.

Shape letters: K candidates, N training rows, n training rows of a candidate, F features.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viewcast.training.candidate import Candidate
from viewcast.training.torch_engine.data import Data


@dataclass(frozen=True)
class Members:
    """Learning rates and weight decays (K, 1), seeds (K,) of the orders of rows.

    ``mask`` (K, 1, F): 1 for features that a candidate sees, else 0; None where all see all.
    ``rows`` (K, n): training rows that it learns from, in order; None where all learn from all.
    """

    lr: Tensor
    decay: Tensor
    seeds: NDArray[np.uint64]
    mask: Tensor | None
    rows: Tensor | None

    @classmethod
    def of(cls, candidates: Sequence[Candidate], data: Data) -> "Members":
        """The settings of candidates that learn from the same data."""
        settings = [candidate.settings for candidate in candidates]
        count, features = data.x.shape
        mask = rows = None
        if any(each.feature_share < 1 for each in settings):
            seen = np.zeros((len(candidates), 1, features))
            for own, candidate in zip(seen, candidates, strict=True):
                own[0, candidate.features(features)] = 1
            mask = data.x.new_tensor(seen)
        if any(each.row_share < 1 for each in settings):
            chosen = np.stack([candidate.rows(count) for candidate in candidates])
            rows = torch.as_tensor(chosen, device=data.x.device)
        return cls(
            data.x.new_tensor([each.lr for each in settings])[:, None],
            data.x.new_tensor([each.weight_decay for each in settings])[:, None],
            np.array([candidate.order_seed for candidate in candidates], np.uint64),
            mask,
            rows,
        )

    def at(self, places: NDArray[np.int64]) -> "Members":
        """Those at these places (k,)."""
        on_device = torch.as_tensor(places, device=self.lr.device)
        return Members(
            self.lr[on_device],
            self.decay[on_device],
            self.seeds[places],
            None if self.mask is None else self.mask[on_device],
            None if self.rows is None else self.rows[on_device],
        )
