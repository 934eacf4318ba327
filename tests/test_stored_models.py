"""A stored model that was edited, cut short or mixed up is refused in words when it is read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from viewcast.base.contents import HASHES
from viewcast.base.errors import DataError
from viewcast.models import fitted, network
from viewcast.models.average import FittedAverage
from viewcast.models.boosted import FittedTrees
from viewcast.models.fitted import ABOUT, WEIGHTS, FittedMemory, FittedNetwork
from viewcast.models.scaling import Scaling

ROWS = pd.DataFrame({"row": ["a", "b"], "pages": [61.0, 26.0], "words": [2190.0, 1172.0]})
TREES = """tree
Tree=0
split_feature=0 1
threshold=30 2000
left_child=-1 -2
right_child=1 -3
leaf_value=1.5 2.5 3.5

end of trees
"""


def deep(seed: int, inputs: tuple[str, ...] = ("pages", "words"), units: int = 3) -> FittedNetwork:
    rng = np.random.default_rng(seed)
    params = rng.normal(size=network.size(len(inputs), (units,)))
    scaling = Scaling(rng.normal(size=len(inputs)), np.ones(len(inputs)), 1.0, 2.0)
    return FittedNetwork(list(inputs), (units,), params, scaling)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stored network, and others beside it."""
    fitted.save(deep(1), tmp_path / "model", "views")
    fitted.save(deep(2), tmp_path / "other", "views")
    fitted.save(deep(3, ("pages", "age", "words")), tmp_path / "other inputs", "views")
    fitted.save(deep(4, units=5), tmp_path / "other shapes", "views")
    fitted.save(FittedMemory(["row"], {"a": 1.0}), tmp_path / "other kind", "views")
    return tmp_path / "model"


# What may happen to a folder


def described(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        about = json.loads((folder / ABOUT).read_text())
        change(about)
        (folder / ABOUT).write_text(json.dumps(about))

    return edit


def learnt(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        arrays = load_file(folder / WEIGHTS)
        change(arrays)
        save_file(arrays, folder / WEIGHTS)

    return edit


def of_another(model: str, file: str) -> Callable[[Path], None]:
    return lambda folder: (
        (folder / file).write_bytes((folder.parent / model / file).read_bytes()) and None
    )


def cut(file: str, share: float) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: int(len(content) * share)])

    return edit


def flipped(folder: Path) -> None:
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-5] ^= 1
    (folder / WEIGHTS).write_bytes(content)


def set_number(arrays: dict[str, Any]) -> None:
    arrays["params"][2] = np.nan


# Those that leave a model of some kind: without a hash nothing would tell that it is another one.
SILENT: dict[str, Callable[[Path], None]] = {
    "a byte of a weight": flipped,
    "the weights of a model of the same shapes": of_another("other", WEIGHTS),
    "weights of other shapes": of_another("other shapes", WEIGHTS),
    "the description of one of the same shapes": described(lambda it: it.update(unit="minutes")),
    "inputs in another order": described(lambda it: it["inputs"].reverse()),
    "another input": described(lambda it: it.update(inputs=["pages", "age"])),
    "a scaling of nought": learnt(lambda it: it.update(y=np.zeros(2))),
    "a file more": lambda folder: (folder / "weights (1).safetensors").touch(),
}
# Those that any reader finds.
BROKEN: dict[str, Callable[[Path], None]] = {
    "no description": lambda folder: (folder / ABOUT).unlink(),
    "no weights": lambda folder: (folder / WEIGHTS).unlink(),
    "an empty description": cut(ABOUT, 0),
    "empty weights": cut(WEIGHTS, 0),
    "half a description": cut(ABOUT, 0.5),
    "half the weights": cut(WEIGHTS, 0.5),
    "weights of other inputs": of_another("other inputs", WEIGHTS),
    "weights of another kind": of_another("other kind", WEIGHTS),
    "another kind": described(lambda it: it.update(kind="memory")),
    "an unknown kind": described(lambda it: it.update(kind="viewcast.models.none" * 99)),
    "no kind": described(lambda it: it.pop("kind")),
    "no list of inputs": described(lambda it: it.update(inputs="pages")),
    "one input twice": described(lambda it: it.update(inputs=["pages", "pages"])),
    "an input less": described(lambda it: it["inputs"].pop()),
    "NaN": learnt(set_number),
    "weights as whole numbers": learnt(lambda it: it.update(params=it["params"].astype(int))),
    "a weight less": learnt(lambda it: it.update(params=it["params"][:-1])),
    "weights in a table": learnt(lambda it: it.update(params=it["params"][None])),
    "hidden units below nought": learnt(lambda it: it.update(hidden=-it["hidden"])),
    "an array less": learnt(lambda it: it.pop("x_std")),
    "a list for a description": lambda folder: (folder / ABOUT).write_text("[]") and None,
    "a description of 100,000 lists": lambda folder: (
        (folder / ABOUT).write_text("[" * 100_000) and None
    ),
}


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        fitted.load(folder)
    return str(caught.value)


