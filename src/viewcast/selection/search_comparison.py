"""Which of two searches is better at equal budget: the honest best of k runs of each.

Shape letters as in ``viewcast.selection.candidates``, A and Z the runs of the two searches.
"""

from dataclasses import dataclass

import numpy as np

from viewcast.base.errors import DataError
from viewcast.base.products import product
from viewcast.selection.best_of import weights
from viewcast.selection.candidates import Flags, Vector
from viewcast.selection.resampling import Resampled
from viewcast.selection.selection_corrected import average, ranked

SHUFFLES = 999
NUMBERS = 2**17  # losses of draws and runs that one shuffle looks at; more draws are thinned
FEWEST_DRAWS = 32


@dataclass(frozen=True)
class SearchComparison:
    """``first``, ``second``: loss to expect on new rows of the best of ``k`` runs of each search.

    ``error``: standard deviation of the difference where runs are dealt out at random;
    ``p_value``: of a difference as large, or larger, by that.
    """

    k: int
    first: float
    second: float
    error: float
    p_value: float


def compare_searches(
    shown: Vector, resampled: Resampled, first: Flags, k: int | None = None, seed: int = 0
) -> SearchComparison:
    """Runs of the ``first`` search (R,) against the others, k of each (the fewer of both).

    ``shown`` (R,): mean losses. The honest loss of the best of k is that of
    ``viewcast.selection.best_of``: a search that only scatters more shows lower losses and gains
    nothing on new rows. The p-value is that of a permutation test (Good 2005, Permutation,
    Parametric and Bootstrap Tests of Hypotheses, chapter 3), two-sided, 999 shuffles: exact where
    runs of both searches are alike, whatever the rows have in common. It holds for runs that were
    drawn without sight of each other; of a search that learns from its runs the whole is one
    observation, and only repeated searches can be compared.

    Raises DataError where one search has no run, and for a k that one of them does not have.
    """
    sizes = int(first.sum()), int((~first).sum())
    most = min(sizes)
    budget = most if k is None else k
    if not 1 <= budget <= most:
        raise DataError(f"best of k = {budget} of searches of {sizes} runs: expected 1 to {most}")
    chances = weights(sizes[0], budget), weights(sizes[1], budget)
    whole = _Ordered.of(shown, resampled, len(resampled.held))
    draws = max(FEWEST_DRAWS, NUMBERS // len(shown))
    part = _Ordered.of(shown, resampled, draws)
    rng = np.random.default_rng(seed)
    seen = np.subtract(*part.best(first, chances))
    dealt = [np.subtract(*part.best(rng.permutation(first), chances)) for _ in range(SHUFFLES)]
    as_large = np.abs(dealt) >= abs(seen) * (1 - 1e-9)
    losses = whole.best(first, chances)
    return SearchComparison(
        k=budget,
        first=losses[0],
        second=losses[1],
        error=float(np.std(dealt)),
        p_value=float((1 + as_large.sum()) / (1 + SHUFFLES)),
    )


@dataclass(frozen=True)
class _Ordered:
    """Runs in order of their losses on the choosing rows of each draw, and on all rows last.

    ``runs`` (B + 1, R); ``losses`` (B + 1, R): held-out losses, of the last row what all rows show
    beyond the held-out ones; ``share`` (B + 1,): of a row in the mean.
    """

    runs: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    losses: Vector
    share: Vector

    @classmethod
    def of(cls, shown: Vector, resampled: Resampled, draws: int) -> "_Ordered":
        """Of at most so many draws, spread evenly."""
        count = len(resampled.held)
        some = np.unique(np.linspace(0, count - 1, min(draws, count)).round().astype(int))
        held = resampled.held[some]
        order = np.argsort(shown, kind="stable")
        uneven = shown - average(resampled.fixed[some], held)
        return cls(
            np.vstack([resampled.order[some], order]),
            np.vstack([ranked(resampled)[some], uneven[order]]),
            np.append(held / held.sum(), 1.0),
        )

    def best(self, first: Flags, chances: tuple[Vector, Vector]) -> tuple[float, float]:
        """Loss to expect of the best of k of either search."""
        inside = first[self.runs]
        of_first, of_second = (
            float((self.share * product(self.losses[side].reshape(len(self.share), -1), own)).sum())
            for side, own in zip((inside, ~inside), chances, strict=True)
        )
        return of_first, of_second
