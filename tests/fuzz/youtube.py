"""Answers of YouTube's API, and of whatever answers in its place, to the source's own requests.

A case holds one file for each answer, ``<number>-<status>``; the last answers all later requests.
"""

import json
import os
import tempfile
import threading
import time
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import strategies as st

from fuzz import evil
from fuzz.case import Case
from fuzz.exports import days_of
from fuzz.target import Accepted, Target
from support.youtube_server import (
    AWAY,
    BROKEN,
    HASTE,
    MANY,
    METRICS,
    QUOTA,
    SPENT,
    FakeYouTube,
    figures,
    serve,
    table,
)
from viewcast.base.settings import build
from viewcast.data.sources.youtube import YouTube

FIRST, COUNT = "2021-03-01", 25
LAST = date.fromisoformat(FIRST) + timedelta(days=COUNT - 1)
DAYS = figures(FIRST, COUNT)
STATUS = (200,) * 40 + (206, 301, 400, 401, 403, 404, 500, 999)
SECTION = {
    "_target_": "viewcast.data.sources.youtube.YouTube",
    "label": "fuzzed",
    "timezone": "America/Los_Angeles",
    "channel": "MINE",
    "metric": METRICS[0],
    "metrics": METRICS,
    "start_date": FIRST,
    "page_size": COUNT,
    "retries": 2,
}
Answer = tuple[int, bytes]
ROWS = [[day, *cells] for day, cells in DAYS.items()]
ODD: tuple[Any, ...] = (
    *(None, True, -1, 1.5, 2**64, 10**400, float("nan"), float("inf"), "", "x", "5", "x" * 5_000),
    *(
        [],
        {},
        [1],
        {"a": 1},
        [[1]],
        "2021-02-30",
        "2021-03-01",
        "2021-3-1",
        "1500-01-01",
        "20210301",
    ),
)
TEXTS = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"true",
    b'"x"',
    b"1e400",
    b"{",
    b"<html>Sign in</html>",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"rows": 1, "rows": 2}',
    b'{"error": "x"}',
    b'{"error": {"errors": [1, null]}}',
    b'{"errors": {"a": "' + b"x" * 5_000 + b'"}}',
    b"9" * 5_000,
)


@st.composite
def bodies(draw: st.DrawFn, rows: list[list[Any]]) -> tuple[bytes, str]:
    """An answer with these rows in which something is wrong, and what."""
    answer: Any = table(METRICS, [list(row) for row in rows])
    how = draw(
        st.sampled_from(
            (
                "right",
                "cell",
                "cell",
                "row",
                "rows",
                "header",
                "key",
                "text",
                "bytes",
                "twice",
                "turned",
            )
        )
    )
    at = evil.place(draw(evil.shares), len(rows))
    odd = draw(st.sampled_from(ODD))
    if how == "cell" and rows:
        answer["rows"][at][draw(st.integers(0, len(METRICS)))] = odd
    elif how == "row" and rows:
        answer["rows"][at] = draw(st.sampled_from((odd, [], [*rows[at], 1], rows[at][:-1])))
    elif how == "rows":
        answer["rows"] = odd
    elif how == "header":
        headers = answer["columnHeaders"]
        headers[draw(st.integers(0, len(headers) - 1))] = draw(
            st.sampled_from((odd, {}, {"name": odd}, headers[0]))
        )
    elif how == "key":
        key = draw(st.sampled_from(("columnHeaders", "rows", "kind", "errors", "error")))
        answer[key] = odd
        if draw(st.booleans()):
            del answer[key]
    elif how == "text":
        return draw(st.sampled_from(TEXTS)), how
    elif how == "twice" and rows:
        answer["rows"].append(rows[at])
    elif how == "turned" and rows:
        answer["rows"].reverse()
    content = json.dumps(answer).encode()
    if how == "bytes":
        return draw(evil.broken(content))
    return content, how


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Some answers, the first of which may be those of a server in trouble."""
    answers = draw(st.lists(st.sampled_from((AWAY, BROKEN, HASTE, MANY)), max_size=2))
    size, right = draw(st.sampled_from((COUNT, 10))), draw(st.integers(0, 4)) == 0
    made = [str(status) for status, _ in answers]
    for start in range(0, COUNT, size):
        page = ROWS[start : start + size]
        if right:
            answers.append((200, json.dumps(table(METRICS, page)).encode()))
            continue
        body, how = draw(bodies(page))
        answers.append((draw(st.sampled_from(STATUS)), body))
        made.append(f"{how} {answers[-1][0]}")
    if not right and draw(st.booleans()):
        answers.append(draw(st.sampled_from((QUOTA, SPENT, AWAY))))
    files = {f"{number:03}-{status}": body for number, (status, body) in enumerate(answers)}
    known = {"days": {day: float(cells[0]) for day, cells in DAYS.items()}}
    return Case(files, known if right else None, tuple(made))


class Repeating(FakeYouTube):
    """The answers one after another, and the last one for ever."""

    def query(self, given: dict[str, str], authorization: str) -> tuple[int, bytes]:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@cache
def _server() -> FakeYouTube:
    """One server of this process for all cases."""
    fake = Repeating()
    threading.Thread(target=serve(fake).serve_forever, args=(0.01,), daemon=True).start()
    return fake


def run(given: Path, project: Path) -> Accepted:
    """Fetch the days from the server; no wait between tries takes time."""
    fake = _server()
    files = sorted(given.iterdir())
    fake.script = [(int(file.name.partition("-")[2]), file.read_bytes()) for file in files]
    user = {"type": "authorized_user", "token_uri": f"{fake.url}/token", "token": "fresh-token"}
    names = ("refresh_token", "client_id", "client_secret")
    with (
        tempfile.TemporaryDirectory() as place,
        patch.object(time, "sleep"),
        patch.dict(os.environ, {"no_proxy": "127.0.0.1"}),
    ):
        file = Path(place) / "credentials.json"
        file.write_text(json.dumps({**user, **dict.fromkeys(names, "secret")}))
        here = {**SECTION, "endpoint": fake.url, "credentials": str(file)}
        source: YouTube = build(here, "source", YouTube)
        return Accepted(days_of(source.fetch(given, None, LAST + timedelta(days=1))["views"]))


TARGET = Target("youtube", cases(), run, places=("YouTube Analytics", "Google"))
