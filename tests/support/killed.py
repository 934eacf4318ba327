"""A night in a process of its own that is killed at a chosen moment, as by `kill -9`.

The processes are forked from a server that has imported what a night needs, which takes seconds.
"""

import pkgutil

from support.moments import Moment, die_at
from support.nights import Nights
from support.processes import FRESH


def killed(nights: Nights, today: str, moment: Moment) -> int:
    """Let a night run until that moment; the signal that ended it (0 if it came to its end)."""
    process = FRESH.Process(target=_night, args=(nights, today, moment))
    process.start()
    process.join()
    assert process.exitcode is not None
    return -process.exitcode


def _night(nights: Nights, today: str, moment: Moment) -> None:
    die_at(moment)
    _without_page()
    nights.one(today)


def _without_page() -> None:
    """The page is drawn by other tests: it would take half of a night here."""
    pkgutil.resolve_name("viewcast.report.nights_page").write_page = lambda root: None
