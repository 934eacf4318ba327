"""Lines of text for a terminal: sentences are wrapped, addresses are not, so that a click finds
the whole of them.
"""

from textwrap import wrap

from rich.console import Console
from rich.text import Text

from viewcast.base.escaped import on_screen


class Screen:
    """``lines``: so far, texts not wider than ``width`` columns."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[Text] = []

    def line(self, text: str, style: str = "") -> None:
        """A line as it is, however wide."""
        self.lines.append(Text(on_screen(text), style=style))

    def heading(self, text: str) -> None:
        """A line after an empty one."""
        self.line("")
        self.text(text, style="bold")

    def text(self, text: str, indent: int = 0, style: str = "", most: int | None = None) -> None:
        """A text within the margins, nothing if it is empty.

        ``most``: lines that it may take; dots stand for the rest.
        """
        margin = " " * indent
        for line in wrap(
            on_screen(text),
            max(self.width, indent + 20),
            initial_indent=margin,
            subsequent_indent=margin,
            break_on_hyphens=False,
            max_lines=most,
            placeholder=" …",
        ):
            self.line(line, style)

    def show(self, to: Console) -> None:
        """Print the lines."""
        for line in self.lines:
            to.print(line, soft_wrap=True)


def cut(text: str, width: int) -> str:
    """A text of at most so many characters; dots stand for the rest."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
