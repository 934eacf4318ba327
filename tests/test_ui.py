"""What a person sees in the MLflow UI, in a real browser."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from support.clone import Clone

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("clone")]

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def address(done_clone: tuple[Clone, str]) -> Iterator[str]:
    """The UI of the clone's runs, from the moment it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    store = f"sqlite:///{done_clone[0].root}/mlflow/mlflow.db"
    command = [sys.executable, "-m", "mlflow", "ui", "--host", "127.0.0.1", "--workers", "1"]
    server = subprocess.Popen(
        [*command, "--port", str(port), "--backend-store-uri", store],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    assert server.stdout is not None
    lines = []
    for line in server.stdout:
        lines.append(line)
        if "startup complete" in line:
            break
    else:
        pytest.fail("the UI did not start:\n" + "".join(lines))
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.stdout.close()
    server.wait()


@pytest.fixture
def page() -> Iterator[Page]:
    if not CHROMIUM.is_file():
        pytest.skip("no Chromium at /usr/bin/chromium: `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def test_comparing_all_runs_shows_training_and_validation_loss_side_by_side(
    address: str, page: Page
) -> None:
    page.goto(f"{address}/#/experiments/1/runs")
    page.get_by_label("Select all runs").click()
    page.get_by_role("button", name="Compare").first.click()
    expect(page.get_by_text("Comparing", exact=False).first).to_be_visible(timeout=60_000)
    for metric in ("train_loss", "val_loss", "generalization_gap", "best_epoch"):
        expect(page.get_by_role("link", name=metric, exact=True).first).to_be_attached()


def test_the_charts_overlay_the_same_loss_of_all_runs(address: str, page: Page) -> None:
    page.goto(f"{address}/#/experiments/1/runs?compareRunsMode=CHART")
    for metric in ("train_loss", "val_loss"):
        page.get_by_placeholder("Search metric charts").fill(metric)
        chart = page.get_by_text(metric, exact=True).first
        expect(chart).to_be_visible(timeout=60_000)


def test_the_audit_s_columns_stand_in_the_run_table(address: str, page: Page) -> None:
    page.set_viewport_size({"width": 2600, "height": 1000})
    page.goto(f"{address}/#/experiments/1/runs?viewStateShareKey=viewcast")
    for column in (
        *("expected", "bound95", "optimism", "look_count", "in_confidence_set", "verdict"),
    ):
        expect(page.get_by_text(f"viewcast.{column}", exact=True).first).to_be_visible(
            timeout=60_000
        )
    named = page.get_by_role("row").filter(has_text="channel_year_early_stopping").first
    # The table is cut into parts, the names in one and the figures in another.
    parts = page.locator(f"[row-id='{named.get_attribute('row-id')}']")
    expect(parts.filter(has_text="0.38").first).to_be_visible(timeout=60_000)
