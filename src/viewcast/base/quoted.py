"""Text that others wrote, as it stands in a message: one line, at most 80 characters of it."""

MOST = 80


def quoted(text: str, most: int = MOST) -> str:
    """``repr`` of a text; of a long one the first characters, and how many there are.

    A cell of a file, a header and a name from a server may have any length; a message has not.
    """
    if len(text) <= most:
        return repr(text)
    return f"{text[:most]!r}... ({len(text):,} characters)"
