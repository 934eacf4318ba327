"""Servers of MLflow, as its command line starts them, from the moment they answer."""

import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

STARTED = "startup complete"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[str]:
    """``mlflow`` with these arguments for as long as the context lasts; its address."""
    port = free_port()
    # MLflow starts `uvicorn` by its name, also where this interpreter's environment is not active.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [sys.executable, "-m", "mlflow", *arguments]
    with started(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        {**os.environ, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true", **environment},
    ):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
) -> Iterator[list[str]]:
    """A command that starts a server of MLflow, for as long as the context lasts; what it printed
    until the server answered.
    """
    server = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=environment,
        start_new_session=True,  # it starts programs of its own
    )
    assert server.stdout is not None
    lines = []
    for line in server.stdout:
        lines.append(line)
        if STARTED in line:
            break
    else:
        server.wait()
        pytest.fail(f"{' '.join(command)} did not start a server:\n{''.join(lines)}")
    # A server whose words nobody takes would stop in the middle of one.
    taker = Thread(target=deque, args=(server.stdout, 0))
    taker.start()
    try:
        yield lines
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
        taker.join()
        server.stdout.close()
