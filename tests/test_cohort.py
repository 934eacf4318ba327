"""Cohorts: who trains in company ends where it would alone, to the bit."""

from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from support.cohorts import (
    OWN,
    QUICK,
    TOO_FAST,
    bits,
    candidate,
    leavers,
    members,
    problem,
    told_and_found,
    train,
)
from support.descents import SETTINGS
from support.processes import KILLED, exit_code
from viewcast.models import network
from viewcast.scoring.loss import MAE, MSE
from viewcast.training import checkpoint
from viewcast.training.candidate import Candidate
from viewcast.training.engine import Descent
from viewcast.training.gradient_descent import GradientDescent
from viewcast.training.problem import Problem
from viewcast.training.torch_engine import chunks
from viewcast.training.torch_engine.state import State


def alone(given: Problem, candidates: list[Candidate], hidden: tuple[int, ...]) -> list[Descent]:
    return [train(given, [one], hidden)[0] for one in candidates]


# In company as alone


ARCHITECTURES = [(), (16,), (7,), (64, 32, 16), (5, 3, 2)]
LENGTHS: list[tuple[Any, int]] = [
    (1, 3), (7, 12), (22, 20), (32, 20), ("full", 20), (32, 120),
]  # fmt: skip


@pytest.mark.parametrize(
    ("hidden", "batch_size", "epochs", "optimizer"),
    [
        (hidden, *length, ("sgd", "adam")[(i + j) % 2])
        for i, hidden in enumerate(ARCHITECTURES)
        for j, length in enumerate(LENGTHS)
        if (i + j) % 3 == 0
    ],
)
def test_each_member_ends_with_the_bits_it_would_have_alone(
    hidden: tuple[int, ...], batch_size: Any, epochs: int, optimizer: str
) -> None:
    together = members(hidden, batch_size=batch_size, optimizer=optimizer, epochs=epochs)
    found = bits(train(problem(), together, hidden))
    assert found == bits(alone(problem(), together, hidden))
    assert found == bits(train(problem(), together, hidden)), "run twice"


@pytest.mark.parametrize("hidden", [(1,), (64, 1), (1, 16)])
def test_with_a_layer_of_one_unit_a_member_agrees_to_rounding(hidden: tuple[int, ...]) -> None:
    together = members(hidden, batch_size=7, optimizer="adam", epochs=30, precision="float64")
    for one, by_itself in zip(
        train(problem(), together, hidden), alone(problem(), together, hidden), strict=True
    ):
        scale = abs(by_itself.params).max()
        np.testing.assert_allclose(one.params, by_itself.params, rtol=0, atol=1e-10 * scale)


@pytest.mark.parametrize(("features", "batch_size"), [(3, 50), (16, 50), (13, 1499)])
@pytest.mark.parametrize("options", [{}, {"row_share": 0.6, "train_loss": "during"}])
def test_more_rows_than_are_gathered_or_measured_at_once_change_no_bits(
    features: int, batch_size: int, options: dict[str, Any]
) -> None:
    given, hidden = problem(rows=1500, features=features, loss=MAE()), (64,)
    shared = {"batch_size": batch_size, "epochs": 2, "feature_share": 0.5, **options}
    together = [candidate(i, hidden, features, lr=1e-3 * (1 + i), **shared) for i in range(20)]
    found = bits(train(given, together, hidden))
    some = bits(alone(given, [together[i] for i in (0, 7, 19)], hidden))
    assert [found[i] for i in (0, 7, 19)] == some


@settings(max_examples=10)
@given(order=st.permutations(range(len(OWN) + 1)))
def test_permuting_the_candidates_permutes_the_results(order: list[int]) -> None:
    together = members((16,), TOO_FAST)
    in_order = bits(train(problem(), together, (16,)))
    found = bits(train(problem(), [together[i] for i in order], (16,)))
    assert found == [in_order[i] for i in order]


def test_who_diverges_or_stops_leaves_at_its_epoch_and_the_cohort_shrinks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    told: list[Any] = []
    keep_only = State.keep_only

    def watched(state: State, kept: torch.Tensor) -> None:
        sizes.append(len(kept))
        keep_only(state, kept)

    monkeypatch.setattr(State, "keep_only", watched)
    own = ({"lr": 0.5, "patience": 1}, TOO_FAST)
    options = {"optimizer": "sgd", "momentum": 0.0, "divergence_factor": 1e4, "epochs": 40}
    options |= {"engine": "torch"}
    together = members((16,), *own, **options)
    found = train(problem(), together, (16,), lambda *each: told.append(each))
    assert sizes, "the cohort is meant to shrink"
    assert all(len(together) > size for size in sizes)
    assert sizes == sorted(set(sizes), reverse=True)

    last = len(found[-1].curve)
    assert last < 40
    where = f"diverged at step {7 * last} (epoch {last}) with learning rate 1e+08"
    assert where in str(found[-1].failure)
    assert found[2].failure is None
    assert len(found[2].curve) == found[2].best_epoch + 3 < 40, "patience 3"
    for ran, epochs, *losses in told:
        (epoch,) = {*epochs.tolist()}
        assert ran.tolist() == [i for i, one in enumerate(found) if len(one.curve) >= epoch]
        rows = [found[i].curve.iloc[epoch - 1, 1:].tolist() for i in ran]
        np.testing.assert_array_equal(np.transpose(losses), rows)
    assert bits(found[:-2]) == bits(train(problem(), together[:-2], (16,)))
    assert bits(found) == bits(alone(problem(), together, (16,)))


# Random parts of rows and features


