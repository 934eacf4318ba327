"""A referee that is heard over HTTP: four routes, one bit.

| route | answer |
|---|---|
| ``GET /`` | what is judged: the public part of the plan; needs no token |
| ``GET /status`` | what is left (``viewcast.referee.record.Status``) |
| ``POST /submit`` | ``{"accepted": true, "left": 199}`` |
| ``POST /close`` | all that is known then (``viewcast.referee.record.Closing``) |

Each needs ``Authorization: Bearer <token>``, but for the first. What is refused is ``{"error":
sentence, "code": code}``: token 401, unknown 404, method 405, refused 422, spent 429, closed 409,
too_large 413, slow 408, failed 500. One that is refused before its body has come is the last of its
connection (``viewcast.referee.refused_bodies``).

Nothing but the bit depends on targets. Texts of errors come from RefusedError, which knows none;
what nobody expected is told on the referee's own standard error. Time tells nothing either: the
gate rows are scored in full whatever is decided, with the same arithmetic for all; before an answer
is given its line is on the disk, which takes longer and varies more than all the rest; and the few
steps that only an acceptance takes tell what the answer tells. Equal predictions are answered
sooner; that they are equal is known to whoever sent them.
"""

import asyncio
import sys
import traceback
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from viewcast.referee.answers import ClosedError, RefusedError, SpentError
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.record import Closing
from viewcast.referee.refused_bodies import CloseUponRefusal
from viewcast.referee.terms import Plan
from viewcast.referee.tokens import Tokens
from viewcast.referee.wire_format import MIB, unpacked

HOSTS = ("127.0.0.1", "localhost", "[::1]")
A_ROW = 4 * 2**10  # bytes: 200 probabilities of 20 digits, or 500 in Parquet
# Of a plan. By the digest of the rows one who knows nearly all targets could find out the others;
# the others tell of files.
HELD_BACK = ("holdout", "order", "source")
ASK_FOR_TOKEN = {"WWW-Authenticate": "Bearer"}
REFUSALS = {SpentError: (429, "spent"), ClosedError: (409, "closed")}

Address = tuple[str, int]
Seen = Callable[[str, Address, Address], object]


@dataclass(frozen=True)
class Limits:
    """``bytes`` that a body may have; ``seconds`` that it may take to arrive; ``linger``: seconds
    that one which is refused may go on arriving, before the connection is closed.
    """

    bytes: int
    seconds: float = 60.0
    linger: float = 2.0

    @classmethod
    def of(cls, rows: int) -> "Limits":
        """For so many rows with their keys, generously; 64 MiB at most."""
        return cls(min(MIB + rows * A_ROW, 64 * MIB))


