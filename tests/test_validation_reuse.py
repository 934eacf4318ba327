"""What the demonstration of validation reuse leaves: true losses, looks, and hidden losses."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.project import Project
from support.small_demonstration import (
    LEADERBOARD,
    SEARCH,
    SETTINGS,
    SIMULATED,
    Plain,
    experiment_run,
    named,
    small,
)
from viewcast.base.paths import demo_path, experiment_path, prepared_path
from viewcast.base.settings import construct
from viewcast.data.simulator import Simulated
from viewcast.demo import two_climbs
from viewcast.demo.attack import attacked
from viewcast.demo.leaderboard import Attack
from viewcast.demo.settings import planned
from viewcast.demo.truth import Simulations, SimulationSettings, TrueLoss
from viewcast.demo.validation_reuse import demonstrate
from viewcast.holdout.looks import Use, rounds
from viewcast.models import fitted
from viewcast.runs.run import run
from viewcast.tracking import look_tags
from viewcast.training.config import Config
from viewcast.training.rows import rows_of

pytestmark = pytest.mark.xdist_group("validation reuse")  # what is costly is made once for all


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Project:
    """A project with some experiments and the small demonstration; tests only read it."""
    root = tmp_path_factory.mktemp("done")
    (root / "mlflow").mkdir()
    shutil.copy(empty_store, root / "mlflow" / "mlflow.db")
    project = Project(root)
    for name in ("base", "memorizer_leak", "naive"):
        experiment_run(project, f"channel_leaderboard_{name}")
    experiment_run(project, "channel_linear_7")
    demonstrate(small(), project.config("data=channel").plain["tracking"], root)
    return project


def result_of(project: Project, experiment: str) -> dict[str, Any]:
    file = experiment_path(project.root, experiment) / "result.json"
    return dict(json.loads(file.read_text()))


def true_loss(project: Project, config: Config, simulations: Plain) -> TrueLoss:
    whole = pd.read_parquet(prepared_path(project.root, "channel"))
    rows = whole[whole[f"split_{config.data.split}"] == "validation"]
    simulated = construct(Simulated, SIMULATED, "simulator")
    simulations = Simulations.of(
        config.data, rows, simulated, construct(SimulationSettings, simulations, "simulations")
    )
    return TrueLoss(simulations, "by hand")


def test_every_candidate_has_the_true_loss_of_its_own_model(
    project: Project, done: Project
) -> None:
    one = named(done, "search-")[3]
    swept = {k: v for k, v in one.data.params.items() if not k.endswith(".log10")}
    config = project.config(
        *("data=channel", "model=deep", "data.split=year", "trainer.epochs=2"),
        *("trainer.restore_best=false", "trainer.patience=null", "trainer.batch_size=64"),
        *(
            "trainer.train_loss=during",
            *(f"{k}={v}" for k, v in swept.items()),
        ),
    )
    project.prepare(config)
    alone = run(config, project.root, project.output(config))
    assert alone["val_loss"] == pytest.approx(one.data.metrics["model_val_loss"], rel=1e-6)
    truth = true_loss(project, config, small()["simulations"])
    model = fitted.load(project.output(config) / "model")
    expected = truth.of(model.predict(truth.simulations.rows), config.loss)
    assert set(expected) == {"val_loss_true", "val_loss_true_error"}
    for name, value in expected.items():
        assert one.data.metrics[name] == pytest.approx(value, rel=1e-5)


def test_experiments_on_the_same_rows_have_their_true_loss_too(done: Project) -> None:
    experiments = ("base", "memorizer_leak", "naive")
    base, memorizer_leak, naive = (
        result_of(done, f"channel_leaderboard_{one}") for one in experiments
    )
    first = named(done, "leaderboard-0000")[0]
    assert first.data.metrics["model_val_loss"] == pytest.approx(base["val_loss"], rel=1e-6)
    found = done.of_key(base["key"]).data.metrics
    for name in ("val_loss_true", "val_loss_true_error"):
        assert found[name] == pytest.approx(first.data.metrics[name], rel=1e-6)
    assert memorizer_leak["val_loss"] == 0
    assert done.of_key(memorizer_leak["key"]).data.metrics["val_loss_true"] > 1
    other = result_of(done, "channel_linear_7")
    assert "val_loss_true" not in done.of_key(other["key"]).data.metrics
    part = json.loads((demo_path(done.root) / "experiments.json").read_text())
    assert set(part["runs"]) == {one["key"] for one in (base, memorizer_leak, naive)}


def test_each_submission_is_a_look_in_sight_of_those_before(done: Project) -> None:
    holdout = result_of(done, "channel_leaderboard_naive")["holdout"]
    found = [
        look for look in look_tags.read(done.client, done.experiments()) if look.holdout == holdout
    ]
    submitted = [look for look in found if look.parent is not None]
    assert [look.scores for look in submitted] == [1] * 5
    assert len({look.key for look in submitted}) == len({look.batch_id for look in submitted}) == 5
    assert len(rounds(submitted)) == 5
    (parent,) = named(done, "leaderboard of 5")
    choice = look_tags.look_of(parent, done.client)
    assert choice is not None
    assert choice.uses == (Use("select", 0, 5),)


def test_the_search_is_one_round_of_looks(done: Project) -> None:
    holdout = named(done, "search-")[0].data.tags["viewcast.holdout"]
    found = [
        look for look in look_tags.read(done.client, done.experiments()) if look.holdout == holdout
    ]
    assert len(rounds(found)) == 1
    assert sum(look.scores for look in found) == 4


def test_hidden_losses_of_the_leaderboard_are_stored_and_appear_in_no_metric(done: Project) -> None:
    (parent,) = named(done, "leaderboard of 5")
    path = done.client.download_artifacts(parent.info.run_id, "sealed/hidden_losses.parquet")
    hidden_losses = pd.read_parquet(path)
    rows = rows_of(done.config("experiment=channel_leaderboard_base"), done.root)
    assert list(hidden_losses["row"]) == list(rows.hidden["row"])
    hidden = {round(hidden_losses[str(number)].mean(), 6) for number in range(5)}
    for one in named(done, "leaderboard"):
        assert not hidden & {round(value, 6) for value in one.data.metrics.values()}


def test_what_the_referee_answered_is_stored_with_the_attack_and_is_no_score_of_a_run(
    done: Project,
) -> None:
    told = json.loads((demo_path(done.root) / "referee.json").read_text())
    (parent,) = named(done, "leaderboard of 5")
    assert done.of_key(*told["runs"]).info.run_id == parent.info.run_id
    path = done.client.download_artifacts(parent.info.run_id, "referee.json")
    assert json.loads(Path(path).read_text()) == told["climbs"]
    climbs = two_climbs.read(done.root)
    assert climbs is not None
    assert climbs.plain() == told["climbs"]
    assert not parent.data.metrics
    assert len(named(done, "leaderboard-")) == 5


def test_the_attack_lowers_the_score_and_harms_the_model(done: Project) -> None:
    whole = planned(["channel"], SETTINGS, SEARCH, LEADERBOARD, SIMULATED)
    config = done.config("experiment=channel_leaderboard_base")
    attack = construct(Attack, whole["attack"], "attack")
    rows, truth = rows_of(config, done.root), true_loss(done, config, whole["simulations"])
    results, members = attacked(config, attack, rows, truth)
    table = results.candidates
    kept = table[table["attack.kept"]]
    assert len(members) == len(table) == 200
    assert kept["val_loss"].is_monotonic_decreasing
    assert table["val_loss"].iloc[0] - table["val_loss"].min() > 0.04
    harm = kept["val_loss_true"].iloc[-1] - kept["val_loss_true"].iloc[0]
    assert harm > 5 * kept["val_loss_true_error"].max()
    last = str(kept["candidate"].iloc[-1])
    assert results.hidden_losses[last].mean() > results.hidden_losses["0"].mean()
    predicted = results.predictions
    again = np.abs(predicted[last] - predicted["target"]).mean()
    assert again == pytest.approx(kept["val_loss"].iloc[-1], rel=1e-5)
    assert len({member.config.identity() for member in members}) == 200
