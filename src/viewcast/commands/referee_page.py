"""``viewcast referee page``: what a closed referee has found, on the screen and as a page."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from viewcast.base.errors import ConfigError, DataError, ViewcastError
from viewcast.commands.output_file import PAGE

if TYPE_CHECKING:
    from viewcast.referee.record import Closing

NAME = "referee.html"


@click.command("page", short_help="Write the page of a closed referee.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="referee",
    show_default=True,
    help="Of the referee.",
)
@click.option(
    "--out",
    type=PAGE,
    help=f"The page; by default {NAME} in the folder.",
)
def command(folder: Path, out: Path | None) -> None:
    """Write the page of a closed referee: what was really gained, and all submissions.

    The page is one file that needs no network.
    """
    # `--help` needs neither.
    from viewcast.base.escaped import tell  # noqa: PLC0415
    from viewcast.report.referee_text import print_referee  # noqa: PLC0415

    closing = closing_in(folder)
    print_referee(closing)
    tell(f"\nThe page: {written(closing, folder, out)}")


def written(closing: "Closing", folder: Path, out: Path | None = None) -> Path:
    """Write the page of a referee, by default beside its account; returns where."""
    from viewcast.base import files  # noqa: PLC0415 (as above)
    from viewcast.report.referee_page import page  # noqa: PLC0415

    place = out or folder / NAME
    files.write(place, page(closing))
    return place


def beside(closing: "Closing", folder: Path) -> Path:
    """The page beside the account, which the process that had the folder has written; else it is
    written now.
    """
    place = folder / NAME
    return place if place.is_file() else written(closing, folder)


def teller(folder: Path) -> Callable[["Closing"], None]:
    """What tells whoever holds the targets, once, the verdict that a submitter has asked for, and
    writes the page. It is done when a call returns, that of a second thread too.
    """
    turn = threading.Lock()
    told: list[Closing] = []

    def tell_once(closing: "Closing") -> None:
        from viewcast.base.escaped import tell  # noqa: PLC0415 (as above)
        from viewcast.base.top_level import say  # noqa: PLC0415
        from viewcast.report.referee_text import print_referee  # noqa: PLC0415

        with turn:
            if told:
                return
            told.append(closing)
            tell(f"\nClosed by {closing.closed_by}. Nothing is judged any more: Ctrl-C.\n")
            print_referee(closing)
            sys.stdout.flush()
            try:
                tell(f"\nThe page: {written(closing, folder)}")
                sys.stdout.flush()
            except OSError as error:
                again = f"viewcast referee page --folder {quote(str(folder))}"
                say(f"warning: no page: {error.strerror or error}; once that is mended: {again}")

    return tell_once


def is_here(closing: "Closing", folder: Path) -> bool:
    """Whether a folder is that of the referee: a submitter elsewhere has none, or another one."""
    try:
        return closing_in(folder) == closing
    except (ViewcastError, OSError):
        return False


def closing_in(folder: Path) -> "Closing":
    """The account of a closed referee. Refuses (ConfigError) where there is none, (DataError) one
    that is damaged.
    """
    from viewcast.base.files import read_json  # noqa: PLC0415 (as above)
    from viewcast.referee.journal import BACKUP  # noqa: PLC0415
    from viewcast.referee.record import closing_of  # noqa: PLC0415
    from viewcast.referee.start import CLOSED  # noqa: PLC0415

    path = folder / CLOSED
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder; --folder names that of a referee")
    if not path.is_file():
        raise ConfigError(
            f"{path}: is absent, so this referee is not closed; its page is written when it is: "
            "`viewcast referee close`"
        )
    plain = read_json(path, BACKUP)
    try:
        return closing_of(plain)
    except DataError as error:
        raise DataError(f"{path}: {error}; {BACKUP}") from error
