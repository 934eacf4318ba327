"""Part 5: what choosing the best of k runs does to the score that is shown, and to the honest one.

Every run is one model whose predictions are moved up or down by the same size, row by row, by the
toss of a coin. So all runs are equally good on new rows, and their true loss is known.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from telling.rows import Lesson, Vector, lesson_of
from viewcast.demo.leaderboard import Attack, submissions
from viewcast.selection.best_of import best_of
from viewcast.selection.blocks import draw
from viewcast.selection.candidates import Candidates
from viewcast.selection.order_statistics import expected_max
from viewcast.selection.resampling import resample
from viewcast.selection.sample_size import sample_size
from viewcast.selection.selection_corrected import selection_corrected
from viewcast.selection.upper_bound import repeated, upper_bounds

RUNS = [1, 2, 3, 5, 10, 20, 50, 100, 200]
ROWS = [60, 120, 240, 366]
SIZES = [0.01, 0.03, 0.1, 0.2, 0.3]
SEED, DRAWS = 2021, 320


@dataclass(frozen=True)
class Chosen:
    """The best of k runs.

    ``curve``: columns k, shown, honest, honest_low, honest_high for every number up to k.
    ``shown``: the winner's loss; ``expected``: corrected for the choice, with its standard
    ``error``; ``bound``: that holds with 95 %, None with ``refusal``, the rows it would take;
    ``true``: of every run; ``theory``: the lowest of k independent normal scores.
    """

    runs: int
    curve: pd.DataFrame
    shown: float
    expected: float
    error: float
    bound: float | None
    rows_wanted: int
    true: float
    theory: float

    @property
    def optimism(self) -> float:
        """How much better the winner looks than what is to be expected of it."""
        return self.expected - self.shown


@dataclass(frozen=True)
class Choices:
    """Views of the simulated channel in a year of validation days, and a line that forecasts them.

    ``base`` (N,): its predictions; ``target`` (N,).
    """

    lesson: Lesson
    base: Vector
    target: Vector

    @classmethod
    def of(cls, root: Path) -> "Choices":
        """The line on the views of the day before."""
        lesson = lesson_of(root, "channel_year_linear")
        model = lesson.trainer.fit(lesson.problem, lesson.model).model
        rows = lesson.rows.validation
        return cls(lesson, model.predict(rows), rows["target"].to_numpy(np.float64))

    def losses(self, runs: int, rows: int, size: float, seed: int = SEED) -> Vector:
        """Row losses (runs, rows) of coin-tossed runs on the first rows."""
        attack = Attack(submissions=runs + 1, size=size, seed=seed)
        nothing_kept = np.zeros(runs + 1, dtype=bool)
        keys, base = self.lesson.rows.validation["row"].head(rows), self.base[:rows]
        _, *tossed = submissions(base, keys, attack, nothing_kept)
        return np.stack([self._rows(guess) for guess in tossed])

    def best(self, runs: int, rows: int, size: float) -> Chosen:
        """Choose the best of so many runs on so many rows, and say what it is worth."""
        block = self.lesson.config.data.block
        candidates = Candidates.of(list(self.losses(runs, rows, size)[:, np.newaxis]))
        draws = draw(rows, block, DRAWS, SEED)
        resampled = resample(candidates, draws)
        corrected = selection_corrected(candidates, resampled)
        expected = float(corrected.expected[0])
        error = next(repeated(candidates, draws, resampled)).mean_error(expected, block)
        enough = sample_size(rows, block)
        bounds = upper_bounds(candidates, draws, resampled, corrected.expected, block, 1)
        bounded = enough.refusal is None and bounds.refusal is None
        true, spread = self.truth(rows, size)
        return Chosen(
            runs,
            best_of(candidates.shown, resampled, error=error),
            float(corrected.shown[0]),
            expected,
            error.error,
            float(bounds.values[0]) if bounded else None,
            enough.rows_wanted,
            true,
            true - spread * expected_max(runs),
        )

    def truth(self, rows: int, size: float) -> tuple[float, float]:
        """The loss of every run on average over the coins, and its standard deviation."""
        up, down = self._rows(self.base[:rows] + size), self._rows(self.base[:rows] - size)
        spread = np.sqrt(np.square((up - down) / 2).sum()) / rows
        return float(np.mean((up + down) / 2)), float(spread)

    def _rows(self, predicted: Vector) -> Vector:
        losses: Vector = self.lesson.config.loss.rows(predicted, self.target[: len(predicted)])
        return losses
