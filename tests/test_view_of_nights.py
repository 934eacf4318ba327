"""The view of the nights: its charts and which run they show."""

from dataclasses import replace
from typing import Any

from support.shown_runs import experiment, headings, trained
from viewcast.tracking.views.catalogue import views_of
from viewcast.tracking.views.nights import views
from viewcast.tracking.views.shown import Shown, ShownRun

LOSSES = ["realised_loss", "promised_loss", "promised_low", "promised_high", "naive_loss"]
TAGS = {"viewcast.data": "live", "viewcast.unit": "views", "viewcast.part": "nights"}


def run(name: str, metrics: list[str], **tags: str) -> ShownRun:
    own = {f"viewcast.{key}": value for key, value in tags.items()}
    return ShownRun(name, name, "FINISHED", {}, dict.fromkeys(metrics, 300.0), own)


HISTORY = run("champions", [*LOSSES, "champion_version"], history="true")
NIGHT = run("night", ["naive_loss", "champion_version", "exit_code"], night="2021-03-01")
NIGHTS = Shown("7", "viewcast-live-nights", TAGS, [NIGHT, HISTORY], frozenset(LOSSES))


def state(shown: Shown) -> Any:
    (view,) = views(shown)
    assert (view.key, view.name) == ("viewcast-nights", "5 nights: promised and realised")
    return view.state


def test_it_shows_the_run_that_goes_on_and_no_single_night() -> None:
    assert state(NIGHTS)["searchFilter"] == "tags.`viewcast.history` = 'true'"


def test_nights_are_no_candidates_that_other_views_compare() -> None:
    nights = [replace(NIGHT, run_id=str(n), metrics={"challenger_loss": 1.0 + n}) for n in range(3)]
    shown = replace(NIGHTS, runs=[HISTORY, *nights], images=frozenset({"champions"}))
    assert [view.key for view in views_of(shown)] == ["viewcast-nights"]


def test_models_of_nights_are_compared_on_the_days_of_the_last_one_alone() -> None:
    """Each night validates on other days: a lower loss may be that of easier ones."""
    runs = [
        trained(number, 100.0 + number, holdout=f"days {number // 2}") for number in (5, 4, 3, 2)
    ]
    of_nights = {**TAGS, "viewcast.nightly": "true", "viewcast.part": ""}
    for tags, count in ((of_nights, 2), (TAGS | {"viewcast.part": ""}, 4)):
        found = {view.key: view for view in views_of(experiment(runs, tags))}
        for kind in ("curves-within", "scores-within", "differs"):
            view = found[f"viewcast-{kind}"]
            assert headings(view)[0].startswith(f"{count} runs")
            only = "tags.`viewcast.holdout` = 'days 2'"
            assert (only in view.state["searchFilter"]) == (count == 2)


def test_the_curves_stand_at_the_time_of_their_days_on_a_linear_axis() -> None:
    losses, version = state(NIGHTS)["compareRunCharts"]
    assert losses["selectedMetricKeys"] == LOSSES
    assert version["selectedMetricKeys"] == ["champion_version"]
    for chart in (losses, version):
        assert (chart["xAxisKey"], chart["useGlobalXaxisKey"]) == ("time", False)
        assert chart["scaleType"] == "linear"


def test_the_heading_says_the_unit_and_what_a_point_is() -> None:
    heading = state(NIGHTS)["compareRunSections"][0]["name"]
    assert heading == "Mean loss of 7 days (views)"


def test_a_promise_without_an_interval_has_no_empty_lines() -> None:
    known = run("champions", ["promised_loss", "champion_version"], history="true")
    (losses, _) = state(replace(NIGHTS, runs=[known]))["compareRunCharts"]
    assert losses["selectedMetricKeys"] == ["promised_loss"]


def test_pictures_are_shown_where_there_are_any() -> None:
    own = {**HISTORY.tags, "viewcast.pictures": '{"champions": [18701, ""]}'}
    shown = replace(NIGHTS, runs=[replace(HISTORY, tags=own)], images=frozenset({"champions"}))
    *_, pictures = state(shown)["compareRunCharts"]
    assert (pictures["type"], pictures["imageKeys"]) == ("IMAGE", ["champions"])
    assert pictures["step"] == 18701  # the newest: the UI shows one step at a time


def test_before_the_first_champion_there_is_no_view() -> None:
    assert views(replace(NIGHTS, runs=[NIGHT])) == []
    assert views(replace(NIGHTS, runs=[run("champions", [], history="true")])) == []
