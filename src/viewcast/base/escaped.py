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
# All control characters but tab and line end, and those that turn the direction of writing.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def in_markdown(text: str) -> str:
    """Text in one line in which markdown finds nothing to set: names may hold any character."""
    text = " ".join(on_screen(text).split())  # a new line could be a heading or a table
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    text = re.sub(r"([\\`*\[\]~])", r"\\\1", text)
    text = re.sub(r"(?<=\s)@", r"\\@", text)  # MLflow's UI takes it for a user of GitHub
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)  # within a word it sets nothing


def in_table(text: str) -> str:
    """The same in a cell of a markdown table."""
    return in_markdown(text).replace("|", r"\|")


def on_screen(text: str) -> str:
    r"""Text that moves no cursor, sets no colour and turns no line: ``\x1b`` is written out."""
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


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
