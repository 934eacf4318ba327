"""Text that others wrote, inside Markdown as GitHub and MLflow's UI show it."""

import re

SIGNS = re.compile(r"[\\`*_{}\[\]()#+\-.!|~$:=]")  # what some Markdown sets, links or colours
HIDDEN = "\u200b"  # of no width: what follows is no user and no number of an issue
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
MOST = 300


def escaped(text: str, most: int = MOST) -> str:
    """A text in one line in which Markdown finds nothing to set; of a long one the beginning.

    No table, link, picture, HTML, code, mention of a user or number of an issue comes of it
    (https://github.github.com/gfm/). ``most``: characters that are shown.
    """
    line = CONTROLS.sub(" ", text).strip()
    line = line if len(line) <= most else f"{line[: most - 3]}..."
    line = re.sub(r"(?<=[@#])(?=\w)", HIDDEN, line)
    line = SIGNS.sub(_backslashed, line)
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _backslashed(sign: re.Match[str]) -> str:
    """Dots of numbers and hyphens of names stay as they are: the source is read, too."""
    text, place = sign.string, sign.start()
    before, after = text[:place][-1:], text[place + 1 : place + 2]
    inside = (before.isdigit() and after.isdigit()) or (sign[0] == "-" and before.isalnum())
    return sign[0] if sign[0] in ".-" and inside and after.isalnum() else f"\\{sign[0]}"
