"""Models that are made of models: ridge regressions, averages, ensembles, one for each output."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.descents import DEEP, LINE, TOO_FAST, fit, problem, rows_of, trainer
from viewcast.base.errors import DivergenceError
from viewcast.models import fitted
from viewcast.models.average import FittedAverage
from viewcast.models.each_output import FittedEachOutput
from viewcast.models.fitted import Fitted
from viewcast.models.members import packed, unpacked
from viewcast.training import problem as problems
from viewcast.training.ensemble import Ensemble
from viewcast.training.problem import Problem
from viewcast.training.ridge import Ridge

ASKED = rows_of(9, 20)
ALL = ["x0", "x1"]


def line(l2: float = 1.0, given: Problem | None = None) -> Fitted:
    return Ridge("ridge", l2).fit(given or problem(), LINE).model


def network(seed: int) -> Fitted:
    return fit(problem(seed=seed), DEEP).model


def test_ridge_reads_rows_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = line().predict(ASKED)
    monkeypatch.setattr(problems, "BLOCK", 3)
    np.testing.assert_allclose(line().predict(ASKED), whole, rtol=1e-12)


def test_a_price_beyond_measure_leaves_the_mean_of_the_targets() -> None:
    mean = problem().train["target"].mean()
    np.testing.assert_allclose(line(1e15).predict(ASKED), mean, rtol=1e-9)


@pytest.mark.parametrize("l2", [0, -1.0, float("inf")])
def test_a_price_that_is_none_is_refused(l2: float) -> None:
    with pytest.raises(ValueError, match="l2"):
        Ridge(name="ridge", l2=l2)


def test_an_average_predicts_the_mean_of_its_members() -> None:
    members = (line(), network(1), network(2))
    expected = np.mean([member.predict(ASKED) for member in members], axis=0)
    np.testing.assert_allclose(FittedAverage(members).predict(ASKED), expected, rtol=1e-12)


def test_an_average_reads_the_columns_of_all_its_members_once() -> None:
    other = Ridge("ridge", 1.0).fit(replace(problem(), inputs=["x1"]), LINE).model
    average = FittedAverage((other, line()))
    assert average.inputs == ["x1", "x0"]
    assert average.figures() == {"members": 2}


@pytest.mark.parametrize("kind", [FittedAverage, FittedEachOutput])
def test_a_model_of_models_predicts_the_same_bits_after_it_was_saved(
    kind: Any, tmp_path: Path
) -> None:
    model = kind((line(), network(1)))
    fitted.save(model, tmp_path / "model", "minutes")
    loaded = fitted.load(tmp_path / "model")
    assert type(loaded) is kind
    assert loaded.inputs == model.inputs
    assert loaded.predict(ASKED).tobytes() == model.predict(ASKED).tobytes()


def test_a_model_of_models_of_models_is_stored_as_well() -> None:
    inner = FittedAverage((line(), network(1)))
    outer = FittedAverage((inner, network(2)))
    (again,) = unpacked(packed([outer]))
    assert again.predict(ASKED).tobytes() == outer.predict(ASKED).tobytes()


def test_more_than_ten_members_are_stored_in_their_order() -> None:
    members = [line(float(place)) for place in range(1, 13)]
    again = unpacked(packed(members))
    assert [each.predict(ASKED).tobytes() for each in again] == [
        each.predict(ASKED).tobytes() for each in members
    ]


def test_each_output_is_predicted_by_a_member_of_its_own() -> None:
    members = (line(), network(1))
    found = FittedEachOutput(members).predict(ASKED)
    assert found.shape == (len(ASKED), 2)
    for place, member in enumerate(members):
        assert found[:, place].tolist() == member.predict(ASKED).tolist()


def test_the_figures_of_each_output_are_summed() -> None:
    both = FittedEachOutput((line(), line())).figures()
    assert both == {name: 2 * value for name, value in line().figures().items()}


def ensemble(members: int = 3, **changed: Any) -> Ensemble:
    return Ensemble("ensemble", members, trainer(keep_path=False, **changed))


def test_the_curve_of_an_ensemble_is_the_mean_of_those_of_its_members() -> None:
    found = ensemble().fit(problem(seed=5), DEEP).curve
    alone = [fit(problem(seed=seed), DEEP).curve for seed in (5, 6, 7)]
    for name in ("train_loss", "val_loss"):
        expected = np.mean([curve[name] for curve in alone], axis=0)
        np.testing.assert_allclose(found[name], expected, rtol=1e-9)


def test_the_epochs_of_an_ensemble_are_told_once_each() -> None:
    told: list[int] = []
    given = problem(on_epoch=lambda epoch, train, val: told.append(epoch))
    ensemble(epochs=4).fit(given, DEEP)
    assert told == [1, 2, 3, 4]


def test_an_ensemble_diverges_where_a_member_does() -> None:
    with pytest.raises(DivergenceError):
        ensemble(**TOO_FAST).fit(problem(), DEEP)


def test_an_ensemble_of_anything_but_descents_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a section whose _target_ is GradientDescent"):
        Ensemble("ensemble", 2, Ridge("ridge", 1.0))  # type: ignore[arg-type]  # what is refused
