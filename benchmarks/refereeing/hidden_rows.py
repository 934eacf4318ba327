"""Hidden rows at the end, and spread over the time: the same loops, on rows that depend on others.

Every loop has losses that depend on each other over 4 rows. In some the gain of an edit changes
with the season too; true is then its gain over all rows. The seeds of a loop are the same for both.
"""

from collections.abc import Iterator
from typing import Any

from refereeing.cells import batches, cell, figures, mean
from refereeing.lives import Life
from refereeing.noise import Kind
from refereeing.rules import the_referee
from refereeing.tables import ENOUGH, Row, held_figure, progress, told
from viewcast.referee.terms import HIDDEN_ROWS

NOISE: Kind = "AR(.5)"
ANSWERS = 200
SIZES = ((366, 1000), (1000, 1000))  # rows, loops
TRIED = (
    *("null", "5 % real", "honest improver", "hill climb", "smooth climb"),
    *("null, seasons", "5 % real, seasons", "5 % real, waves of 73 rows"),
)


def last_and_spread(sizes: tuple[tuple[int, int], ...] = SIZES) -> list[Row]:
    """A row for each kind of loop, size and place of the hidden rows."""
    rows: list[Row] = []
    steps = len(HIDDEN_ROWS) * len(TRIED) * sum(batches(*size) for size in sizes) * ANSWERS
    with progress("hidden rows", steps) as step:
        for count, loops in sizes:
            for name in TRIED:
                for place in HIDDEN_ROWS:
                    size = (count, ANSWERS, loops)
                    (life,) = cell(name, lambda: [the_referee()], size, NOISE, step, place)
                    given = {"loop": name, "noise": NOISE, "rows": count, "answers": ANSWERS}
                    given |= {"loops": loops, "hidden rows": place}
                    rows.append({**given, **figures(life), **missed(life)})
    return rows


def missed(life: Life) -> dict[str, Any]:
    """Intervals, of those that there are, that claim too much, and too little."""
    row: dict[str, Any] = {}
    above, below = life.low - 1e-6 > life.true, life.true > life.high + 1e-6
    for name, flags in (("claims too much", above), ("claims too little", below)):
        row[name], row[f"{name} ±"] = mean(flags[life.some])
    return row


def held_by_spread(rows: list[Row]) -> list[Row]:
    """What hidden rows that lie spread must hold: as intervals of the others, and no more false
    acceptances than these but by chance. Nothing of no rows.
    """
    if not rows:
        return []
    own = [row for row in rows if row["hidden rows"] == "spread"]
    others = [row for row in rows if row["hidden rows"] == "last"]
    found = []
    for row, other in zip(own, others, strict=True):
        what = f"spread, {row['loop']}, {row['rows']} rows"
        error = (row["false ±"] ** 2 + other["false ±"] ** 2) ** 0.5
        more = {"more": max(row["false"] - other["false"], 0.0), "more ±": error}
        limit = round(3 * error, 3)
        found.append(held_figure(more, f"{what}: more false than last", "more", "<=", limit))
        if row["covers"] is not None and row["some"] * row["loops"] >= ENOUGH:
            found.append(held_figure(row, f"{what}: interval covers", "covers", ">=", 0.90))
    covers = [one["found"] for one in found if one["figure"].endswith("covers")]
    average = {"covers": sum(covers) / len(covers)}
    return [*found, held_figure(average, "spread: covers on average", "covers", ">=", 0.94)]


def hidden_markdown(rows: list[Row]) -> Iterator[str]:
    """A table in Markdown: ``last / spread`` in each cell."""
    columns = ("covers", "claims too much", "claims too little", "estimate - truth", "false")
    columns = (*columns, "true gain", "share of an oracle's gain")
    if rows:
        yield "\n| loop | rows | " + " | ".join(columns) + " |"
        yield "|---" * (len(columns) + 2) + "|"
    for last, spread in zip(rows[::2], rows[1::2], strict=True):
        cells = [f"{told(last, name)} / {told(spread, name)}" for name in columns]
        yield "| " + " | ".join([last["loop"], str(last["rows"]), *cells]) + " |"
