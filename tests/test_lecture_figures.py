"""The figures of the lectures: what each way of finding a line must reach on the real rows.

Losses are mean squared errors in minutes². The expected figures are those stated for the project;
they come from numpy.linalg.lstsq and hand-written loops, not from viewcast.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from viewcast.base.cli import compose
from viewcast.base.errors import DivergenceError
from viewcast.data import sealed
from viewcast.training.config import Config, parse
from viewcast.training.problem import Trained
from viewcast.training.rows import Rows, problem_of, rows_of

pytestmark = pytest.mark.xdist_group("lecture figures")  # what is costly is made once for all

ROOT = Path(__file__).resolve().parents[1]
COURSE = ("data=lectures", "data.split=course")
RAW_STEPS = (
    "trainer=gradient_descent",
    "trainer.optimizer=sgd",
    "trainer.momentum=0",
    "trainer.batch_size=full",
    "trainer.shuffle=false",
    "trainer.init=[1, 15]",
    "trainer.standardise=false",
    "trainer.precision=float64",
    "trainer.restore_best=false",
    "trainer.patience=null",
    "trainer.keep_path=true",
)
TRUE_MINUTES = 107.0


def config_of(*overrides: str) -> Config:
    return parse(compose(ROOT, overrides))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder that holds the prepared lectures and nothing else."""
    root = tmp_path_factory.mktemp("lectures")
    config = config_of("data=lectures")
    whole, data = config.data.prepare(ROOT), config.data
    sealed.write(whole, data.feature_lookback, root, data.name, config.preparation())
    return root


def fit(root: Path, *overrides: str) -> tuple[Trained, Rows]:
    config = config_of(*overrides)
    rows = rows_of(config, root)
    problem = problem_of(config, rows)
    config.trainer.check(problem, config.model)
    return config.trainer.fit(problem, config.model), rows


def last_losses(trained: Trained) -> tuple[float, float]:
    last = trained.curve.iloc[-1]
    return float(last["train_loss"]), float(last["val_loss"])


def descend(root: Path, lr: float, epochs: int) -> Trained:
    steps = (*RAW_STEPS, f"trainer.lr={lr}", f"trainer.epochs={epochs}")
    trained, _ = fit(root, *COURSE, "model=linear", *steps)
    return trained


# The closed form


def test_least_squares_on_the_course_of_2021_finds_the_published_line(prepared: Path) -> None:
    trained, _ = fit(prepared, *COURSE, "model=linear")
    assert trained.model.figures()["w"] == pytest.approx(1.912, abs=5e-4)
    assert trained.model.figures()["b"] == pytest.approx(0.593, abs=5e-4)
    assert last_losses(trained)[0] == pytest.approx(263.4, abs=0.05)


def test_least_squares_agrees_with_the_normal_equations(prepared: Path) -> None:
    trained, rows = fit(prepared, *COURSE, "model=linear")
    x, y = rows.train["pages"].to_numpy(), rows.train["target"].to_numpy()
    slope = ((x - x.mean()) @ (y - y.mean())) / ((x - x.mean()) @ (x - x.mean()))
    figures = trained.model.figures()
    assert figures["w"] == pytest.approx(slope, rel=1e-12)
    assert figures["b"] == pytest.approx(y.mean() - slope * x.mean(), rel=1e-9)


def test_residuals_of_least_squares_sum_to_zero(prepared: Path) -> None:
    trained, rows = fit(prepared, *COURSE, "model=linear")
    residuals = trained.model.predict(rows.train) - rows.train["target"]
    assert residuals.sum() == pytest.approx(0, abs=1e-9)
    assert residuals @ rows.train["pages"] == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize(
    ("split", "train", "validation", "predicted"),
    [
        ("course", 263.4, 2524.7, 161.2),
        ("swap", 133.6, 1124.4, 107.4),
    ],
)
def test_least_squares_by_split_reaches_the_stated_figures(
    prepared: Path, split: str, train: float, validation: float, predicted: float
) -> None:
    trained, rows = fit(prepared, "data=lectures", f"data.split={split}", "model=linear")
    assert last_losses(trained) == (
        pytest.approx(train, abs=0.05),
        pytest.approx(validation, abs=0.05),
    )
    assert trained.model.predict(rows.test) == pytest.approx([predicted], abs=0.05)


