"""Text that others wrote, as it stands in a message: one line, at most 80 characters of it."""

import re
from collections.abc import Sequence

MOST = 80
_WORD = re.compile(rf"\w{{{MOST + 1},}}")


def quoted(text: str, most: int = MOST) -> str:
    """``repr`` of a text; of a long one the first characters, and how many there are.

    A cell of a file, a header and a name from a server may have any length; a message has not.
    """
    if len(text) <= most:
        return repr(text)
    return f"{text[:most]!r}... ({len(text):,} characters)"


def listed(texts: Sequence[str], most: int = 8) -> str:
    """The first of several texts, each ``quoted`` in half of a text's room, and how many more.

    A table may have thousands of columns; a message names a few.
    """
    shown = ", ".join(quoted(text, MOST // 2) for text in texts[:most])
    more = len(texts) - most
    return f"[{shown}{f', and {more:,} more' if more > 0 else ''}]"


def shown(value: object, most: int = MOST) -> str:
    """``repr`` of any value, such as a number of 400 digits: of a long one the first characters."""
    if isinstance(value, str):
        return quoted(value, most)
    return shortened(repr(value), most)


def shortened(text: str, most: int) -> str:
    """A text as it stands, but for words that are too long; of a long text the first characters,
    and how many there are.
    """
    plain = _WORD.sub(lambda word: f"{word[0][:MOST]}...", text)
    return plain if len(plain) <= most else f"{plain[:most]}... ({len(text):,} characters)"
