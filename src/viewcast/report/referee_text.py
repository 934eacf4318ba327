"""What the terminal shows of a referee that was closed."""

from collections.abc import Iterator
from io import StringIO

from rich.console import Console
from rich.text import Text

from viewcast.referee import sentences
from viewcast.referee.record import Closing
from viewcast.report.audit_text import console
from viewcast.report.screen import Screen

WIDTH = 100
INDENT, NAMES = 2, 18


def print_referee(closing: Closing) -> None:
    """The verdict, the figures, the budget, and what no gate stops."""
    to = console()
    for line in _lines(closing, to.width):
        to.print(line, soft_wrap=True)


def referee_text(closing: Closing, width: int = WIDTH) -> str:
    """What ``print_referee`` prints, without colours."""
    to = Console(file=StringIO(), width=width)
    with to.capture() as captured:
        for line in _lines(closing, width):
            to.print(line, soft_wrap=True)
    return captured.get().rstrip("\n")


def _lines(closing: Closing, width: int) -> list[Text]:
    screen = Screen(width)
    screen.text(f"{sentences.label(closing)}: {sentences.title(closing)}", style="bold")
    screen.line("")
    screen.text(sentences.headline(closing), INDENT)
    screen.text(sentences.worth_of_exploring(closing), INDENT)
    screen.line("")
    for name, value in _figures(closing):
        screen.line(" " * INDENT + name.ljust(NAMES) + value)
    screen.text(f"{sentences.direction(closing).capitalize()}.", INDENT, "dim")
    screen.line("")
    screen.text(sentences.budget(closing), INDENT)
    for deviation in closing.deviations:
        screen.text(f"Not as planned: {deviation}", INDENT, "yellow")
    screen.line("")
    screen.text("What no gate stops:", INDENT)
    for topic in sentences.limits(closing):
        screen.text(f"{topic.name}: {topic.text}", 2 * INDENT)
    screen.line("")
    plan = closing.plan
    screen.text(f"Plan {plan.hash}, rows {plan.holdout}", INDENT, "dim")
    return screen.lines


def _figures(closing: Closing) -> Iterator[tuple[str, str]]:
    verdict, unit = closing.verdict, closing.plan.metric
    if sentences.priced(closing):
        told = f"{sentences.confidence()} interval {sentences.interval(closing)}"
        yield "hidden rows", f"{sentences.figure(closing, verdict.estimate)} {unit}, {told}"
        yield "rows that judged", f"{sentences.claimed(closing)} {unit}"
    yield "raw loop", f"{sentences.figure(closing, closing.raw.claim)} {unit}"
