"""A body that is refused is not read to its end: the answer is given, and the connection closed.

Whoever sends a gigabyte, or a byte a minute, would else keep a connection for as long as it likes.
A connection that is closed upon a sender who still sends may lose the answer, so the answer goes
out first; for a moment, and for as many bytes as a body may have, what comes is thrown away, so
that a program which reads only after it has sent all of a usual body hears why it is refused.

    RFC 9112, section 9.6: https://www.rfc-editor.org/rfc/rfc9112#section-9.6
"""

import asyncio
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST, START, BODY = "http.request", "http.response.start", "http.response.body"


class CloseUponRefusal:
    """Around an ASGI application: an answer that comes before the end of the body is the last one
    of its connection.

    ``most`` bytes are thrown away at most, ``seconds`` long at most, before it is closed.
    """

    def __init__(self, app: ASGIApp, most: int, seconds: float) -> None:
        self._app, self._most, self._seconds = app, most, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        whole = closing = False

        async def received() -> Message:
            nonlocal whole
            message = await receive()
            whole = whole or not _goes_on(message)
            return message

        async def sent(message: Message) -> None:
            nonlocal closing
            if message["type"] == START and not whole:
                closing = True
                MutableHeaders(scope=message)["Connection"] = "close"
            if not closing or message["type"] != BODY or message.get("more_body", False):
                await send(message)
                return
            await send({**message, "more_body": True})  # all of the answer; the end comes below
            await self._thrown_away(received)
            await send({"type": BODY, "body": b""})

        await self._app(scope, received, sent)

    async def _thrown_away(self, receive: Receive) -> None:
        size = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                while size <= self._most:
                    message = await receive()
                    if not _goes_on(message):
                        return
                    size += len(message.get("body", b""))


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _goes_on(message: Message) -> bool:
    return message["type"] == REQUEST and bool(message.get("more_body", False))
