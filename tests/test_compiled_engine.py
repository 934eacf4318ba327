"""The compiled engine: which runs it trains, in company, on threads, after an interruption."""

import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic.dataclasses import dataclass

from support.cohorts import TOO_FAST, bits, candidate, members, problem
from support.descents import LINE
from support.descents import trainer as descended
from support.processes import KILLED, die, exit_code
from viewcast.base.errors import ConfigError
from viewcast.models.deep import Deep
from viewcast.models.scaling import Scaling
from viewcast.scoring.loss import MAE, MSE
from viewcast.training import checkpoint, choice, device
from viewcast.training.candidate import Candidate
from viewcast.training.choice import engine_of
from viewcast.training.compiled import training as one_training
from viewcast.training.compiled.engine import descend as descend_compiled
from viewcast.training.descent import descend
from viewcast.training.engine import Descent
from viewcast.training.problem import Problem
from viewcast.training.trainer import CohortMember
from viewcast.training.weights import row_weights

HIDDEN = (16, 5)
DEEP_OF_5 = Deep("deep", [f"x{i}" for i in range(5)], units=7, layers=2)


def trained(
    given: Problem, candidates: list[Candidate], workers: int = 1, report: Any = None
) -> list[Descent]:
    scaling = candidates[0].settings.scaling(given)
    return descend(given, candidates, HIDDEN, scaling, report or (lambda *told: None), workers)


def everyone(**shared: Any) -> list[Candidate]:
    return members(HIDDEN, TOO_FAST, {"row_share": 0.6, "batch_size": 11}, **shared)


# Which engine


def test_the_compiled_engine_trains_what_it_can() -> None:
    settings = candidate(1, HIDDEN).settings
    assert engine_of(settings, MSE(), "cpu") == "compiled"
    assert engine_of(settings, MSE(), "cuda") == "torch"
    assert engine_of(candidate(1, HIDDEN, engine="torch").settings, MSE(), "cpu") == "torch"
    assert engine_of(candidate(1, HIDDEN, precision="float64").settings, MSE(), "cpu") == "torch"


def test_a_machine_without_a_driver_is_not_asked_by_torch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(device, "DRIVERS", (str(tmp_path / "driver"),))
    assert device.device_of("auto") == "cpu"
    assert device.device_of("cuda") == "cuda"


@pytest.mark.parametrize("lacking", ["numba", "llvmlite"])
def test_where_numba_is_not_installed_pytorch_trains(
    monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    monkeypatch.setattr(choice, "_missing", lambda: [lacking])
    assert engine_of(candidate(1, HIDDEN).settings, MSE(), "cpu") == "torch"
    with pytest.raises(ConfigError, match=f"this environment, which lacks {lacking}"):
        engine_of(candidate(1, HIDDEN, engine="compiled").settings, MSE(), "cpu")


@dataclass(frozen=True)
class WithoutSlope(MAE):
    name: ClassVar[str] = "mine"
    slope: ClassVar[None] = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("settings", "loss", "device", "reason"),
    [
        ({"precision": "float64"}, MSE(), "cpu", r"trainer\.precision = float64"),
        ({}, WithoutSlope(), "cpu", r"loss = mine: it needs a loss with a static method slope"),
        ({}, MSE(), "cuda", "device = cuda: it runs on a CPU"),
    ],
)
def test_the_compiled_engine_is_refused_with_the_reason_where_it_cannot(
    settings: dict[str, Any], loss: Any, device: str, reason: str
) -> None:
    one = candidate(1, (), 2, engine="compiled", **settings)
    given = problem(features=2, loss=loss, device=device)
    with pytest.raises(ConfigError, match=f"trainer.engine = compiled contradicts {reason}"):
        one.settings.check(given, LINE)  # type: ignore[attr-defined]


def test_engines_share_a_cohort() -> None:
    own = [{}, {"precision": "float64"}, {"engine": "torch"}, {}]
    together = [candidate(i, HIDDEN, **each) for i, each in enumerate(own)]
    told: set[int] = set()
    found = trained(problem(), together, report=lambda places, *_: told.update(places.tolist()))
    assert told == {0, 1, 2, 3}
    assert bits(found) == bits(trained(problem(), [one])[0] for one in together)


# In company, on threads


@pytest.mark.parametrize("workers", [1, 3])
def test_a_candidate_has_the_same_bits_in_any_company_on_any_number_of_threads(
    workers: int,
) -> None:
    together = everyone()
    alone = bits(trained(problem(), [one])[0] for one in together)
    assert bits(trained(problem(), together, workers)) == alone
    assert bits(trained(problem(), together[::-1], workers)) == alone[::-1]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_epoch_is_reported_once_and_in_order(workers: int) -> None:
    told: dict[int, list[Any]] = {}

    def report(places: Any, epochs: Any, *losses: Any) -> None:
        assert threading.current_thread() is threading.main_thread()
        for place, *epoch in zip(places.tolist(), epochs.tolist(), *losses, strict=True):
            told.setdefault(place, []).append(epoch)

    found = trained(problem(), everyone(), workers, report)
    for place, one in enumerate(found):
        np.testing.assert_array_equal(told[place], one.curve.to_numpy())


