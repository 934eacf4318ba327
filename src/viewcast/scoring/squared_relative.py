"""The squared relative error: errors count as shares of the target."""

from typing import Any, ClassVar

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

Array = Any  # a numpy array or a torch tensor; torch is not imported where nothing is trained


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class SquaredRelative:
    """Mean squared relative error, ((prediction - target) / target)²."""

    name: ClassVar[str] = "squared_relative"

    def rows(self, prediction: Array, target: Array) -> Array:
        """The square of each row's error as a share of its target."""
        share = (prediction - target) / target
        return share * share

    def grad(self, prediction: Array, target: Array, weight: Array | float) -> Array:
        """Twice the share, over the target."""
        return 2 * weight * ((prediction - target) / target) / target

    @staticmethod
    def slope(prediction: float, target: float) -> tuple[float, float]:
        """The squared share, and its derivative, in plain numbers."""
        share = (prediction - target) / target
        return share * share, 2 * share / target

    def unit(self, unit: str) -> str:
        """The square of a share."""
        return "share²"

    def rescale(self, factor: float) -> float | None:
        """None: a shift of both changes the share."""
        return None

    def refusal(self, target: Array) -> str | None:
        """Targets of 0, of which no error is a share, are refused."""
        zeros = int((target == 0).sum())
        if zeros:
            return f"found {zeros:,} of {len(target):,} targets that are 0, expected other numbers"
        return None
