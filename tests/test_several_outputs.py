"""Models of several outputs at once: ridge, ensembles, a model for each output, naive."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge as Peer

from support.descents import LINE, assert_bit_equal, problem, rows_of, trainer
from viewcast.base.errors import ConfigError
from viewcast.models.average import FittedAverage
from viewcast.models.deep import Deep
from viewcast.models.each_output import FittedEachOutput
from viewcast.models.fitted import FittedNaive
from viewcast.models.naive import Naive
from viewcast.scoring.loss import MAE
from viewcast.training.ensemble import Ensemble
from viewcast.training.problem import BLOCK, Problem
from viewcast.training.ridge import Ridge

DEEP = Deep("deep", ["x0", "x1"], units=6, layers=2)
BOTH = ("target_1", "target_2")


def two(rows: pd.DataFrame) -> pd.DataFrame:
    """A second output, which is another line."""
    other = 3 - rows["x0"] + rows["target"] / 5
    return rows.rename(columns={"target": "target_1"}).assign(target_2=other)


def of_two(count: int = 40) -> Problem:
    return problem(train=two(rows_of(1, count)), validation=two(rows_of(2, 9)), outputs=BOTH)


def ensemble(members: int = 3) -> Ensemble:
    return Ensemble("ensemble", members, trainer(keep_path=False))


@pytest.mark.parametrize("count", [12, BLOCK + 7])
@pytest.mark.parametrize("l2", [0.001, 50.0])
def test_ridge_is_that_of_scikit_learn_on_standardised_features(count: int, l2: float) -> None:
    given = of_two(count)
    x = given.train[given.inputs]
    peer = Peer(alpha=l2).fit((x - x.mean()) / x.std(ddof=0), given.train[list(BOTH)])
    asked = given.validation[given.inputs]
    expected = peer.predict((asked - x.mean()) / x.std(ddof=0))
    np.testing.assert_allclose(
        Ridge("ridge", l2).fit(given, LINE).model.predict(given.validation), expected, rtol=1e-9
    )


def test_an_ensemble_is_the_mean_of_runs_with_seeds_in_a_row() -> None:
    given = of_two()
    alone = [
        trainer(keep_path=False).fit(problem(**{**vars(given), "seed": given.seed + k}), DEEP)
        for k in range(3)
    ]
    together = ensemble().fit(given, DEEP)
    expected = np.mean([each.model.predict(given.validation) for each in alone], axis=0)
    np.testing.assert_allclose(together.model.predict(given.validation), expected, rtol=1e-12)
    losses = np.mean([each.curve["val_loss"] for each in alone], axis=0)
    np.testing.assert_allclose(together.curve["val_loss"], losses, rtol=1e-12)
    assert len({each.model.predict(given.validation).tobytes() for each in alone}) == 3
    assert_bit_equal(together, ensemble().fit(given, DEEP))


def test_an_ensemble_refuses_epochs_of_its_members_own_and_one_start_for_all() -> None:
    with pytest.raises(ValueError, match=r"trainer.restore_best = true"):
        Ensemble("ensemble", 3, trainer(restore_best=True))
    same = Ensemble("ensemble", 3, trainer(init=[0, 0, 0]))
    with pytest.raises(ConfigError, match=r"trainer.trainer.init: expected random"):
        same.check(problem(), LINE)


def test_members_of_different_kinds_are_stored_with_their_average() -> None:
    given = of_two()
    line = Ridge("ridge", 1).fit(given, LINE).model
    nets = ensemble(2).fit(given, DEEP).model
    both = FittedAverage((line, nets))
    again = FittedAverage.restore(both.inputs, both.arrays())
    np.testing.assert_array_equal(
        again.predict(given.validation), both.predict(given.validation), strict=True
    )
    halfway = (line.predict(given.validation) + nets.predict(given.validation)) / 2
    np.testing.assert_allclose(both.predict(given.validation), halfway)


def test_a_model_for_each_output_learns_each_alone() -> None:
    given = of_two()
    alone = tuple(Ridge("ridge", 1).fit(given.of_output(name), LINE).model for name in BOTH)
    each = FittedEachOutput(alone)
    again = FittedEachOutput.restore(each.inputs, each.arrays())
    together = Ridge("ridge", 1).fit(given, LINE).model.predict(given.validation)
    np.testing.assert_allclose(again.predict(given.validation).reshape(-1, 2), together, rtol=1e-9)


def test_naive_takes_one_feature_for_all_outputs_or_one_for_each() -> None:
    rows = two(rows_of(1, 4))
    one = Naive("naive", []).look_up(rows[["row", "x0", *BOTH]], rows)
    assert isinstance(one, FittedNaive)
    np.testing.assert_array_equal(one.predict(rows), rows[["x0", "x0"]])
    each = Naive("naive", []).look_up(rows[["row", "x0", "x1", *BOTH]], rows)
    np.testing.assert_array_equal(each.predict(rows), rows[["x0", "x1"]])
    with pytest.raises(ConfigError, match="one for each of 2 outputs"):
        Naive("naive", []).look_up(rows.assign(x2=0.0)[["row", "x0", "x1", "x2", *BOTH]], rows)


def test_losses_of_several_outputs_are_means_over_all_of_them() -> None:
    given = problem(**{**vars(of_two()), "loss": MAE()})
    fitted = Ridge("ridge", 1).fit(given, LINE)
    errors = np.abs(fitted.model.predict(given.validation) - given.validation[list(BOTH)])
    assert fitted.curve["val_loss"].item() == pytest.approx(errors.to_numpy().mean())
