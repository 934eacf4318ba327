"""A file that an option names for what a command writes.

It is checked when the command line is read: nothing has been computed, written or used up then.
"""

import os
from pathlib import Path
from typing import Any

import click

from viewcast.base.errors import ConfigError
from viewcast.base.former_file import FileKind
from viewcast.report import former_outputs


class OutputFile(click.Path):
    """A path to write to, of which ``kind`` says what may be replaced."""

    def __init__(self, kind: FileKind) -> None:
        super().__init__(dir_okay=False, path_type=Path)
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path. Refuses (UsageError) what ``kind`` refuses."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        try:
            return self._kind.check(path)
        except ConfigError as error:
            self.fail(str(error), param, ctx)


PAGE, AUDIT, TABLE = map(
    OutputFile, (former_outputs.PAGE, former_outputs.AUDIT, former_outputs.TABLE)
)
