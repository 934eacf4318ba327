"""What a channel is served by how many days of it are known.

Recipes that are fitted on the channel alone are dangerous while it is young: a ridge fitted on 60
days of a real channel had 14 times the error of a naive forecast. The limits were measured on real
channels whose histories were cut short (``benchmarks/bench_forecast.py`` prints such a table).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.forecast.history import WEEK

MIXED_FROM = 40  # days
COMBINED_FROM = 180  # days
RHYTHM, POOLED, THETA = "rhythm", "pooled", "theta"
SIMPLE = (RHYTHM, "seasonal_naive", "mean7")  # what serves where the wanted ones are not there


@dataclass(frozen=True)
class Serving:
    """The recipes whose mean of logs is served. ``claim``: whether anything is said of its
    accuracy. ``why``: a sentence for users.
    """

    members: tuple[str, ...]
    claim: bool
    why: str


def serving(days: int, combination: Sequence[str], recipes: Collection[str]) -> Serving:
    """What is served when ``days`` days are known.

    ``combination``: the members from 180 days on. ``recipes``: those that are configured. Refuses
    (ConfigError) recipes of which none can serve so few days.
    """
    wanted, span = _wanted(days, combination)
    members = [name for name in wanted if name in recipes]
    members = members or [name for name in SIMPLE if name in recipes][:1]
    if not members:
        raise ConfigError(
            f"recipe: found {_listed(sorted(recipes))}; {days} days of the channel are known, "
            f"expected one of {_listed([*wanted, *SIMPLE])}; type recipe=[{SIMPLE[0]},...]"
        )
    means = "the mean of the logs of " if len(members) > 1 else ""
    lacking = [name for name in wanted if name not in recipes]
    parts = [f"{days} {'day is' if days == 1 else 'days are'} known", f"{span}, {means}"]
    why = f"{parts[0]}: {parts[1]}{_listed(members)} serves"
    if lacking:
        why += f" ({_listed(lacking)} would too, but {_is(lacking)} not configured)"
    if days < WEEK:
        why += "; nothing is claimed about its accuracy before a week is known"
    elif days < COMBINED_FROM:
        why += f"; from {COMBINED_FROM} days on, {_listed(combination)}"
    return Serving(tuple(members), days >= WEEK, why)


def _wanted(days: int, combination: Sequence[str]) -> tuple[Sequence[str], str]:
    """The recipes of the rule, and the span of days it holds for, in words."""
    if days < WEEK:
        return (RHYTHM,), f"below {WEEK}"
    if days < MIXED_FROM:
        return (POOLED,), f"from {WEEK} to {MIXED_FROM - 1}"
    if days < COMBINED_FROM:
        return (POOLED, RHYTHM, THETA), f"from {MIXED_FROM} to {COMBINED_FROM - 1}"
    return combination, f"from {COMBINED_FROM} on"


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