@pytest.mark.parametrize("workers", [1, 2])
def test_the_trainer_gives_what_the_engine_gives(workers: int) -> None:
    together = everyone()
    cohort = [CohortMember(one.settings, one.seed) for one in together]  # type: ignore[arg-type]
    ticks: list[int] = []
    model = type("Network", (), {"hidden": HIDDEN})()
    trainer = type(together[0].settings)
    outcomes = trainer.fit_cohort(problem(), model, cohort, ticks.append, workers)  # type: ignore[attr-defined]
    assert sum(ticks) == sum(one.settings.epochs for one in together)
    for outcome, one in zip(outcomes, trained(problem(), together), strict=True):
        assert outcome.curve.equals(one.curve)
        assert outcome.failure == one.failure
        if outcome.model is not None:
            assert outcome.model.arrays()["params"].tobytes() == one.params.tobytes()


@pytest.mark.parametrize("engine", ["compiled", "torch"])
def test_a_model_of_several_outputs_has_the_losses_of_its_curve(engine: str) -> None:
    frames = {"train": problem().train, "validation": problem().validation}
    both = {name: rows.assign(other=3 * rows["x0"]) for name, rows in frames.items()}
    given = problem(outputs=("target", "other"), **both)
    settings = {"engine": engine, "precision": "float32", "epochs": 20, "keep_path": False}
    found = descended(**settings).fit(given, DEEP_OF_5)
    assert found.model.predict(given.validation).shape == (17, 2)
    kept = found.curve.iloc[found.best_epoch - 1]
    for name, loss in (("train", "train_loss"), ("validation", "val_loss")):
        assert given.mean_loss(found.model, both[name]) == pytest.approx(kept[loss], rel=1e-5)


# Interruptions


def train_and_die(folder: Path) -> None:
    one_training.SLICE_SECONDS = 0.0  # a call of the kernel does one block of rows

    def report(places: Any, epochs: Any, *losses: Any) -> None:
        if places[0] == 3 and epochs[0] == 5:
            die()

    trained(problem(checkpoint=folder), everyone(), report=report)


def test_a_killed_training_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    assert exit_code(train_and_die, tmp_path) == KILLED
    assert checkpoint.read(tmp_path, "this cohort-compiled") is not None
    found = trained(problem(checkpoint=tmp_path), everyone())
    assert bits(found) == bits(trained(problem(), everyone()))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What Python does at Ctrl-C; a process that was started in the background ignores it."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("blocks", [1, 50])
def test_an_interruption_by_the_user_leaves_a_checkpoint_of_all_that_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    one = candidate(1, HIDDEN, checkpoint_seconds=3600.0, epochs=30, weight_decay=0.1)
    go_on, left = one_training.Training.go_on, iter(range(blocks))

    def interrupted(training: one_training.Training, kernel: Any) -> None:
        go_on(training, kernel)
        if next(left, None) is None:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(one_training, "SLICE_SECONDS", 0.0)
        broken.setattr(one_training.Training, "go_on", interrupted)
        trained(problem(checkpoint=tmp_path), [one])
    saved = checkpoint.read(tmp_path, "this cohort-compiled")
    assert saved is not None
    assert bits(trained(problem(checkpoint=tmp_path), [one])) == bits(trained(problem(), [one]))


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_ends_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_training, "SLICE_SECONDS", 0.0)
    before = threading.active_count()
    forever = [candidate(i, HIDDEN, epochs=10**6, patience=None) for i in range(4)]
    with pytest.raises(KeyboardInterrupt):
        trained(problem(), forever, 2, lambda *told: signal.raise_signal(signal.SIGINT))
    assert threading.active_count() == before


def test_an_error_in_a_thread_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(training: Any, kernel: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(one_training.Training, "go_on", broken)
    with pytest.raises(MemoryError):
        trained(problem(), everyone(), 2)


# Weights of rows


def test_a_row_of_weight_0_changes_nothing_but_the_loss_that_is_shown() -> None:
    given = problem()
    weights = np.where(np.arange(45) % 3, 1.0, 0.0)
    one = candidate(1, HIDDEN, sample_weight="w", batch_size="full", standardise=False)
    weighted = given.train.assign(w=weights)
    other = weighted.assign(target=weighted["target"].where(weights > 0, 99.0))
    identity = Scaling.identity(5)
    (found,), (again,) = (
        descend_compiled(problem(train=train), [one], HIDDEN, identity, lambda *told: None)
        for train in (weighted, other)
    )
    assert found.params.tobytes() == again.params.tobytes()
    assert (found.curve["train_loss"] != again.curve["train_loss"]).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, np.nan, 2.0], "1 of 3 training rows have no weight; found nan for row b"),
        ([1.0, 2.0, -1.0], "found -1.0 for row c, expected numbers of at least 0"),
        ([0.0, 0.0, 0.0], "all weights are 0"),
        (["x", "1", "2"], "found x for row a"),
    ],
)
def test_wrong_weights_are_refused_by_key(values: list[Any], message: str) -> None:
    rows = problem().train.head(3).assign(row=["a", "b", "c"], w=values)
    with pytest.raises(ConfigError, match=f"trainer.sample_weight = w: .*{message}"):
        row_weights(problem(train=rows), "w")


def test_weights_that_are_no_column_are_refused_by_key() -> None:
    with pytest.raises(ConfigError, match=r"trainer\.sample_weight = size: .*no such column"):
        row_weights(problem(), "size")
