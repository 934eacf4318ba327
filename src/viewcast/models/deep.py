"""The bent curve y = b + Σ cᵢ max(0, bᵢ + wᵢ·x), and the same several layers deep."""

from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Deep:
    """``layers`` hidden layers of ``units`` rectified linear units each.

    ``features`` names a feature set of the data (``simple``, ``rich``) or lists columns.
    """

    name: str
    features: str | list[str]
    units: Annotated[int, Field(ge=1)]
    layers: Annotated[int, Field(ge=1)]
    kind: ClassVar[str] = "network"

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return (self.units,) * self.layers
