"""Moments at which a process is killed, as by `kill -9`."""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.processes import die


@dataclass(frozen=True)
class Moment:
    """``when`` (before or after) the ``nth`` call of a function, named with its module."""

    when: str
    function: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.when} {self.function.split('.', 1)[1]} {self.nth}"


def die_at(moment: Moment) -> None:
    """Let this process die at that moment, as by `kill -9`."""
    owner, name = moment.function.rsplit(".", 1)
    place = pkgutil.resolve_name(owner)
    setattr(place, name, _deadly(getattr(place, name), moment))


def _deadly(function: Callable[..., Any], moment: Moment) -> Callable[..., Any]:
    calls = 0

    def called(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == moment.nth and moment.when == "before":
            die()
        result = function(*arguments, **named)
        if calls == moment.nth and moment.when == "after":
            die()
        return result

    return called
