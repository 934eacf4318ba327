from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from support.project import REPOSITORY, Project
from viewcast.base.cli import compose
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.settings import construct
from viewcast.data.daily import windows
from viewcast.data.simulator import Simulated
from viewcast.demo.truth import Simulations, SimulationSettings
from viewcast.models import network
from viewcast.models.fitted import FittedMemory, FittedNaive, FittedNetwork
from viewcast.models.scaling import Scaling
from viewcast.scoring.loss import MAE
from viewcast.training.config import Config

pytestmark = pytest.mark.xdist_group("truth")  # what is costly is made once for all

SETTINGS = SimulationSettings(count=3, seed=5)
SIMULATED: Simulated = construct(Simulated, compose(REPOSITORY, [], "simulator"), "simulator")


@pytest.fixture(scope="module")
def config() -> Config:
    return Project(Path("nowhere")).config("data=channel", "data.split=year")


@pytest.fixture(scope="module")
def validation(config: Config) -> pd.DataFrame:
    prepared = config.data.prepare(REPOSITORY)
    return prepared[prepared["split_year"] == "validation"]


@pytest.fixture(scope="module")
def simulations(config: Config, validation: pd.DataFrame) -> Simulations:
    return Simulations.of(config.data, validation, SIMULATED, SETTINGS)


def test_a_simulation_built_by_hand_has_the_same_rows(
    config: Config, validation: pd.DataFrame, simulations: Simulations
) -> None:
    first, last = validation["time"].min(), validation["time"].max()
    before = str((first - pd.Timedelta(days=1)).date())
    past = SIMULATED.simulator.history(before, SIMULATED.seed)
    days = (last - first).days + 1
    drawn = SIMULATED.simulator.simulations(
        before, days, SETTINGS.count, SIMULATED.seed, SETTINGS.seed
    )
    for number, future in enumerate(drawn):
        ahead = pd.Series(future, index=pd.date_range(first, last, freq="D"))
        series = pd.concat([past, ahead]).astype("float64").asfreq("D") / 1000
        by_hand = windows(series, config.data.lags, config.data.country).loc[first:]
        rows = simulations.rows.iloc[number * days : (number + 1) * days]
        features = rows.drop(columns=["row", "target"])
        assert list(features.columns) == list(by_hand.columns)
        np.testing.assert_array_equal(features.to_numpy(), by_hand.to_numpy())
        np.testing.assert_array_equal(rows["target"], series.loc[first:])


def test_the_first_windows_hold_the_days_that_were(
    validation: pd.DataFrame, simulations: Simulations
) -> None:
    first = simulations.rows.groupby(simulations.rows.index // len(validation)).first()
    for name in ("lag_1", "lag_56", "holiday", "age"):
        assert (first[name] == validation[name].iloc[0]).all()
    assert first["target"].nunique() == SETTINGS.count


def test_the_truth_is_the_mean_over_simulations_with_the_error_of_that_mean(
    simulations: Simulations,
) -> None:
    naive = FittedNaive(["lag_1"], 0.0)
    truth = simulations.truth(simulations.predict(naive), MAE())
    losses = (simulations.rows["lag_1"] - simulations.rows["target"]).abs()
    of_simulations = [part.mean() for part in np.split(losses.to_numpy(), SETTINGS.count)]
    assert truth.mean == pytest.approx(np.mean(of_simulations))
    assert truth.error == pytest.approx(np.std(of_simulations, ddof=1) / np.sqrt(SETTINGS.count))


@pytest.mark.parametrize("hidden", [(), (5,), (4, 3)])
def test_networks_predict_as_they_do_one_by_one(
    simulations: Simulations, hidden: tuple[int, ...]
) -> None:
    names = ["lag_1", "lag_7", "age", "holiday"]
    rng = np.random.default_rng(1)
    scaling = Scaling.of(simulations.rows[names].to_numpy(), simulations.rows["target"].to_numpy())
    model = FittedNetwork(names, hidden, network.init_values(4, hidden, rng), scaling)
    found = simulations.predict(model)
    np.testing.assert_allclose(found, model.predict(simulations.rows), rtol=1e-5)
    assert simulations.truth(found, MAE()).mean == pytest.approx(
        simulations.truth(model.predict(simulations.rows), MAE()).mean, rel=1e-6
    )


def test_a_model_that_remembers_the_validation_rows_knows_nothing_of_another_simulation(
    validation: pd.DataFrame, simulations: Simulations
) -> None:
    memory = FittedMemory(["row"], dict(zip(validation["row"], validation["target"], strict=True)))
    truth = simulations.truth(simulations.predict(memory), MAE())
    assert truth.mean == pytest.approx(simulations.rows["target"].mean())


def test_more_simulations_only_add_to_the_former_ones(
    config: Config, validation: pd.DataFrame, simulations: Simulations
) -> None:
    more = Simulations.of(config.data, validation, SIMULATED, SimulationSettings(count=4, seed=5))
    pd.testing.assert_frame_equal(more.rows.iloc[: len(simulations.rows)], simulations.rows)


def test_days_that_are_left_out_of_the_validation_rows_are_left_out_of_the_simulations(
    config: Config, validation: pd.DataFrame, simulations: Simulations
) -> None:
    some = validation.iloc[[3, 10, 365]]
    few = Simulations.of(config.data, some, SIMULATED, SETTINGS)
    assert len(few.rows) == 3 * SETTINGS.count
    days = [row.partition(" ")[0] for row in few.rows["row"]]
    assert days == list(some["row"]) * SETTINGS.count


def test_views_that_the_simulator_did_not_make_have_no_truth(
    config: Config, validation: pd.DataFrame
) -> None:
    touched = validation.copy()
    touched.loc[touched.index[7], "target"] += 0.001
    day = touched["row"].iloc[7]
    with pytest.raises(DataError, match=rf"thousand views on {day}.*type `python pipelines/sim"):
        Simulations.of(config.data, touched, SIMULATED, SETTINGS)


def test_one_simulation_has_no_error_and_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"simulations\.count = 1"):
        construct(SimulationSettings, {"count": 1, "seed": 0}, "simulations")
