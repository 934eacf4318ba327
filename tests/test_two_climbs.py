"""The attack on a leaderboard beside the same attack before a referee."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from support.project import REPOSITORY, Project
from viewcast.base.cli import compose
from viewcast.base.errors import DataError
from viewcast.base.paths import demo_path, prepared_path
from viewcast.base.settings import construct
from viewcast.data.simulator import Simulated
from viewcast.demo import two_climbs
from viewcast.demo.figures.two_climbs import draw, of_climbs
from viewcast.demo.leaderboard import Attack, Climb, climb, submissions
from viewcast.demo.refereed import refereed
from viewcast.demo.settings import terms_of
from viewcast.demo.truth import Simulations, SimulationSettings
from viewcast.demo.two_climbs import Ascent, Step, TwoClimbs
from viewcast.referee.answers import Verdict
from viewcast.referee.referee import Referee
from viewcast.referee.terms import Terms
from viewcast.report.figures.run_results import Results
from viewcast.report.figures.style import Drawing, applied
from viewcast.training.config import Config
from viewcast.training.rows import Rows, problem_of, rows_of

SETTINGS, SIMULATED = (compose(REPOSITORY, [], part) for part in ("demo", "simulator"))
ATTACK = Attack(submissions=200, size=0.03, seed=4)  # of the first seeds one with acceptances
SHOWN = Ascent(
    (Step(1, 0, 0, 0), Step(4, 0.0223, -0.0112, 0.001), Step(9, 0.0512, -0.0334, 0.002)), -0.0244
)
NOTHING = Ascent((Step(1, 0, 0, 0),), 0)
NONE = TwoClimbs(
    "channel", "channel (simulated)", "mae", "thousand views", 10, 220, 152, 68, 75, 200, 1,
    SHOWN, NOTHING, Verdict(0, 0, 0, 0, 0),
)  # fmt: skip
SOME = replace(
    NONE,
    referee=Ascent((Step(1, 0, 0, 0), Step(7, 0.0151, -0.0042, 0.001)), 0.003),
    verdict=Verdict(0.0021, -0.013, 0.014, 0.0151, 1),
)


@dataclass(frozen=True)
class World:
    """The channel's validation rows, and all that both climbs need."""

    config: Config
    rows: Rows
    simulations: Simulations
    terms: Terms

    def climbs(self, rows: Rows | None = None, attack: Attack = ATTACK) -> TwoClimbs:
        return refereed(self.config, attack, self.terms, rows or self.rows, self.simulations)

    @property
    def base(self) -> np.ndarray:
        problem = problem_of(self.config, self.rows)
        fitted = self.config.trainer.fit(problem, self.config.model).model
        return np.asarray(fitted.predict(self.rows.validation))

    def losses(self, target: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        return np.asarray(self.config.loss.rows(predicted, target))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    project = Project(tmp_path_factory.mktemp("world"))
    config = project.config("experiment=channel_leaderboard_base")
    project.prepare(config)
    whole = pd.read_parquet(prepared_path(project.root, "channel"))
    simulations = Simulations.of(
        config.data,
        whole[whole["split_leaderboard"] == "validation"],
        construct(Simulated, SIMULATED, "simulator"),
        SimulationSettings(count=3, seed=1),
    )
    terms = terms_of(SETTINGS["referee"], ATTACK, config.data.block)
    return World(config, rows_of(config, project.root), simulations, terms)


@pytest.fixture(scope="module")
def climbs(world: World) -> TwoClimbs:
    return world.climbs()


def numbers(ascent: Ascent) -> list[int]:
    return [step.submission for step in ascent.steps]


def drawn(two: TwoClimbs) -> Drawing:
    with applied():
        return of_climbs(two, ["attack"], [])


def words(figure: Figure) -> str:
    """All that stands in a picture."""
    own = [text.get_text() for axes in figure.axes for text in axes.texts]
    legend = [text.get_text() for each in figure.legends for text in each.get_texts()]
    return "\n".join([*(text.get_text() for text in figure.texts), *own, *legend])


def test_the_referee_is_the_one_that_anybody_starts_and_hears_the_same_steps(
    world: World, climbs: TwoClimbs
) -> None:
    target, rows = world.rows.validation["target"].to_numpy(), world.rows.validation["row"]
    terms = world.terms
    referee = Referee(target, world.losses, terms.budget, 1.0, 0.3, 3.5)
    kept = np.zeros(ATTACK.submissions, dtype=bool)
    # The submissions follow from what was kept before: they are played as they are answered.
    for step, one in enumerate(submissions(world.base, rows, ATTACK, kept)):
        kept[step] = referee.submit(one).accepted
    assert (np.flatnonzero(kept) + 1).tolist() == numbers(climbs.referee)
    verdict = referee.close()
    assert verdict.acceptances == len(climbs.referee.steps) - 1 > 0
    assert climbs.verdict == verdict
    assert climbs.referee.last.claimed == pytest.approx(verdict.claimed)
    assert (climbs.gate, climbs.hidden) == (152, 68)
    assert referee.left == 0


def test_the_leaderboard_shows_the_same_rows_to_as_many_submissions(
    world: World, climbs: TwoClimbs
) -> None:
    target, rows = world.rows.validation["target"].to_numpy(), world.rows.validation["row"]

    def shown(one: np.ndarray) -> float:
        return float(world.losses(target, one).mean())

    board: Climb = climb(shown, world.base, rows, ATTACK)
    assert numbers(climbs.leaderboard) == (np.flatnonzero(board.kept) + 1).tolist()
    gains = (board.shown[0] - board.shown[board.kept]).tolist()
    assert [step.claimed for step in climbs.leaderboard.steps] == pytest.approx(gains)
    assert climbs.submissions == len(board.shown) == ATTACK.submissions
    assert climbs.rows == len(rows) == climbs.gate + climbs.hidden


def test_before_the_referee_less_is_claimed_and_less_is_lost(climbs: TwoClimbs) -> None:
    board, referee = climbs.leaderboard, climbs.referee
    assert board.last.claimed > 0.04 > referee.last.claimed
    assert board.last.true + 5 * board.last.error < referee.last.true
    assert climbs.verdict.low < referee.last.true < climbs.verdict.high
    assert board.sealed < referee.sealed


def test_targets_that_the_referee_hides_change_no_answer(world: World, climbs: TwoClimbs) -> None:
    others = world.rows.validation.copy()
    hidden = others.index[-climbs.hidden :]
    others.loc[hidden, "target"] = 9 - others.loc[hidden, "target"].to_numpy()[::-1]
    found = world.climbs(replace(world.rows, validation=others))
    assert found.referee == climbs.referee
    assert found.verdict.claimed == climbs.verdict.claimed
    assert found.verdict.estimate != climbs.verdict.estimate
    assert found.leaderboard != climbs.leaderboard  # which is shown the score of all rows


def test_rows_too_few_for_the_terms_are_refused(world: World) -> None:
    few = replace(world.rows, validation=world.rows.validation.head(130))
    with pytest.raises(DataError, match=r"hidden = 0\.3: found 11 blocks of 8 rows that judge and"):
        world.climbs(few)


@pytest.mark.parametrize(
    ("two", "end"),
    [
        (NONE, "; a referee accepts none of the same steps"),
        (SOME, "; a referee accepts 1 of the same steps, with a true gain of −0.00420"),
    ],
)
def test_the_finding_is_said_from_the_figures(two: TwoClimbs, end: str) -> None:
    shown = "On the leaderboard 10 submissions show a gain of 0.0512 thousand views"
    assert two_climbs.finding(two) == f"{shown} and truly lose 0.0334{end}"


@pytest.mark.parametrize(
    ("two", "end"),
    [(NONE, "none of 9 steps accepted."), (SOME, "1 accepted, true gain −0.00420.")],
)
def test_the_last_screen_has_room_for_both_climbs_on_one_line(two: TwoClimbs, end: str) -> None:
    line = two_climbs.line(two)
    assert line == f"Leaderboard attack: gain shown 0.0512, true −0.0334; refereed: {end}"
    assert len(line) <= 96


def test_without_an_acceptance_the_picture_says_so_and_shows_no_estimate() -> None:
    drawing = drawn(NONE)
    assert "none of 9 is accepted" in words(drawing.figure)
    assert "estimate" not in words(drawing.figure)
    assert "it accepted nothing" in drawing.caption
    assert drawing.run_ids == ["attack"]


def test_with_acceptances_the_picture_has_the_claim_and_the_estimate_with_its_interval() -> None:
    drawing = drawn(SOME)
    told = words(drawing.figure)
    assert "the referee's estimate, 95 % interval" in told
    assert "none of" not in told
    for figure in ("at 0.0021", "from −0.013 to 0.014", "claim 0.0151"):
        assert figure in drawing.caption
    board, referee = drawing.figure.axes
    assert board.get_ylim() == referee.get_ylim()
    assert board.get_ylim()[1] > SHOWN.last.claimed


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    assert two_climbs.read(tmp_path) is None
    file = demo_path(tmp_path) / "referee.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"key": "k", "runs": ["attack"], "climbs": SOME.plain()}))
    assert two_climbs.read(tmp_path) == SOME
    assert two_climbs.runs(tmp_path) == ["attack"]


@pytest.mark.parametrize(
    "content", [{"key": "k", "runs": []}, {"climbs": {"rows": 3}}, {"climbs": []}, []]
)
def test_a_file_of_another_version_is_refused_and_made_again(tmp_path: Path, content: Any) -> None:
    file = demo_path(tmp_path) / "referee.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"referee\.json: holds no two climbs .*`dvc repro` makes"):
        two_climbs.read(tmp_path)


def test_a_project_without_the_demonstration_has_no_such_picture(tmp_path: Path) -> None:
    assert list(draw(Results(tmp_path, []))) == []
