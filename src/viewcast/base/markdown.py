"""Text that others wrote, inside Markdown as GitHub and MLflow's UI show it."""

import re

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
HIDDEN = "\u200b"  # of no width: what follows is no user and no number of an issue
SETS = re.compile(
    r"[\\`*\[\]|~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word it sets nothing
    r"|:(?=\S)|(?<=www)\.|(?<=WWW)\."  # an address, an emoji
    r"|^[-+#=]"  # a list, a heading
)
MOST = 300


def escaped(text: str, most: int = MOST) -> str:
    """A text in one line in which Markdown finds nothing to set; of a long one the beginning.

    No table, link, picture, HTML, code, mention of a user or number of an issue comes of it
    (https://github.github.com/gfm/). ``most``: characters that are shown.
    """
    line = CONTROLS.sub(" ", text).strip()
    line = line if len(line) <= most else f"{line[: most - 3]}..."
    line = re.sub(r"(?<=[@#])(?=\w)", HIDDEN, line)
    line = SETS.sub(r"\\\g<0>", line)
    line = re.sub(r"^(\d+)([.)])", r"\1\\\2", line)  # a numbered list
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
