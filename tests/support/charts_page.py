"""MLflow's page of charts in a browser: what it asked its server for, and what it drew."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Response, expect
from playwright.sync_api import TimeoutError as NotInTime

SCRIPT = Path(__file__).with_name("drawn_charts.js")
SEARCH = "/mlflow/runs/search"
PATIENCE = 120_000  # milliseconds; two seconds do where nothing else runs
NOWHERE = "#/settings"  # a page without charts, from where each view is opened anew
# The panel opens by itself on the first visit and would lie over the charts.
ASSISTANT_CLOSED = "localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true')"


@dataclass(frozen=True)
class Card:
    """A card with its chart. Empty or 0 is what its kind does not have, or what is not drawn.

    ``kind``: LINE, SCATTER, BAR, CONTOUR, PARALLEL, DIFFERENCE, IMAGE; EMPTY without a chart.
    ``metrics``: of lines, or the axes of a parallel chart. ``axes``: the types of the x axis and
    the y axis, as Plotly names them (``linear``, ``log``, ``date``). ``runs``: ids of the runs
    that are drawn. ``values``: of the y axis, of bars their lengths. ``marks``: number of lines,
    points, images or rows; of a parallel chart, of pixels.
    """

    section: str
    title: str
    kind: str
    marks: int = 0
    box: Sequence[int] = ()
    metrics: Sequence[str] = ()
    axes: Sequence[str] = ()
    titles: Sequence[str] = ()
    runs: Sequence[str] = ()
    values: Sequence[float] = ()
    rows: Sequence[Sequence[str]] = ()
    switched: Sequence[bool] = ()


@dataclass(frozen=True)
class Opened:
    """A page of charts, when it was drawn. ``asked``: its last search for runs, in the terms of
    MLflow's interface; ``loaded``: the ids of the runs that came, in this order.
    """

    name: str
    matching: int
    sections: Sequence[str]
    cards: Sequence[Card]
    asked: Mapping[str, Any]
    loaded: Sequence[str]
    errors: Sequence[str]


class ChartsPage:
    """One tab, in which one view after another is opened."""

    def __init__(self, browser: Browser) -> None:
        self.page = tab(browser)
        self._searches: list[Response] = []
        self._errors: list[str] = []
        self.page.on("response", self._heard)
        self.page.on("pageerror", lambda error: self._errors.append(str(error)))

    def open(self, address: str, cards: Sequence[int]) -> Opened:
        """Open an address and wait until every card is drawn.

        ``cards``: of each card, in the order of the page, how many runs it has to show at least.
        What is not drawn in the end is missing in the answer.
        """
        self.page.goto(f"{address.partition('#')[0]}{NOWHERE}")
        self.page.wait_for_function("drawnCharts().length === 0")
        self._searches.clear()
        self._errors.clear()
        self.page.goto(address)
        with suppress(NotInTime):
            self.page.wait_for_function("counts => allDrawn(counts)", arg=list(cards))
        return self._now()

    def _now(self) -> Opened:
        asked: Mapping[str, Any] = {}
        loaded: list[str] = []
        if self._searches:
            asked = self._searches[-1].request.post_data_json or {}
            loaded = [run["info"]["run_id"] for run in self._searches[-1].json().get("runs", [])]
        matching = re.search(r"(\d+) matching runs?", self.page.inner_text("body"))
        menu = self.page.get_by_test_id("saved-views-trigger")
        return Opened(
            name=menu.inner_text() if menu.count() else "",
            matching=int(matching[1]) if matching else 0,
            sections=self.page.evaluate("sectionNames()"),
            cards=[Card(**card) for card in self.page.evaluate("drawnCharts()")],
            asked=asked,
            loaded=loaded,
            errors=[error for error in self._errors if "ResizeObserver" not in error],
        )

    def _heard(self, response: Response) -> None:
        if response.url.endswith(SEARCH) and response.ok:
            self._searches.append(response)


def tab(browser: Browser, width: int = 1700, height: int = 7000) -> Page:
    """A new tab, so high that a view needs no scrolling: what is below the fold is not drawn."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page.context.add_init_script(ASSISTANT_CLOSED)  # also in tabs that a link opens
    page.context.add_init_script(path=SCRIPT)
    return page
