"""The models: what each remembers and predicts."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from support.fitted_networks import ROWS, deep, line
from viewcast.models.deep import Deep
from viewcast.models.fitted import FittedNetwork
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


def test_a_model_that_lacks_a_column_says_which(tmp_path: Path) -> None:
    wanted: Any = line(["pages", "age"])
    with pytest.raises(KeyError, match="age"):
        wanted.predict(ROWS)
