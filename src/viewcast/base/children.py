"""Programs as child processes: they end when this process is ended, and are waited for."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Done = subprocess.CompletedProcess[str]
ASKED_BY_TERMINAL = 10  # seconds for a child to end by the Ctrl-C that it got as well


def run(command: Sequence[str], **options: Any) -> Done:
    """As ``subprocess.run`` with text, without ``check``; ``options``: those of ``Popen``.

    An exception, such as of a signal, ends the child, which is given the time to put its things in
    order. (``subprocess.run`` kills it after a quarter of a second.)
    """
    child = subprocess.Popen(command, text=True, **options)
    try:
        output, errors = child.communicate()
    except KeyboardInterrupt:
        try:
            child.wait(ASKED_BY_TERMINAL)
        except subprocess.TimeoutExpired:
            _end(child)
        raise
    except BaseException:
        _end(child)
        raise
    return subprocess.CompletedProcess(command, child.returncode, output, errors)


def search_path() -> str:
    """PATH with the folder of this interpreter before all else: children type `python`."""
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH") or os.defpath]
    return os.pathsep.join(folders)


def _end(child: "subprocess.Popen[str]") -> None:
    child.terminate()
    child.wait()
