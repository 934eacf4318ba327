"""The table of rules and loops, of intervals, and the figures that the product's rule must hold."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress

from refereeing.cells import LOOPS, batches, cell, figures
from refereeing.lives import Life
from refereeing.noise import Kind
from refereeing.rules import every_rule, the_referee

Row = dict[str, Any]
# Rows, answers, loops: fewer loops where a loop costs more.
SIZES = (
    (100, 200, 1000),
    (100, 1000, 300),
    (366, 200, 1000),
    (366, 1000, 300),
    (1000, 200, 400),
    (1000, 1000, 100),
    (10_000, 200, 60),
    (10_000, 1000, 12),
)
QUICK = ((100, 200, 100), (366, 200, 300))
HELD_AT = (366, 200)  # rows and answers of the figures that must hold
REFEREE = the_referee().name
# Noise that intervals are tried with, and what it is tried on; 100 rows have no 8 hidden blocks.
KINDS: dict[Kind, tuple[int, ...]] = {
    "normal": (100, 366, 1000),
    "t3": (100, 366, 1000),
    "0-1": (100, 366, 1000),
    "AR(.5)": (366, 1000),
}
TRIED = ("null", "5 % real", "honest improver", "hill climb")
ENOUGH = 100  # intervals, below which a coverage is not called one


def rules_and_loops(sizes: tuple[tuple[int, int, int], ...]) -> list[Row]:
    """A row for each kind of loop, size and rule."""
    rows: list[Row] = []
    steps = sum(batches(n, loops) * answers for n, answers, loops in sizes) * len(LOOPS)
    with progress("rules and loops", steps) as told:
        for size in sizes:
            for name in LOOPS:
                rows += [_row(name, size, life) for life in cell(name, every_rule, size, told=told)]
    return rows


def referee_alone(loops: int) -> list[Row]:
    """A row for each kind of loop under the product's rule, with more loops than the table has."""
    rows: list[Row] = []
    size = (*HELD_AT, loops)
    with progress("the referee alone", len(LOOPS) * batches(HELD_AT[0], loops) * 200) as told:
        for name in LOOPS:
            (life,) = cell(name, lambda: [the_referee()], size, told=told)
            rows.append(_row(name, size, life))
    return rows


def intervals(loops: int) -> list[Row]:
    """A row for each kind of noise, size and loop: what the product's interval covers."""
    rows: list[Row] = []
    steps = 200 * sum(
        batches(n, loops) for kind, sizes in KINDS.items() for n in sizes for _ in _tried(kind)
    )
    with progress("intervals", steps) as told:
        for kind, sizes in KINDS.items():
            for n in sizes:
                for name in _tried(kind):
                    (life,) = cell(name, lambda: [the_referee()], (n, 200, loops), kind, told)
                    rows.append({"noise": kind, **_row(name, (n, 200, loops), life)})
    return rows


def _tried(kind: Kind) -> list[str]:
    """Kinds of loop; a 0-1 loss is not edited by adding to it."""
    if kind != "0-1":
        return list(TRIED)
    return ["null, seeds alone", "honest improver"]


def _row(name: str, size: tuple[int, int, int], life: Life) -> Row:
    rows, answers, loops = size
    given = {"loop": name, "rows": rows, "answers": answers, "loops": loops, "rule": life.rule}
    return {**given, **figures(life)}


