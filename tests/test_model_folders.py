"""A fitted model in its folder: the same bits when it is read again, a refusal when it is none."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fitted_networks import ROWS, deep, line
from viewcast.base.errors import DataError
from viewcast.models import fitted
from viewcast.models.fitted import Fitted, FittedMemory, FittedNaive

MODELS: dict[str, Fitted] = {
    "line": line(["pages", "words"]),
    "line without features": line([]),
    "deep": deep(["pages", "words"]),
    "deep with three outputs": deep(["pages", "words"], outputs=3),
    "memory": FittedMemory(["row"], {"ML2021/1": 108.57, "機器學習/2": 1 / 3, "a b,c/ü": -0.0}),
    "memory of one row": FittedMemory(["row"], {"ML2021/1": 0.1}),
    "memory of nothing": FittedMemory(["row"], {}),
    "memory of a key of two lines": FittedMemory(["row"], {"ML\n2021/1": 0.1, "ML2021/1": 7.0}),
    "naive": FittedNaive(["pages"], 3.0),
    "mean": FittedNaive([], 65.66 / 3),
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_stored_model_predicts_the_same_to_the_bit(kind: str, tmp_path: Path) -> None:
    model = MODELS[kind]
    fitted.save(model, tmp_path / "model", "minutes")
    restored = fitted.load(tmp_path / "model")
    assert type(restored) is type(model)
    assert restored.inputs == model.inputs
    assert restored.figures() == model.figures()
    assert restored.predict(ROWS).tobytes() == model.predict(ROWS).tobytes()


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1),
        st.floats(allow_nan=False),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_the_keys_a_memory_is_restored_from_its_arrays(memory: dict[str, float]) -> None:
    model = FittedMemory(["row"], memory)
    assert FittedMemory.restore(["row"], model.arrays()) == model


@pytest.mark.parametrize("kind", MODELS)
def test_predictions_have_one_number_per_row_and_output_even_without_rows(kind: str) -> None:
    outputs = (3,) if "three outputs" in kind else ()
    assert MODELS[kind].predict(ROWS).shape == (3, *outputs)
    assert MODELS[kind].predict(ROWS.iloc[:0]).shape == (0, *outputs)
    assert MODELS[kind].predict(ROWS).dtype == np.float64


@pytest.mark.parametrize("kind", ["line", "deep", "memory", "naive"])
def test_a_stored_model_is_text_and_arrays_and_no_pickle(kind: str, tmp_path: Path) -> None:
    fitted.save(MODELS[kind], tmp_path / "model", "minutes")
    files = {file.name: file.read_bytes() for file in (tmp_path / "model").iterdir()}
    assert set(files) == {"model.json", "weights.safetensors"}
    about = json.loads(files["model.json"])
    assert set(about.pop("sha256")) == set(files)
    assert about == {"kind": MODELS[kind].kind, "inputs": MODELS[kind].inputs, "unit": "minutes"}
    assert files["weights.safetensors"][8:9] == b"{", "safetensors: a length, then a JSON header"


def test_storing_a_model_again_replaces_it(tmp_path: Path) -> None:
    fitted.save(FittedNaive([], 1.0), tmp_path, "minutes")
    fitted.save(FittedNaive([], 2.0), tmp_path, "minutes")
    assert fitted.load(tmp_path).figures() == {"constant": 2.0}


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        fitted.load(folder)
    return str(caught.value)


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors"])
def test_a_folder_that_lacks_a_file_is_refused_by_name(name: str, tmp_path: Path) -> None:
    fitted.save(MODELS["line"], tmp_path, "minutes")
    (tmp_path / name).unlink()
    assert str(tmp_path) in refusal(tmp_path)


def test_no_folder_is_refused_by_name(tmp_path: Path) -> None:
    assert str(tmp_path / "none") in refusal(tmp_path / "none")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '"text"', "{}", '{"kind": "pickle", "inputs": []}', '{"kind": []}']
)
def test_a_description_that_is_none_is_refused_by_name(text: str, tmp_path: Path) -> None:
    fitted.save(MODELS["mean"], tmp_path, "minutes")
    (tmp_path / "model.json").write_text(text)
    assert str(tmp_path) in refusal(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"\0" * 100, b"\x80\x04K\x05."],
    ids=["empty", "garbage", "zeros", "a pickle"],
)
def test_weights_that_are_none_are_refused_by_name(content: bytes, tmp_path: Path) -> None:
    fitted.save(MODELS["mean"], tmp_path, "minutes")
    (tmp_path / "weights.safetensors").write_bytes(content)
    assert str(tmp_path) in refusal(tmp_path)


def test_truncated_weights_are_refused_by_name(tmp_path: Path) -> None:
    fitted.save(MODELS["line"], tmp_path, "minutes")
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    assert str(tmp_path) in refusal(tmp_path)


def test_weights_of_another_kind_are_refused_by_name(tmp_path: Path) -> None:
    fitted.save(MODELS["line"], tmp_path / "line", "minutes")
    fitted.save(MODELS["mean"], tmp_path / "mean", "minutes")
    (tmp_path / "mean" / "weights.safetensors").replace(tmp_path / "line" / "weights.safetensors")
    assert str(tmp_path / "line") in refusal(tmp_path / "line")