def test_a_row_outside_of_the_part_changes_nothing_and_one_inside_does() -> None:
    given, hidden = problem(), (16,)
    together = members(hidden, row_share=0.5, standardise=False, epochs=5)
    parts = [set(one.rows(45).tolist()) for one in together]
    assert {len(part) for part in parts} == {22}
    assert len({frozenset(part) for part in parts}) == len(parts), "each has its own part"
    row = next(r for r in range(45) if 0 < sum(r in part for part in parts) < len(parts))
    other = replace(given, train=given.train.copy())
    other.train.loc[row, ["target", *given.inputs]] += 100
    before, after = (bits(train(each, together, hidden)) for each in (given, other))
    assert [a == b for a, b in zip(before, after, strict=True)] == [row not in p for p in parts]
    assert before == bits(alone(given, together, hidden))


@pytest.mark.parametrize("hidden", [(), (16,), (16, 16)])
def test_an_unseen_feature_changes_nothing_and_has_no_weight(hidden: tuple[int, ...]) -> None:
    given = problem()
    one = candidate(3, hidden, feature_share=0.5, weight_decay=0.1, standardise=False)
    unseen = sorted(set(range(5)) - set(one.features(5).tolist()))
    assert len(unseen) == 3
    other = replace(given, train=given.train.copy(), validation=given.validation.copy())
    for i in unseen:
        other.train[f"x{i}"] *= -3.0
        other.validation[f"x{i}"] += 9.0
    (found,), (again,) = train(given, [one], hidden), train(other, [one], hidden)
    assert bits([found]) == bits([again])
    layers = network.unflatten(found.params, 5, hidden)
    assert [i for i, weight in enumerate(layers[0][0]) if (weight == 0).all()] == unseen
    x, y = other.x(other.validation), other.y(other.validation)
    by_all = MSE().rows(network.forward(layers, x), y).mean()
    assert found.curve["val_loss"].iloc[found.best_epoch - 1] == pytest.approx(by_all, rel=1e-5)


def test_with_one_batch_the_loss_during_an_epoch_is_the_one_after_the_epoch_before() -> None:
    after, during = (
        train(
            problem(), members((7,), batch_size="full", train_loss=when, precision="float64"), (7,)
        )
        for when in ("after", "during")
    )
    for one, other in zip(after, during, strict=True):
        assert one.params.tobytes() == other.params.tobytes()
        shifted = one.curve["train_loss"].to_numpy()[:-1]
        np.testing.assert_allclose(other.curve["train_loss"].iloc[1:], shifted, rtol=1e-12)


# Going on after a crash


def write_told_and_found(folder: Path) -> None:
    (folder / "told").write_text(told_and_found(folder))


@pytest.mark.parametrize("epoch", [5, 20])
def test_a_cohort_killed_after_some_have_left_goes_on_to_the_same_bits(
    tmp_path: Path, epoch: int
) -> None:
    assert exit_code(told_and_found, tmp_path, epoch) == KILLED
    saved = checkpoint.read(tmp_path, "this cohort-torch")
    assert saved is not None
    assert int(saved["epoch"]) == epoch - 1
    assert len(saved["ids"]) < len(leavers()), "some are meant to have left"
    assert exit_code(write_told_and_found, tmp_path) == 0
    assert (tmp_path / "told").read_text() == told_and_found(None)


# Chunks

choices = {"batch_size": [7, 9], "beta2": [0.9, 0.99], "lr": [0.1, 0.2], "feature_share": [0.5, 1]}


@given(
    made=st.lists(st.fixed_dictionaries({k: st.sampled_from(v) for k, v in choices.items()})),
    hidden=st.sampled_from([(), (7,), (100, 100), (2000, 2000)]),
    rows=st.sampled_from([5, 1000]),
)
def test_every_candidate_is_in_one_chunk_that_fits_and_agrees(
    made: list[Any], hidden: tuple[int, ...], rows: int
) -> None:
    chosen = [GradientDescent(**{**SETTINGS, **QUICK, **each}) for each in made]
    everyone = [Candidate(each, i, np.zeros(1)) for i, each in enumerate(chosen)]
    found = list(chunks.chunks(everyone, 5, hidden, rows, "cpu"))
    assert sorted(chain(*found)) == list(range(len(made)))
    kinds = [{(made[i]["batch_size"], made[i]["beta2"]) for i in chunk} for chunk in found]
    assert all(len(kind) == 1 for kind in kinds), "who differs in more than OWN is apart"
    for chunk, kind in zip(found, kinds, strict=True):
        same = [c for c, k in zip(found, kinds, strict=True) if k == kind]
        assert len(same) == -(-sum(map(len, same)) // max(map(len, same))), "no more than needed"
        batch = min(made[chunk[0]]["batch_size"], rows)
        numbers = 5 * network.size(5, hidden) + batch * (5 + sum(hidden))
        few = len(chunk) <= chunks.SMALLEST["cpu"]
        assert few or 4 * len(chunk) * numbers <= chunks.CHUNK_BYTES["cpu"]


def test_the_results_do_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = [*members((16,)), *members((16,), batch_size=9)]
    results = []
    for largest in (1, 2, 64):
        monkeypatch.setitem(chunks.LARGEST, "cpu", largest)
        found: dict[int, Descent] = {}
        for chunk in chunks.chunks(everyone, 5, (16,), 45, "cpu"):
            assert len(chunk) <= largest
            here = train(problem(), [everyone[i] for i in chunk], (16,))
            found.update(zip(chunk, here, strict=True))
        results.append(bits(found[i] for i in range(len(everyone))))
    assert results[0] == results[1] == results[2]