@pytest.mark.parametrize("what", [*SILENT, *BROKEN])
def test_an_edited_model_is_refused_with_its_file_and_what_to_do(what: str, folder: Path) -> None:
    (SILENT | BROKEN)[what](folder)
    said = refusal(folder)
    assert str(folder) in said
    assert "train the model again" in said
    assert len(said) < 500 + len(str(folder))


@pytest.mark.parametrize("what", BROKEN)
def test_without_hashes_shapes_alone_are_checked(what: str, folder: Path) -> None:
    """As earlier versions wrote it."""
    described(lambda it: it.pop(HASHES))(folder)
    BROKEN[what](folder)
    if "description" not in what:  # of an edited one the hashes are gone as well
        assert HASHES not in (folder / ABOUT).read_text()
    assert str(folder) in refusal(folder)


def test_a_model_of_an_earlier_version_is_read_and_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    described(lambda it: it.pop(HASHES))(folder)
    assert fitted.load(folder).predict(ROWS).tobytes() == deep(1).predict(ROWS).tobytes()
    assert f"{folder}: was stored by an earlier version, without a hash" in capsys.readouterr().err


def test_hidden_files_of_a_file_manager_do_no_harm(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".DS_Store").touch()
    assert fitted.load(folder).predict(ROWS).tobytes() == deep(1).predict(ROWS).tobytes()
    assert capsys.readouterr().err == ""


def test_a_model_of_members_is_whole_or_refused(tmp_path: Path) -> None:
    model = FittedAverage((deep(1), FittedTrees(["pages", "words"], 1.0, TREES)))
    fitted.save(model, tmp_path, "views")
    assert fitted.load(tmp_path).predict(ROWS).tobytes() == model.predict(ROWS).tobytes()
    described(lambda it: it.pop(HASHES))(tmp_path)
    learnt(lambda it: it.pop("0/about"))(tmp_path)
    assert "no member" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("right_child=1 -3", "right_child=0 -3"),  # a circle
        ("right_child=1 -3", "right_child=1 -9"),
        ("leaf_value=1.5 2.5 3.5", "leaf_value=1.5 2.5"),
        ("threshold=30 2000", "threshold=30"),
        ("split_feature=0 1", "split_feature=0 7"),
        ("split_feature=0 1", "split_feature=0 x"),
    ],
)
def test_trees_that_lead_nowhere_are_refused(before: str, after: str, tmp_path: Path) -> None:
    model = FittedTrees(["pages", "words"], 1.0, TREES.replace(before, after))
    fitted.save(model, tmp_path, "views")
    described(lambda it: it.pop(HASHES))(tmp_path)
    assert "cannot predict" in refusal(tmp_path)


@settings(max_examples=40)
@given(st.data())
def test_any_byte_of_either_file_counts(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any byte"
    fitted.save(deep(1), folder, "views")
    file = folder / data.draw(st.sampled_from([ABOUT, WEIGHTS]))
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    try:
        blank = json.loads(content) == json.loads(file.read_bytes())
    except ValueError:
        blank = False
    file.write_bytes(content)
    if not blank:  # one blank for another is the same description
        assert str(folder) in refusal(folder)
