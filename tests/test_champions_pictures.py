"""The pictures of the retraining and of a forecast: what they say follows their numbers."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support import retrained
from support.retrained import drawings, parsed
from viewcast.report.champion_table import gained
from viewcast.report.figures import forecast, gates, promises, weekly_errors
from viewcast.report.figures.style import Drawing, applied

DAYS = pd.date_range("2021-03-11", periods=3)
RECENT = pd.Series(np.arange(70.0) + 3000, index=pd.date_range(end="2021-03-10", periods=70))
AHEAD = pd.DataFrame({"date": DAYS, "views": 3210.0, "low": 2900.0, "high": 3560.0})
HELD = {"level": 0.9, "covered": 0.88, "error": 0.03, "days": 120}


def champions(*factors: float) -> dict[str, Any]:
    """One champion per 14 days, which loses this much more than it promised."""
    told = retrained.history(14 * len(factors), {14 * i: f for i, f in enumerate(factors)}, seed=3)
    for champion, factor in zip(told["champions"], factors, strict=True):
        low, high = 312 * factor - 30, 312 * factor + 30
        champion["realised"] = {"mean": 312 * factor, "low": low, "high": high, "days": 14}
    return told


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (retrained.history(3, {0: 1.0}), "Version 1 promised to lose 312 views a day; no week"),
        (champions(1), "Version 1 kept its promise: it lost 312 views a day, at most 374 promised"),
        (champions(2), "Version 1 lost 624 views a day, at most 374 promised"),
        (champions(1.25), "whether it kept its promise is unclear"),
        (champions(1, 0.5), "Both champions kept their promises: they lost no more than promised"),
        (champions(1, 1, 1), "All 3 champions kept their promises"),
        (champions(1, 2), "1 of 2 champions kept their promises; version 2 lost 624 views a day"),
        (champions(2, 1, 2), "1 of 3 champions kept their promises; 2 clearly lost more"),
        (champions(1, 1.25), "1 of 2 champions kept their promises; the other is unclear"),
    ],
)
def test_the_title_says_which_champions_kept_their_promise(
    tmp_path: Path, history: dict[str, Any], said: str
) -> None:
    assert said in promises.finding(parsed(history, tmp_path))


@pytest.mark.parametrize(
    ("whys", "said"),
    [
        (["better"], "The first challenger was clearly better than the champion"),
        (["refresh"], "The first challenger was not worse than the champion"),
        (["kept"], "The first challenger was not clearly better than the champion"),
        (["kept"] * 3, "Of 3 challengers, none was clearly better than the champion"),
        (["kept", "better"], "Of 2 challengers, 1 was clearly better than the champion"),
        (
            ["better", "better", "refresh"],
            "Of 3 challengers, 2 were clearly better than the champion, "
            "1 not worse than an old one",
        ),
    ],
)
def test_the_title_of_the_gates_counts_them(tmp_path: Path, whys: list[str], said: str) -> None:
    history = retrained.short()
    history["gates"] = [history["gates"][1] | {"why": why} for why in whys]
    assert gates.finding(parsed(history, tmp_path).gates) == said


def test_a_challenger_that_diverged_is_told_and_not_drawn(tmp_path: Path) -> None:
    history, worst = retrained.short(), float("inf")
    infinite = {"mean": worst, "low": worst, "high": worst, "p": 1.0}
    history["gates"][1] |= {"difference": infinite, "challenger_loss": worst, "why": "kept"}
    (_, worst_of_all) = parsed(history, tmp_path).gates
    assert gained(worst_of_all) == "−∞"
    assert not drawings(gates, history, tmp_path)


def test_a_day_that_lost_extraordinarily_much_is_counted_and_leaves_room_for_the_others(
    tmp_path: Path,
) -> None:
    history = retrained.history(60, {0: 0.5, 30: 0.5})
    highest = max(day["loss"] for day in history["daily"])
    history["daily"][3]["loss"] = 50_000.0
    (drawing,) = drawings(promises, history, tmp_path)
    assert drawing.figure.axes[0].get_ylim()[1] < 2 * highest
    assert re.search(r"Triangles: \d days? beyond the upper edge", drawing.caption)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_the_walk_forward_counts_the_weeks_it_wins(tmp_path: Path, factor: float) -> None:
    history = retrained.short()
    for week in history["walk_forward"]:
        week |= {"loss": 100.0 * factor, "naive": 100.0}
    (drawing,) = drawings(weekly_errors, history, tmp_path)
    won = 26 if factor < 1 else 0
    title = f"beats the naive forecast in {won} of 26 weeks: {100 * factor:.0f} against 100 views"
    assert title in drawing.title
    assert "± one standard error over weeks" in drawing.caption


def drawn(ahead: pd.DataFrame, coverage: dict[str, Any] | None) -> Drawing:
    with applied():
        return forecast.draw_forecast(RECENT, ahead, retrained.LABEL, "views", 0.9, coverage)


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
        picture = forecast.write(tmp_path, RECENT, ahead, retrained.LABEL, "views", 0.9, HELD)
        assert picture.path == tmp_path / "forecast.png"
        assert retrained.LABEL in picture.caption
        assert list(tmp_path.iterdir()) == [picture.path]
