"""The straight line y = b + Σ wⱼxⱼ."""

from typing import ClassVar

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.models.model import LINE


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Linear:
    """A line over the named features: with many of them it is the feature-augmented model.

    ``features`` names a feature set of the data (``simple``, ``rich``) or lists columns.
    """

    name: str
    features: str | list[str]
    kind: ClassVar[str] = LINE

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of each hidden layer: none."""
        return ()
