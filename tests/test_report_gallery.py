"""A figure is one module: it is found in its package and stands on the page, no list names it."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from support import told_nights
from support.reported import FIGURES, SIMULATED, Fake, Tags
from viewcast.base.paths import figures_path
from viewcast.report import figures
from viewcast.report.figures.gallery import RETRAINING, figure_modules, redraw_retraining
from viewcast.report.figures.run_results import Results
from viewcast.report.page import build

MODULE = """
from viewcast.report.figures.style import Drawing, sheet

{section}

def draw(results):
    figure, _ = sheet("channel (simulated)", "A finding", 1.0)
    yield Drawing("{name}", figure, "A finding", "Its caption.", "An alternative text.", [])
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package of figures with a module that draws one and a module that draws none."""
    folder = tmp_path / "packages" / "more_figures"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "helper.py").write_text("COLOUR = 'red'\n")
    (folder / "shares.py").write_text(MODULE.format(section="", name="shares"))
    monkeypatch.syspath_prepend(str(folder.parent))
    yield importlib.import_module("more_figures")
    for name in [name for name in sys.modules if name.split(".")[0] == "more_figures"]:
        del sys.modules[name]


def add(package: ModuleType, name: str, section: str) -> None:
    file = Path(str(package.__file__)).with_name(f"{name}.py")
    file.write_text(MODULE.format(section=f'SECTION = "{section}"', name=name))
    importlib.invalidate_caches()


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    root = tmp_path / "project"
    root.mkdir()
    fake = Fake(root)
    fake.prepare()
    fake.run("channel", "main", "deep")
    (root / "reports").mkdir()
    (root / "reports" / "summary.json").write_text(json.dumps(fake.rows))
    return fake


def test_a_module_that_is_added_to_a_package_is_drawn_and_stands_on_the_page_once(
    fake: Fake, package: ModuleType
) -> None:
    _, former = fake.build()
    assert 'id="more"' not in former
    pictures = {picture.name: picture for picture in build(fake.root, [*FIGURES, package])}
    page = (fake.root / "reports" / "index.html").read_text()
    assert pictures["shares"].path == figures_path(fake.root) / "shares.png"
    assert page.count('<figure id="shares">') == 1
    assert page.index('id="more"') < page.index('<figure id="shares">') < page.index('id="runs"')
    assert 'href="#more"' in page and f"{SIMULATED}. Its caption." in page
    assert len(Tags(page).of("img")) == len(pictures)


def test_every_module_with_a_draw_function_is_found_and_helpers_are_not(
    package: ModuleType,
) -> None:
    assert [module.__name__ for module in figure_modules([package])] == ["more_figures.shares"]
    names = [module.__name__.rpartition(".")[2] for module in figure_modules(FIGURES)]
    assert {"gaps", "evidence", "winner", "model_sizes", "memorizers"} <= set(names)
    assert not {"style", "run_results", "gallery", "forecast", "search"} & set(names)


def test_a_picture_of_the_retraining_stands_in_its_section_and_is_drawn_again_with_it(
    fake: Fake, package: ModuleType
) -> None:
    add(package, "retraining_costs", RETRAINING)
    told_nights.leave(told_nights.first(claim=False), fake.root)
    pictures = build(fake.root, [*FIGURES, package])
    page = (fake.root / "reports" / "index.html").read_text()
    section = page.split("<!-- retraining -->")[1].split("<!-- end of retraining -->")[0]
    assert '<figure id="retraining_costs">' in section and '<figure id="shares">' not in section
    results, folder = Results(fake.root, []), figures_path(fake.root)
    redrawn = redraw_retraining(results, folder, [figures, package])
    assert [picture.name for picture in redrawn] == [
        picture.name for picture in pictures if picture.section == RETRAINING
    ]
    redraw_retraining(results, folder, [figures])
    assert not (folder / "retraining_costs.png").exists() and (folder / "shares.png").exists()


def test_a_picture_of_the_retraining_that_no_later_night_could_remove_is_refused(
    fake: Fake, package: ModuleType
) -> None:
    add(package, "costs", RETRAINING)
    with pytest.raises(ValueError, match=r"'costs'.* begins with retraining_"):
        build(fake.root, [package])
