"""YouTube Analytics as a source: what is asked for, what is made of it, what is refused."""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import pandas as pd
import pytest
from omegaconf import OmegaConf

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
    figures,
    serve,
    table,
)
from viewcast.base.errors import ConfigError, DataError, SourceError, ViewcastError
from viewcast.base.settings import build
from viewcast.data.sources.youtube import YouTube

pytest.importorskip("googleapiclient", reason="an extra: pip install 'viewcast[youtube]'")

YAML = Path(__file__).parents[1] / "conf" / "source" / "youtube.yaml"
FILE = "youtube.json"
SECRETS = {
    "token": "stale-token",
    "refresh_token": "secret-refresh",
    "client_id": "id-of-client",
    "client_secret": "secret-client",
}
FIRST, TODAY = date(2021, 3, 1), date(2021, 3, 26)  # 25 days have ended

Make = Callable[..., YouTube]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeYouTube]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    fake = FakeYouTube(figures("2021-03-01", 25))
    server = serve(fake)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited, each time."""
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def youtube(fake: FakeYouTube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """The source as its YAML file describes it, but for what a test changes."""
    monkeypatch.delenv("YOUTUBE_CREDENTIALS", raising=False)
    authorise(tmp_path, fake)

    def make(**changed: Any) -> YouTube:
        section = OmegaConf.to_container(OmegaConf.load(YAML), resolve=True)
        here = {"credentials": FILE, "start_date": "2021-03-01", "retries": 3, "endpoint": fake.url}
        source = build({**section, **here, **changed}, "source")
        assert isinstance(source, YouTube)
        return source

    return make


def authorise(root: Path, fake: FakeYouTube, **changed: Any) -> None:
    """A file of credentials whose access token is old and is told to be so."""
    user = {**SECRETS, "type": "authorized_user", "token_uri": f"{fake.url}/token", **changed}
    (root / FILE).write_text(json.dumps({k: v for k, v in user.items() if v is not None}))


def delivered(fake: FakeYouTube, *columns: str) -> pd.DataFrame:
    index = pd.DatetimeIndex([*fake.days], name="date").as_unit("us")
    cells = pd.DataFrame([*fake.days.values()], index, METRICS, "float64")
    return cells[[*columns]] if columns else cells


def refused(source: YouTube, root: Path, kind: type[ViewcastError]) -> str:
    with pytest.raises(kind) as caught:
        source.fetch(root, None, TODAY)
    message = str(caught.value)
    assert not [value for key, value in SECRETS.items() if key != "client_id" and value in message]
    return message


# --- what is asked for ----------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "starts"), [(10, [1, 11, 21]), (25, [1]), (200, [1])])
def test_pages_are_put_together_without_a_day_lost_or_doubled(
    youtube: Make, fake: FakeYouTube, tmp_path: Path, page: int, starts: list[int]
) -> None:
    days = youtube(page_size=page).fetch(tmp_path, None, TODAY)
    pd.testing.assert_frame_equal(days, delivered(fake))
    assert [int(asked.pop("startIndex")) for asked in fake.asked] == starts
    whole = {
        "ids": "channel==MINE",
        "startDate": "2021-03-01",
        "endDate": "2021-03-25",
        "dimensions": "day",
        "sort": "day",
        "metrics": "views,estimatedMinutesWatched,averageViewDuration,likes,subscribersGained",
        "maxResults": str(page),
        "alt": "json",
    }
    assert fake.asked == [whole] * len(starts)


def test_google_may_give_fewer_rows_than_a_page(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    fake.cap = 7
    pd.testing.assert_frame_equal(youtube().fetch(tmp_path, None, TODAY), delivered(fake))
    assert [asked["startIndex"] for asked in fake.asked] == ["1", "8", "15", "22"]


def test_the_newest_days_may_be_missing(youtube: Make, fake: FakeYouTube, tmp_path: Path) -> None:
    fake.days = figures("2021-03-01", 22)
    pd.testing.assert_frame_equal(youtube().fetch(tmp_path, None, TODAY), delivered(fake))
    assert [asked["startIndex"] for asked in fake.asked] == ["1", "23"]


@pytest.mark.parametrize(
    ("since", "start"),
    [(None, "2021-03-01"), (date(2021, 3, 20), "2021-03-20"), (date(2021, 1, 1), "2021-03-01")],
)
def test_days_from_since_but_none_before_the_first_are_asked_for(
    youtube: Make, fake: FakeYouTube, tmp_path: Path, since: date | None, start: str
) -> None:
    days = youtube(channel="UC" + 22 * "x").fetch(tmp_path, since, TODAY)
    pd.testing.assert_frame_equal(days, delivered(fake).loc[start:])
    assert [(asked["ids"], asked["startDate"]) for asked in fake.asked] == [
        ("channel==UC" + 22 * "x", start)
    ]


def test_where_no_day_has_ended_nothing_is_asked(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    days = youtube().fetch(tmp_path, TODAY, TODAY)
    pd.testing.assert_frame_equal(days, delivered(fake).iloc[:0])
    assert not fake.asked


def test_views_are_asked_for_first_and_always(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    fake.metrics, fake.days = ["views", "likes"], {"2021-03-01": [5, 1], "2021-03-02": [6, 0]}
    days = youtube(metrics=["likes", "views", "likes"]).fetch(tmp_path, None, date(2021, 3, 3))
    assert fake.asked[0]["metrics"] == "views,likes"
    assert days.to_dict("list") == {"views": [5.0, 6.0], "likes": [1.0, 0.0]}
    assert youtube(metrics=[]).requested == ["views"]


def test_another_metric_is_forecast_when_it_is_named(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    fake.metrics, fake.days = ["engagedViews", "likes"], {"2026-08-24": [5, 1]}
    source = youtube(metric="engagedViews", metrics=["views", "likes"], start_date="2026-08-24")
    days = source.fetch(tmp_path, None, date(2026, 8, 25))
    assert fake.asked[0]["metrics"] == "engagedViews,likes"
    assert days.to_dict("list") == {"views": [5.0], "likes": [1.0]}


def test_a_second_answer_holds_the_corrections_of_past_days(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    before = youtube().fetch(tmp_path, None, TODAY)
    fake.days["2021-03-10"][0] = 55
    after = youtube().fetch(tmp_path, None, TODAY)
    assert (before["views"] - after["views"]).loc[lambda change: change != 0].to_dict() == {
        pd.Timestamp("2021-03-10"): 109.0 - 55.0
    }


def test_an_answer_without_rows_is_a_delivery_without_days(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    fake.days = {}
    days = youtube().fetch(tmp_path, None, TODAY)
    assert days.empty
    assert list(days.columns) == METRICS
    assert {str(dtype) for dtype in days.dtypes} == {"float64"}
    assert isinstance(days.index, pd.DatetimeIndex)
    assert days.index.name == "date"


def test_columns_are_recognised_by_their_headers(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    whole = delivered(fake)
    fake.metrics = METRICS[::-1]
    fake.days = {day: cells[::-1] for day, cells in fake.days.items()}
    pd.testing.assert_frame_equal(youtube().fetch(tmp_path, None, TODAY), whole)


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


# --- authorisation --------------------------------------------------------------------------------


def test_an_old_token_is_renewed_before_the_first_request(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    before = (tmp_path / FILE).read_bytes()
    assert len(youtube().fetch(tmp_path, None, TODAY)) == 25
    (sent,) = fake.refreshed
    assert (sent["grant_type"], sent["refresh_token"]) == ("refresh_token", "secret-refresh")
    assert len(fake.asked) == 1
    assert (tmp_path / FILE).read_bytes() == before


def test_a_token_that_is_not_taken_any_more_is_renewed_and_the_request_repeated(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    authorise(tmp_path, fake, expiry="2999-01-01T00:00:00Z")
    pd.testing.assert_frame_equal(youtube().fetch(tmp_path, None, TODAY), delivered(fake))
    assert (len(fake.asked), len(fake.refreshed)) == (2, 1)


@pytest.mark.parametrize(
    ("granted", "told", "tries"),
    [
        (
            (
                400,
                b'{"error": "invalid_grant", '
                b'"error_description": "Token has been expired or revoked."}',
            ),
            "Google gives no access to YouTube Analytics: invalid_grant: Token has been expired or "
            "revoked; authorise once more as conf/source/youtube.yaml says",
            1,
        ),
        ((503, b"<html>away</html>"), "away; try again later; if that does not help, authorise", 3),
        ((500, b'{"error": "internal_failure"}'), "internal_failure: None; try again later", 3),
        ((200, b'{"id_token": "secret-refresh"}'), "No access token in response; authorise", 1),
    ],
    ids=["revoked", "away", "broken", "no token"],
)
def test_a_renewal_that_is_refused_says_whether_to_authorise_or_to_wait(
    youtube: Make,
    fake: FakeYouTube,
    tmp_path: Path,
    waits: list[float],
    granted: tuple[int, bytes],
    told: str,
    tries: int,
) -> None:
    fake.granted = granted
    assert told in refused(youtube(), tmp_path, SourceError)
    assert (len(fake.refreshed), len(waits), fake.asked) == (tries, tries - 1, [])


def test_a_token_that_is_refused_though_it_is_new_asks_for_authorisation(
    youtube: Make, fake: FakeYouTube, tmp_path: Path
) -> None:
    fake.valid = set()
    message = refused(youtube(), tmp_path, SourceError)
    assert "refuses (401 authError): Invalid Credentials; authorise once more" in message


def test_no_token_is_logged(
    youtube: Make,
    fake: FakeYouTube,
    tmp_path: Path,
    waits: list[float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    authorise(tmp_path, fake, expiry="2999-01-01T00:00:00Z")
    fake.script = [HASTE]
    with caplog.at_level(logging.DEBUG):
        youtube().fetch(tmp_path, None, TODAY)
    assert "rateLimitExceeded" in caplog.text
    assert len(fake.refreshed) == len(waits) == 1
    secrets = ("stale-token", "fresh-token", "secret-refresh", "secret-client")
    assert not [secret for secret in secrets if secret in caplog.text]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, f"{FILE}: No such file or directory; authorise once more"),
        ("secret-client", "found no JSON; authorise"),
        ("[1]", "client_id, client_secret, refresh_token missing, found nothing"),
        (json.dumps({"installed": SECRETS}), "missing, found installed; expected the file of an"),
        (json.dumps({**SECRETS, "refresh_token": ""}), "refresh_token missing, found client_id"),
        (json.dumps({**SECRETS, "expiry": "soon"}), "not the file of an authorised user"),
    ],
    ids=["none", "no JSON", "a list", "of a client", "no refresh token", "bad expiry"],
)
def test_credentials_that_are_none_are_refused_by_what_is_missing(
    youtube: Make, fake: FakeYouTube, tmp_path: Path, content: str | None, told: str
) -> None:
    (tmp_path / FILE).unlink()
    if content is not None:
        (tmp_path / FILE).write_text(content)
    message = refused(youtube(), tmp_path, ConfigError)
    assert message.startswith(f"source.credentials = {tmp_path / FILE}: ")
    assert told in message
    assert not fake.asked


def test_without_googles_library_the_extra_is_named(
    youtube: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "googleapiclient.discovery", None)
    assert "pip install 'viewcast[youtube]'" in refused(youtube(), tmp_path, ConfigError)


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


# --- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"channel": "@somebody"}, "source.channel = '@somebody'"),
        ({"timezone": "Asia/Taipei"}, "source.timezone = 'Asia/Taipei'"),
        ({"metrics": ["likes,shares"]}, "source.metrics.0 = 'likes,shares'"),
        ({"start_date": "last year"}, "source.start_date = 'last year'"),
        ({"page_size": 0}, "source.page_size = 0"),
        ({"retries": -1}, "source.retries = -1"),
        ({"endpoint": "localhost:80"}, "source.endpoint = 'localhost:80'"),
        ({"token": "x"}, "unknown key source.token; allowed: source.label"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_key(
    youtube: Make, changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        youtube(**changed)
    assert told in str(caught.value)


def test_the_credentials_are_named_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("YOUTUBE_CREDENTIALS", "~/mine.json")
    monkeypatch.setenv("HOME", str(tmp_path))
    source = build(OmegaConf.to_container(OmegaConf.load(YAML), resolve=True), "source")
    with pytest.raises(ConfigError) as caught:
        source.fetch(Path("nowhere"), None, TODAY)
    assert f"source.credentials = {tmp_path / 'mine.json'}: No such file" in str(caught.value)
