"""What MLflow's UI says of the nights."""

from dataclasses import replace

import pytest

from support import told_nights
from viewcast.report.nights_note import note_of_history, note_of_night, note_of_nights, verdict
from viewcast.report.nights_record import NightsRecord, parsed

VIEWS = {"viewcast-nights": "5 nights: promised and realised", "viewcast": "audit"}
RECORD = parsed(told_nights.record())


def lately(factor: float) -> NightsRecord:
    """The errors of the last week times ``factor``."""
    week = [
        replace(one, views=one.forecast + factor * (one.views - one.forecast))
        for one in RECORD.past[-7:]
    ]
    return replace(RECORD, past=[*RECORD.past[:-7], *week])


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (0.5, "In the last 7 days the forecasts were off by 96 views a day, and at most 317"),
        (9.0, "In the last 7 days the forecasts were off by 1,730 views a day, more than the 317"),
    ],
)
def test_the_first_line_says_whether_the_promise_is_kept_and_links_the_views(
    factor: float, said: str
) -> None:
    first, *_ = note_of_nights(lately(factor), "7", VIEWS).splitlines()
    assert first.startswith(f"**{said}")
    link = "#/experiments/7/runs?workflowType=machine_learning&compareRunsMode=CHART"
    assert f"[5 nights: promised and realised]({link}&viewStateShareKey=viewcast-nights)" in first


def test_it_tells_the_next_days_what_the_curves_are_and_the_last_nights() -> None:
    text = note_of_nights(RECORD, "7", VIEWS)
    assert "Thursday, 11 March 2021: 3,200 views expected, 2,780 to 3,680 in 90 % of cases" in text
    assert "the mean of the 60 forecasts before the day" in text
    assert text.count("\n- 2021-03-") == 5
    assert "- 2021-03-11: version 61 serves" in text


def test_too_early_and_too_short_are_said() -> None:
    first = verdict(parsed(told_nights.first()))
    assert first.endswith("no week of kept forecasts has passed yet to check this")
    short = verdict(parsed(told_nights.first(claim=False)))
    assert short == "The history is too short to say how good the forecast is"
    none = replace(RECORD, past=[])
    assert verdict(none) == "No day has come yet to check a forecast on"


def test_the_history_run_shows_its_picture_and_each_recipe() -> None:
    text = note_of_history(RECORD, "abc", "pictures/retraining_came_true.png")
    assert "![](/get-artifact?path=pictures/retraining_came_true.png&run_uuid=abc)" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    names = [row.split(" | ")[0].removeprefix("| ") for row in rows]
    assert names == [
        "combination", "theta", "ridge", "boosted", "rhythm", "mean7", "seasonal naive",
    ]  # fmt: skip
    assert rows[1].endswith("| would need about 31 more weeks at this rate |")
    assert "0.770 ± 0.030 | 278 | 56, 26 of them a backtest |" in rows[1]
    assert "They held 91.5 ± 3.0 % of 120 cases for the next day" in text
    assert "get-artifact" not in note_of_history(RECORD, "abc", None)


def test_a_night_tells_its_forecast_what_serves_and_its_ending() -> None:
    text = note_of_night(RECORD)
    assert text.startswith("**Thursday, 11 March 2021: 3,200 views expected")
    assert "The mean of theta, ridge, boosted and rhythm serves" in text
    assert "Version 61 serves: it knows the days to 2021-03-10." in text


def test_an_alarm_that_nobody_has_confirmed_is_told_everywhere() -> None:
    raised, confirmed = (parsed(told_nights.alarmed(known)) for known in (False, True))
    notes = (
        note_of_nights(raised, "7", {}),
        note_of_history(raised, "a", None),
        note_of_night(raised),
    )
    assert all("**Alarm.** Since 2021-03-05 the views are" in note for note in notes)
    assert "Alarm" not in note_of_nights(confirmed, "7", {})
