"""Which rows a run of this project scores, and by which code: what makes two runs one look.

It knows the training's configuration. The readers of looks (``look_tags``) do not, so that an audit
of other people's runs imports nothing of the training.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from viewcast.base.settings import digest
from viewcast.data import table
from viewcast.tracking.tags import HOLDOUT, LOOK_KEY
from viewcast.training.config import Config
from viewcast.training.run_code import code_of

if TYPE_CHECKING:
    from viewcast.training.rows import Rows


@dataclass(frozen=True)
class EvaluationSet:
    """What runs that score the same rows by the same code share.

    ``holdout``: identity of the validation rows; ``basis``: hash of all rows with their features
    and of the code that decides the scores.
    """

    holdout: str
    basis: str

    @classmethod
    def of(cls, config: Config, rows: "Rows") -> "EvaluationSet | None":
        """None without validation rows: no look is possible."""
        if rows.validation.empty:
            return None
        return cls(table.holdout(rows.validation), _basis(config, rows))

    def key(self, *settings: str) -> str:
        """What makes two runs one look: the identity of their settings, rows and code (16 hex)."""
        return digest([*settings, self.basis])

    def tags(self, *settings: str) -> dict[str, str]:
        """The tags that name the rows which a run with these settings scores."""
        return {HOLDOUT: self.holdout, LOOK_KEY: self.key(*settings)}


def run_key(config: Config, rows: "Rows") -> str:
    """The key of a run (``viewcast.tracking.run_keys``): that of its look, where it has one."""
    return digest([config.identity(), _basis(config, rows)])


def _basis(config: Config, rows: "Rows") -> str:
    return digest([rows.content, code_of(config)])
