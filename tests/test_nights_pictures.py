"""The pictures of the nights and of a forecast: what they say follows their numbers."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support import told_nights
from support.told_nights import day
from viewcast.report.figures import (
    came_true,
    coverage,
    evidence,
    forecast,
    next_days,
    recipe_errors,
)
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import Drawing, applied
from viewcast.report.nights_record import parsed
from viewcast.report.nights_text import about, headline

LABEL = "live channel (simulated)"
DAYS = pd.date_range("2021-03-11", periods=3)
RECENT = pd.Series(np.arange(70.0) + 3000, index=pd.date_range(end="2021-03-10", periods=70))
AHEAD = pd.DataFrame({"date": DAYS, "views": 3210.0, "low": 2900.0, "high": 3560.0})
HELD = {"level": 0.9, "covered": 0.88, "error": 0.03, "days": 120}


def drawings(module: Any, told: dict[str, Any], root: Path) -> list[Drawing]:
    told_nights.leave(told, root)
    with applied():
        return list(module.draw(Results(root, [])))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"), (0.4, "0.4"), (3.876, "3.9"), (9.98, "10"), (87.66, "88"), (3214.7, "3,210"),
        (999.6, "1,000"), (123456, "123,000"), (1_234_567, "1.23 million"), (-51.2, "−51"),
    ],
)  # fmt: skip
def test_a_number_of_views_is_whole_from_ten_on_and_has_three_digits(
    value: float, said: str
) -> None:
    assert about(value) == said


def test_the_title_of_the_next_days_has_the_day_and_the_sum_with_their_intervals() -> None:
    assert headline(parsed(told_nights.record())) == (
        "Thursday, 11 March 2021: 3,200 views expected, 2,780 to 3,680 in 90 % of cases; "
        "all 7 days to Wed 17 Mar: 20,600 (19,200 to 22,300)"
    )
    assert headline(parsed(told_nights.first(claim=False))) == (
        "Thursday, 11 March 2021: 3,200 views expected; all 7 days to Wed 17 Mar: 20,600"
    )


def test_the_next_days_are_joined_to_the_newest_and_stand_beside_what_was_expected(
    tmp_path: Path,
) -> None:
    told = told_nights.record()
    (drawing,) = drawings(next_days, told, tmp_path)
    (axes,) = drawing.figure.axes
    expected, counted, ahead, dots = (list(line.get_ydata()) for line in axes.lines)
    assert counted == [one["views"] for one in told["past"][-28:]]
    assert expected == [one["forecast"] for one in told["past"][-28:]]
    assert ahead == [counted[-1], *dots] and dots == [one["views"] for one in told["days"]]
    assert axes.get_ylabel() == "views a day"


def test_an_alarm_shows_both_forecasts_until_a_person_has_confirmed_it(tmp_path: Path) -> None:
    _, drawing = drawings(next_days, told_nights.alarmed(), tmp_path)
    assert drawing.title == (
        "If a new habit began on Fri 5 Mar, Thu 11 Mar brings 6,400 views; if not, 3,200"
    )
    assert len(drawings(next_days, told_nights.alarmed(confirmed=True), tmp_path)) == 1


def test_the_errors_are_compared_on_the_days_that_both_forecast(tmp_path: Path) -> None:
    told = told_nights.record()
    for one in told["past"]:
        one |= {"views": 1000.0, "forecast": 1100.0, "naive": 800.0, "low": 900.0, "high": 990.0}
    told["past"][0]["naive"] = None
    (drawing,) = drawings(came_true, told, tmp_path)
    assert drawing.title == (
        "In 59 days the forecast was off by 100 views a day; the same weekday of the week before "
        "by 200"
    )
    assert "Inside the interval: 0 % of 59 days." in drawing.caption


def test_a_viral_day_is_counted_and_leaves_room_for_the_others(tmp_path: Path) -> None:
    told = told_nights.record()
    told["past"][30]["views"] = 90_000.0
    (drawing,) = drawings(came_true, told, tmp_path)
    assert drawing.figure.axes[0].get_ylim()[1] < 8_000
    assert re.search(r"Triangles: 1 beyond the upper edge", drawing.caption)


def test_the_coverage_is_told_by_day_for_all_and_for_the_sum(tmp_path: Path) -> None:
    (drawing,) = drawings(coverage, told_nights.record(), tmp_path)
    assert drawing.title == (
        "Intervals made to hold 90 % held 91.5 ± 3.0 % for the next day and 90.0 ± 3.0 % for the "
        "sum of 7 days"
    )
    names = [label.get_text() for label in drawing.figure.axes[0].get_yticklabels()]
    assert names == [
        "the next day", *(f"day {h}" for h in range(2, 8)), "all 7 days at once",
        "the sum of 7 days",
    ]  # fmt: skip


def test_the_evidence_is_drawn_week_by_week_against_what_is_needed(tmp_path: Path) -> None:
    told = told_nights.record()
    told["evidence"][-1] |= {"e": {"theta": 6.0, "ridge": 0.5}, "mean": 3.25}
    (drawing,) = drawings(evidence, told, tmp_path)
    assert drawing.title == (
        "After 30 judged weeks the evidence that another recipe is better is 3.25; 20 are needed. "
        "The most has theta, 6"
    )
    assert "at most 5 %" in drawing.caption
    (axes,) = drawing.figure.axes
    assert axes.get_yscale() == "log" and axes.get_ylim()[1] > 20
    later = drawings(evidence, told | {"threshold": 40.0}, tmp_path)[0]
    assert "40 are needed" in later.title and "at most 2.5 %" in later.caption


def test_an_evidence_of_none_is_drawn_at_the_lower_edge(tmp_path: Path) -> None:
    told = told_nights.record(weeks=1)
    told["evidence"][-1] |= {"e": {"theta": 0.0}, "mean": 0.0}
    (drawing,) = drawings(evidence, told, tmp_path)
    assert "After 1 judged week the" in drawing.title
    first, last = drawing.figure.axes[0].get_xlim()
    assert last - first < 10  # days: of the week and of none before it
    assert drawing.figure.axes[0].get_ylim()[0] > 0


def test_the_recipe_that_serves_is_named_with_its_error_and_a_better_one_too(
    tmp_path: Path,
) -> None:
    told = told_nights.record()
    (drawing,) = drawings(recipe_errors, told, tmp_path)
    assert drawing.title == (
        "The forecast that serves (combination) has an error of 0.720 ± 0.030; repeating the last "
        "week has 1"
    )
    told["recipes"][1]["mase"] = 0.7
    (drawing,) = drawings(recipe_errors, told, tmp_path)
    assert drawing.title.endswith("has 1; theta has 0.700 ± 0.030")
    assert "56 weeks, 26 of them" in drawing.caption


def test_before_anything_is_known_the_next_days_alone_are_drawn(tmp_path: Path) -> None:
    told = told_nights.first(claim=False)
    for module in (came_true, coverage, evidence, recipe_errors):
        assert not drawings(module, told, tmp_path)
    (drawing,) = drawings(next_days, told, tmp_path)
    assert "no band yet" in drawing.caption and not drawing.figure.axes[0].collections


def test_one_day_ahead_and_a_channel_without_views_are_drawn(tmp_path: Path) -> None:
    told = told_nights.record(weeks=2)
    keys = ("views", "forecast", "low", "high", "naive")
    for one in (*told["past"], *told["days"]):
        one.update(dict.fromkeys(keys & one.keys(), 0.0))
    told |= {"days": told["days"][:1], "total": told["total"] | {"last": day(0), "views": 0.0}}
    for module in (next_days, came_true, coverage, evidence, recipe_errors):
        for drawing in drawings(module, told, tmp_path):
            with applied():
                drawing.save(tmp_path)
    assert "all " not in headline(parsed(told))


def drawn(ahead: pd.DataFrame, coverage: dict[str, Any] | None) -> Drawing:
    with applied():
        return forecast.draw_forecast(RECENT, ahead, LABEL, "views", 0.9, coverage)


def test_the_forecast_says_the_next_day_its_interval_and_what_such_intervals_held() -> None:
    drawing = drawn(AHEAD, HELD)
    assert drawing.title == (
        "Thursday, 11 March 2021: 3,210 views expected, 2,900 to 3,560 in 90 % of cases"
    )
    assert "Of 120 later days, such bands held 88 % ± 3 %." in drawing.caption
    (axes,) = drawing.figure.axes
    counted = axes.lines[0].get_ydata()
    assert list(counted) == list(RECENT.iloc[-60:])
    (band,) = axes.collections
    # The band begins at the last day that is known and ends at the last one that is forecast.
    edges = band.get_paths()[0].vertices
    assert {3069.0, 2900.0, 3560.0} == set(edges[:, 1])
    assert "views" in axes.get_ylabel()


def test_a_coverage_without_an_error_and_an_unknown_coverage_are_named() -> None:
    assert "such bands held 88 %." in drawn(AHEAD, HELD | {"error": None}).caption
    assert "not known yet" in drawn(AHEAD, None).caption


def test_a_forecast_without_intervals_draws_and_claims_none() -> None:
    drawing = drawn(AHEAD.assign(low=np.nan, high=np.nan), None)
    assert drawing.title == "Thursday, 11 March 2021: 3,210 views expected"
    assert "too few forecasts" in drawing.caption and not drawing.figure.axes[0].collections


def test_the_picture_of_a_forecast_replaces_the_former_one_and_leaves_nothing_else(
    tmp_path: Path,
) -> None:
    for views in (3210.0, 4000.0):
        ahead = AHEAD.assign(views=views)
        picture = forecast.write(tmp_path, RECENT, ahead, LABEL, "views", 0.9, HELD)
        assert picture.path == tmp_path / "forecast.png"
        assert LABEL in picture.caption
        assert list(tmp_path.iterdir()) == [picture.path]
