"""What a reader of panels is: settings that make a panel of files."""

from pathlib import Path
from typing import Protocol

from viewcast.data.panel.panel import Panel


class Reader(Protocol):
    """The settings of a reader."""

    def read(self, source: Path) -> Panel:
        """The panel of a file or folder.

        Refuses (DataError) with file, row and column what is no such table.
        """
