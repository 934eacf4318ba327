"""One point per day: what was promised, what came true, how each recipe did."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from support import told_nights
from support.kept import DAY, FIRST, INSTALLED, ledger, views
from viewcast.forecast.ledger import Kept
from viewcast.report.nights_record import WeekOfEvidence, parsed
from viewcast.retraining.nights_points import points

RECORD = replace(parsed(told_nights.record()), evidence=[])


def told(nights: int, lines: Sequence[Kept] | None = None) -> dict[date, dict[str, float]]:
    return points(RECORD, ledger(nights) if lines is None else lines, views(59 + nights))


def losses_up_to(day: date, count: int, forecast: float = 1000.0) -> np.ndarray:
    known = views(100)[: pd.Timestamp(day)]
    return np.abs(known.to_numpy()[-count:] - forecast)


def test_a_point_stands_at_each_day_that_a_night_forecast() -> None:
    found = told(20)
    assert list(found) == [FIRST + (INSTALLED + night) * DAY for night in range(20)]
    versions = [values["champion_version"] for values in found.values()]
    assert versions == [float(night) for night in range(20)]


def test_the_promise_is_made_from_the_days_before() -> None:
    found = told(20)
    first, last = FIRST + INSTALLED * DAY, FIRST + 79 * DAY
    backtested = np.abs(views(100).to_numpy()[10:60] - 1000)
    assert found[first]["promised_loss"] == pytest.approx(backtested.mean())
    whole = np.concatenate([backtested, losses_up_to(last - DAY, 19)])
    assert found[last]["promised_loss"] == pytest.approx(whole[-60:].mean())
    assert found[last]["promised_low"] < found[last]["promised_loss"] < found[last]["promised_high"]


def test_what_came_true_is_the_mean_of_the_last_seven_kept_days() -> None:
    found = told(20)
    early, late = FIRST + 62 * DAY, FIRST + 75 * DAY
    assert found[early]["realised_loss"] == pytest.approx(losses_up_to(early, 3).mean())
    assert found[late]["realised_loss"] == pytest.approx(losses_up_to(late, 7).mean())
    naive = np.abs(views(100).diff(7))[: pd.Timestamp(late)].to_numpy()[-7:].mean()
    assert found[late]["naive_loss"] == pytest.approx(naive)


def test_each_recipe_has_its_own_curve() -> None:
    day = FIRST + 75 * DAY
    found = told(20)[day]
    assert found["kept_loss_theta"] == pytest.approx(losses_up_to(day, 7, 900.0).mean())
    assert found["kept_loss_combination"] == pytest.approx(found["realised_loss"])
    assert "kept_loss_served" not in found


def test_the_day_that_has_not_come_is_promised_and_not_realised() -> None:
    *_, last = told(20).values()
    names = {"promised_loss", "promised_low", "promised_high", "champion_version"}
    assert set(last) == names


def test_evidence_stands_at_the_last_day_of_its_week() -> None:
    week = WeekOfEvidence(FIRST + 66 * DAY, {"theta": 3.0}, 3.0)
    found = points(replace(RECORD, evidence=[week]), ledger(20), views(79))
    days = {day for day, values in found.items() if "evidence" in values}
    assert days == {week.last}
    assert found[week.last]["evidence"] == 3.0 and found[week.last]["evidence_needed"] == 20.0


@pytest.mark.parametrize("more", [1, 3, 8, 30])
def test_what_is_known_of_a_day_does_not_change_with_later_nights(more: int) -> None:
    """Points are written once, in order of their days: later nights only add to them."""
    early, late = told(10), told(10 + more)
    *_, tonight = early
    for day, values in early.items():
        assert values.items() <= late[day].items()
    added = {(day, name) for day in late for name in late[day]}
    added -= {(day, name) for day in early for name in early[day]}
    assert min(day for day, _ in added) >= tonight


def test_skipped_nights_leave_days_without_points() -> None:
    lines = [each for each in ledger(20) if each.origin != FIRST + 70 * DAY]
    found = told(20, lines)
    assert FIRST + 71 * DAY not in found
    rest = losses_up_to(FIRST + 72 * DAY, 7)[[0, 1, 2, 3, 4, 6]]
    assert found[FIRST + 72 * DAY]["realised_loss"] == pytest.approx(rest.mean())


def test_before_the_first_night_there_is_no_point() -> None:
    assert told(0) == {}
    assert points(RECORD, [], views(30)) == {}
