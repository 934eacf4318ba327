"""The history of champions that the report reads: who forecast which day, and what came true."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from support.nights import Diary, Nights, started
from viewcast.base.paths import retraining_path
from viewcast.report.champion_record import read
from viewcast.retraining.dm_test import interval

pytestmark = pytest.mark.xdist_group("champion history")  # what is costly is made once for all


@pytest.fixture(autouse=True, scope="module")
def no_page() -> Iterator[None]:
    """The page is drawn by other tests: it would take half of a night here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viewcast.report.champions_page.write_page", lambda root: None)
        yield


@pytest.fixture(scope="module")
def twelve_nights(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, channel: pd.Series
) -> Nights:
    """Twelve nights, in which a second champion took over on the eighth."""
    nights = started(tmp_path_factory.mktemp("champions") / "project", empty_store, Diary(channel))
    nights.overrides = ("promotion.max_champion_age=1", "promotion.non_inferiority_margin=0.9")
    codes = [outcome["code"] for outcome in nights.on("2018-03-01", 12)]
    assert codes == [0, *[12] * 6, 0, *[12] * 4]
    return nights


def test_every_day_has_the_forecast_of_the_champion_of_its_morning(twelve_nights: Nights) -> None:
    written = json.loads(retraining_path(twelve_nights.root).read_text())
    days = pd.DataFrame(written["daily"]).set_index("day")
    assert days.index.tolist() == [f"2018-03-{day:02}" for day in range(1, 12)]
    assert days["version"].tolist() == [1] * 7 + [2] * 4
    for version in (1, 2):
        own = days[days["version"] == version]
        forecast = twelve_nights.registry.forecaster(version).follow(twelve_nights.series)
        np.testing.assert_allclose(own["predicted"], forecast[pd.DatetimeIndex(own.index)])
    np.testing.assert_allclose(days["loss"], (days["predicted"] - days["views"]).abs())
    before = twelve_nights.series.shift(7)[pd.DatetimeIndex(days.index)].to_numpy()
    np.testing.assert_allclose(days["naive_loss"], np.abs(before - days["views"]))


def test_a_champion_has_its_promised_and_its_realised_loss(twelve_nights: Nights) -> None:
    first, second = json.loads(retraining_path(twelve_nights.root).read_text())["champions"]
    assert (first["promoted"], first["until"], first["why"]) == (
        "2018-03-01",
        "2018-03-08",
        "first",
    )
    assert (second["promoted"], second["until"], second["why"]) == ("2018-03-08", None, "refresh")
    assert [one["promised"] for one in (first, second)] == [
        line["promised"] for line in twelve_nights.promotions
    ]
    written = json.loads(retraining_path(twelve_nights.root).read_text())
    losses = np.array([day["loss"] for day in written["daily"] if day["version"] == 1])
    mean, low, high = interval(losses, written["level"])
    assert first["realised"] == {"mean": mean, "low": low, "high": high, "days": 7}


def test_the_report_reads_what_the_nights_write(twelve_nights: Nights) -> None:
    history = read(twelve_nights.root)
    assert history is not None
    written = json.loads(retraining_path(twelve_nights.root).read_text())
    assert len(written["gates"]) == 2
    assert len(written["nights"]) == 12
    assert written["walk_forward"]
    assert written["newest"] == "2018-03-11"


def test_a_corrected_day_corrects_the_history(twelve_nights: Nights) -> None:
    twelve_nights.source.changed["2018-03-05"] = 4321.0
    twelve_nights.one("2018-03-13")
    written = json.loads(retraining_path(twelve_nights.root).read_text())
    (day,) = [day for day in written["daily"] if day["day"] == "2018-03-05"]
    assert day["views"] == 4321
