"""Numbers as text for people: tables, sentences, pages."""

import math


def short(value: float | None, digits: int = 3) -> str:
    """Three significant digits, thousands separated; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, 6)}f}".replace("-", "−")


def with_error(value: float | None, error: float | None) -> str:
    """A value and its standard error, as many decimals as the error's second digit warrants."""
    if value is None or error is None or error == 0:
        return short(value)
    decimals = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:,.{decimals}f} ± {error:,.{decimals}f}"


def rounded(value: float | None, error: float | None) -> str:
    """A value with as many decimals as the second digit of its error warrants."""
    if value is None or not error:
        return short(value)
    decimals = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:,.{decimals}f}".replace("-", "−")


def as_published(value: float | None) -> str:
    """The digits of the publication: more would claim a precision that it does not state."""
    return "–" if value is None else f"{value:,g}"


def plain(value: float | None, digits: int = 3) -> str:
    """A number for a sentence: three significant digits; from a million on with a word."""
    if value is None or not math.isfinite(value):
        return "–" if value is None or math.isnan(value) else "∞"
    if value < 0:
        return f"−{plain(-value, digits)}"
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= size:
            return f"{value / size:,.{0 if value % size == 0 else 1}f} {word}"
    if value == int(value):
        return f"{int(value):,}"
    exponent = math.floor(math.log10(value))
    return f"{round(value, digits - 1 - exponent):,.{max(0, digits - 1 - exponent)}f}"


def times(count: int) -> str:
    """How often, as text: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
