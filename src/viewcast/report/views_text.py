"""What `viewcast ui` prints of an experiment: its name, its verdicts, the address of each view."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from viewcast.assessment.wording import counted, sentence
from viewcast.report.screen import Screen


@dataclass(frozen=True)
class Link:
    """A view by its name, and the address that opens it."""

    name: str
    address: str


@dataclass(frozen=True)
class Verdict:
    """What an audit said of one set of validation rows."""

    rows: str
    text: str


@dataclass(frozen=True)
class ExperimentPage:
    """An experiment in the UI.

    ``links``: to the views that the store has, or to the charts alone. ``unwritten``: the names of
    views that ``--write`` would add or bring up to date.
    """

    name: str
    runs: int
    unit: str
    verdicts: Sequence[Verdict]
    links: Sequence[Link]
    unwritten: Sequence[str]


def page_lines(page: ExperimentPage, width: int) -> Screen:
    """The lines of one experiment; an address has a line of its own, however wide the screen is."""
    screen = Screen(width)
    unit = f", {page.unit}" if page.unit else ""
    screen.text(f"{page.name}: {counted(page.runs, 'run')}{unit}", style="bold")
    for verdict in page.verdicts:
        screen.text(f"{verdict.rows}: {sentence(verdict.text)}", 2)
    if not page.verdicts:
        name = quote(page.name)
        screen.text(f"not audited yet: `viewcast audit --experiment {name} --write` does it", 2)
    for link in page.links:
        screen.text(link.name, 2, "cyan")
        screen.line(f"    {link.address}")
    if page.unwritten:
        kinds = dict.fromkeys(re.split(r": | \(", name)[0] for name in page.unwritten)
        views = counted(len(page.unwritten), "view")
        screen.text(f"`--write` would add or renew {views}: {', '.join(kinds)}", 2)
    screen.line("")
    return screen
