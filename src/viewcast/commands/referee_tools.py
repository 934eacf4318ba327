"""``viewcast referee tools``: a referee's tools for agents, by the Model Context Protocol."""

import signal
import sys
from pathlib import Path

import click

from viewcast.base.top_level import STOPS

EXAMPLE = """
\b
An agent's program starts it; its configuration says so:
\b
  {"mcpServers": {"referee": {
    "command": "viewcast",
    "args": ["referee", "tools", "--folder", "/home/me/model/referee"]}}}
\b
It needs the extra agents: pip install 'viewcast[agents]'.
"""


@click.command(
    "tools", epilog=EXAMPLE, short_help="Give an agent the tools submit, status and close."
)
@click.option("--url", help="Of the referee; by default VIEWCAST_REFEREE_URL, else of the folder.")
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that holds the token; by default VIEWCAST_REFEREE_TOKEN, else of the folder.",
)
@click.option(
    "--folder", default="referee", show_default=True, help="Of the referee: its address and token."
)
def command(url: str | None, token_file: Path | None, folder: str) -> None:
    """Give an agent the tools submit, status and close, over stdin and stdout.

    It runs on the agent's side, holds a token, and never a target.
    """
    # Both take a moment to import, and `--help` needs neither.
    from viewcast.referee.client import Client  # noqa: PLC0415
    from viewcast.referee.tokens import read_token  # noqa: PLC0415
    from viewcast.referee.tool_server import tool_server  # noqa: PLC0415

    token = None if token_file is None else read_token(token_file)
    server = tool_server(lambda: Client(url, token, folder))
    if sys.stdin.isatty():
        click.echo("waiting for an agent's program on stdin; Ctrl-C ends it", err=True)
    for number in STOPS:  # a thread waits for stdin, and nothing is half done: end at once
        signal.signal(number, signal.SIG_DFL)
    server.run("stdio")
