"""``viewcast ui``: MLflow's UI of a store, and the link of each ready-made view."""

import os
import socket
import sys
from importlib.util import find_spec
from shlex import quote
from typing import TYPE_CHECKING

import click

from viewcast.base.children import search_path
from viewcast.base.errors import ConfigError
from viewcast.base.masked import masked, without_login
from viewcast.commands.project import project_store

if TYPE_CHECKING:
    from viewcast.report.screen import Screen

HOST = "127.0.0.1"
USUAL_PORT = 5000
# One process answers one person as fast as the four that MLflow starts by default, and is sooner
# there; on a busy machine those are taken for dead while they still import.
WORKERS = 1
# What the server is told where the user's environment says nothing of it.
TOLD = {
    "UVICORN_ACCESS_LOG": "false",  # a line for each request would push the links off the screen
    # Eight more processes, each of which imports MLflow: they judge traces of language models.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}
PANEL = "MLflow opens its Assistant panel by itself: close it once."

EXAMPLE = """
\b
Examples.
  $ viewcast ui --tracking-uri sqlite:///mlflow.db            only looks
  $ viewcast ui --tracking-uri sqlite:///mlflow.db --write    adds the views
  $ viewcast ui --tracking-uri http://tracking.example:5000   links of that server
\b
`viewcast audit --unwrite` takes away what was written.
"""


@click.command("ui", epilog=EXAMPLE)
@click.option(
    "--tracking-uri", help="The MLflow store; by default MLFLOW_TRACKING_URI or the project's."
)
@click.option("--experiment", help="Its name; by default all that have runs.")
@click.option("--port", type=click.IntRange(1, 65_535), default=USUAL_PORT, show_default=True)
@click.option("--write", is_flag=True, help="Store the views with experiments of others, too.")
@click.option("--no-serve", is_flag=True, help="Print the links, start no server.")
def command(
    tracking_uri: str | None, experiment: str | None, port: int, write: bool, no_serve: bool
) -> None:
    """Open MLflow's UI on ready-made views.

    It prints of each experiment its name, what an audit said of it, and the link of each view, and
    starts `mlflow ui`, unless the store is behind a server. Experiments that viewcast made have
    their views brought up to date; to others nothing is written without --write.
    """
    # These take seconds to import, and `--help` needs none.
    from viewcast.api.ui import experiment_pages  # noqa: PLC0415
    from viewcast.report.audit_text import console  # noqa: PLC0415
    from viewcast.report.screen import Screen  # noqa: PLC0415
    from viewcast.report.views_text import page_lines  # noqa: PLC0415
    from viewcast.tracking.patience import install  # noqa: PLC0415
    from viewcast.tracking.read.experiments import usual_uri  # noqa: PLC0415
    from viewcast.tracking.write.offered_views import would_migrate  # noqa: PLC0415

    install()
    uri = tracking_uri or project_store() or usual_uri()
    remote = uri.startswith(("http://", "https://"))
    server = without_login(uri) if remote else f"http://{HOST}:{port}"
    older = not remote and would_migrate(uri)
    serve = not (remote or older or no_serve) and find_spec("flask") is not None
    if serve:
        _check_free(port)
    to = console()
    count = 0
    for page in experiment_pages(uri, server, experiment, write):
        page_lines(page, to.width).show(to)
        count += 1
    end = Screen(to.width)
    if not count:
        end.text(f"No experiment of {masked(uri)} has a run yet.")
    _tell_server(end, uri, server, port, remote=remote, older=older, serve=serve)
    end.show(to)
    if serve:
        _serve(uri, port)


def _tell_server(
    end: "Screen", uri: str, server: str, port: int, *, remote: bool, older: bool, serve: bool
) -> None:
    """Who answers at the links, or what to type so that somebody does."""
    typed = f"  mlflow ui --port {port} --backend-store-uri {quote(masked(uri))}"
    if remote:
        end.text(f"The server at {server} answers at these links.")
    elif serve:
        end.text(
            f"MLflow's UI starts at {server}: the links open when it says that its startup is "
            f"complete, and Ctrl-C ends it. {PANEL}"
        )
    elif older:
        end.text(
            "The store is of an older MLflow. `mlflow ui` of the installed one would migrate its "
            "tables, and the older one could not open it any more: nothing is started. "
            "For these links type, with the older MLflow:"
        )
        end.line(typed)
        end.text("Or migrate the store, and repeat the command:")
        end.line(f"  mlflow db upgrade {quote(masked(uri))}")
    elif find_spec("flask") is None:
        end.text("The installed MLflow has no server (mlflow-skinny). For these links type:")
        end.line("  pip install mlflow")
        end.line(typed)
    else:
        end.text("For these links type:")
        end.line(typed)
        end.text(PANEL)


def _check_free(port: int) -> None:
    """Refuse (ConfigError) a port that somebody listens on: the links would open his pages."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise ConfigError(
                f"port = {port}: a program listens there already, perhaps an MLflow that still "
                f"runs; end it, or name another: viewcast ui --port {port + 1}, "
                f"make ui PORT={port + 1}"
            )


def _serve(uri: str, port: int) -> None:
    """Become ``mlflow ui``, so that Ctrl-C and other signals reach it alone."""
    sys.stdout.flush()
    # MLflow starts `uvicorn` by its name, also where this environment is not active.
    arguments = ["ui", "--host", HOST, "--port", str(port), "--workers", str(WORKERS)]
    os.execve(
        sys.executable,
        [sys.executable, "-m", "mlflow", *arguments, "--backend-store-uri", uri],
        {**TOLD, **os.environ, "PATH": search_path()},
    )
