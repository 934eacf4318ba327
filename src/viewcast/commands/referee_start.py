"""``viewcast referee start``: the process that holds the targets, until Ctrl-C."""

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from viewcast.base.errors import ConfigError, LockedError, TrackingError
from viewcast.base.escaped import tell
from viewcast.base.parse import json_of
from viewcast.base.top_level import say
from viewcast.commands.referee_page import teller
from viewcast.commands.referee_record import Store, of_record, store_of

if TYPE_CHECKING:
    import socket

    from viewcast.referee.folder import RefereeFolder
    from viewcast.referee.record import Closing, Status

PORT = 8573
TERMS = ("budget", "false", "hidden", "length", "mode", "hidden_rows")
KEYS = ("key", "time", "entity")
PLANNED = ("target", "metric", *TERMS, *KEYS, "cluster", "name")
NEEDED = ("fastapi", "starlette", "uvicorn")
STARTED = "started.json"  # in the folder: the table as it was named, the port, and the store
TELL_SECONDS = 10  # that the store gets at the end

EXAMPLE = """
\b
Example.
  $ viewcast referee start --rows valid.parquet --target y --metric mae --key id
\b
It says where it is heard, where the token is, and what a submitter types. Start it as a user of its
own (sudo -u referee viewcast referee start ...): then a loop cannot read the targets.
"""

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("start", epilog=EXAMPLE)
@click.option("--rows", type=_FILE, help="Validation rows with their targets: Parquet or CSV.")
@click.option("--target", help="The column that is to be predicted.")
@click.option("--metric", help="What judges predictions: mae, rmse, accuracy, log_loss, roc_auc.")
@click.option("--budget", type=int, help="Answers in all; by default 200.")
@click.option("--false", "false", type=float, help="False acceptances allowed; by default 1.")
@click.option("--hidden", type=float, help="Share of rows hidden until the end; by default 0.25.")
@click.option(
    "--hidden-rows",
    type=click.Choice(["last", "spread"]),
    help="The last in time (by default), or spread over it where gains change with the season.",
)
@click.option("--length", type=float, help="Rows over which one depends on others; by default 1.")
@click.option(
    "--mode",
    type=click.Choice(["referee", "explore"]),
    help="What is accepted: what is better (by default), or what may be, which proves nothing.",
)
@click.option("--key", help="The column that names a row.")
@click.option("--time", help="The column of its time.")
@click.option("--entity", help="The column of the series that it belongs to.")
@click.option(
    "--cluster",
    type=click.Choice(["entity", "time", "both"]),
    help="What is new where the model is used.",
)
@click.option("--name", help="Of the referee; by default that of the table.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="referee",
    show_default=True,
    help="Where it lives. Without --rows it goes on there.",
)
@click.option("--submitter", multiple=True, help="Gets a token; may be repeated. [default: loop]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help=f"By default that of the start before, else {PORT}; 0 takes a free one.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address that is heard.")
@click.option("--behind-proxy", metavar="NAME", help="Others reach it by this name, through TLS.")
@click.option("--body-mib", type=click.IntRange(1, 1024), help="Longest body; by default by rows.")
@of_record
def command(**options: Any) -> None:
    """Hold the targets of validation rows, and judge what is submitted.

    It runs until Ctrl-C. Without --rows it goes on with its folder, also after a crash: a
    submission is counted once, and an answer that was given stays.
    """
    _check_usage(options)
    lacking = [name for name in NEEDED if find_spec(name) is None]
    if lacking:
        raise ConfigError(
            f"a referee is heard by {', '.join(NEEDED)}, found no {', '.join(lacking)}; type: "
            "pip install 'viewcast[referee]'"
        )
    # It takes a second to import, and `--help` does not need it.
    from viewcast.referee.serving import check_host, listening  # noqa: PLC0415

    path, host = options["folder"], options["host"]
    known = _known(path)
    port = known.get("port", PORT) if options["port"] is None else options["port"]
    check_host(host, options["behind_proxy"])
    with ExitStack() as stack:
        # Nothing is written before the port is ours; of a folder that is there the same process may
        # have both, and the folder tells who.
        bound = None if path.exists() else stack.enter_context(listening(host, port))
        store = store_of(options, known)
        folder = _opened(options, store)
        stack.callback(_stop, folder)
        bound = bound or stack.enter_context(listening(host, port))
        table = None if options["rows"] is None else str(options["rows"].absolute())
        table = table or known.get("table")
        at = {"table": table, "port": bound.getsockname()[1]}
        where = {"uri": store and store.uri, "experiment": store and store.experiment}
        _keep(folder.folder, {**at, **where})
        _serve(folder, bound, options, table, store)


def closed_here(folder: Path, options: Mapping[str, Any]) -> "Closing":
    """Close a referee that no process has."""
    from viewcast.referee.folder import RefereeFolder  # noqa: PLC0415
    from viewcast.referee.tokens import OF_REFEREE  # noqa: PLC0415

    status_here(folder)  # takes the lock: where a process has it, no store is asked
    store = store_of(options, _known(folder))
    opened = RefereeFolder.open(folder, None if store is None else store.recorder())
    try:
        return opened.close(OF_REFEREE)
    finally:
        _stop(opened)


def status_here(folder: Path) -> "Status":
    """What is left of a referee that no process has."""
    from viewcast.referee.folder import RefereeFolder  # noqa: PLC0415

    with RefereeFolder.open(folder) as opened:
        return opened.status()


def _check_usage(options: Mapping[str, Any]) -> None:
    given = [name for name in PLANNED if options[name] is not None]
    if options["rows"] is None and given:
        raise click.UsageError(
            f"--{given[0].replace('_', '-')} is part of a plan, which needs --rows; without it the "
            "referee goes on as it was planned"
        )
    if options["rows"] is not None:
        for name in ("target", "metric"):
            if options[name] is None:
                raise click.UsageError(f"--{name} is missing; --rows needs it")


def _opened(options: Mapping[str, Any], store: Store | None) -> "RefereeFolder":
    """The folder, new or as it was; refuses one that another process has, or that is used up."""
    from viewcast.referee.folder import RefereeFolder  # noqa: PLC0415

    path, rows = options["folder"], options["rows"]
    recorder = None if store is None else store.recorder()
    try:
        if rows is None:
            if not path.is_dir():
                raise ConfigError(
                    f"{path}: is not there; a new referee needs --rows, --target and --metric"
                )
            opened = RefereeFolder.open(path, recorder)
        else:
            from viewcast.base.settings import construct  # noqa: PLC0415
            from viewcast.referee.terms import Terms  # noqa: PLC0415

            if not path.is_dir() and (other := _who_used(options, store)):
                raise ConfigError(
                    f"{rows}: the referee {other} has read the hidden part of these rows, as "
                    f"{store} tells: they are used up; take new rows"
                )
            terms = {name: options[name] for name in TERMS if options[name] is not None}
            named = {name: options[name] for name in (*KEYS, "name", "cluster")}
            opened = RefereeFolder.start(
                path,
                rows,
                options["target"],
                options["metric"],
                construct(Terms, terms, ""),
                recorder=recorder,
                **named,
            )
    except LockedError as error:
        address = path / "address"
        heard = address.read_text(encoding="ascii").strip() if address.is_file() else ""
        raise LockedError(
            f"{path}: the referee that is heard at {heard} has it; submit there, or end it first"
            if heard
            else str(error)
        ) from None
    if opened.is_closed:
        _stop(opened)
        raise ConfigError(
            f"{path}: this referee is closed; `viewcast referee close` says its verdict again; "
            "for another one take new rows, and another --folder"
        )
    return opened


def _who_used(options: Mapping[str, Any], store: Store | None) -> str | None:
    """The referee that has read the hidden rows of a new table, as far as the store knows."""
    from viewcast.referee.row_file import Columns, Rows  # noqa: PLC0415

    if store is None:
        return None
    keys = {name: options[name] for name in KEYS}
    holdout = Rows.read(options["rows"], Columns(options["target"], **keys)).holdout
    try:
        return store.used_up(holdout)
    except TrackingError as error:
        say(f"warning: nobody knows whether these rows are used up: {error}")
        return None


def _serve(
    folder: "RefereeFolder",
    bound: "socket.socket",
    options: Mapping[str, Any],
    table: str | None,
    store: Store | None,
) -> None:
    from viewcast.commands.referee_words import opening_lines  # noqa: PLC0415
    from viewcast.referee.client import ADDRESS  # noqa: PLC0415
    from viewcast.referee.service import HOSTS, Limits, app  # noqa: PLC0415
    from viewcast.referee.serving import at_address, serve, url_of  # noqa: PLC0415
    from viewcast.referee.target_readers import TargetReaders  # noqa: PLC0415
    from viewcast.referee.tokens import Tokens  # noqa: PLC0415
    from viewcast.referee.wire_format import MIB  # noqa: PLC0415

    def noted(sentence: str) -> None:
        say(f"warning: {sentence}; the verdict tells it")
        folder.note(sentence)

    tokens = Tokens.of(folder.folder, options["submitter"])
    most, proxy = options["body_mib"], options["behind_proxy"]
    limits = Limits.of(folder.plan.rows) if most is None else Limits(most * MIB)
    readers = TargetReaders(folder.folder, Path(table) if table else None, noted)
    service = app(
        folder,
        tokens,
        limits,
        hosts=HOSTS if proxy is None else (*HOSTS, proxy),
        seen=readers.seen if proxy is None else None,  # a proxy's user is no submitter's
        closed=teller(folder.folder),
    )
    with at_address(folder.folder / ADDRESS, url_of(bound)):
        for line in opening_lines(folder, url_of(bound), tokens, str(store) if store else None):
            tell(line)
        sys.stdout.flush()  # it goes on for hours, and its output may be a file or a pipe
        if warning := readers.warning():
            say(f"warning: {warning}")
        serve(service, bound)


def _stop(folder: "RefereeFolder") -> None:
    trouble = folder.stop(TELL_SECONDS)
    if trouble is not None:
        say(f"MLflow has not heard all of it ({trouble}); the next start tells it")


def _known(folder: Path) -> dict[str, Any]:
    """What the start before has kept; nothing where it did not."""
    try:
        known = json_of((folder / STARTED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _keep(folder: Path, started: Mapping[str, Any]) -> None:
    """It is its user's alone: an address may hold a password."""
    from viewcast.referee.start import write_json_privately  # noqa: PLC0415

    write_json_privately(folder / STARTED, dict(started))
