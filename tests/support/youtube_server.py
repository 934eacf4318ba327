"""A server on this machine that answers as YouTube Analytics and Google's token endpoint do."""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

METRICS = ["views", "estimatedMinutesWatched", "averageViewDuration", "likes", "subscribersGained"]
TYPES = {"averageViewDuration": "INTEGER", "averageViewPercentage": "FLOAT"}


def figures(first: str, count: int) -> dict[str, list[float]]:
    """Days of a channel, no two of them alike."""
    days = [date.fromisoformat(first) + timedelta(days=n) for n in range(count)]
    return {day.isoformat(): [100 + n, 7 * n, 200 + n, n, 3] for n, day in enumerate(days)}


def table(metrics: list[str], rows: list[list[Any]]) -> dict[str, Any]:
    """A result table in the shape that Google documents; without rows the element is left out."""
    day = {"name": "day", "columnType": "DIMENSION", "dataType": "STRING"}
    headers = [
        {"name": name, "columnType": "METRIC", "dataType": TYPES.get(name, "INTEGER")}
        for name in metrics
    ]
    answer = {"kind": "youtubeAnalytics#resultTable", "columnHeaders": [day, *headers]}
    return {**answer, "rows": rows} if rows else answer


def error(code: int, reason: str, message: str, domain: str = "global") -> tuple[int, bytes]:
    """A refusal in the shape of Google's JSON."""
    of_one = {"message": message, "domain": domain, "reason": reason}
    body = {"error": {"code": code, "message": message, "errors": [of_one]}}
    return code, json.dumps(body).encode()


QUOTA = error(
    403,
    "quotaExceeded",
    'The request cannot be completed because you have exceeded your <a href="/x#quota">quota</a>.',
    "youtube.quota",
)
HASTE = error(403, "rateLimitExceeded", "Rate Limit Exceeded", "usageLimits")
BROKEN = error(500, "backendError", "Backend Error")
AWAY = (503, b"<html><title>503</title>Service Unavailable</html>")
MANY = (
    429,
    b'{"error": {"code": 429, "message": "Quota exceeded for quota metric \'Queries\' and limit '
    b'\'Queries per minute per user\'.", "status": "RESOURCE_EXHAUSTED", "details": [{"@type": '
    b'"type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}]}}',
)

SPENT = 429, MANY[1].replace(b"minute per user", b"day")


@dataclass
class FakeYouTube:
    """What the server knows and saw.

    ``days``: figures by day, in the order of ``metrics``. ``cap``: rows per answer at most.
    ``script``: status and body of the next answers, before ordinary ones; ``always``: of all.
    ``valid``: the access tokens that are taken. ``granted``: status and body of the token endpoint.
    ``asked``: parameters of every query. ``refreshed``: what the token endpoint was sent.
    """

    days: dict[str, list[float]] = field(default_factory=dict)
    metrics: list[str] = field(default_factory=lambda: list(METRICS))
    cap: int = 1000
    script: list[tuple[int, bytes]] = field(default_factory=list)
    always: tuple[int, bytes] | None = None
    valid: set[str] = field(default_factory=lambda: {"fresh-token"})
    granted: tuple[int, bytes] = (200, b'{"access_token": "fresh-token", "expires_in": 3599}')
    asked: list[dict[str, str]] = field(default_factory=list)
    refreshed: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def query(self, given: dict[str, str], authorization: str) -> tuple[int, bytes]:
        self.asked.append(given)
        if self.always is not None:
            return self.always
        if self.script:
            return self.script.pop(0)
        if authorization.removeprefix("Bearer ") not in self.valid:
            return error(401, "authError", "Invalid Credentials")
        rows = [
            [day, *cells]
            for day, cells in sorted(self.days.items())
            if given["startDate"] <= day <= given["endDate"]
        ]
        start = int(given["startIndex"]) - 1
        page = rows[start : start + min(self.cap, int(given["maxResults"]))]
        return 200, json.dumps(table(self.metrics, page)).encode()


def serve(fake: FakeYouTube) -> ThreadingHTTPServer:
    """A server on a free port that answers from ``fake``; the caller runs and closes it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = dict(parse_qsl(urlsplit(self.path).query))
            self.answer(*fake.query(given, self.headers.get("Authorization", "")))

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            fake.refreshed.append(dict(parse_qsl(self.rfile.read(length).decode())))
            self.answer(*fake.granted)

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    return server
