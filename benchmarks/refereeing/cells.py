"""Cells of the table: one kind of loop, so many rows and answers, all rules; their figures.

Shape letters as in ``refereeing.honest``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refereeing.asked import Rule
from refereeing.attacks import Climb, Probes, RareLoss, Sandbagger
from refereeing.honest import STEPS, Edits, Loop, Seeds, Size
from refereeing.lives import Life, joined, lives
from refereeing.noise import Kind
from refereeing.seasons import Seasonal, SmoothClimb
from viewcast.referee.terms import HiddenRows

Make = Callable[[Size, np.random.Generator, Kind], Loop]
LOOPS: dict[str, Make] = {
    "null": lambda size, rng, kind: Edits(size, rng, 0.0, kind),
    "null, seeds alone": lambda size, rng, kind: Seeds(size, rng, steps=False, kind=kind),
    "honest improver": lambda size, rng, kind: Seeds(size, rng, steps=True, kind=kind),
    "5 % real": lambda size, rng, kind: Edits(size, rng, 0.05, kind),
    "2 % real": lambda size, rng, kind: Edits(size, rng, 0.02, kind),
    "hill climb": Climb,
    "sign probes": Probes,
    "sandbagger": lambda size, rng, _: Sandbagger(size, rng),
    "rare huge loss": lambda size, rng, _: RareLoss(size, rng),
}
SEASONS: dict[str, Make] = {
    "null, seasons": lambda size, rng, kind: Seasonal(size, rng, 0.0, kind),
    "5 % real, seasons": lambda size, rng, kind: Seasonal(size, rng, 0.05, kind),
    "5 % real, waves of 73 rows": lambda size, rng, kind: Seasonal(size, rng, 0.05, kind, 73.2),
    "smooth climb": SmoothClimb,
}
EVERY = {**LOOPS, **SEASONS}
TOGETHER = 36_600  # rows of all loops of a batch: what stays in a processor's cache


def cell(
    name: str,
    rules: Callable[[], list[Rule]],
    size: tuple[int, int, int],
    kind: Kind = "normal",
    told: Callable[[], object] = lambda: None,
    hidden_rows: HiddenRows = "last",
) -> list[Life]:
    """Lives of every rule in one kind of loop; ``size``: rows, answers, loops. The seed is that of
    the cell, whatever was run before.
    """
    rows, answers, loops = size
    batch = max(1, TOGETHER // rows)
    found: list[list[Life]] = []
    for number, begin in enumerate(range(0, loops, batch)):
        own = rules()
        of = Size(len(own), min(batch, loops - begin), rows, answers)
        rng = np.random.default_rng([list(EVERY).index(name), rows, answers, number])
        length = 4.0 if kind == "AR(.5)" else 1.0
        found.append(lives(EVERY[name](of, rng, kind), own, of, rng, length, told, hidden_rows))
    return [joined(list(each)) for each in zip(*found, strict=True)]


def batches(rows: int, loops: int) -> int:
    """How many batches a cell has."""
    return -(-loops // max(1, TOGETHER // rows))


def figures(life: Life) -> dict[str, float | None]:
    """Means over loops, each with its standard error (``±``); None where there is none."""
    some = life.some
    told: dict[str, NDArray[Any]] = {
        "acceptances": life.accepted.sum(axis=1),
        "false": life.false,
        "any false": life.false > 0,
        "claim - truth": life.claim - life.true,
        "true gain": life.true,
        "estimate - truth": life.estimate - life.true,
        "some": some,
        "covers": life.covered[some],
        "false discoveries": life.false / np.maximum(life.accepted.sum(axis=1), 1),
    }
    row: dict[str, float | None] = {}
    for name, values in told.items():
        row[name], row[f"{name} ±"] = mean(values)
    if life.oracle is not None and life.oracle.mean() > 0:
        share = life.true.mean() / life.oracle.mean()
        row["share of an oracle's gain"] = float(share)
        error = mean(life.true - share * life.oracle)[1]
        row["share of an oracle's gain ±"] = (error or 0.0) / float(life.oracle.mean())
    for size in STEPS if life.windows is not None else ():
        name = f"found {size:g} s.e."
        row[name], row[f"{name} ±"] = mean(_found(life, size))
    return row


def mean(values: NDArray[Any]) -> tuple[float | None, float | None]:
    """A mean over loops and its standard error; that of a share of 0 or 1 as if one were not so."""
    count = len(values)
    if count == 0:
        return None, None
    told = values.astype(np.float64)
    error = float(told.std(ddof=1)) / np.sqrt(count) if count > 1 else None
    if values.dtype == bool and error == 0:
        error = float(np.sqrt((count - 1) / count**2 / count))
    return float(told.mean()), None if error is None else float(error)


def _found(life: Life, size: float) -> NDArray[np.bool_]:
    """Whether an improvement was accepted before the next one came (R,), of those of this size."""
    assert life.windows is not None
    moments, sizes = life.windows
    ends = np.append(moments[:, 1:], np.full((len(moments), 1), life.accepted.shape[1]), axis=1)
    time = np.arange(life.accepted.shape[1])
    own = sizes == size
    begin, end = moments[own][:, np.newaxis], ends[own][:, np.newaxis]
    return np.asarray((life.accepted & (life.better > 0) & (time >= begin) & (time < end)).any(1))
