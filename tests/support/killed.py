"""A night in a process of its own that is killed at a chosen moment, as by `kill -9`.

The processes are forked from a server that has imported what a night needs, which takes seconds.
"""

import os
import pkgutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.nights import Nights
from support.processes import FRESH


@dataclass(frozen=True)
class Moment:
    """``when`` (before or after) the ``nth`` call of a function, named with its module."""

    when: str
    function: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.when} {self.function.split('.', 1)[1]} {self.nth}"


def killed(nights: Nights, today: str, moment: Moment) -> int:
    """Let a night run until that moment; the signal that ended it (0 if it came to its end)."""
    process = FRESH.Process(target=_night, args=(nights, today, moment))
    process.start()
    process.join()
    assert process.exitcode is not None
    return -process.exitcode


def _night(nights: Nights, today: str, moment: Moment) -> None:
    owner, name = moment.function.rsplit(".", 1)
    place = pkgutil.resolve_name(owner)
    setattr(place, name, _deadly(getattr(place, name), moment))
    _without_page()
    nights.one(today)


def _deadly(function: Callable[..., Any], moment: Moment) -> Callable[..., Any]:
    calls = 0

    def called(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == moment.nth and moment.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **named)
        if calls == moment.nth and moment.when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return called


def _without_page() -> None:
    """The page is drawn by other tests: it would take half of a night here."""
    pkgutil.resolve_name("viewcast.report.nights_page").write_page = lambda root: None
