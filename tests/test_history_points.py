"""One point per day: what the champion of the day promised, and what came true."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import retrained
from viewcast.report.champion_record import parsed
from viewcast.retraining.history_points import points

DAY = timedelta(days=1)
FIRST = retrained.FIRST


def told(**changes: Any) -> dict[str, Any]:
    return {**retrained.history(20, {0: 1.0, 10: 1.0}), **changes}


def test_each_day_has_the_promise_of_the_champion_that_forecasts_it() -> None:
    history = told()
    history["champions"][1]["promised"] = {"mean": 200.0, "low": 150.0, "high": 260.0, "days": 7}
    found = points(parsed(history), FIRST + 20 * DAY)
    assert list(found) == [FIRST + day * DAY for day in range(21)]
    assert [found[FIRST + day * DAY]["champion_version"] for day in (0, 9, 10, 20)] == [1, 1, 2, 2]
    assert found[FIRST + 9 * DAY]["promised_loss"] == 312
    names = ("promised_loss", "promised_low", "promised_high")
    assert [found[FIRST + 10 * DAY][name] for name in names] == [200, 150, 260]


def test_the_realised_loss_is_the_mean_of_the_last_seven_days_or_of_those_there_are() -> None:
    history = told()
    losses = [day["loss"] for day in history["daily"]]
    naive = [day["naive_loss"] for day in history["daily"]]
    found = points(parsed(history), FIRST + 20 * DAY)
    for day in range(20):
        week = slice(max(0, day - 6), day + 1)
        values = found[FIRST + day * DAY]
        assert values["realised_loss"] == pytest.approx(np.mean(losses[week]))
        assert values["naive_loss"] == pytest.approx(np.mean(naive[week]))


def test_the_day_of_the_night_itself_is_promised_and_not_yet_realised() -> None:
    found = points(parsed(told()), FIRST + 20 * DAY)
    assert "realised_loss" in found[FIRST + 19 * DAY]
    assert set(found[FIRST + 20 * DAY]) == {
        "promised_loss", "promised_low", "promised_high", "champion_version",
    }  # fmt: skip


def test_a_day_without_a_forecast_leaves_the_mean_to_the_other_days() -> None:
    history = told()
    missing = history["daily"].pop(15)
    assert missing["day"] == str(FIRST + 15 * DAY)
    week = [day["loss"] for day in history["daily"][9:15]]  # six of the seven days
    found = points(parsed(history), FIRST + 20 * DAY)
    assert found[FIRST + 15 * DAY]["realised_loss"] == pytest.approx(np.mean(week))


def test_a_promise_without_an_interval_has_no_ends() -> None:
    history = told()
    for champion in history["champions"]:
        champion["promised"] = {"mean": 312.0, "low": None, "high": None, "days": 2}
    assert not {"promised_low", "promised_high"} & set(points(parsed(history), FIRST)[FIRST])


def test_before_the_first_champion_there_is_no_point() -> None:
    assert not points(parsed(told(champions=[], daily=[])), FIRST)


@given(nights=st.integers(2, 40), more=st.integers(0, 20), seed=st.integers(0, 9))
def test_what_is_known_of_a_day_does_not_change_with_later_nights(
    nights: int, more: int, seed: int
) -> None:
    """Points are written once: a later night must find the same ones, and add to them."""
    whole = retrained.history(nights + more + 1, {0: 1.0}, seed)
    before = {**whole, "daily": whole["daily"][:nights]}
    early = points(parsed(before), FIRST + nights * DAY)
    late = points(parsed(whole), FIRST + (nights + more) * DAY)
    *known, tonight = early
    assert {day: late[day] for day in known} == {day: early[day] for day in known}
    assert early[tonight].items() <= late[tonight].items()
