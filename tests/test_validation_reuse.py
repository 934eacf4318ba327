import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Run

from support.project import REPOSITORY, Project
from viewcast.base.cli import compose
from viewcast.base.errors import ConfigError
from viewcast.base.paths import demo_path, experiment_path, prepared_path
from viewcast.base.settings import construct
from viewcast.data.simulator import Simulated
from viewcast.demo import two_climbs, validation_reuse
from viewcast.demo.attack import attacked
from viewcast.demo.leaderboard import Attack
from viewcast.demo.settings import planned
from viewcast.demo.truth import Simulations, SimulationSettings, TrueLoss
from viewcast.demo.validation_reuse import demonstrate
from viewcast.holdout.looks import Use, rounds
from viewcast.models import fitted
from viewcast.runs.run import run
from viewcast.tracking import look_tags
from viewcast.tracking.write import many_runs, sqlite_runs
from viewcast.training.config import Config
from viewcast.training.rows import rows_of

pytestmark = pytest.mark.xdist_group("validation reuse")  # what is costly is made once for all

PARTS = ("demo", "demo_search", "demo_leaderboard", "simulator")
SETTINGS, SEARCH, LEADERBOARD, SIMULATED = (compose(REPOSITORY, [], part) for part in PARTS)
Plain = dict[str, Any]


def small() -> Plain:
    """A demonstration that takes a second."""
    whole = planned(["channel"], SETTINGS, SEARCH, LEADERBOARD, SIMULATED)
    whole["attack"] = {**whole["attack"], "submissions": 5}
    whole["simulations"] = {"count": 3, "seed": 1}
    search = whole["search"]
    search["trainer"] = {**search["trainer"], "epochs": 2}
    search["search"] = {**search["search"], "trials": 4, "workers": 1}
    return whole


@pytest.fixture
def plan() -> Plain:
    return small()


@pytest.fixture
def demo(project: Project, plan: Plain) -> Callable[[], dict[str, str]]:
    config = project.config("data=channel")
    project.prepare(config)
    return lambda: demonstrate(plan, config.plain["tracking"], project.root)


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


def made(*parts: str) -> dict[str, str]:
    """What a demonstration says that made these parts and kept the others."""
    return {part: "done" if part in parts else "kept" for part in validation_reuse.PARTS}


def named(project: Project, beginning: str) -> list[Run]:
    found = [one for one in project.runs() if one.info.run_name.startswith(beginning)]
    return sorted(found, key=lambda one: one.info.run_name)


def experiment_run(project: Project, experiment: str) -> dict[str, Any]:
    """An experiment as the experiments stage runs it."""
    config = project.config(f"experiment={experiment}")
    project.prepare(config)
    return run(config, project.root, experiment_path(project.root, experiment))


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


def test_each_part_is_made_once(project: Project, demo: Callable[[], dict[str, str]]) -> None:
    assert set(demo().values()) == {"done"}
    before = {one.info.run_id for one in project.runs()}
    assert len(before) == (1 + 4) + (1 + 5)
    assert set(demo().values()) == {"kept"}
    assert {one.info.run_id for one in project.runs()} == before


def test_a_part_whose_settings_changed_is_made_again_and_no_other(
    project: Project, plan: Plain, demo: Callable[[], dict[str, str]]
) -> None:
    demo()
    before = {one.info.run_id for one in project.runs()}
    plan["referee"]["false"] = 3
    assert demo() == made("referee")
    assert {one.info.run_id for one in project.runs()} == before
    plan["attack"]["size"] = 0.05
    assert demo() == made("leaderboard", "referee")
    assert len(named(project, "leaderboard-")) == 10


def test_a_part_is_made_again_if_the_store_lost_one_of_its_runs(
    project: Project, demo: Callable[[], dict[str, str]]
) -> None:
    demo()
    project.client.delete_run(named(project, "search-0002")[0].info.run_id)
    assert demo() == made("search")
    assert len(named(project, "search-")) == 4


