"""Each part of the demonstration of validation reuse is made once, and again when it must be."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from support.project import REPOSITORY, Project
from support.small_demonstration import (
    COMPOSED,
    LEADERBOARD,
    SEARCH,
    SETTINGS,
    SIMULATED,
    Plain,
    experiment_run,
    named,
    small,
)
from viewcast.base.errors import ConfigError, TrackingError
from viewcast.base.paths import demo_path
from viewcast.base.settings import Tracking
from viewcast.demo import validation_reuse
from viewcast.demo.settings import planned
from viewcast.demo.validation_reuse import demonstrate
from viewcast.tracking.write import many_runs, sqlite_runs

pytestmark = pytest.mark.xdist_group("validation reuse")  # what is costly is made once for all


@pytest.fixture
def plan() -> Plain:
    return small()


@pytest.fixture
def demo(project: Project, plan: Plain) -> Callable[[], dict[str, str]]:
    config = project.config("data=channel")
    project.prepare(config)
    return lambda: demonstrate(plan, config.plain["tracking"], project.root)


def made(*parts: str) -> dict[str, str]:
    """What a demonstration says that made these parts and kept the others."""
    return {part: "done" if part in parts else "kept" for part in validation_reuse.PARTS}


def test_each_part_is_made_once(project: Project, demo: Callable[[], dict[str, str]]) -> None:
    assert set(demo().values()) == {"done"}
    before = {one.info.run_id for one in project.runs()}
    assert len(before) == (1 + 4) + (1 + 5)
    assert set(demo().values()) == {"kept"}
    assert {one.info.run_id for one in project.runs()} == before


def test_a_server_that_does_not_answer_is_told_before_anything_is_computed(
    tmp_path: Path, plan: Plain
) -> None:
    nowhere = Tracking("http://127.0.0.1:9", None, "viewcast", 1.0)
    with pytest.raises(TrackingError, match="nobody listens there"):
        demonstrate(plan, asdict(nowhere), tmp_path)  # it has no data to compute anything from


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


def test_an_experiment_that_was_trained_again_gets_its_true_loss_again(
    project: Project, demo: Callable[[], dict[str, str]]
) -> None:
    experiment_run(project, "channel_leaderboard_base")
    demo()
    again = experiment_run(project, "channel_leaderboard_base")
    assert demo() == made("experiments")
    assert "val_loss_true" in project.recorded(again["run_id"]).data.metrics


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
    given = [*COMPOSED]
    given[part] = {**given[part], key: value}
    with pytest.raises(ConfigError, match=message):
        planned(["channel"], *given)
