"""A service that is asked without a socket: requests go to the application in this process."""

import asyncio
import contextlib
import io
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

PEER, HERE = ("127.0.0.1", 40_000), ("127.0.0.1", 8573)
URL = "http://127.0.0.1:8573"


@dataclass
class Heard:
    """What the application answered; ``read``: bytes of the body that it took before it answered,
    ``thrown``: afterwards.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    read: int = 0
    thrown: int = 0


@dataclass
class InProcess:
    """An application, and the loop that runs it in a thread of its own."""

    app: Any
    loop: asyncio.AbstractEventLoop

    def heard(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: Iterable[bytes] | None = (),
        host: str = "127.0.0.1:8573",
    ) -> Heard:
        """The answer to one request; the parts of its body are taken when it asks for them.

        Without a body (None) it waits for one in vain. A body whose length no header tells comes in
        chunks.
        """
        answer = Heard()
        headers = {"Host": host, **headers}
        if method == "POST" and "content-length" not in map(str.lower, headers):
            headers["Transfer-Encoding"] = "chunked"
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": PEER,
            "server": HERE,
        }
        receive = _messages(body, answer)

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            else:
                answer.body += message.get("body", b"")

        asyncio.run_coroutine_threadsafe(self.app(scope, receive, send), self.loop).result(60)
        return answer

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As an adapter of ``requests`` does."""
        given = request.body or b""
        body = given.encode() if isinstance(given, str) else given
        assert isinstance(body, bytes)
        parts = urlsplit(request.url or "")
        heard = self.heard(
            request.method or "", parts.path, dict(request.headers), [body], parts.netloc
        )
        response = requests.Response()
        response.status_code, response.request = heard.status, request
        response.headers.update(heard.headers)
        response.url, response.raw = str(request.url), io.BytesIO(heard.body)
        return response


def _messages(
    body: Iterable[bytes] | None, answer: Heard
) -> Callable[[], Awaitable[dict[str, Any]]]:
    """What is received, one message at a time; who gave up waiting for one may ask again."""
    parts, ended = iter(body or ()), body is None

    async def receive() -> dict[str, Any]:
        nonlocal ended
        if ended:
            await asyncio.Event().wait()
        part = next(parts, None)
        ended = part is None
        if answer.status:
            answer.thrown += len(part or b"")
        else:
            answer.read += len(part or b"")
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    return receive


@contextlib.contextmanager
def in_process(app: Any) -> Iterator[InProcess]:
    """The application, while the block lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield InProcess(app, loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        with contextlib.suppress(RuntimeError):
            loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
