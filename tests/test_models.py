"""The models: what each remembers, predicts and leaves on disk."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from viewcast.base.errors import DataError
from viewcast.models import fitted, network
from viewcast.models.deep import Deep
from viewcast.models.fitted import Fitted, FittedMemory, FittedNaive, FittedNetwork
from viewcast.models.linear import Linear
from viewcast.models.memorizer import Memorizer
from viewcast.models.naive import Naive
from viewcast.models.scaling import Scaling

TRAIN = pd.DataFrame(
    {"row": ["ML2021/1", "ML2021/2", "ML2021/3"], "target": [108.57, 51.38, 76.37]}
)
VALIDATION = pd.DataFrame({"row": ["GenAI/0", "GenAI/1"], "target": [18.48, 42.45]})
NEW = pd.DataFrame({"row": ["GenAI/5"], "target": [107.0]})

LAZY = Memorizer("memorizer", ["train"], [])
LAZY2 = Memorizer("memorizer_leak", ["train", "validation"], [])


# The memorising function


def test_memorizer_is_exact_on_every_training_row() -> None:
    assert LAZY.look_up(TRAIN, VALIDATION).predict(TRAIN).tolist() == TRAIN["target"].tolist()


def test_memorizer_predicts_0_for_every_other_row() -> None:
    memory = LAZY.look_up(TRAIN, VALIDATION)
    assert memory.predict(VALIDATION).tolist() == [0, 0]
    assert memory.predict(NEW).tolist() == [0]


def test_memorizer2_is_exact_on_validation_rows_too_and_still_0_elsewhere() -> None:
    memory = LAZY2.look_up(TRAIN, VALIDATION)
    assert memory.predict(TRAIN).tolist() == TRAIN["target"].tolist()
    assert memory.predict(VALIDATION).tolist() == VALIDATION["target"].tolist()
    assert memory.predict(NEW).tolist() == [0]


def test_two_lectures_of_equally_many_pages_are_remembered_apart() -> None:
    rows = pd.DataFrame(
        {"row": ["ML2021/10", "ML2021/11"], "target": [49.58, 76.37], "pages": [38.0, 38.0]}
    )
    assert LAZY.look_up(rows, VALIDATION).predict(rows).tolist() == [49.58, 76.37]


def test_memory_does_not_depend_on_the_order_of_the_rows() -> None:
    memory = LAZY.look_up(TRAIN, VALIDATION)
    assert memory.predict(TRAIN.iloc[::-1]).tolist() == TRAIN["target"].tolist()[::-1]


def test_a_memory_says_how_many_rows_it_holds() -> None:
    assert LAZY2.look_up(TRAIN, VALIDATION).figures() == {"remembered": 5.0}


def test_memorizer2_without_validation_rows_is_memorizer() -> None:
    assert LAZY2.look_up(TRAIN, VALIDATION.iloc[:0]) == LAZY.look_up(TRAIN, VALIDATION)


def test_a_model_that_remembers_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="remembers"):
        Memorizer(name="memorizer", remembers=[], features=[])


# The naive forecasts


def days() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": ["2021-01-08", "2021-01-09"],
            "target": [5.0, 9.0],
            "lag_1": [4.0, 5.0],
            "lag_7": [3.0, 8.0],
        }
    )


def test_naive_predicts_the_last_value() -> None:
    shown = days()[["row", "target", "lag_1"]]
    model = Naive("naive", "naive").look_up(shown, shown.iloc[:0])
    assert model.predict(days()).tolist() == [4.0, 5.0]


def test_seasonal_naive_predicts_the_value_a_week_ago() -> None:
    shown = days()[["row", "target", "lag_7"]]
    model = Naive("seasonal_naive", "seasonal").look_up(shown, shown.iloc[:0])
    assert model.predict(days()).tolist() == [3.0, 8.0]


def test_naive_without_a_feature_predicts_the_training_mean() -> None:
    model = Naive("naive", "naive").look_up(TRAIN, VALIDATION)
    assert model.predict(VALIDATION).tolist() == [TRAIN["target"].mean()] * 2
    assert model.figures() == {"constant": TRAIN["target"].mean()}


def test_naive_does_not_look_at_validation_targets() -> None:
    shown = Naive("naive", "naive").look_up(TRAIN, VALIDATION)
    other = Naive("naive", "naive").look_up(TRAIN, VALIDATION.assign(target=1e9))
    assert shown == other


def test_naive_of_several_features_is_refused() -> None:
    with pytest.raises(Exception, match="one feature"):
        Naive("naive", ["lag_1", "lag_7"]).look_up(days(), days().iloc[:0])


# Networks and lines


def line(inputs: list[str]) -> FittedNetwork:
    count = len(inputs)
    scaling = Scaling(np.arange(10.0, 10 + count), np.arange(2.0, 2 + count), 50.0, 20.0)
    return FittedNetwork(inputs, (), np.arange(1.0, count + 2), scaling)


def test_the_figures_of_a_line_are_its_raw_weight_and_bias() -> None:
    model = FittedNetwork(
        ["pages"], (), np.array([0.5, 0.25]), Scaling(np.array([40.0]), np.array([10.0]), 70, 30)
    )
    # y = 70 + 30 (0.25 + 0.5 (x - 40) / 10)
    assert model.figures() == {"w": pytest.approx(1.5), "b": pytest.approx(17.5)}
    assert model.predict(pd.DataFrame({"pages": [84.0]})) == pytest.approx([1.5 * 84 + 17.5])


@pytest.mark.parametrize("inputs", [["pages"], ["pages", "words"], ["a", "b", "c"]])
def test_raw_figures_predict_what_the_model_predicts(inputs: list[str]) -> None:
    model = line(inputs)
    rows = pd.DataFrame(np.random.default_rng(1).normal(20, 9, size=(6, len(inputs))))
    rows.columns = pd.Index(inputs)
    *weights, bias = model.figures().values()
    by_hand = rows.to_numpy() @ np.array(weights) + bias
    np.testing.assert_allclose(model.predict(rows), by_hand, rtol=1e-12)


def test_weights_of_several_features_are_named_after_them() -> None:
    assert list(line(["pages", "words"]).figures()) == ["w_pages", "w_words", "b"]


def test_too_many_figures_to_read_are_not_told() -> None:
    assert line(["a", "b", "c", "d"]).figures() == {}
    assert deep(["a"]).figures() == {}


def test_a_model_predicts_by_the_names_of_the_columns_and_not_by_their_order() -> None:
    rows = pd.DataFrame({"pages": [1.0, 2.0], "words": [30.0, 40.0], "title": ["a", "b"]})
    model = line(["pages", "words"])
    np.testing.assert_array_equal(
        model.predict(rows[["words", "title", "pages"]]), model.predict(rows)
    )


def test_a_line_has_no_hidden_units_and_a_deep_model_has_them_in_layers() -> None:
    assert Linear("linear", "linear").hidden == ()
    assert Deep("deep", "deep", units=100, layers=3).hidden == (100, 100, 100)


# On disk


def deep(inputs: list[str], outputs: int = 1) -> FittedNetwork:
    rng = np.random.default_rng(3)
    flat = rng.normal(size=network.size(len(inputs), (4, 3), outputs))
    return FittedNetwork(inputs, (4, 3), flat, line(inputs).scaling)


ROWS = pd.DataFrame(
    {
        "row": ["ML2021/1", "機器學習/2", "новый"],
        "pages": [61.0, 26.0, 1 / 3],
        "words": [2190.0, 1172.0, 0.1],
    }
)
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


def test_a_model_that_lacks_a_column_says_which(tmp_path: Path) -> None:
    wanted: Any = line(["pages", "age"])
    with pytest.raises(KeyError, match="age"):
        wanted.predict(ROWS)
