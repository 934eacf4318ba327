"""The ready-made views, as MLflow's UI draws them in a real browser from the links of `make ui`."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.browser import chromium
from support.charts_page import ChartsPage, Opened
from support.many_runs import DIVERGED
from support.ui_server import NIGHTS, Link, Ui
from support.view_fields import PAGE, Wanted, not_heeded
from viewcast.tracking.tags import COMPARED, MODEL, MODEL_VAL_LOSS, REALISED_LOSS
from viewcast.tracking.views.view import ANY_VIEW, View, address

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clone")]

KINDS = ("curves", "scores", "sweep", "differs", "nights", "pictures", "referees")


@pytest.fixture(scope="module")
def charts() -> Iterator[ChartsPage]:
    with chromium() as browser:
        yield ChartsPage(browser)


def stored(ui: Ui, link: Link) -> dict[str, Any]:
    """A view as its experiment keeps it."""
    text = ui.client.get_experiment(link.experiment).tags[f"{ANY_VIEW}{link.key}"]
    fields: dict[str, Any] = json.loads(text)
    return fields


def wanted(ui: Ui, link: Link) -> Wanted:
    return Wanted.of(ui.client, link.experiment, stored(ui, link))


def opened(ui: Ui, charts: ChartsPage, link: Link) -> Opened:
    """A view that looks as its fields say."""
    view = wanted(ui, link)
    page = charts.open(link.address, view.counts)
    assert not_heeded(view, page) == [], link.address
    return page


def of_crowd(ui: Ui, kind: str, count: int) -> Link:
    (link,) = [link for link in ui.views(kind) if link.experiment == ui.crowds[count]]
    return link


@pytest.mark.parametrize("kind", KINDS)
def test_the_ui_draws_each_view_as_its_fields_say(ui: Ui, charts: ChartsPage, kind: str) -> None:
    links = [
        link for link in ui.views(f"viewcast-{kind}") if link.experiment not in ui.crowds.values()
    ]
    assert links, ui.printed
    for link in links:
        page = opened(ui, charts, link)
        assert page.matching > 0, link.address
        assert page.name == stored(ui, link)["name"], "name: not the one in the menu of views"


def test_no_chart_has_a_run_that_diverged_or_looks_targets_up(ui: Ui) -> None:
    """Charts draw the runs that the filters of the views find, as the test above sees."""
    drawn, away = 0, set()
    for link in ui.views("viewcast-"):
        runs = ui.client.search_runs([link.experiment], f"tags.`{COMPARED}` = 'false'")
        kept_away = {run.info.run_id for run in runs}
        shown = {run.info.run_id for run in wanted(ui, link).runs}
        if not link.key.startswith("viewcast-pictures"):  # draws no figure
            assert not shown & kept_away, link.address
            drawn += len(shown)
        away |= kept_away
    away_data = [ui.client.get_run(run).data for run in away]
    assert drawn > 100
    assert {"memorizer", "memorizer_leak"} <= {data.tags.get(MODEL) for data in away_data}
    assert max(data.metrics.get("train_loss", 0.0) for data in away_data) >= DIVERGED


@pytest.mark.parametrize("count", [50, 1000])
def test_curves_of_very_many_runs_are_those_of_the_twenty_best(
    ui: Ui, charts: ChartsPage, count: int
) -> None:
    link = of_crowd(ui, "viewcast-curves", count)
    best = ui.client.search_runs(
        [link.experiment],
        f"tags.`{COMPARED}` = 'true'",
        order_by=[f"metrics.{MODEL_VAL_LOSS} ASC"],
        max_results=20,
    )
    for card in opened(ui, charts, link).cards:
        assert set(card.runs) == {run.info.run_id for run in best}
        assert max(card.values) < 3, "of the first epoch"


def test_of_fifty_runs_every_one_is_drawn(ui: Ui, charts: ChartsPage) -> None:
    for kind in ("viewcast-scores", "viewcast-sweep"):
        page = opened(ui, charts, of_crowd(ui, kind, 50))
        assert {len(card.runs) for card in page.cards if card.runs} == {50}
        assert "random" not in " ".join(page.sections)


def test_of_a_thousand_runs_a_hundred_are_drawn_at_random_and_said_so(
    ui: Ui, charts: ChartsPage
) -> None:
    """The UI loads a hundred; in the order of the loss they would be the best ones."""
    for kind in ("viewcast-scores", "viewcast-sweep"):
        page = opened(ui, charts, of_crowd(ui, kind, 1000))
        runs = ui.client.search_runs(
            [ui.crowds[1000]], f"tags.`{COMPARED}` = 'true'", max_results=1000
        )
        ranked = sorted(runs, key=lambda run: float(run.data.metrics[MODEL_VAL_LOSS]))
        places = {run.info.run_id: place for place, run in enumerate(ranked)}
        drawn = sorted(places[run] for run in page.loaded)
        assert len(drawn) == PAGE
        assert 400 < sum(drawn) / PAGE < 600, "ranks: about the middle of 1,000, not the first 100"
        assert all("100 of 1000" in name and "random" in name for name in page.sections[:-1])


def test_the_curve_of_the_nights_has_a_point_for_each_day(ui: Ui, charts: ChartsPage) -> None:
    (link,) = [link for link in ui.views("viewcast-nights") if link.experiment == ui.nights]
    losses = opened(ui, charts, link).cards[0]
    assert losses.axes[0] == "date"
    assert REALISED_LOSS in losses.metrics
    assert len(losses.values) >= NIGHTS


def test_a_field_that_the_ui_does_not_know_is_told_by_its_name(ui: Ui, charts: ChartsPage) -> None:
    """As after a newer MLflow has renamed it: the test must not pass then."""
    link = of_crowd(ui, "viewcast-curves", 50)
    fields = stored(ui, link)
    renamed = json.loads(json.dumps(fields))
    renamed["searchFilterText"] = renamed.pop("searchFilter")
    renamed["compareRunCharts"][0]["scale"] = renamed["compareRunCharts"][0].pop("scaleType")
    renamed["compareRunSections"][0]["title"] = renamed["compareRunSections"][0].pop("name")
    view = View("renamed", "renamed", renamed)
    ui.client.set_experiment_tag(link.experiment, view.tag, view.text(0))
    asked = Wanted.of(ui.client, link.experiment, fields)
    server = link.address.partition("/#")[0]
    page = charts.open(address(server, link.experiment, "renamed"), asked.counts)
    told = "\n".join(not_heeded(asked, page))
    for field in ("searchFilter", "compareRunCharts[0].scaleType", "compareRunSections.name"):
        assert field in told
