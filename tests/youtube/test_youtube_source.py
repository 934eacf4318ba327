"""YouTube Analytics as a source: what is asked for, and what is made of it."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.youtube_server import METRICS, FakeYouTube, figures
from support.youtube_source import TODAY, Make, delivered
from viewcast.base.errors import ConfigError

pytest.importorskip("googleapiclient", reason="an extra: pip install 'viewcast[youtube]'")


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
