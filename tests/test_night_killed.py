"""A night that is killed at any step, and run again, ends as an undisturbed one.

The night is one in which everything happens: new days and a correction come in, models are trained,
a challenger is registered, judged and promoted.
"""

import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.killed import Moment, killed
from support.night_results import PROMOTES, left_by
from support.nights import Diary, Nights, copied, started
from viewcast.base.paths import journal_path

pytestmark = pytest.mark.xdist_group("killed")  # all tests share one evening

TONIGHT = "2018-03-08"
NIGHT = "viewcast.retraining.night"
STEPS = "viewcast.retraining.night_steps"
HISTORY = "viewcast.retraining.history_in_mlflow"
CHAINS = 3  # nights that share the moments: after a kill each passes two before the next
MOMENTS = [  # in order of time
    Moment("before", f"{NIGHT}.write"),  # nothing is known of what came in
    Moment("after", f"{STEPS}.Journal.write"),
    Moment("after", f"{NIGHT}.write", 2),  # the days are in data/live, the fresh day is not
    Moment("after", "support.nights.InProcess.add"),
    Moment("after", f"{STEPS}.NightSteps._night_run"),
    Moment("before", "support.nights.run", 2),  # one of the models is trained
    Moment("after", "viewcast.retraining.walk_forward.Forecaster.paths", 2),
    Moment("after", "support.nights.make_challenger"),
    Moment("after", "viewcast.tracking.write.registry._log_model"),
    Moment("after", "viewcast.tracking.write.registry.Registry._create"),
    Moment(
        "after", "viewcast.tracking.write.night_run.log"
    ),  # the look is recorded, nothing is scored
    Moment("before", f"{STEPS}.evaluate"),
    Moment("after", f"{STEPS}.evaluate"),
    Moment("after", "viewcast.retraining.promotion.append"),  # written down, not done
    Moment("after", "viewcast.tracking.write.registry.Registry.promote"),
    Moment("after", "viewcast.tracking.write.night_run.NightRun.end"),
    Moment("after", f"{STEPS}.append"),
    Moment("after", f"{HISTORY}.HistoryRun.of"),
    Moment("after", f"{HISTORY}.HistoryRun.add"),
    Moment("after", f"{HISTORY}.write_run_notes"),
    Moment("after", f"{HISTORY}.write_views"),
    Moment("before", f"{HISTORY}.write_views", 2),
    Moment("before", f"{STEPS}.Journal.close"),
]


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is drawn by other tests: it would take half of a night here."""
    monkeypatch.setattr("viewcast.report.champions_page.write_page", lambda root: None)


@pytest.fixture(scope="module")
def evening(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, channel: pd.Series
) -> Nights:
    """A project on the evening before: six of seven fresh days are there, one day was corrected."""
    root = tmp_path_factory.mktemp("evening") / "project"
    nights = started(root, empty_store, Diary(channel))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viewcast.report.champions_page.write_page", lambda root: None)
        assert [outcome["code"] for outcome in nights.on("2018-03-01", 7)] == [0, *[12] * 6]
    nights.source.changed["2018-01-10"] = 77.0
    return nights


def tonight(evening: Nights, folder: Path) -> Nights:
    nights = copied(evening, folder / "project", evening.source)
    nights.overrides = PROMOTES
    return nights


@pytest.fixture(scope="module")
def undisturbed(evening: Nights, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    nights = tonight(evening, tmp_path_factory.mktemp("undisturbed"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viewcast.report.champions_page.write_page", lambda root: None)
        assert nights.one(TONIGHT)["outcome"] == "promoted"
    return left_by(nights)


@pytest.mark.parametrize("first", range(CHAINS))
def test_a_night_that_is_killed_again_and_again_ends_as_an_undisturbed_one(
    evening: Nights, undisturbed: dict[str, Any], tmp_path: Path, first: int
) -> None:
    """Each time it is run again it goes on to a later moment, where it is killed again."""
    nights = tonight(evening, tmp_path)
    for moment in MOMENTS[first::CHAINS]:
        assert killed(nights, TONIGHT, moment) == signal.SIGKILL, moment
        assert nights.registry.champion() is not None, f"no champion when killed {moment}"
    outcome = nights.one(TONIGHT)
    assert outcome["outcome"] == "promoted"
    assert left_by(nights) == undisturbed
    assert nights.one(TONIGHT)["code"] == 10


def test_a_killed_night_is_made_up_for_on_the_next_with_its_days(
    evening: Nights, tmp_path: Path
) -> None:
    nights = tonight(evening, tmp_path)
    killed(nights, TONIGHT, Moment("after", "support.nights.InProcess.add"))
    outcome = nights.one("2018-03-09")
    assert (outcome["outcome"], outcome["added"], outcome["gate"]["days"]) == ("promoted", 2, 8)
    assert [one["day"] for one in outcome["corrected"]] == ["2018-01-10"]


def test_an_evaluation_that_was_begun_is_finished_with_its_own_days_before_the_next_night(
    evening: Nights, tmp_path: Path
) -> None:
    nights = tonight(evening, tmp_path)
    killed(nights, TONIGHT, Moment("before", f"{STEPS}.evaluate"))
    outcome = nights.one("2018-03-09")
    assert (outcome["outcome"], outcome["fresh_days"]) == ("days spent", 1)
    finished = nights.outcomes[-2]
    assert (finished["night"], finished["outcome"]) == (TONIGHT, "promoted")
    assert finished["gate"]["days"] == 7
    assert not journal_path(nights.root).exists()
