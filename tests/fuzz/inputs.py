"""Letting a target read many inputs, the same ones for the same seed."""

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from fuzz.case import Case
from fuzz.target import Target


def each(target: Target, first: int, count: int, take: Callable[[Case], None]) -> None:
    """Call ``take`` with ``count`` inputs that follow from the seed ``first``."""

    @seed(first)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(target.cases)
    def one(case: Case) -> None:
        take(case)

    one()
