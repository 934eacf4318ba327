"""What is minimised: a loss, in its units.

Shape letters: K candidates, N rows, B rows of a batch, O outputs.
"""

from dataclasses import dataclass

from torch import Tensor

from viewcast.scoring.loss import Loss
from viewcast.training.units import LossUnits


@dataclass(frozen=True)
class Objective:
    """A loss of outputs (..., N, O) and targets (..., N, O), each in the units of training.

    Where ``units.raw``, the targets are in their raw unit.
    """

    loss: Loss
    units: LossUnits

    def rows(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of each row (..., N), the mean over its outputs; times ``units.factor`` raw."""
        losses: Tensor = self.loss.rows(self._predictions(outputs), targets)
        return losses[..., 0] if losses.shape[-1] == 1 else losses.mean(-1)

    def grad(self, outputs: Tensor, targets: Tensor, weight: Tensor | None) -> Tensor:
        """Derivative of the mean loss of a batch by each output, (K, B, O).

        ``weight`` (K, B, 1): what each row's part is multiplied by; None for 1.
        """
        share = self.units.scale / (outputs.shape[-2] * outputs.shape[-1])
        by = share if weight is None else weight * share
        grad: Tensor = self.loss.grad(self._predictions(outputs), targets, by)
        return grad

    def mean(self, losses: Tensor) -> Tensor:
        """Mean (K,), in raw units, of losses of rows (K, N); NaN without rows."""
        return losses.mean(-1).double() * self.units.factor

    def _predictions(self, outputs: Tensor) -> Tensor:
        return outputs * self.units.scale + self.units.shift if self.units.raw else outputs
