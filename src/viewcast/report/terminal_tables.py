"""What the terminal shows at the end of all runs: their tables, and the audits."""

import os
from collections.abc import Sequence
from io import StringIO
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from viewcast.assessment.result import AuditResult, Winner
from viewcast.assessment.sentences import looked_at, refusal
from viewcast.assessment.wording import noise_digits, sentence
from viewcast.base.numbers import as_published, plain, short, with_error
from viewcast.report.audits import Audit, of_run
from viewcast.report.gauge import gauge


def print_table(rows: list[dict[str, Any]], audits: Sequence[Audit] = ()) -> None:
    """All runs, one table per data set: losses, published figures of the lecturer, verdict.

    ``audits``: they add a column with the loss to expect on new rows, if they know one.
    """
    console, audited = _console(), of_run(audits)
    for label in dict.fromkeys(row["label"] for row in rows):
        of_data = [row for row in rows if row["label"] == label]
        unit = of_data[0]["unit"]
        table = Table(
            title=f"{label}: {of_data[0]['loss'].upper()} in {unit}; validation ± standard error",
            title_justify="left",
            box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
        )
        table.add_column("run", no_wrap=True)
        for heading in ("train", "validation"):
            table.add_column(heading, justify="right", no_wrap=True)
        expected = {run_id: run.expected for run_id, run in audited.items()}
        corrected = any(expected.get(row["run_id"]) is not None for row in of_data)
        if corrected:
            table.add_column("expected", justify="right", no_wrap=True)
        table.add_column("published\ntrain / val", justify="right", no_wrap=True)
        table.add_column("verdict", overflow="fold")
        for row in of_data:
            table.add_row(
                _run_name(row),
                short(row["train_loss"]),
                with_error(row["val_loss"], row["val_error"]),
                *([_known(expected.get(row["run_id"]))] if corrected else []),
                _published(row),
                row["verdict"],
            )
        console.print(table)


def audit_text(audits: Sequence[Audit], width: int = 100) -> str:
    """What ``print_audit`` prints, without colours."""
    console = Console(file=StringIO(), width=width)
    with console.capture() as captured:
        _audits(console, audits)
    return captured.get().rstrip("\n")


def print_audit(audits: Sequence[Audit]) -> None:
    """For each holdout its looks, the figures of the winner, and the verdict."""
    _audits(_console(), audits)


def _audits(console: Console, audits: Sequence[Audit]) -> None:
    if audits:
        console.print("What the validation scores are worth (shown: used to choose; ± error)\n")
    for audit in audits:
        console.print(f" {audit.title}", style="bold", markup=False, highlight=False)
        result = audit.result
        console.print(f"   {sentence(looked_at(result))}", markup=False, highlight=False)
        if result.winner is not None:
            console.print(_winner(audit, result.winner))
        for text in (result.verdict, refusal(result)):
            if text:
                console.print(f"   {sentence(text)}", markup=False, highlight=False)
        console.print()


def _winner(audit: Audit, winner: Winner) -> Table:
    """Two lines: the names of the figures, and the figures."""
    result, best, share = audit.result, audit.result.confidence_set, gauge(audit.result)
    figures = {
        "winner": audit.name(winner.name),
        "shown": with_error(winner.shown, winner.error),
        "expected": _figure(winner.expected, result),
        "95 % below": _figure(winner.bound95, result),
        "true": "" if winner.truth is None else _figure(winner.truth.mean, result),
        "reference": _known(result.reference_loss),
        "best runs": f"{len(best.run_ids)} of {len(audit.runs)}" if best else "",
        "share of gain": f"{share.percent} %, {share.word}" if share else "",
    }
    known = {name: text for name, text in figures.items() if text}
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(" ")
    for name in known:
        table.add_column(name, justify="left" if name in ("winner", "share of gain") else "right")
    colour = {"green": "green", "amber": "yellow", "red": "red"}
    cells = {name: Text(text) for name, text in known.items()}
    if share:
        cells["share of gain"].stylize(colour[share.colour])
    table.add_row("", *cells.values())
    return table


def _console() -> Console:
    """As wide as the terminal; 100 columns where the output goes to a file."""
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 100
    return console


def _figure(value: float | None, result: AuditResult) -> str:
    return "" if value is None else noise_digits(value, result)


def _known(value: float | None) -> str:
    return "" if value is None else plain(value)


def _run_name(row: dict[str, Any]) -> str:
    """The model of a main run, else the experiment without the name of its data set."""
    if row["experiment"] == "main":
        return f"main {row['model']}"
    return str(row["experiment"]).removeprefix(f"{row['data']}_")


def _published(row: dict[str, Any]) -> str:
    if row["published_train"] is None and row["published_val"] is None:
        return ""
    return f"{as_published(row['published_train'])} / {as_published(row['published_val'])}"
