"""A tracking server of MLflow that dies at a chosen request, as by `kill -9`.

It is what `mlflow server` runs, MLflow's app under uvicorn. Importing that takes seconds, so this
script imports it once and forks a server for each line it reads.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Request:
    """The ``nth`` request with ``method`` to a path that ends in ``path``. The server dies before
    it heeds it or, if ``done``, when it has done what is asked for and before it says so.
    """

    method: str
    path: str
    nth: int
    done: bool

    def __str__(self) -> str:
        when = "after" if self.done else "before"
        return f"{when} {self.method} {self.path.rsplit('/', 2)[-2:]} {self.nth}"


class MortalServers:
    """One server at a time, on a port of its own; use it as a context manager."""

    def __enter__(self) -> Self:
        self._parent = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(Path(__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate()

    def start(self, store: Path, fatal: Request | None, port: int = 0) -> str:
        """The address of a server of ``mlflow.db`` and the artifacts in a folder, from the moment
        it listens. The one before is killed, if it lives. ``port``: 0 for any that is free.
        """
        stdin, stdout = self._parent.stdin, self._parent.stdout
        assert stdin is not None and stdout is not None
        asked = {"store": str(store), "fatal": fatal and asdict(fatal), "port": port}
        print(json.dumps(asked), file=stdin, flush=True)
        return f"http://127.0.0.1:{int(stdout.readline())}"


def deadly(app: Any, fatal: Request) -> Any:
    """The app, which kills its process at a request."""
    calls = 0

    async def heard(scope: Any, receive: Any, send: Any) -> None:
        nonlocal calls
        if scope["type"] != "http" or scope["method"] != fatal.method:
            return await app(scope, receive, send)
        calls += scope["path"].endswith(fatal.path)
        if not scope["path"].endswith(fatal.path) or calls != fatal.nth:
            return await app(scope, receive, send)
        if not fatal.done:
            die()
        return await app(scope, receive, last_words)

    async def last_words(message: Any) -> None:
        die()

    return heard


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def serve(app: Any, listener: socket.socket, store: str, fatal: dict[str, Any] | None) -> None:
    import uvicorn  # noqa: PLC0415 (the tests need none of it)
    from mlflow.server import ARTIFACTS_DESTINATION_ENV_VAR as ARTIFACTS  # noqa: PLC0415
    from mlflow.server import BACKEND_STORE_URI_ENV_VAR as STORE  # noqa: PLC0415

    os.environ.update({STORE: f"sqlite:///{store}/mlflow.db", ARTIFACTS: f"{store}/artifacts"})
    mortal = app if fatal is None else deadly(app, Request(**fatal))
    uvicorn.Server(uvicorn.Config(mortal, log_level="error")).run([listener])


def main() -> None:
    """Fork a server for each line; answer with its port."""
    import uvicorn  # noqa: PLC0415 (the tests need none of it)
    from mlflow.server import ARTIFACT_ROOT_ENV_VAR as ROOT  # noqa: PLC0415
    from mlflow.server import SERVE_ARTIFACTS_ENV_VAR as SERVE  # noqa: PLC0415
    from mlflow.server.fastapi_app import app  # noqa: PLC0415

    # What a server loads at its first request.
    import_module("mlflow.store.tracking.sqlalchemy_workspace_store")
    import_module("mlflow.store.model_registry.sqlalchemy_workspace_store")
    uvicorn.Config(app, log_level="error").load()

    os.environ.update({SERVE: "true", ROOT: "mlflow-artifacts:/"})
    server = 0
    for line in sys.stdin:
        asked = json.loads(line)
        end(server)
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", asked["port"]))
        listener.listen(100)
        server = os.fork()
        if server == 0:
            serve(app, listener, asked["store"], asked["fatal"])
            os._exit(0)
        port = listener.getsockname()[1]
        listener.close()  # or its port would take connections when the server is dead
        print(port, flush=True)
    end(server)


def end(server: int) -> None:
    if server:
        os.kill(server, signal.SIGKILL)  # one that is dead stays known until it is waited for
        os.waitpid(server, 0)


if __name__ == "__main__":
    main()
