"""`mlflow server` with passwords, whose store is PostgreSQL: what a team runs."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest

from support.servers import STARTED, free_port

ADMIN = "admin"
DATABASE = "mlflow"
OWNER = "viewcast"  # of the database
PROGRAMS = ("initdb", "pg_ctl", "createdb")
OLDER = Path("/usr/lib/postgresql")  # where Debian keeps the programs, by version
QUICK = "-c fsync=off -c listen_addresses="  # the data are thrown away; only a socket
AUTH = """[mlflow]
default_permission = EDIT
database_uri = sqlite:///{folder}/users.db
admin_username = {user}
admin_password = {password}
auth_cache_ttl_seconds = 60
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
"""


@dataclass(frozen=True)
class Postgres:
    """A database server in a folder, reached by a socket in it. ``uri``: with its password."""

    folder: Path
    uri: str
    programs: Path

    @property
    def environment(self) -> dict[str, str]:
        """For PostgreSQL's own programs, as ``pg_dump``."""
        password = (self.folder / "password").read_text()
        return {
            **os.environ,
            **{"PGHOST": str(self.folder), "PGUSER": OWNER, "PGPASSWORD": password},
        }

    def run(self, program: str, *arguments: str) -> str:
        """What a program of PostgreSQL prints, run as the owner of the database."""
        done = subprocess.run(
            [self.programs / program, *arguments],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout


@contextmanager
def postgres() -> Iterator[Postgres]:
    """PostgreSQL for as long as the context lasts; skips the test where it is not installed.

    It does not run as root: where the tests do, it runs as the user postgres or nobody.
    """
    programs = _programs()
    user = _other_user()
    with tempfile.TemporaryDirectory(prefix="pg") as name:  # the path of a socket is short
        folder = Path(name)
        folder.chmod(0o755)
        password = secrets.token_hex(8)
        (folder / "password").write_text(password)
        data = folder / "data"
        data.mkdir()
        if user is not None:
            for each in (folder, data, folder / "password"):
                shutil.chown(each, user)

        def run(program: str, *arguments: str) -> None:
            command = [programs / program, "-D", data, *arguments]
            done = subprocess.run(
                command, user=user, cwd=folder, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr

        login = ("-U", OWNER, "-A", "scram-sha-256", f"--pwfile={folder}/password")
        run("initdb", "--no-sync", "-E", "UTF8", "--locale=C", *login)
        run("pg_ctl", "start", "-w", "-l", f"{folder}/log", "-o", f"-k {folder} {QUICK}")
        uri = f"postgresql+psycopg://{OWNER}:{password}@/{DATABASE}?host={folder}"
        made = Postgres(folder, uri, programs)
        try:
            made.run("createdb", DATABASE)
            yield made
        finally:
            run("pg_ctl", "stop", "-m", "immediate")


class PostgresServer:
    """`mlflow server` with basic auth on one port; it can be killed and started again.

    ``address``: without a password. ``user``, ``password``: of the administrator, whose runs
    everybody may edit. Files of runs pass through the server into ``artifacts``.
    """

    def __init__(self, database: Postgres, folder: Path, host: str = "127.0.0.1") -> None:
        self.database, self.folder, self.host = database, folder, host
        self.artifacts = folder / "artifacts"
        self.port = free_port()
        self.address = f"http://{host}:{self.port}"
        self.user, self.password = ADMIN, secrets.token_hex(8)
        text = AUTH.format(folder=folder, user=self.user, password=self.password)
        (folder / "auth.ini").write_text(text)
        self._process: subprocess.Popen[str] | None = None

    @property
    def login(self) -> dict[str, str]:
        """The variables by which a client of MLflow gives the name and the password."""
        return {"MLFLOW_TRACKING_USERNAME": self.user, "MLFLOW_TRACKING_PASSWORD": self.password}

    def start(self, **environment: str) -> None:
        """Start it, on the same port as before; returns when it answers."""
        assert self._process is None
        store = ("--backend-store-uri", self.database.uri)
        files = ("--artifacts-destination", str(self.artifacts))
        place = ("--host", self.host, "--port", str(self.port), "--workers", "1")
        program = (sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth")
        process = subprocess.Popen(
            [*program, *store, *files, *place],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env={**self._environment(), **environment},
            start_new_session=True,
        )
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if STARTED in line:
                break
        else:
            process.wait()
            pytest.fail(f"no server:\n{''.join(lines)}")
        # A server whose words nobody takes would stop in the middle of one.
        Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
        self._process = process

    def kill(self) -> None:
        """End it and all that it started, as `kill -9` does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an administrator does; nothing happens where it does not run."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def _end(self, way: signal.Signals) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, way)
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def _environment(self) -> Mapping[str, str]:
        # MLflow starts `uvicorn` by its name, also where its environment is not active.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        kept = {name: os.environ[name] for name in os.environ if not name.startswith("MLFLOW_")}
        return {
            **kept,
            "PATH": path,
            "MLFLOW_AUTH_CONFIG_PATH": str(self.folder / "auth.ini"),
            "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(8),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }


@contextmanager
def team_server(folder: Path, host: str = "127.0.0.1") -> Iterator[PostgresServer]:
    """A server of a team that runs, for as long as the context lasts.

    Skips the test where PostgreSQL, its driver or what MLflow needs for passwords is absent.
    """
    pytest.importorskip("psycopg", reason="no driver of PostgreSQL: pip install 'psycopg[binary]'")
    pytest.importorskip("flask_wtf", reason="MLflow takes passwords only with Flask-WTF")
    with postgres() as database:
        server = PostgresServer(database, folder, host)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path:
    """The folder of PostgreSQL's programs."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += [version / "bin" for version in sorted(OLDER.glob("*"), reverse=True)]
    for folder in folders:
        if all((folder / program).is_file() for program in PROGRAMS):
            return folder
    pytest.skip("no PostgreSQL: neither `initdb` on the PATH nor /usr/lib/postgresql/<version>/bin")


def _other_user() -> int | None:
    """Who runs it: None for the user of the tests."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and no user postgres or nobody is known")
