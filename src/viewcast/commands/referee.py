"""``viewcast referee``: a gate for loops that improve themselves, and what a submitter types."""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from viewcast.base.errors import LockedError, ViewcastError
from viewcast.base.escaped import on_screen, tell
from viewcast.commands import referee_page, referee_start, referee_tools
from viewcast.commands.output_file import PAGE
from viewcast.commands.referee_record import of_record

if TYPE_CHECKING:
    from viewcast.referee.client import Client
    from viewcast.referee.record import Closing, Status

NOT_ACCEPTED, SPENT, CLOSED, REPLACED = 3, 4, 5, 6  # exit codes of `submit`

EXAMPLE = """
\b
Whoever holds the targets types, in one terminal:
  $ viewcast referee start --rows valid.parquet --target y --metric mae
\b
Whoever improves a model types, as often as there are answers, and once at the end:
  $ viewcast referee submit predictions.parquet
  accepted, 198 answers left
  $ viewcast referee close
"""

AFTER_SUBMIT = """
\b
Exit codes: 0 accepted (or kept), 3 not accepted, 6 accepted before and replaced since,
4 no answer is left, 5 closed, 1 anything else (no server, a wrong token,
predictions that are refused), 2 wrong usage.
\b
In a loop of the shell:
  if viewcast referee submit predictions.parquet
  then git commit --all --message "accepted"
  else git checkout -- .
  fi
"""

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


def _of_submitter(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which referee is asked, and by whom."""
    for option in (
        click.option(
            "--folder",
            type=_FOLDER,
            default="referee",
            show_default=True,
            help="Of the referee: it tells the address and the only token.",
        ),
        click.option(
            "--token-file",
            type=_FILE,
            help="Holds the token; by default VIEWCAST_REFEREE_TOKEN, else of the folder.",
        ),
        click.option(
            "--url", help="Of the referee; by default VIEWCAST_REFEREE_URL, else of the folder."
        ),
    ):
        command = option(command)
    return command


@click.group("referee", epilog=EXAMPLE, short_help="Guard a loop that improves itself.")
def group() -> None:
    """Guard a loop that improves itself: hold the targets, answer one bit.

    A search, an agent or a person submits predictions of all validation rows and hears whether they
    are accepted as the best so far, and how many answers are left. Scores are never told. At the
    end hidden rows tell, once, what was gained.
    """


@group.command(
    "submit", epilog=AFTER_SUBMIT, short_help="Ask whether predictions are the best so far."
)
@click.argument("predictions", type=click.Path(path_type=Path))
@_of_submitter
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def submit(
    predictions: Path, url: str | None, token_file: Path | None, folder: Path, as_json: bool
) -> None:
    """Ask whether PREDICTIONS are the best so far: a file .parquet, .csv or .npy.

    It holds a column prediction, or probability_<class> for each class, and the columns that name
    the rows, unless they are in the order of the referee's table.
    """
    # These take a moment to import, and `--help` needs none.
    from viewcast.referee.answers import ClosedError, SpentError  # noqa: PLC0415
    from viewcast.referee.prediction_file import read_predictions  # noqa: PLC0415

    codes: dict[type[ViewcastError], int] = {SpentError: SPENT, ClosedError: CLOSED}
    try:
        given = read_predictions(predictions)
        client = _client(url, token_file, folder)
        terms = client.plan()["terms"]
        answer = client.submit(given)
    except ViewcastError as error:
        code = codes.get(type(error), 1)
        if code == 1 and not as_json:
            raise
        _refuse(str(error), code, as_json)
    word = "kept" if terms["mode"] == "explore" else "accepted"
    first = answer.left == terms["budget"] - 1
    left = "1 answer" if answer.left == 1 else f"{answer.left:,} answers"
    if as_json:
        click.echo(json.dumps(answer.plain()))
    elif answer.replaced:
        click.echo(f"{word} before, and replaced since: no news; {left} left")
    else:
        since = "; it is the first, from which gains are measured" if first else ""
        click.echo(f"{word if answer.accepted else f'not {word}'}, {left} left{since}")
    if answer.replaced or not answer.accepted:
        raise click.exceptions.Exit(REPLACED if answer.replaced else NOT_ACCEPTED)


@group.command("status")
@_of_submitter
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def status(url: str | None, token_file: Path | None, folder: Path, as_json: bool) -> None:
    """Say what is left. It costs no answer, and tells no score."""
    from dataclasses import asdict  # noqa: PLC0415

    from viewcast.commands.referee_words import status_lines  # noqa: PLC0415

    found = _status(url, token_file, folder)
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    for line in status_lines(found):
        tell(line)


@group.command("close")
@_of_submitter
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@click.option("--html", type=PAGE, help="The page; by default in the folder, if that is here.")
@of_record
def close(
    url: str | None,
    token_file: Path | None,
    folder: Path,
    yes: bool,
    as_json: bool,
    html: Path | None,
    **record: Any,
) -> None:
    """Read the hidden rows, once, and say what was really gained.

    Afterwards nothing is judged on these rows any more. A second call says the same again. The
    options of MLflow count where no referee runs.
    """
    from viewcast.report.referee_text import print_referee  # noqa: PLC0415

    if not yes and not _status(url, token_file, folder).closed:
        if not sys.stdin.isatty():
            raise click.UsageError(
                "the hidden rows are read once, and nothing is judged afterwards; say --yes where "
                "nobody can be asked"
            )
        click.confirm("The hidden rows are read once. Close the referee for good?", abort=True)
    closing: Closing = _at(
        url,
        token_file,
        folder,
        lambda client: client.closing(),
        lambda: referee_start.closed_here(folder, record),
    )
    if as_json:
        click.echo(json.dumps(closing.plain()))
    else:
        print_referee(closing)
    if html is not None:
        page = referee_page.written(closing, folder, html)
    elif referee_page.is_here(closing, folder):
        page = referee_page.beside(closing, folder)
    else:
        return
    if not as_json:
        tell(f"\nThe page: {page}")


def _status(url: str | None, token_file: Path | None, folder: Path) -> "Status":
    found: Status = _at(
        url,
        token_file,
        folder,
        lambda client: client.status(),
        lambda: referee_start.status_here(folder),
    )
    return found


def _at(
    url: str | None,
    token_file: Path | None,
    folder: Path,
    asked: Callable[["Client"], Any],
    here: Callable[[], Any],
) -> Any:
    """Ask the folder itself where nobody has it; else the server that is named, or has it."""
    from viewcast.referee.client import URL  # noqa: PLC0415

    named = url is not None or token_file is not None or URL in os.environ
    if not named and _own(folder):
        with suppress(LockedError):
            return here()
    return asked(_client(url, token_file, folder))


def _own(folder: Path) -> bool:
    """Whether there is a referee's folder that this user may read."""
    try:
        return (folder / "plan.json").is_file()
    except PermissionError:
        return False


def _client(url: str | None, token_file: Path | None, folder: Path) -> "Client":
    from viewcast.referee.client import Client  # noqa: PLC0415
    from viewcast.referee.tokens import read_token  # noqa: PLC0415

    return Client(url, None if token_file is None else read_token(token_file), folder)


def _refuse(text: str, code: int, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"error": text}))
    else:
        click.echo(f"Error: {on_screen(text)}", err=True)
    raise click.exceptions.Exit(code)


group.add_command(referee_start.command)
group.add_command(referee_page.command)
group.add_command(referee_tools.command)
