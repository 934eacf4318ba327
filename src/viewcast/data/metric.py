"""What a column of an export counts, known by its header in the languages of YouTube Studio.

Names are those of the YouTube Analytics API where it has one:
https://developers.google.com/youtube/analytics/metrics. A metric that has no name here can still be
asked for by the header of its column, word for word.
"""

import re
import unicodedata
from collections.abc import Sequence

from viewcast.base.errors import ConfigError
from viewcast.base.quoted import quoted
from viewcast.data.metric_headers import FRACTIONS, HEADERS, HOURS
from viewcast.data.views_words import AMBIGUOUS

VIEWS = "views"
SHOWN = 8  # headers in a message
MINUTES_PER_HOUR = 60
_SPACE = re.compile(r"\s+")
_IN_BRACKETS = re.compile(r"\s*[(（]([^)）]*)[)）]")
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def known(header: str) -> str | None:
    """The metric that a header names in some language; None for any other header.

    A unit in brackets is left out, as in `Watch time (hours)`. Views have none: `Views (%)` is a
    share of them, and no views.
    """
    short = _METRICS.get(folded(_IN_BRACKETS.sub("", header)))
    return _METRICS.get(folded(header)) or (short if short != VIEWS else None)


def is_ambiguous(header: str) -> bool:
    """Whether a header means views or impressions: views where no other column is called so."""
    return folded(header) in _AMBIGUOUS


def refuse_contradiction(header: str, metric: str) -> None:
    """Refuse (ConfigError) a chosen column whose header is known to mean another metric."""
    found = known(header)
    if found in (None, metric) or is_ambiguous(header) or folded(header) == folded(metric):
        return
    raise ConfigError(
        f"column={quoted(header)} holds {label(str(found))}, and metric={metric} asks for "
        f"{label(metric)}; leave one of them out: metric={found} forecasts this column"
    )


def called(header: str, metric: str) -> bool:
    """Whether a header names ``metric``: a name known here, or a header word for word."""
    return folded(header) == folded(metric) or known(header) == metric


def is_count(metric: str) -> bool:
    """Whether the figures of a metric are whole numbers; one that is not known need not be."""
    return metric in HEADERS and metric not in FRACTIONS


def is_fraction(header: str, metric: str) -> bool:
    """Whether the figures of a column, or of a metric, are known to have decimals."""
    return metric in FRACTIONS or known(header) in FRACTIONS


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
    """A header without differences of case, width, spaces, apostrophes, joiners and marks of
    direction, and with one letter for those that Arabic and Persian keyboards write differently.
    """
    text = header
    for joined, single in _JOINED.items():
        text = text.replace(joined, single)
    text = unicodedata.normalize("NFKC", text.translate(_LETTERS)).casefold()
    text = "".join(c for c in unicodedata.normalize("NFKC", text) if not _is_mark(c))
    return _SPACE.sub(" ", text.translate(_LETTERS)).strip(" :*.")


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or character in "\u0307\u0640"


_LETTERS = dict.fromkeys(map(ord, "ʻʼ‘’`´"), "'") | {
    ord("ي"): "ی",
    ord("ى"): "ی",
    ord("ك"): "ک",
    ord("ı"): "i",
}
# Older fonts wrote five letters of Malayalam as a letter, a stroke and a joiner.
_JOINED = {f"{letter}\u0d4d\u200d": single for letter, single in zip("ണനരലള", "ൺൻർൽൾ", strict=True)}
_METRICS = {
    folded(header): metric
    for metric, headers in HEADERS.items()
    for header in [metric, *headers.split("|")]
}
_AMBIGUOUS = {folded(word) for words in AMBIGUOUS.values() for word in words.split("|")}
