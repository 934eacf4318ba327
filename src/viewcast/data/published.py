"""Figures that others published for the same experiment; shown beside ours, with their source."""

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Published:
    """A published mean loss on the training and on the validation rows, null where not given."""

    train: float | None
    validation: float | None
    source: str
