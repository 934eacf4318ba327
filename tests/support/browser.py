"""Chromium, which some tests look at pages with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextmanager
def chromium() -> Iterator["Browser"]:
    """A browser for as long as the context lasts; without one the test is skipped."""
    if not CHROMIUM.is_file():
        pytest.skip(f"no browser: {CHROMIUM} is absent (`apt-get install chromium`)")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (only here)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser
        browser.close()
