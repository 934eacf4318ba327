"""What the runs of an experiment are about. No MLflow: a night without new days needs none."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from viewcast.base.settings import Tracking

if TYPE_CHECKING:
    from viewcast.training.config import Config


@dataclass(frozen=True)
class Subject:
    """What the runs of an experiment are about, and the store that they are logged to.

    ``data``, ``label``: name of the data set or channel, and what reports call it. ``loss``,
    ``unit``: name and unit of the loss. ``nightly``: whether nights log them.
    """

    data: str
    label: str
    loss: str
    unit: str
    tracking: Tracking
    nightly: bool = False

    @classmethod
    def of(cls, config: "Config") -> Self:
        """The subject of a configured run."""
        data, loss = config.data, config.loss
        return cls(data.name, data.label, loss.name, loss.unit(data.unit), config.tracking)
