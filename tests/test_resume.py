"""A run that was interrupted goes on to the same bits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.descents import DEEP, LINE, TOO_FAST, assert_bit_equal, fit, problem
from support.processes import KILLED, die, exit_code
from viewcast.base.errors import DivergenceError
from viewcast.training import checkpoint


class CrashError(Exception):
    """Raised by an observer in the middle of a run."""


def crash_at(epoch: int) -> Callable[[int, float, float | None], None]:
    def on_epoch(now: int, train_loss: float, val_loss: float | None) -> None:
        if now == epoch:
            raise CrashError

    return on_epoch


def interrupted(folder: Path, model: Any, epoch: int = 4, **changed: Any) -> None:
    with pytest.raises(CrashError):
        fit(problem(checkpoint=folder, on_epoch=crash_at(epoch)), model, **changed)


BATCHED: dict[str, Any] = {"shuffle": True, "batch_size": 4}
KINDS = [
    {"optimizer": "sgd"},
    {"optimizer": "sgd", "momentum": 0.9, **BATCHED},
    {"optimizer": "adam", "momentum": 0.9, "lr": 0.01, **BATCHED},
    {"optimizer": "adam", "momentum": 0.9, "precision": "float32", **BATCHED},
    {"optimizer": "adam", "restore_best": True, "patience": 5, **BATCHED},
    {"optimizer": "sgd", "keep_path": False, **BATCHED},
]

RUBBISH = [b"", b"rubbish", b"\0" * 1000]


def fit_and_die(folder: Path, epoch: int, options: dict[str, Any]) -> None:
    def on_epoch(now: int, train_loss: float, val_loss: float | None) -> None:
        if now == epoch:
            die()

    fit(problem(checkpoint=folder, on_epoch=on_epoch), DEEP, **options)


@pytest.mark.parametrize("kind", [1, 4])
def test_a_killed_run_goes_on_to_the_same_bits(tmp_path: Path, kind: int) -> None:
    options = KINDS[kind]
    assert exit_code(fit_and_die, tmp_path, 4, options) == KILLED
    assert checkpoint.read(tmp_path, "this very run-torch") is not None, "nothing to go on from"
    whole = fit(problem(), DEEP, **options)
    resumed = fit(problem(checkpoint=tmp_path), DEEP, **options)
    assert_bit_equal(resumed, whole)


@pytest.mark.parametrize("options", KINDS)
@pytest.mark.parametrize("epoch", [2, 13, 30])
def test_an_interrupted_run_goes_on_to_the_same_bits(
    tmp_path: Path, options: dict[str, Any], epoch: int
) -> None:
    whole = fit(problem(), DEEP, **options)
    interrupted(tmp_path, DEEP, min(epoch, len(whole.curve)), **options)
    resumed = fit(problem(checkpoint=tmp_path), DEEP, **options)
    assert_bit_equal(resumed, whole)


def test_a_run_interrupted_twice_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    options = KINDS[2]
    interrupted(tmp_path, DEEP, 5, **options)
    interrupted(tmp_path, DEEP, 11, **options)
    resumed = fit(problem(checkpoint=tmp_path), DEEP, **options)
    assert_bit_equal(resumed, fit(problem(), DEEP, **options))


def test_a_resumed_run_does_only_the_epochs_that_are_left(
    tmp_path: Path, batches: list[list[float]]
) -> None:
    interrupted(tmp_path, LINE, 20)
    batches.clear()
    fit(problem(checkpoint=tmp_path))
    assert len(batches) == 30 - 19


def test_a_resumed_run_tells_the_observer_of_every_epoch_from_the_first(tmp_path: Path) -> None:
    interrupted(tmp_path, LINE, 20)
    told: list[tuple[int, float, float | None]] = []
    found = fit(problem(checkpoint=tmp_path, on_epoch=lambda *losses: told.append(losses)))
    assert told == [tuple(row) for row in found.curve.itertuples(index=False)]


def test_resuming_without_validation_rows_reaches_the_same_bits(tmp_path: Path) -> None:
    empty = problem().validation.iloc[:0]
    with pytest.raises(CrashError):
        fit(problem(validation=empty, checkpoint=tmp_path, on_epoch=crash_at(9)))
    resumed = fit(problem(validation=empty, checkpoint=tmp_path))
    assert_bit_equal(resumed, fit(problem(validation=empty)))


def test_a_run_that_had_already_ended_is_not_trained_further(tmp_path: Path) -> None:
    first = fit(problem(checkpoint=tmp_path))
    assert_bit_equal(fit(problem(checkpoint=tmp_path)), first)


def test_a_diverging_run_diverges_at_the_same_step_after_a_crash(tmp_path: Path) -> None:
    with pytest.raises(DivergenceError) as whole:
        fit(problem(), **TOO_FAST)
    interrupted(tmp_path, LINE, 3, **TOO_FAST)
    with pytest.raises(DivergenceError) as resumed:
        fit(problem(checkpoint=tmp_path), **TOO_FAST)
    assert str(resumed.value) == str(whole.value)


def test_a_checkpoint_of_another_run_is_ignored(tmp_path: Path) -> None:
    with pytest.raises(CrashError):
        other = problem(identity="another", seed=99, checkpoint=tmp_path, on_epoch=crash_at(9))
        fit(other, DEEP)
    assert checkpoint.read(tmp_path, "this very run-torch") is None
    assert_bit_equal(fit(problem(checkpoint=tmp_path), DEEP), fit(problem(), DEEP))


@pytest.mark.parametrize("rubbish", RUBBISH, ids=["empty", "rubbish", "zeros"])
def test_a_half_written_checkpoint_beside_a_good_one_does_no_harm(
    tmp_path: Path, rubbish: bytes
) -> None:
    interrupted(tmp_path, LINE, 9)
    (tmp_path / f"{checkpoint.FILE}.partial").write_bytes(rubbish)
    assert checkpoint.read(tmp_path, "this very run-torch") is not None
    assert_bit_equal(fit(problem(checkpoint=tmp_path)), fit(problem()))


def test_a_crash_while_writing_a_checkpoint_leaves_the_former_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(tmp_path, LINE, 9)
    before = (tmp_path / checkpoint.FILE).read_bytes()

    def half(tensors: Any, path: Path, metadata: Any) -> None:
        Path(path).write_bytes(b"half")
        raise CrashError

    with monkeypatch.context() as broken, pytest.raises(CrashError):
        broken.setattr(checkpoint, "save_file", half)
        fit(problem(checkpoint=tmp_path))
    assert (tmp_path / checkpoint.FILE).read_bytes() == before
    assert_bit_equal(fit(problem(checkpoint=tmp_path)), fit(problem()))


def test_a_checkpoint_is_replaced_and_never_written_over(tmp_path: Path) -> None:
    interrupted(tmp_path, LINE, 9)
    with (tmp_path / checkpoint.FILE).open("rb") as former:
        fit(problem(checkpoint=tmp_path))
        content = former.read()
    assert content != (tmp_path / checkpoint.FILE).read_bytes()
    (tmp_path / checkpoint.FILE).write_bytes(content)
    assert checkpoint.read(tmp_path, "this very run-torch") is not None


@pytest.mark.parametrize("rubbish", RUBBISH, ids=["empty", "rubbish", "zeros"])
def test_a_damaged_checkpoint_costs_the_epochs_and_not_the_run(
    tmp_path: Path, rubbish: bytes
) -> None:
    (tmp_path / checkpoint.FILE).write_bytes(rubbish)
    assert_bit_equal(fit(problem(checkpoint=tmp_path)), fit(problem()))


def test_a_truncated_checkpoint_costs_the_epochs_and_not_the_run(tmp_path: Path) -> None:
    interrupted(tmp_path, LINE, 9)
    file = tmp_path / checkpoint.FILE
    file.write_bytes(file.read_bytes()[:-8])
    assert_bit_equal(fit(problem(checkpoint=tmp_path)), fit(problem()))


def test_any_changed_byte_of_a_checkpoint_is_found_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays = {"params": np.arange(6.0), "epoch": np.array(3), "none": np.empty(0)}
    checkpoint.write(tmp_path, arrays, "this run")
    assert checkpoint.read(tmp_path, "this run") is not None
    assert checkpoint.read(tmp_path, "another run") is None
    assert capsys.readouterr().err == ""
    file = tmp_path / checkpoint.FILE
    whole = file.read_bytes()
    header = int.from_bytes(whole[:8], "little")
    for place in range(8 + header, len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        file.write_bytes(damaged)
        assert checkpoint.read(tmp_path, "this run") is None
        assert f"{file}: the checkpoint cannot be used" in capsys.readouterr().err


def test_arrays_that_were_exchanged_are_found(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, {"a": np.zeros(3), "b": np.ones(3)}, "this run")
    content = (tmp_path / checkpoint.FILE).read_bytes()
    (tmp_path / checkpoint.FILE).write_bytes(
        content.replace(b'"a"', b'"x"').replace(b'"b"', b'"a"').replace(b'"x"', b'"b"')
    )
    assert checkpoint.read(tmp_path, "this run") is None


def test_no_checkpoint_is_written_more_often_than_asked_for(tmp_path: Path) -> None:
    fit(problem(checkpoint=tmp_path), checkpoint_seconds=3600.0)
    assert list(tmp_path.iterdir()) == []