class _RefusalError(Exception):
    """A request that is refused before the referee hears of it."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code


def app(
    folder: RefereeFolder,
    tokens: Tokens,
    limits: Limits,
    *,
    hosts: Sequence[str] = HOSTS,
    seen: Seen | None = None,
    closed: Callable[[Closing], object] | None = None,
) -> FastAPI:
    """The service of a referee.

    ``hosts``: names by which it may be addressed; a page in a browser that was made to take another
    name for this machine's is refused. ``seen``: is told of each submission its submitter, and the
    addresses of both ends of the connection. ``closed``: is told the verdict, each time that a
    submitter asks for it and before he hears it; it may be called by several threads.
    """
    service = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    service.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    service.add_middleware(CloseUponRefusal, most=limits.bytes, seconds=limits.linger)
    for status, code, sentence in (
        (404, "unknown", "there is no such address; expected /, /status, /submit or /close"),
        (405, "method", "expected GET of / and /status, POST of /submit and /close"),
    ):
        service.add_exception_handler(status, _constant(status, code, sentence))
    # A submitter's bodies come one at a time: his memory here is bounded, and he hinders nobody.
    turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @service.get("/")
    async def told_plan() -> JSONResponse:
        return JSONResponse({**public(folder.plan), "bytes": limits.bytes})

    @service.get("/status")
    async def told_status(request: Request) -> JSONResponse:
        async def told() -> Any:
            _submitter(request, tokens)
            return asdict(await run_in_threadpool(folder.status))

        return await _answered(told)

    @service.post("/submit")
    async def submit(request: Request) -> JSONResponse:
        async def judged() -> Any:
            submitter = _submitter(request, tokens)
            _check_length(request, limits)
            async with turns[submitter]:
                body = await _body(request, limits)
                ends = (request.client, request.scope.get("server"))
                return await run_in_threadpool(_judge, folder, submitter, body, ends, seen)

        return await _answered(judged)

    @service.post("/close")
    async def close(request: Request) -> JSONResponse:
        async def told_closing() -> Any:
            submitter = _submitter(request, tokens)
            if not folder.status().submissions:
                raise RefusedError("nothing was submitted; there is nothing to say")
            closing = await run_in_threadpool(folder.close, submitter)
            if closed is not None:
                await run_in_threadpool(_told_here, closed, closing)
            return closing.plain()

        return await _answered(told_closing)

    return service


def public(plan: Plan) -> dict[str, Any]:
    """What anybody may know of a plan, as plain values."""
    return {key: value for key, value in plan.plain().items() if key not in HELD_BACK}


def _judge(
    folder: RefereeFolder,
    submitter: str,
    body: bytes,
    ends: tuple[Any, Any],
    seen: Seen | None,
) -> dict[str, Any]:
    if seen is not None and all(ends):
        seen(submitter, *((end[0], end[1]) for end in ends))
    return folder.submit(unpacked(body, folder.plan.rows), submitter).plain()


def _told_here(closed: Callable[[Closing], object], closing: Closing) -> None:
    """What fails at the referee's end is told there: the verdict is known, and is answered."""
    try:
        closed(closing)
    except Exception:  # noqa: BLE001 (whatever a disk or a terminal does)
        traceback.print_exc(file=sys.stderr)


async def _answered(work: Callable[[], Awaitable[Any]]) -> JSONResponse:
    """The answer of some work, or how it is refused."""
    try:
        return JSONResponse(await work())
    except _RefusalError as refusal:
        headers = ASK_FOR_TOKEN if refusal.status == 401 else None
        return _error(refusal.status, refusal.code, str(refusal), headers)
    except RefusedError as error:
        status, code = REFUSALS.get(type(error), (422, "refused"))
        return _error(status, code, str(error))
    except ClientDisconnect:
        return _error(400, "gone", "the connection was broken off")  # nobody hears it
    except Exception:  # noqa: BLE001 (its text may tell of targets: the referee's user reads it)
        traceback.print_exc(file=sys.stderr)
        return _error(500, "failed", "the referee failed; its own terminal says why")


def _submitter(request: Request, tokens: Tokens) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found = tokens.submitter(token.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise _RefusalError(
            401, "token", "no token, or a wrong one; expected the header Authorization: Bearer ..."
        )
    return found


def _check_length(request: Request, limits: Limits) -> None:
    told = request.headers.get("content-length", "0")
    if not told.isdecimal() or len(told) > 15 or int(told) > limits.bytes:
        raise _too_large(limits)


async def _body(request: Request, limits: Limits) -> bytes:
    """The body, of which no more is kept than may be sent, whatever its length was said to be."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(limits.seconds):
            async for part in request.stream():
                size += len(part)
                if size > limits.bytes:
                    raise _too_large(limits)
                parts.append(part)
    except TimeoutError:
        raise _RefusalError(
            408, "slow", f"the body did not arrive within {limits.seconds:g} seconds; send it again"
        ) from None
    return b"".join(parts)


def _too_large(limits: Limits) -> _RefusalError:
    return _RefusalError(
        413,
        "too_large",
        f"the body is longer than {limits.bytes:,} bytes, which is enough for these rows; send the "
        "keys of the rows and the predictions alone, as Parquet",
    )


def _constant(
    status: int, code: str, sentence: str
) -> Callable[[Request, Exception], Awaitable[JSONResponse]]:
    async def answer(request: Request, error: Exception) -> JSONResponse:
        return _error(status, code, sentence)

    return answer


def _error(
    status: int, code: str, sentence: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse({"error": sentence, "code": code}, status, headers)
