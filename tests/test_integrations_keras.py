"""ValidationRows of Keras: the rows of the model as training leaves it."""

import os
from typing import Any

import numpy as np
import pytest

from support.mlflow_store import Store
from viewcast.holdout.looks import parsed

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # Keras, about its backend
    pytest.mark.xdist_group("networks"),  # one process imports Keras, which takes seconds
]

RNG = np.random.default_rng(2)
X = RNG.normal(size=(48, 3)).astype("float32")
Y = X @ np.array([1.0, -2.0, 0.5], dtype="float32")
CLASSES = (Y > 0).astype(int) + (Y > 1)


@pytest.fixture(scope="module")
def keras() -> Any:
    """The library, imported when a test asks for it: not each process that collects tests pays."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras")


@pytest.fixture(scope="module")
def validation_rows(keras: Any) -> Any:
    from viewcast.integrations.keras import ValidationRows  # noqa: PLC0415 (imports Keras)

    return ValidationRows


def looks(store: Store, run: object) -> int:
    (use,) = parsed(store.now(run).data.tags["viewcast.looks"], "")  # type: ignore[arg-type]
    return use.scores


def test_the_rows_are_those_of_the_weights_that_are_kept(
    others_store: Store, keras: Any, validation_rows: Any
) -> None:
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(1.5), loss="mse")  # it diverges
    stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    with others_store.run() as run:
        history = model.fit(
            X,
            Y,
            validation_data=(X, Y),
            epochs=10,
            verbose=0,
            callbacks=[stop, validation_rows(X, Y, metric="mse")],
        )
    rows = others_store.table(run)
    scores = history.history["val_loss"]
    assert rows["loss"].mean() == pytest.approx(min(scores), rel=1e-4)
    assert min(scores) < scores[-1]
    assert looks(others_store, run) == len(scores)


def test_a_classifier_leaves_probabilities(
    others_store: Store, keras: Any, validation_rows: Any
) -> None:
    softmax = keras.layers.Dense(3, activation="softmax")
    model = keras.Sequential([keras.layers.Input((3,)), softmax])
    model.compile(loss="sparse_categorical_crossentropy")
    with others_store.run() as run:
        history = model.fit(
            X,
            CLASSES,
            validation_data=(X, CLASSES),
            epochs=2,
            verbose=0,
            callbacks=[validation_rows(X, CLASSES, chosen=False)],
        )
    rows = others_store.table(run)
    assert rows["loss"].mean() == pytest.approx(history.history["val_loss"][-1], rel=1e-4)
    assert {"probability_0", "probability_1", "probability_2"} <= set(rows)
    assert looks(others_store, run) == 1
