"""What MLflow's UI shows beside charts, in a real browser: notes, the table, the compare page."""

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from mlflow.entities import Run
from playwright.sync_api import Browser, Page, expect

from support.browser import chromium
from support.charts_page import tab
from support.ui_server import Ui
from viewcast.tracking.tags import COMPARED, MODEL_VAL_LOSS, NOTE, RANK, SPLIT, VERDICT
from viewcast.tracking.views.view import ANY_VIEW, TABLE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clone")]

LOADED = "image => image.complete && image.naturalWidth > 0"
LINK = re.compile(r"\[[^\]]+\]\((#[^)]+)\)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return tab(browser, 1700, 1400)


def channel(ui: Ui) -> str:
    """The experiment of the runs of the channel."""
    found = ui.client.get_experiment_by_name("viewcast-channel")
    assert found is not None
    return str(found.experiment_id)


def best(ui: Ui, count: int, split: str = "lecture") -> list[Run]:
    """The best runs of the channel that can be compared."""
    return list(
        ui.client.search_runs(
            [channel(ui)],
            f"tags.`{COMPARED}` = 'true' and tags.`{SPLIT}` = '{split}'",
            order_by=[f"metrics.{MODEL_VAL_LOSS} ASC"],
            max_results=count,
        )
    )


def server(ui: Ui) -> str:
    return ui.links[0].address.partition("/#")[0]


# What is printed


def test_make_ui_prints_each_experiment_with_a_link_to_each_of_its_views(ui: Ui) -> None:
    links = {(link.experiment, link.key) for link in ui.links}
    for experiment in ui.client.search_experiments():
        if not ui.client.search_runs([experiment.experiment_id], max_results=1):
            continue
        assert re.search(rf"^{re.escape(experiment.name)}: ", ui.printed, re.MULTILINE)
        views = {
            name.removeprefix(ANY_VIEW) for name in experiment.tags if name.startswith(ANY_VIEW)
        }
        assert views
        assert {key for own, key in links if own == experiment.experiment_id} == views
    assert ui.printed.count("Assistant") == 1
    assert ui.printed.rindex("viewStateShareKey=") < ui.printed.index("UI starts at")
    assert "\x1b" not in ui.printed


# Notes


def test_the_first_line_of_an_experiment_is_its_verdict_with_links_that_open_its_views(
    ui: Ui, page: Page
) -> None:
    note = ui.client.get_experiment(channel(ui)).tags[NOTE]
    links = LINK.findall(note.splitlines()[0])
    assert len(links) >= 4
    page.goto(f"{server(ui)}/#/experiments/{channel(ui)}/runs?workflowType=machine_learning")
    verdict = re.search(r"\*\*(.+?)\*\*", note)
    assert verdict is not None
    expect(page.get_by_text(verdict[1], exact=False).first).to_be_visible()
    for address in links:
        expect(page.locator(f"a[href$='{address}']").first).to_be_attached()
    curves = next(address for address in links if "curves" in address)
    with page.expect_popup() as opening:  # the UI opens links of notes in a new tab
        page.locator(f"a[href$='{curves}']").first.click()
    view = opening.value
    expect(view.get_by_test_id("saved-views-trigger")).to_contain_text("1 curves")
    view.wait_for_function("drawnCharts().some(card => card.kind === 'LINE' && card.marks > 0)")
    view.close()


def test_the_note_of_a_run_shows_its_verdict_and_its_picture(ui: Ui, page: Page) -> None:
    (run,) = best(ui, 1)
    page.goto(f"{server(ui)}/#/experiments/{channel(ui)}/runs/{run.info.run_id}")
    verdict = re.search(r"\*\*(.+?)\*\*", run.data.tags[NOTE])
    assert verdict is not None
    expect(page.get_by_text(verdict[1], exact=False).first).to_be_visible()
    picture = page.locator(f"img[src*='{run.info.run_id}']").first
    expect(picture).to_be_attached()
    page.wait_for_function(LOADED, arg=picture.element_handle())


def test_every_run_of_the_project_has_a_note_with_a_picture_that_is_there(ui: Ui) -> None:
    """The browser fetches pictures by this address."""
    picture = re.compile(r"!\[[^\]]*\]\(/get-artifact\?path=([^&]+)&run_uuid=(\w+)\)")
    for run in ui.client.search_runs([channel(ui)]):
        found = picture.search(run.data.tags.get(NOTE, ""))
        assert found is not None, run.info.run_name
        folder, _, _ = found[1].rpartition("/")
        paths = {file.path for file in ui.client.list_artifacts(found[2], folder)}
        assert found[1] in paths, run.info.run_name


# The table and the compare page


def test_the_table_has_the_audit_s_columns_and_begins_with_the_best_run(ui: Ui, page: Page) -> None:
    (link,) = [link for link in ui.links if (link.experiment, link.key) == (channel(ui), TABLE)]
    page.set_viewport_size({"width": 2600, "height": 1400})
    page.goto(link.address)
    for column in ("expected", "bound95", "optimism", "look_count", "in_confidence_set", "verdict"):
        expect(page.get_by_role("columnheader", name=f"viewcast.{column}").first).to_be_visible()
    ranked = ui.client.search_runs([channel(ui)], order_by=[f"tags.`{RANK}` ASC"], max_results=1)
    first = page.locator("[row-index='0'][row-id]")
    expect(first.filter(has_text=ranked[0].info.run_name).first).to_be_visible()
    told = ranked[0].data.tags[VERDICT].split(",")[0]
    expect(first.filter(has_text=told).first).to_be_visible()


@pytest.mark.parametrize("count", [2, 6])
def test_comparing_runs_starts_with_the_parameters_that_differ(
    ui: Ui, page: Page, count: int
) -> None:
    runs = best(ui, count)
    ids = quote(json.dumps([run.info.run_id for run in runs]))
    page.goto(
        "about:blank"
    )  # the page of a comparison keeps its runs when only the address changes
    page.goto(f"{server(ui)}/#/compare-runs?runs={ids}&experiments=%5B%22{channel(ui)}%22%5D")
    expect(page.get_by_text(f"Comparing {count} Runs")).to_be_visible()
    page.wait_for_function("document.querySelectorAll('.axis-title').length > 1")
    axes = page.locator(".axis-title").all_text_contents()
    settings = {name for run in runs for name in run.data.params}
    assert settings & {*axes}
    for name in settings & {*axes}:
        assert len({run.data.params.get(name) for run in runs}) > 1, name
    rows = page.locator(".mlflow-compare-run-table").nth(1).locator("th[scope=row]")
    expect(rows.first).to_be_visible()
    shown = rows.all_inner_texts()
    assert {name.split(".")[0] for name in shown} <= {"model", "trainer", "seed", "loss"}