def held(alone: list[Row], covered: list[Row]) -> list[Row]:
    """Each figure that the product's rule must hold, at 366 rows and 200 answers."""
    own = {row["loop"]: row for row in alone}
    share = "share of an oracle's gain"
    wanted = [
        ("null", "false", "<=", 0.5),
        ("hill climb", "false", "<=", 1.0),
        ("hill climb", "claim - truth", "<=", 0.15),
        ("5 % real", share, ">=", 0.48),
        ("5 % real", "false discoveries", "<=", 0.20),
        ("honest improver", "found 4 s.e.", ">=", 0.97),
        ("honest improver", "found 2 s.e.", ">=", 0.65),
    ]
    rows = [
        held_figure(own[loop], f"{loop}: {name}", name, sign, at) for loop, name, sign, at in wanted
    ]
    for loop, row in own.items():
        if loop != "rare huge loss":  # told in units of which it has hundreds
            rows.append(
                held_figure(row, f"{loop}: |estimate - truth|", "estimate - truth", "<=", 0.6)
            )
    all_covered = [
        row
        for row in [*own.values(), *covered]
        if row["covers"] is not None and row["some"] * row["loops"] >= ENOUGH
    ]
    for row in all_covered:
        what = f"{row['loop']}, {row.get('noise', 'normal')}, {row['rows']} rows: interval covers"
        rows.append(held_figure(row, what, "covers", ">=", 0.90))
    average = sum(row["covers"] for row in all_covered) / len(all_covered)
    row = {"covers": average, "covers ±": None}
    return [*rows, held_figure(row, "interval covers, on average", "covers", ">=", 0.94)]


def held_figure(row: Row, what: str, name: str, sign: str, limit: float) -> Row:
    """What a figure of a row should be, and whether it is."""
    found = abs(row[name]) if sign == "<=" else row[name]
    fine = found <= limit if sign == "<=" else found >= limit
    return {
        "figure": what,
        "wanted": f"{sign} {limit:g}",
        "found": row[name],
        "±": row.get(f"{name} ±"),
        "held": bool(fine),
    }


def markdown(table: list[Row]) -> Iterator[str]:
    """For each number of rows a table of rules, ``200 / 1,000`` answers in each cell."""
    columns = {
        "null: false": ("null", "false"),
        "null: claim − truth": ("null", "claim - truth"),
        "5 % real: share": ("5 % real", "share of an oracle's gain"),
        "false": ("5 % real", "false"),
        "2 % real: share": ("2 % real", "share of an oracle's gain"),
        "false ": ("2 % real", "false"),
        "climb: claim − truth": ("hill climb", "claim - truth"),
        "probes": ("sign probes", "claim - truth"),
        "sandbagger": ("sandbagger", "claim - truth"),
        "rare loss: false": ("rare huge loss", "false"),
    }
    found = [f"found {size:g} s.e." for size in (0.5, 1, 2, 4)]
    columns |= {name: ("honest improver", name) for name in found}
    for rows in sorted({row["rows"] for row in table}):
        own = {
            (row["loop"], row["rule"], row["answers"]): row for row in table if row["rows"] == rows
        }
        answers = sorted({key[2] for key in own})
        counts = " / ".join(f"{own['null', REFEREE, t]['loops']:,} loops of {t:,}" for t in answers)
        yield f"\n**{rows:,} rows; {counts} answers**\n"
        yield "| rule | " + " | ".join(columns) + " | interval covers, least |"
        yield "|---" * (len(columns) + 2) + "|"
        for rule in dict.fromkeys(key[1] for key in own):
            cells = [
                " / ".join(told(own[loop, rule, t], name) for t in answers)
                for loop, name in columns.values()
            ]
            yield f"| {rule} | " + " | ".join([*cells, _least(own, rule, answers)]) + " |"


def _least(own: dict[tuple[str, str, int], Row], rule: str, answers: list[int]) -> str:
    cells = []
    for t in answers:
        rows = [own[loop, rule, t] for loop in LOOPS]
        known = [row for row in rows if row["some"] * row["loops"] >= ENOUGH]
        least = min(known, key=lambda row: float(row["covers"]), default=None)
        cells.append("–" if least is None else told(least, "covers"))
    return " / ".join(cells)


def told(row: Row, name: str) -> str:
    """A figure with its standard error, to the error's first digits."""
    value, error = row.get(name), row.get(f"{name} ±")
    if value is None:
        return "–"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f}" + ("" if error is None else f" ± {error:.{digits}f}")


@contextmanager
def progress(what: str, steps: int) -> Iterator[Any]:
    """Something to call at each step; a bar where somebody looks."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=steps)
        yield lambda: bar.advance(task)
