"""Names in MLflow: spelt once, in ``viewcast.tracking.tags``."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import viewcast
from viewcast.tracking import former, tags

SOURCE = Path(viewcast.__file__).parent
PLACES = {Path(tags.__file__), Path(former.__file__)}
NAMES = {
    name: value for name, value in vars(tags).items() if name.isupper() and isinstance(value, str)
}
# Names that are also columns of tables, folders of a run or values of settings.
AMBIGUOUS = {
    *(tags.TRAIN_LOSS, tags.VAL_LOSS, tags.VAL_ERROR, tags.VAL_SCORE_OF, tags.BEST_EPOCH),
    *(tags.LOOKS, tags.STORED_MODEL, tags.STORED_FORECASTER, tags.SEALED_FOLDER),
    tags.PICTURES_FOLDER,  # and a view
    *(tags.TRAINING, tags.VALIDATION, tags.TEST),
    *(tags.VAL_LOSS_TRUE, tags.VAL_LOSS_TRUE_ERROR, tags.TEST_ROW_COUNT),
}


def strings(path: Path) -> Iterator[ast.Constant]:
    """The string literals of a module, parts of f-strings too; no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    skipped = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in skipped
        ):
            yield node


def is_module(name: str) -> bool:
    """Whether a dotted name is a module, a room or a function that viewcast offers."""
    path = SOURCE.joinpath(*name.split(".")[1:])
    offered = name.removeprefix("viewcast.").partition("(")[0] in viewcast.OFFERED
    return offered or path.is_dir() or path.with_suffix(".py").is_file()


def test_no_other_module_spells_a_name_that_stands_in_mlflow() -> None:
    names = set(NAMES.values()) - AMBIGUOUS
    prefixes = ("mlflow.parent", "mlflow.data.", "mlflow.user", "mlflow.shared")
    spelt = [
        f"{path.relative_to(SOURCE)}, line {node.lineno}: {node.value!r}"
        for path in sorted({*SOURCE.rglob("*.py")} - PLACES)
        for node in strings(path)
        if node.value.startswith(prefixes)
        or (node.value.startswith("viewcast.") and not is_module(node.value))
        or ("tracking" in path.parts and node.value in names)
    ]
    assert spelt == []


def test_the_names_are_found_in_source_that_spells_them(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""viewcast.doc"""\ntag = "viewcast.data"\nprefix = f"viewcast.{tag}"\n')
    assert [node.value for node in strings(module)] == ["viewcast.data", "viewcast."]


def test_every_tag_has_a_name_of_its_own() -> None:
    counts = Counter(NAMES.values())
    shared = {value for value, count in counts.items() if count > 1}
    assert shared == set()


def test_every_name_that_is_ambiguous_is_a_name() -> None:
    assert set(NAMES.values()) >= AMBIGUOUS


def test_former_names_are_translated_into_names_of_today() -> None:
    today = set(NAMES.values())
    assert set(former.NAMES.values()) | set(former.VALUES) | set(former.ARTIFACTS) <= today
    assert not today & (set(former.NAMES) | set(former.ARTIFACTS.values()))


def test_every_class_that_a_former_configuration_named_exists_today() -> None:
    for former_name, name in former.CLASSES.items():
        module, _, attribute = name.rpartition(".")
        tree = ast.parse((SOURCE.joinpath(*module.split(".")[1:]).with_suffix(".py")).read_text())
        classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        assert attribute in classes, f"{former_name} is translated into {name}"
