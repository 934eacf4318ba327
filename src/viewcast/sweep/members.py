"""The candidates of a sweep: each a checked configuration, and what is reckoned of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from viewcast.base.errors import ConfigError
from viewcast.models.fitted import Fitted
from viewcast.scoring.loss import Loss
from viewcast.sweep.space import Plain, configured
from viewcast.training.config import Config, parse


@dataclass(frozen=True)
class Member:
    """A candidate of the sweep: its number, what is its own, and its whole configuration.

    ``batch``: of a search that draws in sight of the losses of the batches before.
    """

    number: int
    own: Mapping[str, Any]
    config: Config
    batch: int | None = None


class Figures(Protocol):
    """More figures of a candidate, taken while its parameters are at hand: columns of the table of
    candidates, metrics of its run. ``identity``: hash of what they depend on beside the model.
    """

    @property
    def identity(self) -> str:
        """Sixteen hexadecimal digits."""

    def __call__(self, model: Fitted, loss: Loss) -> dict[str, float]:
        """Name and value of each figure."""


def members(
    base: Plain,
    candidates: Sequence[Mapping[str, Any]],
    first: int = 0,
    batch: int | None = None,
) -> list[Member]:
    """The candidates as checked configurations; refuses (ConfigError) filters of scores."""
    checked = []
    for number, own in enumerate(candidates, start=first):
        config = parse(configured(base, own))
        if config.holdout.release is not None:
            raise ConfigError(
                f"holdout.release = {config.holdout.release.name}: a sweep chooses by the raw "
                "scores of all candidates; choose holdout.release=null, or train one by one"
            )
        checked.append(Member(number, own, config, batch))
    return checked


def epochs(config: Config) -> int:
    """The most epochs of a candidate; 1 where its trainer has none."""
    return config.trainer.epoch_limit or 1
