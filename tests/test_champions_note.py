"""What MLflow's UI says of the nights."""

from typing import Any

import pytest

from support import retrained
from viewcast.report.champion_record import ChampionHistory, parsed
from viewcast.report.champions_note import note_of_history, note_of_nights, note_of_trained, verdict

VIEWS = {"viewcast-nights": "5 nights: promised and realised", "viewcast": "audit"}


def told(factor: float, **changes: Any) -> ChampionHistory:
    return parsed({**retrained.history(28, {0: 1.0, 14: factor}, seed=3), **changes})


@pytest.mark.parametrize(
    ("factor", "said"),
    [(0.5, "Version 2 kept its promise: it lost"), (3.0, "Version 2 lost 851")],
)
def test_the_first_line_says_whether_the_champion_keeps_its_promise_and_links_the_views(
    factor: float, said: str
) -> None:
    first, *_ = note_of_nights(told(factor), "7", VIEWS).splitlines()
    assert first.startswith(f"**{said}")
    assert "views a day, at most 374 promised" in first
    link = "#/experiments/7/runs?workflowType=machine_learning&compareRunsMode=CHART"
    assert f"[5 nights: promised and realised]({link}&viewStateShareKey=viewcast-nights)" in first


def test_it_names_loss_and_unit_and_tells_what_the_curve_is() -> None:
    text = note_of_nights(told(0.5), "7", VIEWS)
    assert "mae of the forecasts of one day ahead, in views" in text
    assert "the mean of the last 7 days" in text


def test_a_champion_of_less_than_a_week_is_not_judged() -> None:
    history = parsed(retrained.short())
    assert verdict(history).endswith("no week has passed yet to check the promise")


def test_without_a_champion_it_says_so() -> None:
    history = told(1.0, champions=[], daily=[], gates=[])
    assert note_of_nights(history, "7", {}).startswith("**There is no champion yet.**\n")


def test_the_models_that_nights_trained_lead_to_the_nights() -> None:
    text = note_of_trained(told(0.5), "7", "8", {})
    assert text.startswith("**Version 2 kept its promise")
    assert "[the nights](#/experiments/8/runs?" in text


def test_the_history_run_shows_its_picture_and_each_champion() -> None:
    text = note_of_history(parsed(retrained.long()), "abc", "pictures/retraining_promises.png")
    assert "![](/get-artifact?path=pictures/retraining_promises.png&run_uuid=abc)" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert [row.split(" | ")[0] for row in rows] == ["| 5", "| 4", "| 3", "| 2", "| 1"]
    assert rows[2].endswith("| broken |")
    assert rows[0].endswith("| too early |")
    assert "312 (250 to 374)" in rows[0]


def test_a_champion_of_many_years_leaves_the_first_ones_to_the_report() -> None:
    history = parsed(retrained.history(300, {20 * i: 1.0 for i in range(15)}))
    text = note_of_history(history, "abc", None)
    assert "3 earlier champions are in the report." in text
    assert "get-artifact" not in text
