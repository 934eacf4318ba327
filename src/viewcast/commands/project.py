"""The commands that need a project folder: each calls a stage script of it by its name.

A project folder holds ``pipelines/`` and ``conf/``, as a clone of this repository does. It is
looked for where the user stands and in the folders above. The arguments go to the script as they
are.
"""

import os
import re
import signal
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import click

from viewcast.base import children
from viewcast.base.errors import ConfigError

NEEDED = ("hydra", "dvc")  # of the extra `project`; one of them missing: it is not installed
STORE_NAMED = "MLFLOW_TRACKING_URI"
STORE = Path("mlflow", "mlflow.db")  # as conf/tracking/sqlite.yaml says

SCRIPTS = {
    "train": ("train", "Train one model and log the run.", ("model=deep data=channel seed=7",)),
    "sweep": (
        "sweep",
        "Train many candidates and log them as one search.",
        ("model=deep data=channel sweep.lr=[0.001,0.01] 'sweep.seed=range(8)'",),
    ),
    "retrain": (
        "retrain",
        "One night: new days in, a better model out or the reason why not.",
        ("", "source=studio source.folder=my_exports", "retrain.today=2021-03-01"),
    ),
    "predict": (
        "predict",
        "The next days with intervals: a channel's by its champion, or data=videos.",
        ("days=7", "data=videos"),
    ),
    "show": ("show", "Print every run, and what the validation scores are worth.", ("",)),
    "open-test": ("open_test", "Score one run on the sealed test rows, once.", ("run=RUN_ID",)),
}
KEYS = "docs/configuration.md of the project lists what can be set; an unknown key is refused."


def project_folder(start: Path) -> Path:
    """The project folder at ``start`` or above it. Refuses (ConfigError) where there is none."""
    for folder in (start, *start.parents):
        if (folder / "pipelines" / "train.py").is_file() and (folder / "conf").is_dir():
            return folder
    raise ConfigError(
        f"no project folder: neither {start} nor a folder above it holds pipelines/ and conf/. "
        "Go to a clone of the viewcast repository and repeat the command there "
        "(`viewcast audit` needs no project folder)"
    )


def project_store() -> str | None:
    """The uri of the store of the project folder where the user stands; None where there is none,
    or where the environment names another.
    """
    if STORE_NAMED in os.environ:
        return None
    try:
        store = project_folder(Path.cwd()) / STORE
    except ConfigError:
        return None
    return f"sqlite:///{store}" if store.is_file() else None


def check_installed() -> None:
    """Refuse (ConfigError) where the libraries of the project are not installed."""
    if sys.version_info >= (3, 14):
        raise ConfigError(
            f"Python {sys.version_info[0]}.{sys.version_info[1]}: the stages of a project run on "
            "3.11 to 3.13, because Hydra 1.3 fails on newer ones. Make the environment with "
            "one of these, such as `make run PYTHON=python3.13`"
        )
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"{', '.join(missing)} not installed: the stages of a project need the extra "
            "`project`. Type `pip install 'viewcast[project]'`, or `make run` in the project folder"
        )


def call(root: Path, *command: str) -> None:
    """Run a program in the project folder; its exit code, if not 0, becomes that of viewcast.

    Raises MemoryError where it was killed from outside.
    """
    code = children.run(
        command, cwd=root, env={**os.environ, "PATH": children.search_path()}
    ).returncode
    if code == -signal.SIGKILL:
        raise MemoryError(f"{Path(command[1]).name} was killed")
    if code != 0:
        raise click.exceptions.Exit(code if code > 0 else 128 - code)


def run_script(script: str, arguments: Sequence[str]) -> None:
    """Call ``pipelines/<script>.py`` of the project folder with these arguments."""
    root = project_folder(Path.cwd())
    check_installed()
    call(root, sys.executable, str(root / "pipelines" / f"{script}.py"), *arguments)


def _stage(name: str, script: str, purpose: str, examples: Sequence[str]) -> click.Command:
    """A command that hands its arguments, such as ``examples``, to ``pipelines/<script>.py``."""

    def run(arguments: Sequence[str]) -> None:
        words = [re.sub("^DATA=", "data=", word) for word in arguments]
        panel = script == "predict" and any(word.startswith("data=") for word in words)
        run_script(f"{script}_panel" if panel else script, words)

    where = f"The arguments go to pipelines/{script}.py of the project folder."
    lines = "\n".join(f"  $ viewcast {name} {words}".rstrip() for words in examples)
    return click.Command(
        name,
        callback=run,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        context_settings={"ignore_unknown_options": True},
        help=f"{purpose}\n\n{where}",
        epilog=f"\b\nExamples.\n{lines}\n\b\n{KEYS}",
        short_help=purpose,
    )


@click.command("run", short_help="The whole pipeline, and what was learned.")
def run_pipeline() -> None:
    """The whole pipeline: predict, log to MLflow, and show what was learned."""
    root = project_folder(Path.cwd())
    check_installed()
    dvc = (sys.executable, "-m", "dvc")
    if not (root / "data").is_dir():
        if not (root / ".git").exists():  # a folder from a zip
            call(root, *dvc, "config", "--quiet", "--local", "core.no_scm", "true")
        call(root, *dvc, "pull", "--quiet", "data.dvc")
    call(root, *dvc, "repro")
    call(root, sys.executable, str(root / "pipelines" / "overview.py"))


PROJECT_COMMANDS = (run_pipeline, *(_stage(name, *rest) for name, rest in SCRIPTS.items()))
