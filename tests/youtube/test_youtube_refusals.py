"""YouTube Analytics: what passes is waited for, and what does not is refused in words."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.youtube_server import (
    AWAY,
    BROKEN,
    HASTE,
    MANY,
    METRICS,
    QUOTA,
    SPENT,
    FakeYouTube,
    error,
    table,
)
from support.youtube_source import TODAY, Make, authorise, delivered, refused
from viewcast.base.errors import DataError, SourceError

pytest.importorskip("googleapiclient", reason="an extra: pip install 'viewcast[youtube]'")


# --- refusals and failures ------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [HASTE, MANY, BROKEN, AWAY], ids=["rate", "429", "500", "503"])
def test_what_passes_is_waited_for(
    youtube: Make,
    fake: FakeYouTube,
    tmp_path: Path,
    waits: list[float],
    answer: tuple[int, bytes],
) -> None:
    fake.script = [answer, answer]
    pd.testing.assert_frame_equal(youtube().fetch(tmp_path, None, TODAY), delivered(fake))
    assert len(waits) == 2
    assert 0 <= waits[0] <= 2
    assert 0 <= waits[1] <= 4


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (AWAY, "refuses (503): Service Unavailable; Google's server fails, also after 3 retries"),
        (BROKEN, "refuses (500 backendError): Backend Error; Google's server fails"),
        (HASTE, "refuses (403 rateLimitExceeded): Rate Limit Exceeded; too many requests, also"),
        (MANY, "'Queries per minute per user'; too many requests, also after 3 retries"),
        (SPENT, "'Queries per day'; the day's quota is used up; wait until midnight Pacific"),
    ],
    ids=["503", "500", "rate", "429", "429 of the day"],
)
def test_what_does_not_pass_is_a_source_that_cannot_be_reached(
    youtube: Make,
    fake: FakeYouTube,
    tmp_path: Path,
    waits: list[float],
    answer: tuple[int, bytes],
    told: str,
) -> None:
    fake.always = answer
    assert told in refused(youtube(), tmp_path, SourceError)
    assert (len(fake.asked), len(waits)) == (4, 3)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            QUOTA,
            "YouTube Analytics refuses (403 quotaExceeded): The request cannot be completed "
            "because you have exceeded your quota; the day's quota is used up; wait until "
            "midnight Pacific time",
        ),
        (
            error(403, "forbidden", "Forbidden"),
            "(403 forbidden): Forbidden; source.channel = MINE must belong to the account",
        ),
        (
            error(400, "badRequest", "The query is not supported."),
            "(400 badRequest): The query is not supported; look at source.channel, source.metric, ",
        ),
        (
            (403, b'{"error": "blocked by the message filter"}'),
            "YouTube Analytics: found a refusal that is not Google's; look for a proxy between",
        ),
        ((404, b"<html>nothing here</html>"), "(404): Not Found; look at source.channel"),
    ],
    ids=["quota", "forbidden", "bad request", "firewall", "no such page"],
)
def test_what_waiting_does_not_mend_is_not_tried_again(
    youtube: Make,
    fake: FakeYouTube,
    tmp_path: Path,
    waits: list[float],
    answer: tuple[int, bytes],
    told: str,
) -> None:
    fake.always = answer
    assert told in refused(youtube(), tmp_path, SourceError)
    assert (len(fake.asked), waits) == (1, [])


def test_a_quota_that_runs_out_between_pages_delivers_nothing(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    page = [[day, *cells] for day, cells in fake.days.items()][:10]
    fake.script = [(200, json.dumps(table(METRICS, page)).encode()), QUOTA]
    assert "midnight Pacific time" in refused(youtube(page_size=10), tmp_path, SourceError)
    assert len(fake.asked) == 2


def test_a_refused_connection_is_a_source_that_cannot_be_reached(
    youtube: Make, fake: FakeYouTube, tmp_path: Path, waits: list[float]
) -> None:
    fake.valid = {"held"}
    authorise(tmp_path, fake, token="held", expiry="2999-01-01T00:00:00Z")
    nobody = "http://127.0.0.1:1"
    message = refused(youtube(endpoint=nobody), tmp_path, SourceError)
    assert f"cannot be reached at {nobody}" in message
    assert "refused, after 3 retries; look at the network" in message
    assert len(waits) == 3


# --- answers that are no delivery -----------------------------------------------------------------

GOOD = ["2021-03-01", 5, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"<html>please log in</html>", "found 'please log in', expected columnHeaders and rows"),
        (b"\xff", "the answer is no JSON"),
        (b"[1, 2]", "found '[1, 2]', expected columnHeaders and rows"),
        (b"{}", "found '{}', expected columnHeaders and rows"),
        (
            table(METRICS[:2], [["2021-03-01", 5, 1]]),
            "found columns ['day', 'views', 'estimatedMin",
        ),
        (
            table(["views", *METRICS[:4]], [GOOD]),
            "do source.metric and source.metrics name metrics of daily",
        ),
        (table(METRICS, [["2021-03-01", 5]]), "row 1: found 2 cells, expected 6"),
        (table(METRICS, ["2021-03-01"]), "row 1: found 10 cells, expected 6"),
        (table(METRICS, [5]), "expected columnHeaders and rows"),
        (
            table(METRICS, [GOOD, ["2021-03-02", "6", 1, 2, 3, 4]]),
            "row 2, column 'views': found '6'",
        ),
        (table(METRICS, [[*GOOD[:5], None]]), "row 1, column 'subscribersGained': found None"),
        (table(METRICS, [[*GOOD[:4], True, 4]]), "row 1, column 'likes': found True"),
        (table(METRICS, [[*GOOD[:1], float("nan"), *GOOD[2:]]]), "column 'views': found nan"),
        (table(METRICS, [["20210301", *GOOD[1:]]]), "column 'day': found '20210301', expected"),
        (table(METRICS, [["2021-02-30", *GOOD[1:]]]), "column 'day': found '2021-02-30', expected"),
        (table(METRICS, [[20210301, *GOOD[1:]]]), "column 'day': found 20210301, expected"),
        (table(METRICS, [GOOD, GOOD]), "row 2: found 2021-03-01, expected a day from 2021-03-02"),
        (table(METRICS, [["2021-03-26", *GOOD[1:]]]), "from 2021-03-01 to 2021-03-25"),
        (table(METRICS, [["2021-02-28", *GOOD[1:]]]), "row 1: found 2021-02-28, expected a day"),
    ],
)
def test_an_answer_that_is_no_delivery_is_refused_by_row_and_column(
    youtube: Make, fake: FakeYouTube, tmp_path: Path, answer: bytes | dict[str, Any], told: str
) -> None:
    fake.always = 200, answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    assert told in refused(youtube(), tmp_path, DataError)
    assert len(fake.asked) == 1


def test_a_server_that_gives_the_first_page_again_and_again_is_refused(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    page = [[day, *cells] for day, cells in fake.days.items()][:10]
    fake.always = 200, json.dumps(table(METRICS, page)).encode()
    message = refused(youtube(page_size=10), tmp_path, DataError)
    assert "row 11: found 2021-03-01, expected a day from 2021-03-11" in message


def test_a_failure_that_comes_with_a_good_status_is_a_failure(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    body = {"kind": "youtubeAnalytics#resultTable", "errors": {"code": "UNAVAILABLE"}}
    fake.always = 200, json.dumps(body).encode()
    assert "UNAVAILABLE" in refused(youtube(), tmp_path, SourceError)