def test_other_data_or_code_make_every_part_again_in_runs_of_their_own(
    project: Project, monkeypatch: pytest.MonkeyPatch, demo: Callable[[], dict[str, str]]
) -> None:
    demo()
    monkeypatch.setattr(validation_reuse, "code_digest", lambda *modules, without: "other code")
    assert set(demo().values()) == {"done"}
    assert len(named(project, "search-")) == 8
    assert len(named(project, "leaderboard-")) == 10


def test_an_interrupted_demonstration_goes_on_without_recording_anything_twice(
    project: Project, monkeypatch: pytest.MonkeyPatch, demo: Callable[[], dict[str, str]]
) -> None:
    whole, left = sqlite_runs.add, iter(range(3))

    def dies(*arguments: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        whole(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(many_runs, "TOGETHER", 2)
        patch.setattr(sqlite_runs, "add", dies)
        with pytest.raises(KeyboardInterrupt):
            demo()
    assert len(named(project, "leaderboard-")) == 2
    assert not (demo_path(project.root) / "leaderboard.json").exists()
    assert demo() == made("leaderboard", "referee", "experiments")
    names = [one.info.run_name for one in project.runs()]
    assert len(names) == len(set(names)) == 11
    assert all(one.info.status == "FINISHED" for one in project.runs())


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


def test_an_experiment_that_was_trained_again_gets_its_true_loss_again(
    project: Project, demo: Callable[[], dict[str, str]]
) -> None:
    experiment_run(project, "channel_leaderboard_base")
    demo()
    again = experiment_run(project, "channel_leaderboard_base")
    assert demo() == made("experiments")
    assert "val_loss_true" in project.recorded(again["run_id"]).data.metrics


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


def test_without_its_data_set_there_is_no_demonstration(tmp_path: Path) -> None:
    assert planned(["lectures"], SETTINGS, SEARCH, LEADERBOARD, SIMULATED) == {}
    assert demonstrate({}, {}, tmp_path) == {}
    assert list((tmp_path / "build").iterdir()) == [demo_path(tmp_path)]


def test_a_demonstration_whose_data_set_was_dropped_is_made_again_when_that_comes_back(
    project: Project, demo: Callable[[], dict[str, str]]
) -> None:
    demo()
    demonstrate({}, {}, project.root)
    assert set(demo().values()) == {"done"}
    assert len(project.runs()) == (1 + 4) + (1 + 5)


def test_a_plan_names_no_place_of_this_machine() -> None:
    whole = planned(["channel"], SETTINGS, SEARCH, LEADERBOARD, SIMULATED)
    assert str(REPOSITORY) not in json.dumps(whole)


@pytest.mark.parametrize(
    ("part", "key", "value", "message"),
    [
        (0, "attack", {**SETTINGS["attack"], "size": -1}, r"attack\.size = -1"),
        (0, "simulations", {"count": 9, "sed": 1}, r"unknown key simulations\.sed; allowed"),
        (0, "referee", {**SETTINGS["referee"], "hidden": 1}, r"referee\.hidden = 1"),
        (0, "referee", {**SETTINGS["referee"], "share": 0.3}, r"unknown key referee\.share; allow"),
        (
            0,
            "referee",
            {**SETTINGS["referee"], "budget": 199},
            r"referee\.budget = 199: attack\.sub",
        ),
        (0, "referee", {**SETTINGS["referee"], "mode": "explore"}, r"referee\.mode = explore: the"),
        (0, "referee", 200, r"referee = 200: expected a section"),
        (1, "threads", 0, "threads = 0"),
        (
            2,
            "data",
            {**LEADERBOARD["data"], "name": "other"},
            "has data=other; the dem",
        ),
        (3, "simulator", {**SIMULATED["simulator"], "tail": 1}, r"simulator\.simulator\.tail = 1"),
    ],
)
def test_settings_that_cannot_be_run_are_refused_before_anything_begins(
    part: int, key: str, value: Any, message: str
) -> None:
    given = [SETTINGS, SEARCH, LEADERBOARD, SIMULATED]
    given[part] = {**given[part], key: value}
    with pytest.raises(ConfigError, match=message):
        planned(["channel"], *given)
