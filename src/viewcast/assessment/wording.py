"""How the audit writes numbers, names and sentences."""

from collections import Counter
from collections.abc import Sequence

from viewcast.assessment.result import AuditResult, HiddenHoldout
from viewcast.base.numbers import rounded, times

NAMED = 4  # runs that a sentence names


def sentence(statement: str) -> str:
    """A statement with a capital letter and a full stop."""
    if not statement:
        return ""
    return capitalised(statement) + ("" if statement.endswith((".", "!", "?")) else ".")


def capitalised(statement: str) -> str:
    """A statement with a capital letter, as a title."""
    return statement[:1].upper() + statement[1:]


def counted(count: int, noun: str) -> str:
    """A number with its noun in singular or plural."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def noise_digits(value: float | None, result: AuditResult) -> str:
    """A loss with as many digits as the standard error of the winner's loss allows."""
    return rounded(value, None if result.winner is None else result.winner.error)


def in_unit(figure: str, result: AuditResult) -> str:
    """A figure with its unit, where it has one."""
    return f"{figure} {result.unit}" if result.unit else figure


def bound_word(result: AuditResult) -> str:
    """On which side of its 95 % bound a figure on new rows lies."""
    return "at least" if result.more_is_better else "at most"


def bound_words(result: AuditResult) -> str:
    """The heading of that bound."""
    return "95 % above" if result.more_is_better else "95 % below"


def hidden_figure(gain: float | None, hidden: HiddenHoldout) -> str:
    """A gain with as many digits as the error of the difference of the gains allows."""
    return rounded(gain, hidden.error)


def few(names: Sequence[str]) -> str:
    """The first names in quotes, those that repeat once, and how many more there are.

    A study that was run again has two runs of each name.
    """
    counts = Counter(names)
    first = list(counts)[: NAMED if len(counts) > NAMED + 1 else NAMED + 1]
    shown = (
        f"“{name}”" + (f" ({times(counts[name])})" if counts[name] > 1 else "") for name in first
    )
    more = len(names) - sum(counts[name] for name in first)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
