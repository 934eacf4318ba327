"""The last screen of `make run`: of each set of validation rows the winner, and what it is worth.

It fits into 40 lines of 100 columns. `viewcast show` prints what it leaves out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from viewcast.assessment import range_sentences
from viewcast.assessment.result import AuditResult
from viewcast.assessment.result_file import COMMAND
from viewcast.assessment.sentences import expected
from viewcast.assessment.wording import few, noise_digits, sentence
from viewcast.base.numbers import with_error
from viewcast.report.addresses import Address
from viewcast.report.audit_text import WIDTH, console
from viewcast.report.audits import ATTACK, SEARCH, Audit, in_order
from viewcast.report.screen import Screen, cut
from viewcast.report.terminal_tables import run_name
from viewcast.scoring.labels import label_of

LINES = 40
TITLE = "Winners (shown: used to choose, ± error; expected: on new rows; tied: not told apart)"
SETS = 8  # of validation rows; more of them would leave no room for the rest
REASONS = 5  # why runs have no figure
PARTS = {SEARCH: "search", ATTACK: "leaderboard"}
MORE = "`viewcast show`"
LABEL = 20  # columns of what is seen at an address
LEAST_NAME = 8  # columns of the winner's name, however narrow the screen
NONE = "–"

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Choice:
    """What the screen tells of one set of validation rows; ``data`` is the heading above it."""

    data: str
    rows: str
    winner: str
    shown: str = NONE
    expected: str = NONE
    tied: str = NONE
    verdict: str = ""

    @property
    def figures(self) -> tuple[str, str, str]:
        """Those that stand beside the winner."""
        return self.shown, self.expected, self.tied


HEADINGS = Choice("", "", "winner", "shown", "expected", "tied")


def print_overview(
    rows: Rows, audits: Sequence[Audit] | None, addresses: Sequence[Address], found: str = ""
) -> None:
    """Print the screen, as wide as the terminal but not wider than 100 columns."""
    to = console()
    to.print()
    overview(rows, audits, addresses, min(to.width, WIDTH), found).show(to)


def overview(
    rows: Rows,
    audits: Sequence[Audit] | None,
    addresses: Sequence[Address],
    width: int,
    found: str = "",
) -> Screen:
    """The screen, not wider than ``width`` columns.

    ``rows``: of the summary. ``audits``: None where nothing was audited; the best runs as they are
    shown stand there then. ``found``: one more sentence, of the demonstration. Where two lines for
    each sentence take too much room, each gets one, reasons first.
    """
    known, without = choices(rows, audits), without_figure(rows, audits or [])
    for verdict, reason in ((2, 2), (2, 1), (1, 1)):
        screen = Screen(width)
        _choices(screen, known, audits is not None, verdict)
        if found:
            screen.text(found, 2, most=verdict)
        _without(screen, without, reason)
        _addresses(screen, addresses)
        if len(screen.lines) <= LINES:
            break
    return screen


def choices(rows: Rows, audits: Sequence[Audit] | None) -> list[Choice]:
    """One for each set of validation rows, by data set in the order of ``rows``."""
    if audits is None:
        return _as_shown(rows)
    order = list(dict.fromkeys(str(row["data"]) for row in rows))
    order += [audit.result.data for audit in audits]
    by_story = in_order(audits, order)
    return [_choice(a) for a in sorted(by_story, key=lambda a: order.index(a.result.data))]


def without_figure(rows: Rows, audits: Iterable[Audit]) -> list[str]:
    """The runs that diverged, were not validated or may not be chosen, and why."""
    named: dict[tuple[str, str], dict[str, None]] = {}
    told = set()
    for row in sorted(rows, key=lambda row: row["status"] != "diverged"):
        if row["status"] == "diverged" or row["val_loss"] is None:
            name = run_name(row).replace("_", " ")
            named.setdefault((row["label"], row["verdict"]), {})[name] = None
            told.add(row["key"])
    for audit in audits:
        for run in audit.result.runs:
            if run.excluded is not None and run.run_id not in told:
                why = run.excluded.split(":", maxsplit=1)[0]
                named.setdefault((audit.label, why), {})[audit.name(run.name)] = None
    return [f"{label}, {few(list(names))}: {why}" for (label, why), names in named.items()]


def _choices(screen: Screen, known: Sequence[Choice], audited: bool, most: int) -> None:
    screen.text(TITLE if audited else "The best runs as shown, with standard errors", style="bold")
    _columns(screen, known[:SETS], most)
    if len(known) > SETS:
        more = len(known) - SETS
        sets = "1 more set" if more == 1 else f"{more} more sets"
        screen.text(f"and {sets} of validation rows: {MORE}", 2)
    if not audited:
        screen.text(f"Not audited yet: `{COMMAND}` says what these validation scores are worth.")


def _without(screen: Screen, without: Sequence[str], most: int) -> None:
    if without:
        screen.heading("Diverged or refused")
    shown = len(without) if len(without) <= REASONS else REASONS - 1
    for reason in without[:shown]:
        screen.text(reason, 2, most=most)
    if len(without) > shown:
        screen.text(f"and {len(without) - shown} more: {MORE}", 2)


def _addresses(screen: Screen, addresses: Sequence[Address]) -> None:
    screen.heading("Look at")
    space = min(max((len(each.what) for each in addresses), default=0), LABEL)
    for address in addresses:
        screen.line(f"  {cut(address.what, space).ljust(space)}  {address.where}")
    screen.text(f"`make ui` opens MLflow on its charts; {MORE} prints every run.", 2)


def _columns(screen: Screen, known: Sequence[Choice], most: int) -> None:
    """The choices in columns; where these are too wide, the rows stand on a line of their own."""
    every = [HEADINGS, *known]
    widths = [max(len(choice.figures[i]) for choice in every) for i in range(3)]
    figures = sum(widths) + 2 * len(widths)
    first = max(len(choice.rows) for choice in every) + 4
    name = max(len(choice.winner) for choice in every)
    narrow = first + name + figures > screen.width
    first = 4 if narrow else first
    name = max(min(name, screen.width - first - figures), LEAST_NAME)

    def row(choice: Choice) -> str:
        cells = (text.rjust(width) for text, width in zip(choice.figures, widths, strict=True))
        return "  ".join((cut(choice.winner, name).ljust(name), *cells)).rstrip()

    screen.line(" " * first + row(HEADINGS), "dim")
    for data, of_data in groupby(known, lambda choice: choice.data):
        screen.text(data, style="bold", most=1)
        for choice in of_data:
            if narrow:
                screen.text(choice.rows, 2)
            before = "" if narrow else f"  {choice.rows}"
            screen.line(before.ljust(first) + row(choice))
            screen.text(choice.verdict, 4, "dim", most)


def _choice(audit: Audit) -> Choice:
    result, winner, best = audit.result, audit.result.winner, audit.result.confidence_set
    scores = result.score_range
    tied = len(best.run_ids) if best else scores.tied if scores else None
    return Choice(
        _heading(audit.label, result.loss, result.unit),
        _rows(audit),
        NONE if winner is None else audit.name(winner.name),
        NONE if winner is None else with_error(winner.shown, winner.error),
        _expected(result) or NONE,
        NONE if tied is None else f"{tied:,} of {len(result.compared):,}",
        sentence(result.verdict),
    )


def _heading(label: str, loss: str, unit: str) -> str:
    return f"{label}: {label_of(loss)}" + (f" in {unit}" if unit else "")


def _expected(result: AuditResult) -> str:
    value = expected(result)
    return range_sentences.expected(result) if value is None else noise_digits(value, result)


def _rows(audit: Audit) -> str:
    """The part of the demonstration or the split, and how many rows it has."""
    result = audit.result
    name = PARTS[audit.story] if audit.story else result.split or audit.which or "validation"
    return f"{name}, {result.rows:,} {result.rows_word}" if result.rows else name


def _as_shown(rows: Rows) -> list[Choice]:
    """Of each split the best run as shown; a loss of 0 has seen the rows."""
    best: dict[tuple[str, str, str, str], Mapping[str, Any]] = {}
    for row in rows:
        key = (row["label"], row["loss"], row["unit"], row["split"])
        if row["val_loss"] and (key not in best or row["val_loss"] < best[key]["val_loss"]):
            best[key] = row
    return [
        Choice(
            _heading(label, loss, unit),
            split,
            run_name(row).replace("_", " "),
            with_error(row["val_loss"], row["val_error"]),
        )
        for (label, loss, unit, split), row in best.items()
    ]