def test_the_course_of_2025_gives_another_line(prepared: Path) -> None:
    trained, _ = fit(prepared, "data=lectures", "data.split=swap", "model=linear")
    assert trained.model.figures()["w"] == pytest.approx(1.384, abs=5e-4)
    assert trained.model.figures()["b"] == pytest.approx(-8.849, abs=5e-4)


@pytest.mark.parametrize(
    ("features", "train", "validation"),
    [
        ("[pages]", 62.68, 839.5),
        ("[pages, words]", 49.88, 859.9),
        ("[pages, words_per_page]", 52.01, 834.1),
    ],
)
def test_least_squares_within_one_course_reaches_the_stated_figures(
    prepared: Path, features: str, train: float, validation: float
) -> None:
    trained, _ = fit(prepared, "data=lectures", "data.split=within", f"model.features={features}")
    assert last_losses(trained) == (
        pytest.approx(train, abs=0.005),
        pytest.approx(validation, abs=0.05),
    )


@pytest.mark.parametrize(
    ("features", "train"), [("[pages, words]", 255.8), ("[pages, words_per_page]", 252.4)]
)
def test_a_second_feature_lowers_the_training_loss_as_stated(
    prepared: Path, features: str, train: float
) -> None:
    trained, _ = fit(prepared, *COURSE, f"model.features={features}")
    assert last_losses(trained)[0] == pytest.approx(train, abs=0.05)


# Brute force


def test_grid_search_finds_the_stated_grid_point(prepared: Path) -> None:
    trained, _ = fit(prepared, *COURSE, "model=linear", "trainer=grid_search")
    assert trained.model.figures()["w"] == pytest.approx(1.909, abs=5e-4)
    assert trained.model.figures()["b"] == pytest.approx(0.669, abs=5e-4)
    assert last_losses(trained)[0] == pytest.approx(263.4, abs=0.05)


def test_grid_search_keeps_the_loss_of_every_grid_point(prepared: Path) -> None:
    trained, rows = fit(prepared, *COURSE, "model=linear", "trainer=grid_search")
    surface = trained.surface
    assert len(surface) == 100 * 300
    assert (surface["w"].min(), surface["w"].max()) == (0, 3)
    assert (surface["b"].min(), surface["b"].max()) == (0, 20)
    assert surface["loss"].min() == pytest.approx(last_losses(trained)[0], rel=1e-12)
    point = surface.iloc[12345]
    by_hand = (point["w"] * rows.train["pages"] + point["b"] - rows.train["target"]) ** 2
    assert point["loss"] == pytest.approx(by_hand.mean(), rel=1e-12)


def test_grid_search_is_never_better_than_least_squares(prepared: Path) -> None:
    grid, _ = fit(prepared, *COURSE, "model=linear", "trainer=grid_search")
    exact, _ = fit(prepared, *COURSE, "model=linear")
    assert last_losses(grid)[0] >= last_losses(exact)[0]


# Gradient descent


def test_a_learning_rate_ten_times_too_high_overshoots_further_each_time(prepared: Path) -> None:
    curve = descend(prepared, 1e-3, 3).curve
    assert curve["train_loss"].tolist() == pytest.approx([2242, 8077, 31402], abs=0.5)


def test_a_learning_rate_ten_times_too_high_diverges_and_says_where(prepared: Path) -> None:
    with pytest.raises(DivergenceError) as caught:
        descend(prepared, 1e-3, 10_000)
    steps = len(caught.value.curve)
    assert f"step {steps} " in str(caught.value)
    assert "learning rate 0.001" in str(caught.value)
    assert steps < 100


