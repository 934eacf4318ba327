"""What a model of the configuration is: a class of functions that a trainer chooses from."""

from typing import TYPE_CHECKING, ClassVar, Protocol

import pandas as pd

if TYPE_CHECKING:
    from viewcast.models.fitted import Fitted

LINE, LOOKUP = "line", "lookup"


class Model(Protocol):
    """The settings of a model.

    ``kind``: trainers name the kinds that they serve. ``LINE`` is a straight line and ``LOOKUP``
    learns nothing; a model of any other kind is taken for one that can bend, and overfit.
    """

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """How runs of the model are called."""

    @property
    def features(self) -> str | list[str]:
        """The name of a feature set of the data, or columns and ranges such as ``lag_1..lag_7``."""


class NetworkModel(Model, Protocol):
    """A straight line or a network of max(0, ·) units."""

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of each hidden layer; none for a line."""


class LookupModel(Model, Protocol):
    """A model that takes what it needs from its rows without a search."""

    def look_up(self, train: pd.DataFrame, validation: pd.DataFrame) -> "Fitted":
        """The fitted model; both frames hold ``row``, ``target`` and the model's features."""


def bends(kind: str) -> bool:
    """Whether a model of this kind can follow more than a line, and so may overfit."""
    return kind not in (LINE, LOOKUP)
