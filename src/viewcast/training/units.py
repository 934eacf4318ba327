"""The units that a loss is measured in while a network learns in standardised ones.

Shape letters: N rows, O outputs.
"""

from dataclasses import dataclass

from viewcast.models.scaling import Scaling
from viewcast.scoring.loss import Loss


@dataclass(frozen=True)
class LossUnits:
    """A loss compares ``shift + scale * output`` with its targets; times ``factor`` it is raw.

    A loss that grows with a power of the unit is measured in the units of training, shift 0 and
    scale 1, and multiplied afterwards. A loss without such a factor is measured in raw units, on
    raw targets. The derivative by an output is ``scale`` times that by the prediction.
    """

    shift: float
    scale: float
    factor: float

    @classmethod
    def of(cls, loss: Loss, scaling: Scaling) -> "LossUnits":
        """The units for this loss under this scaling of the target."""
        factor = loss.rescale(scaling.y_std)
        if factor is None:
            return cls(scaling.y_mean, scaling.y_std, 1.0)
        return cls(0.0, 1.0, factor)

    @property
    def raw(self) -> bool:
        """Whether targets are left in their raw unit."""
        return (self.shift, self.scale) != (0.0, 1.0)
