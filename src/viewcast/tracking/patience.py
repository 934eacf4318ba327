"""How long to wait for a tracking server: seconds, not the minutes of MLflow's own settings.

Two rules. The *first question* to a server tells whether it is there at all: it gets
``FIRST_SECONDS``, whatever the server does. *Later requests* bridge a restart: they are made again
after 0, 2, 4 and 8 seconds. A request that the server took and did not answer is not made again.
MLflow reads its settings in the environment at every request; what a user has set there wins.
Programs of a project ``install`` the second rule. Inside other people's programs it holds only in a
context (``patience``).
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import MaxRetryError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from viewcast.tracking.within import within

Result = TypeVar("Result")

SERVER = ("http://", "https://")
RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
FIRST_SECONDS = 8.0
TELL_AFTER = 2  # tries: the first two follow each other at once
LATER = {
    RETRIES: "4",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0.1",
    TIMEOUT: "12",
    # A server may ask for an hour.
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
}
FIRST = {**LATER, RETRIES: "2", TIMEOUT: "6"}
ONCE = {**FIRST, RETRIES: "0"}
PAGE = {**LATER, TIMEOUT: "60"}  # a thousand runs of a large store


def install() -> None:
    """Make the second rule that of all requests of this process; a second call changes nothing.

    MLflow has no public way to it. ``tests/test_tracking_server_answers.py`` fails, and says so,
    with a version that takes its retries from elsewhere.
    """
    from mlflow.utils import request_utils  # noqa: PLC0415 (the first rule needs none of MLflow)

    for name, value in LATER.items():
        os.environ.setdefault(name, value)
    request_utils.Retry = Bridge


class Bridge(Retry):
    """Retries over a restart: none for a request that the server took and did not answer."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """As urllib3 does, and a line on standard error when waiting begins."""
        if isinstance(error, ReadTimeoutError) and _pool is not None:
            raise MaxRetryError(_pool, url, error)
        following = super().increment(method, url, response, error, _pool, _stacktrace)
        if len(following.history) == TELL_AFTER and following.total and _pool is not None:
            where = f"{_pool.host}:{_pool.port}"
            print(f"the tracking server {where} does not answer; trying again", file=sys.stderr)
        return following


_placed: dict[str, str] = {}  # what contexts have put into the environment for now


@contextmanager
def patience(wanted: Mapping[str, str]) -> Iterator[None]:
    """Requests in this context have these settings where the user has none of his own."""
    given = {name: os.environ.get(name) for name in wanted}
    ours = [
        name for name, value in given.items() if value in (None, LATER[name], _placed.get(name))
    ]
    placed = dict(_placed)
    for name in ours:
        os.environ[name] = _placed[name] = wanted[name]
    try:
        yield
    finally:
        _placed.clear()
        _placed.update(placed)
        for name in ours:
            former = given[name]
            if former is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = former


def first(question: Callable[[], Result]) -> Result:
    """The answer to the first question to a server; TimeoutError after ``FIRST_SECONDS``."""
    with patience(FIRST):
        return within(FIRST_SECONDS, question)
