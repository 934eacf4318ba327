"""Text that others wrote, as it stands in a message: one line, at most 80 characters of it."""

from collections.abc import Sequence

MOST = 80


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
