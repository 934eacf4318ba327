"""The code that a result depends on: all that it can import, and what that code means."""

import sys
from pathlib import Path

import pytest

from viewcast.base import provenance
from viewcast.base.provenance import code_digest, reachable


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in which ``scores`` needs ``rows``; ``page`` needs both, and nothing needs it."""
    sources = {
        "__init__": '"""A package."""\n__version__ = "1"\n',
        "training/__init__": "",
        "training/scores": '"""Scores."""\n\nimport viewcast.training.rows\n\nLEAST = 3\n',
        "training/rows": "from viewcast.base import files\n",
        "base/__init__": "",
        "base/files": "def write():\n    '''Write.'''\n    return 1  # done\n",
        "page": "from viewcast.training import rows, scores\n",
    }
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path)
    for name, text in sources.items():
        file = tmp_path / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return tmp_path


def edit(file: Path, before: str, after: str) -> None:
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))


def names(*modules: str, without: tuple[str, ...] = ()) -> set[str]:
    return {
        name.removeprefix("viewcast.")
        for name, file in reachable(*modules, without=without).items()
        if file.name != "__init__.py"
    }


# Which modules are reached


def test_all_that_is_imported_on_the_way_is_reached_and_nothing_else(package: Path) -> None:
    assert names("viewcast.training.scores") == {"training.scores", "training.rows", "base.files"}


def test_the_packages_that_a_module_lies_in_are_imported_with_it(package: Path) -> None:
    packages = {"viewcast", "viewcast.training", "viewcast.base"}
    assert packages < set(reachable("viewcast.training.rows"))


@pytest.mark.parametrize(
    "late",
    [
        "def late():\n    import viewcast.page",
        "def late():\n    from viewcast import page",
        "class Late:\n    def late(self):\n        from viewcast.page import draw",
        "try:\n    import viewcast.page\nexcept ImportError:\n    pass",
        "try:\n    pass\nexcept ImportError:\n    import viewcast.page",
        "with open(__file__):\n    for _ in ():\n        import viewcast.page",
        "match 1:\n    case 1:\n        import viewcast.page",
        "if TYPE_CHECKING:\n    pass\nelse:\n    import viewcast.page",
    ],
)
def test_an_import_inside_a_function_or_a_condition_counts(package: Path, late: str) -> None:
    (package / "base" / "files.py").write_text(late)
    assert "page" in names("viewcast.training.rows")


@pytest.mark.parametrize("guard", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_an_import_for_types_alone_does_not_count(package: Path, guard: str) -> None:
    (package / "base" / "files.py").write_text(f"if {guard}:\n    import viewcast.page\n")
    assert "page" not in names("viewcast.training.rows")


def test_what_is_left_out_is_not_followed(package: Path) -> None:
    assert names("viewcast.page", without=("viewcast.training",)) == {"page"}


def test_a_module_of_the_user_counts_with_what_it_imports_of_viewcast(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "own_model.py").write_text("import json\nfrom viewcast.base import files\n")
    monkeypatch.syspath_prepend(package)
    assert names("own_model") == {"own_model", "base.files"}
    before = code_digest("own_model")
    edit(package / "own_model.py", "import json", "import json, math")
    assert code_digest("own_model") != before
    assert "own_model" not in sys.modules, "reading what a module imports runs none of it"


# What its code means


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("base/files.py", "return 1", "return 2"),
        ("training/scores.py", "LEAST = 3", "LEAST = 4"),
        ("training/rows.py", "files\n", "files\nfiles.write()\n"),
    ],
)
def test_an_edit_of_reached_code_is_other_code(
    package: Path, file: str, before: str, after: str
) -> None:
    former = code_digest("viewcast.training.scores")
    edit(package / file, before, after)
    assert code_digest("viewcast.training.scores") != former


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("base/files.py", "  # done", "  # written, and on the disk"),
        ("base/files.py", "'''Write.'''\n", "'''Write a file.'''\n"),
        ("base/files.py", "'''Write.'''\n", ""),
        ("base/files.py", "def write():\n", "\n\ndef write(\n):\n"),
        ("training/scores.py", '"""Scores."""\n', '# Scores.\n"""All of\n\nthe scores."""\n'),
        ("__init__.py", '__version__ = "1"', '__version__ = "2"'),
        ("page.py", "import rows", "import sealed"),
    ],
)
def test_a_comment_a_docstring_the_layout_the_version_and_other_modules_change_nothing(
    package: Path, file: str, before: str, after: str
) -> None:
    former = code_digest("viewcast.training.scores")
    edit(package / file, before, after)
    assert code_digest("viewcast.training.scores") == former


def test_code_that_moves_to_another_module_is_other_code(package: Path) -> None:
    former = code_digest("viewcast.training.scores")
    edit(package / "training" / "rows.py", "import files", "import moved")
    (package / "base" / "files.py").rename(package / "base" / "moved.py")
    assert code_digest("viewcast.training.scores") != former


def test_code_has_the_same_hash_on_every_python(package: Path) -> None:
    """Found on Python 3.11; on 3.13 the tree of a function has a field more."""
    assert code_digest("viewcast.base.files") == "af2ffb4f2e5665a6"
