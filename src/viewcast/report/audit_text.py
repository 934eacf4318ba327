"""What the terminal shows of an audit: what was understood, what to do, figures and verdict."""

import os
from collections.abc import Sequence
from io import StringIO
from textwrap import wrap

from rich.console import Console
from rich.table import Table
from rich.text import Text

from viewcast.assessment import range_sentences, understood_sentences
from viewcast.assessment.choice import Winner
from viewcast.assessment.refereed import Refereed
from viewcast.assessment.result import AuditResult
from viewcast.assessment.sentences import looked_at, refusal
from viewcast.assessment.understanding import Understanding
from viewcast.assessment.wording import bound_words, noise_digits, sentence
from viewcast.base.escaped import on_screen
from viewcast.base.numbers import plain, with_error
from viewcast.report.audits import Audit, refereed_title
from viewcast.report.gauge import gauge

TITLE = "What the validation scores are worth (shown: used to choose; ± error)\n"
REFEREED = "What a referee let through (no score is told; the verdict is the price)\n"
WIDTH = 100  # columns where the output is no terminal
INDENT = 3
ADVICE = "To have more of them priced:"


def print_audit(audits: Sequence[Audit], refereed: Sequence[Refereed] = ()) -> None:
    """For each holdout what was understood, what to do, the winner's figures and the verdict; for
    each referee its verdict.
    """
    show(console(), audits, refereed)


def audit_text(
    audits: Sequence[Audit], refereed: Sequence[Refereed] = (), width: int = WIDTH
) -> str:
    """What ``print_audit`` prints, without colours."""
    plain_console = Console(file=StringIO(), width=width)
    with plain_console.capture() as captured:
        show(plain_console, audits, refereed)
    return captured.get().rstrip("\n")


def console() -> Console:
    """As wide as the terminal; 100 columns where the output goes to a file."""
    made = Console()
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = WIDTH
    return made


def show(to: Console, audits: Sequence[Audit], refereed: Sequence[Refereed] = ()) -> None:
    """Print the audits, and the referees after them."""
    if audits:
        to.print(TITLE)
    for audit in audits:
        result = audit.result
        to.print(on_screen(f" {audit.title}"), style="bold", markup=False, highlight=False)
        if result.understood is not None:
            _understood(to, result.understood)
        _line(to, sentence(result.headline), "bold")
        _line(to, sentence(looked_at(result)))
        if result.winner is not None:
            to.print(_winner(audit, result.winner))
        for text in (result.verdict, refusal(result), result.approximate or ""):
            if text not in result.headline:
                _line(to, sentence(text))
        if result.understood is not None and result.understood.advice:
            _line(to, ADVICE)
            advice = on_screen(result.understood.advice)
            to.print(Text(" " * 2 * INDENT + advice), soft_wrap=True)
        to.print()
    if refereed:
        to.print(REFEREED)
    for each in refereed:
        title = on_screen(f" {refereed_title(each)}")
        to.print(title, style="bold", markup=False, highlight=False)
        _line(to, sentence(each.verdict), "bold")
        for text in each.sentences:
            _line(to, text)
        to.print()


def _line(to: Console, text: str, style: str = "", name: str = "") -> None:
    """A text within the margins; ``name``: what stands before it, with its space."""
    if text:
        margin = " " * INDENT
        rest = margin + " " * len(name)
        lines = wrap(
            on_screen(name + text),
            to.width,
            initial_indent=margin,
            subsequent_indent=rest,
            break_on_hyphens=False,
        )
        to.print(Text("\n".join(lines), style=style), soft_wrap=True)


def _understood(to: Console, understood: Understanding) -> None:
    lines = understood_sentences.lines(understood)
    space = max(len(line.name) for line in lines) + 2
    for line in lines:
        _line(to, line.text, "dim", line.name.ljust(space))
    to.print()


def _winner(audit: Audit, winner: Winner) -> Table:
    """Two lines: the names of the figures, and the figures."""
    result, best, share = audit.result, audit.result.confidence_set, gauge(audit.result)
    figures = {
        "winner": audit.name(winner.name),
        "shown": with_error(winner.shown, winner.error),
        "expected": _figure(winner.expected, result) or range_sentences.expected(result),
        bound_words(result): _figure(winner.bound95, result) or range_sentences.bound(result),
        "true": "" if winner.truth is None else _figure(winner.truth.mean, result),
        "reference": "" if result.reference_loss is None else plain(result.reference_loss),
        "best runs": f"{len(best.run_ids)} of {len(audit.runs)}" if best else "",
        "share of gain": f"{share.percent} %, {share.word}" if share else "",
    }
    known = {name: text for name, text in figures.items() if text}
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(" ")
    for name in known:
        table.add_column(name, justify="left" if name in ("winner", "share of gain") else "right")
    colour = {"green": "green", "amber": "yellow", "red": "red"}
    cells = {name: Text(on_screen(text)) for name, text in known.items()}
    if share:
        cells["share of gain"].stylize(colour[share.colour])
    table.add_row("", *cells.values())
    return table


def _figure(value: float | None, result: AuditResult) -> str:
    return "" if value is None else noise_digits(value, result)
