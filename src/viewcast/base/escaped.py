"""Text that others wrote, made harmless where it is shown: in markdown, in CSV, in a terminal.

Names of runs, tags and titles come from servers that many people write to. Pages escape on their
own (Jinja's ``autoescape``), pictures take no text for mathematics (``text.parse_math``).
"""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# What a spreadsheet takes for the beginning of a formula:
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = re.compile(r"\s*[=+\-@\t\r]")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
MOST = 1000  # characters of a text in Markdown: more of one text is no name
HIDDEN = "\u200b"  # of no width: what follows is no user and no number of an issue
SETS = re.compile(
    r"[\\`*\[\]|~]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # within a word it sets nothing
    r"|(?<=www)\.|(?<=WWW)\."  # an address
    r"|^[-+#=]"  # a list, a heading
)
# Before a dollar (a formula on GitHub) and a colon MLflow's UI would show the backslash.
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
COLON = re.compile(r":(?=\S)")  # an address, an emoji
# All control characters but tab and line end, those that turn the direction of writing, and bytes
# of a file's name that are no text.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def in_markdown(text: str, most: int = MOST) -> str:
    """A text in one line in which Markdown finds nothing to set; of a long one the beginning.

    No table, link, picture, HTML, code, mention of a user or number of an issue comes of it, on
    GitHub (https://github.github.com/gfm/) or in MLflow's UI. ``most``: characters that are shown.
    """
    line = " ".join(CONTROLS.sub(" ", text).split())  # a new line could be a heading or a table
    line = line if len(line) <= most else f"{line[: most - 3]}..."
    line = re.sub(r"(?<=[@#])(?=\w)", HIDDEN, line)
    line = SETS.sub(r"\\\g<0>", line)
    line = re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", line)  # a numbered list
    for sign, entity in ENTITIES.items():
        line = line.replace(sign, entity)
    return COLON.sub("&#58;", line)


def on_screen(text: str) -> str:
    r"""Text that moves no cursor, sets no colour and turns no line: ``\x1b`` is written out."""
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def is_text(name: str) -> bool:
    """Whether a name of a file is text in UTF-8: others keep their bytes in lone surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def tell(text: str) -> None:
    """Print text on standard output that may hold names from others."""
    print(on_screen(text))


def in_csv(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets a ``'``.

    Numbers, and text that is one, stay as they are.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # alone it would end the row
    formula = FORMULA.match(value) and not NUMBER.fullmatch(value.strip())
    return f"'{text}" if formula else text


def csv_text(table: "pd.DataFrame", **options: Any) -> str:
    """A table as CSV with harmless cells and headers; ``options``: those of ``DataFrame.to_csv``.

    Columns of numbers and dates are written as pandas writes them.
    """
    text = {
        place: table.iloc[:, place].map(in_csv, na_action="ignore")
        for place in range(table.shape[1])
        if table.dtypes.iloc[place].kind not in "biufcmM"
    }
    safe = table.copy(deep=False)
    for place, column in text.items():
        safe.isetitem(place, column.array)
    safe = safe.rename(columns=in_csv)
    if safe.index.dtype.kind not in "biufcmM":
        safe.index = safe.index.map(in_csv)
    written: str = safe.to_csv(**{"lineterminator": "\n", **options})
    return written
