"""The pages: every path and link they name exists, and the generated one is up to date."""

import re
import runpy
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from viewcast.base.cli import added_key, compose
from viewcast.commands import referee
from viewcast.commands.program import program
from viewcast.commands.project import SCRIPTS

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


def commands(page: Path) -> list[list[str]]:
    """The words behind each ``viewcast`` that a page shows in a block, or as one piece of code."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = "\n".join(re.findall(r"^```\w*\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE))
    shown = re.findall(r"(?:^|[^/\w'])viewcast (.*)", blocks) + re.findall(
        r"`viewcast ([^`]*)`", text
    )
    return [shlex.split(re.split(r" {2,}#| \|", line)[0]) for line in shown]


def told_apart(words: list[str]) -> list[str]:
    """What click does not know of a command's words."""
    found: click.Command | None = program
    context = click.Context(program)
    while isinstance(found, click.Group) and words and re.fullmatch(r"[a-z-]+", words[0]):
        found, words = found.get_command(context, words[0]), words[1:]
    if found is None:
        return words or ["?"]
    known = {name for each in found.params for name in each.opts} | {"--help"}
    return [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_has_the_options_that_it_shows(page: Path) -> None:
    unknown = [(words, told_apart(words)) for words in commands(page)]
    assert [(words, bad) for words, bad in unknown if bad] == []


def test_commands_of_pages_are_found_and_a_wrong_one_is_told() -> None:
    shown = [" ".join(words) for words in commands(ROOT / "docs" / "referee.md")]
    assert "referee start --rows valid.parquet --target y --metric mae" in shown
    assert "referee close" in shown
    assert told_apart(["audit", "--experiment", "churn"]) == []
    assert told_apart(["audit", "--experimint", "churn"]) == ["--experimint"]
    assert told_apart(["adit"]) == ["?"]


SCRIPT = re.compile(r"@stage\(__file__(?:, \"(?P<config>\w+)\")?(?:, open_key=\"(?P<open>\w+)\")?")


def test_the_examples_of_a_stage_s_help_compose() -> None:
    for script, _, examples in SCRIPTS.values():
        for words in map(shlex.split, examples):
            panel = "_panel" if words == ["data=videos"] else ""
            text = (ROOT / "pipelines" / f"{script}{panel}.py").read_text(encoding="utf-8")
            found = SCRIPT.search(text)
            assert found is not None, script
            overrides = [added_key(word, found["open"] or "none") for word in words]
            assert compose(ROOT, overrides, found["config"] or "config")


def test_no_line_of_a_list_of_commands_is_cut() -> None:
    for group in (program, referee.group):
        told = CliRunner().invoke(group, ["--help"]).output
        assert told.partition("Commands:")[2].partition("\n\n")[0].count("...") == 0


def test_the_readme_is_one_page() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 130


def test_the_reference_of_configuration_keys_is_up_to_date() -> None:
    reference = runpy.run_path(str(ROOT / "docs" / "reference.py"))
    stored = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert stored == reference["page"](), "type `make docs`"


def test_the_figures_of_the_referee_are_those_of_its_benchmark() -> None:
    figures = runpy.run_path(str(ROOT / "docs" / "referee_figures.py"))
    stored = (ROOT / "docs" / "referee.md").read_text(encoding="utf-8")
    assert stored == figures["page"](), "type `python docs/referee_figures.py`"