@pytest.mark.parametrize(
    ("updates", "loss"),
    [(1, 534.3), (10, 296.0), (100, 295.5), (1000, 293.7), (10_000, 280.8)],
)
def test_gradient_descent_is_quick_down_the_wall_and_slow_in_the_valley(
    prepared: Path, updates: int, loss: float
) -> None:
    assert last_losses(descend(prepared, 1e-4, updates))[0] == pytest.approx(loss, abs=0.05)


def test_the_first_update_is_the_one_computed_by_hand(prepared: Path) -> None:
    trained = descend(prepared, 1e-4, 1)
    _, rows = fit(prepared, *COURSE, "model=linear")
    x, y = rows.train["pages"].to_numpy(), rows.train["target"].to_numpy()
    residual = 1 * x + 15 - y
    w, b = 1 - 1e-4 * 2 * (residual * x).mean(), 15 - 1e-4 * 2 * residual.mean()
    assert trained.path[["p0", "b"]].to_numpy().tolist() == [pytest.approx([w, b], rel=1e-12)]


def test_gradient_descent_in_standard_units_arrives_at_least_squares(prepared: Path) -> None:
    trained, _ = fit(
        prepared,
        *COURSE,
        "model=linear",
        *RAW_STEPS,
        "trainer.standardise=true",
        "trainer.lr=0.1",
        "trainer.epochs=300",
    )
    exact, _ = fit(prepared, *COURSE, "model=linear")
    assert trained.model.figures() == pytest.approx(exact.model.figures(), rel=1e-9)


# Rows


@pytest.mark.parametrize(
    ("split", "counts"), [("course", (17, 7, 1)), ("swap", (7, 17, 1)), ("within", (12, 5, 1))]
)
def test_every_split_has_the_stated_number_of_rows(
    prepared: Path, split: str, counts: tuple[int, int, int]
) -> None:
    rows = rows_of(config_of("data=lectures", f"data.split={split}"), prepared)
    assert (len(rows.train), len(rows.validation), len(rows.test)) == counts
    assert rows.left_out == []


@pytest.mark.parametrize("split", ["course", "swap", "within"])
def test_the_test_lecture_is_the_lecturers_own_and_in_no_other_split(
    prepared: Path, split: str
) -> None:
    rows = rows_of(config_of("data=lectures", f"data.split={split}"), prepared)
    assert rows.test["row"].tolist() == ["GenAI-ML-2025/5"]
    assert rows.test["target"].isna().all()
    assert "GenAI-ML-2025/5" not in {*rows.train["row"], *rows.validation["row"]}


def test_the_minutes_of_the_test_lecture_are_sealed(prepared: Path) -> None:
    config = config_of("data=lectures")
    kept = sealed.read(prepared, "lectures", config.preparation())
    assert kept["target"].tolist() == [TRUE_MINUTES]
    assert TRUE_MINUTES not in rows_of(config, prepared).validation["target"].tolist()


def test_rows_without_words_are_left_out_and_said_so(prepared: Path) -> None:
    overrides = (*COURSE, "model.features=[pages, words]")
    rows = rows_of(config_of(*overrides), prepared)
    assert (len(rows.train), len(rows.validation), len(rows.test)) == (17, 0, 1)
    assert rows.left_out == ["7 of 7 validation rows left out: words unknown"]


def test_a_line_without_validation_rows_is_trained_all_the_same(prepared: Path) -> None:
    trained, _ = fit(prepared, *COURSE, "model.features=[pages, words_per_page]")
    assert np.isnan(last_losses(trained)[1])


def test_rows_that_are_left_out_do_not_change_the_ones_that_stay(prepared: Path) -> None:
    both = rows_of(config_of(*COURSE, "model.features=[pages, words]"), prepared)
    pages = rows_of(config_of(*COURSE, "model.features=[pages]"), prepared)
    assert both.train[["row", "target"]].equals(pages.train[["row", "target"]])


def test_without_one_complete_training_row_there_is_no_run(prepared: Path) -> None:
    config: Any = config_of("data=lectures", "data.split=swap", "model.features=[pages, words]")
    with pytest.raises(Exception, match="no training row has all of") as caught:
        rows_of(config, prepared)
    assert "7 of 7 train rows left out: words unknown" in str(caught.value)
