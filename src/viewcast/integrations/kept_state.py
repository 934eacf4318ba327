"""Which state of a model is kept, out of all whose rows were scored: the best, or the last."""

import math
from dataclasses import dataclass
from typing import Any


@dataclass
class KeptState:
    """Rows of the kept state, as they come in after each epoch.

    ``chooses``: whether the best is kept by what the rows scored, else the last. ``more_is_better``
    is the direction of that score. ``rows``: what was predicted, None before any; ``seen``: states
    that were scored.
    """

    chooses: bool
    more_is_better: bool = False
    rows: Any = None
    best: float = math.nan
    seen: int = 0

    def offer(self, score: float | None, rows: Any) -> None:
        """One more state was scored. A score that is no number is never the best."""
        self.seen += 1
        if not self.chooses:
            self.rows = rows
            return
        value = math.nan if score is None else float(score)
        turned = -value if self.more_is_better else value
        if self.rows is None or turned < self.best or math.isnan(self.best):
            self.rows, self.best = rows, turned

    @property
    def looks(self) -> int:
        """How many states were scored to choose the kept one."""
        return max(self.seen, 1) if self.chooses else 1
