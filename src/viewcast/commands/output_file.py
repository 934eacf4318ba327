"""A file that a user names for what a command writes: only a former one of its kind is replaced.

It is checked when the command line is read: nothing has been computed, written or used up then.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from viewcast.base.parse import json_of

HEAD = 4096  # bytes of a file that tell what it is
PAGE_BEGINS = b"<!doctype html>"
STYLE = b":root { color-scheme: light; --ink: #20262d;"  # of every page (report/page_style.html)
TABLE_BEGINS = b"### What the validation scores are worth"  # report/audit_markdown.py


class OutputFile(click.Path):
    """A path to write to; ``is_former``: whether an existing file is a former ``what``."""

    def __init__(self, what: str, is_former: Callable[[Path], bool]) -> None:
        super().__init__(dir_okay=False, path_type=Path)
        self.what, self.is_former = what, is_former

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path. Refuses (UsageError) a file of another kind; an empty one is nobody's."""
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if path.is_file() and path.stat().st_size and not self.is_former(path):
            self.fail(
                f"{path}: exists and is no {self.what} of viewcast; nothing was changed: move it "
                "away, or choose another name",
                param,
                ctx,
            )
        return path


def _is_page(path: Path) -> bool:
    head = _head(path)
    return head.startswith(PAGE_BEGINS) and STYLE in head


def _is_table(path: Path) -> bool:
    return _head(path).startswith(TABLE_BEGINS)


def _is_audit(path: Path) -> bool:
    try:
        content = json_of(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and {"version", "audits"} <= content.keys()


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


PAGE = OutputFile("page", _is_page)
AUDIT = OutputFile("audit", _is_audit)
TABLE = OutputFile("table of an audit", _is_table)
