"""What a night makes of the days that a source delivers."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.nights import Diary, Nights, started, unchanged
from viewcast.base.paths import LIVE
from viewcast.data import live
from viewcast.report import nights_record

pytestmark = pytest.mark.xdist_group("night")  # one first night serves all

START = "2018-03-01"


@pytest.fixture
def nights(tmp_path: Path, empty_store: Path, channel: pd.Series) -> Nights:
    return started(tmp_path / "project", empty_store, Diary(channel))


def test_a_correction_is_reported_and_fitted_on(second: Nights) -> None:
    second.source.changed["2018-01-10"] = 77.0
    outcome = second.one(START)
    assert (outcome["code"], outcome["added"], outcome["version"]) == (0, 0, 2)
    (correction,) = outcome["corrected"]
    assert (correction["day"], correction["after"]) == ("2018-01-10", 77.0)
    assert second.series["2018-01-10"] == 77


def test_a_bridged_day_is_told(second: Nights) -> None:
    second.source.changed["2018-03-01"] = None
    outcome = second.one("2018-03-03")
    assert outcome["code"] == 0
    assert "1 missing day was bridged" in outcome["remarks"][0]
    record = nights_record.read(second.root)
    assert record is not None
    assert any("1 missing day was bridged" in remark for remark in record.remarks)
    assert live.BRIDGED in live.read(second.root / "nights" / LIVE / "days")


@pytest.mark.parametrize("views", [0.0, -5.0, None])
def test_a_day_that_the_source_has_lost_keeps_its_views_and_is_told(
    second: Nights, views: float | None
) -> None:
    """A removed video leaves a day below 0 for as long as it is in the source."""
    before = second.series
    second.source.changed["2018-02-20"] = views
    for day in ("2018-03-02", "2018-03-03"):
        assert second.one(day)["added"] == 1
    assert second.series["2018-02-20"] == before["2018-02-20"]
    record = nights_record.read(second.root)
    assert record is not None
    assert any("has lost the views of 2018-02-20" in remark for remark in record.remarks)


def test_days_that_are_not_settled_are_neither_fitted_nor_scored(second: Nights) -> None:
    second.source.settle_days = 3
    assert second.one("2018-03-02")["code"] == 10
    assert second.one("2018-03-05")["newest"] == "2018-03-01"
    second.overrides = ("retrain.settle=0",)
    assert second.one("2018-03-05")["newest"] == "2018-03-04"


@pytest.mark.parametrize(
    ("days", "members", "claim"), [(5, "rhythm", False), (20, "rhythm", True), (60, "rhythm", True)]
)
def test_a_short_history_is_served_and_says_by_what(
    nights: Nights, days: int, members: str, claim: bool
) -> None:
    nights.source.days = nights.source.days.iloc[:days]
    outcome = nights.one(nights.source.days.index[-1].date() + timedelta(days=1))
    assert outcome["code"] == 0, outcome["reason"]
    champion, record = nights.registry.champion(), nights_record.read(nights.root)
    assert champion is not None and record is not None
    assert champion.tags["viewcast.members"] == members
    assert (record.claim, f"{days} days are known" in record.served) == (claim, True)


LOST = pd.date_range("2018-02-18", periods=4)  # one more than check.max_lost_days


def shrunk(delivery: pd.DataFrame) -> pd.DataFrame:
    return delivery.assign(views=delivery["views"].where(~delivery.index.isin(LOST), 0.0))


def holed(delivery: pd.DataFrame) -> pd.DataFrame:
    return delivery.drop(LOST)


def broken(delivery: pd.DataFrame) -> pd.DataFrame:
    return delivery.assign(views=-delivery["views"])


def headless(delivery: pd.DataFrame) -> pd.DataFrame:
    return delivery.rename(columns={"views": "likes"})


@pytest.mark.parametrize("answer", [shrunk, holed, broken, headless])
def test_refused_days_are_quarantined_and_the_champion_stays(second: Nights, answer: Any) -> None:
    before = second.series
    second.source.answer = answer
    outcome = second.one("2018-03-02")
    assert (outcome["outcome"], outcome["code"]) == ("refused", 20)
    pd.testing.assert_series_equal(second.series, before)
    (reason,) = second.quarantined()
    assert outcome["reason"].startswith(reason)
    assert "quarantined: nights/live/quarantine/2018-03-02-" in outcome["reason"]
    champion = second.registry.champion()
    assert champion is not None
    assert champion.number == 1


def test_the_night_after_refused_days_brings_them_all(second: Nights) -> None:
    second.source.answer = holed
    assert second.one("2018-03-02")["code"] == 20
    second.source.answer = unchanged
    assert second.one("2018-03-03")["added"] == 2


def test_a_source_that_has_stopped_is_refused_though_it_answers(second: Nights) -> None:
    second.source.days = second.source.days[:"2018-02-28"]
    assert second.one("2018-03-07")["code"] == 10
    outcome = second.one("2018-03-08")
    assert outcome["code"] == 20
    assert "the newest day 2018-02-28 is 8 days old" in outcome["reason"]
