"""The former name of ``viewcast.report.nights_page``, until the nights write its record."""

from pathlib import Path

from viewcast.base.paths import page_path
from viewcast.report import nights_page, nights_record


def write_page(root: Path) -> Path:
    """The page with the section of the nights; without a record it is left as it is."""
    return page_path(root) if nights_record.read(root) is None else nights_page.write_page(root)
