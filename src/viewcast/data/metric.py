"""What a column of an export counts, known by its header in the languages of YouTube Studio.

Names are those of the YouTube Analytics API where it has one:
https://developers.google.com/youtube/analytics/metrics. A metric that has no name here can still be
asked for by the header of its column, word for word.
"""

import re
import unicodedata
from collections.abc import Sequence

from viewcast.base.quoted import quoted
from viewcast.data.metric_headers import FRACTIONS, HEADERS, HOURS

VIEWS = "views"
SHOWN = 8  # headers in a message
MINUTES_PER_HOUR = 60
_SPACE = re.compile(r"\s+")
_IN_BRACKETS = re.compile(r"\s*[(（]([^)）]*)[)）]")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def known(header: str) -> str | None:
    """The metric that a header names in some language; None for any other header."""
    whole = folded(header)
    short = folded(_IN_BRACKETS.sub("", header))
    return _METRICS.get(whole) or _METRICS.get(short)


def called(header: str, metric: str) -> bool:
    """Whether a header names ``metric``: a name known here, or a header word for word."""
    return folded(header) == folded(metric) or known(header) == metric


def is_count(metric: str) -> bool:
    """Whether the figures of a metric are whole numbers; one that is not known need not be."""
    return metric in HEADERS and metric not in FRACTIONS


def label(metric: str) -> str:
    """The metric in words: ``engaged views`` for ``engagedViews``."""
    return _CAPITAL.sub(" ", metric).lower() if metric in HEADERS else metric


def factor(header: str, metric: str) -> int:
    """What the figures of a column are multiplied with to be the metric: 60 where hours become
    ``estimatedMinutesWatched``.
    """
    hours = any(folded(unit).startswith(HOURS) for unit in _IN_BRACKETS.findall(header))
    return MINUTES_PER_HOUR if metric == "estimatedMinutesWatched" and hours else 1


def described(headers: Sequence[str]) -> str:
    """Headers with what they count, for a message: ``'Abonnenten' (subscribers)``."""
    words = []
    every = list(dict.fromkeys(headers))
    for header in every[:SHOWN]:
        metric = known(header)
        named = metric is None or folded(header) == folded(label(metric))
        words.append(
            quoted(header) if named or metric is None else f"{quoted(header)} ({label(metric)})"
        )
    more = f" and {len(every) - SHOWN:,} more" if len(every) > SHOWN else ""
    return ", ".join(words) + more


def folded(header: str) -> str:
    """A header without differences of case, width and spaces."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", header).casefold()).strip()


_METRICS = {
    folded(header): metric
    for metric, headers in HEADERS.items()
    for header in [metric, *headers.split("|")]
}
