"""Whether a tracking store answers, asked without MLflow, whose import takes two seconds."""

import base64
import json
import os
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from viewcast.base.settings import Tracking
from viewcast.tracking.within import within

SECONDS = 2.0  # to wait for a server; MLflow then asks again, for longer
SQLITE, HEADER = "sqlite:///", b"SQLite format 3\0"
QUESTION = "/api/2.0/mlflow/experiments/search?max_results=1"
USER, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
TOKEN = "MLFLOW_TRACKING_TOKEN"
MOST = 1_000_000  # bytes of an answer


def check_reachable(tracking: Tracking) -> None:
    """Raise TrackingError, with the reason, where the store does not answer.

    It is asked before hours of work. MLflow is imported only where it is not sure to answer.
    """
    if not reachable(tracking.uri):
        from viewcast.tracking.store import connect  # noqa: PLC0415 (takes two seconds)

        connect(tracking)


def reachable(uri: str) -> bool:
    """Whether the store answers for sure: a server, or an SQLite file. False: ask MLflow itself.

    It knows what is wrong with a server, and more ways to log in.
    """
    if uri.startswith(SQLITE):
        return _is_database(Path(uri.removeprefix(SQLITE)))
    if not uri.startswith(("http://", "https://")):
        return False
    try:
        return within(SECONDS, lambda: _answers(uri))
    except (OSError, ValueError):
        return False


def _answers(uri: str) -> bool:
    try:
        with urlopen(_question(uri), timeout=SECONDS) as answer:
            return isinstance(json.loads(answer.read(MOST)), dict)
    except HTTPError as refusal:
        refusal.close()
        return False


def _question(uri: str) -> Request:
    """The first question of MLflow's client, with the login that it would give."""
    parts = urlsplit(uri)
    user, password = os.environ.get(USER), os.environ.get(PASSWORD)
    if parts.username and parts.password:
        user, password = unquote(parts.username), unquote(parts.password)
    place = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    request = Request(f"{urlunsplit(place).rstrip('/')}{QUESTION}")
    if user and password:
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
    elif os.environ.get(TOKEN):
        request.add_header("Authorization", f"Bearer {os.environ[TOKEN]}")
    return request


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(HEADER)) == HEADER
    except OSError:
        return False
