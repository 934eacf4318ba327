"""Known changes of what a site counts: ``regimes.csv`` beside this module, one row for each.

Such a change is a step in every channel at once and says nothing about any of them. It is told,
never corrected: how large the step is differs from channel to channel.
"""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Regime:
    """From ``since`` on the metric of a site means something else; ``what``: a sentence."""

    since: date
    site: str
    metric: str
    what: str


@cache
def regimes() -> tuple[Regime, ...]:
    """All known changes, the earliest first."""
    text = files("viewcast.data").joinpath("regimes.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    known = [
        Regime(date.fromisoformat(row["since"]), row["site"], row["metric"], row["what"])
        for row in rows
    ]
    return tuple(sorted(known, key=lambda regime: regime.since))


def straddled(site: str | None, metric: str, first: date, last: date) -> list[Regime]:
    """The changes that have days from ``first`` to ``last`` on both sides.

    ``site``: whose count it is, such as ``youtube``; None for a site that is not known.
    """
    return [
        regime
        for regime in regimes()
        if (regime.site, regime.metric) == (site, metric) and first < regime.since <= last
    ]


def sentence(regime: Regime) -> str:
    """What is told of a change that days straddle."""
    since = f"{regime.since.day} {regime.since:%B %Y}"
    return (
        f"Since {since} {regime.what}. The days before and after are not the same count: a step "
        "there may be the counting and not the channel."
    )


def sentences(site: str | None, metric: str, first: date, last: date) -> list[str]:
    """``sentence`` of each change that is straddled."""
    return [sentence(regime) for regime in straddled(site, metric, first, last)]
