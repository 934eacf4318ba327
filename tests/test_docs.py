"""The pages: every path and link they name exists, and the generated one is up to date."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


def test_the_questions_of_contributing_are_answered_by_files_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"^\| .*\? \| `(\S+)` \|$", text, flags=re.MULTILINE)
    assert len(paths) >= 10
    assert all((ROOT / path).is_file() for path in paths)


def test_the_glossary_names_modules_that_exist() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_]+/[a-z_/]*(?:\.py)?)`", text)
    places = [ROOT, ROOT / "src" / "viewcast"]
    assert named and all(any((place / name).exists() for place in places) for name in named)


def test_the_readme_is_one_page() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 130


def test_the_reference_of_configuration_keys_is_up_to_date() -> None:
    reference = runpy.run_path(str(ROOT / "docs" / "reference.py"))
    stored = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert stored == reference["page"](), "type `make docs`"
