"""A night that is killed at any step, and run again, ends as an undisturbed one.

The night is one in which everything happens: new days and a correction come in, recipes are
refitted, a week is judged, a version is registered, guarded and served, forecasts are kept.
"""

import signal
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.killed import killed
from support.moments import Moment
from support.night_results import left_by
from support.nights import Diary, Nights, copied, started
from viewcast.base.paths import LIVE, backtest_path, night_path
from viewcast.forecast.ledger import SERVED

pytestmark = pytest.mark.xdist_group("killed")  # all tests share one evening

TONIGHT = "2018-03-08"
NIGHT = "viewcast.retraining.night"
STEPS = "viewcast.retraining.night_steps"
SHOWN = "viewcast.retraining.nights_in_mlflow"
CHAINS = 3  # nights that share the moments: after a kill each passes two before the next
MOMENTS = [  # in order of time
    Moment("before", f"{NIGHT}.write"),  # nothing is known of what came in
    Moment("after", f"{STEPS}.Journal.write"),
    Moment("after", f"{NIGHT}.write", 2),  # the days are in their place
    Moment("after", f"{STEPS}.NightSteps._night_run"),
    Moment("before", "support.nights.store"),
    Moment("after", "support.nights.store"),
    Moment("after", "viewcast.retraining.judging.judgement.append"),
    Moment("after", "viewcast.tracking.write.registry._log_model"),
    Moment("after", "viewcast.tracking.write.registry.Registry._create"),
    Moment("after", f"{STEPS}.NightSteps._guard"),
    Moment("after", "viewcast.tracking.write.registry.Registry.serve"),
    Moment("after", "viewcast.forecast.ledger.files.append"),
    Moment("after", f"{STEPS}.NightSteps._keep"),
    Moment("after", "viewcast.tracking.write.night_run.NightRun.end"),
    Moment("after", f"{STEPS}.append"),
    Moment("after", f"{STEPS}.nights_record.write"),
    Moment("after", f"{SHOWN}.HistoryRun.of"),
    Moment("after", f"{SHOWN}.HistoryRun.add"),
    Moment("after", f"{SHOWN}.write_run_notes"),
    Moment("after", f"{SHOWN}.write_views"),
    Moment("before", f"{STEPS}.Journal.close"),
]


@pytest.fixture(scope="module")
def evening(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, channel: pd.Series
) -> Nights:
    """A project a week after its first night, with one day corrected since."""
    root = tmp_path_factory.mktemp("evening") / "project"
    nights = started(root, empty_store, Diary(channel))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viewcast.report.nights_page.write_page", lambda root: None)
        assert [nights.one(day)["code"] for day in ("2018-03-01", "2018-03-07")] == [0, 0]
    nights.source.changed["2018-01-10"] = 77.0
    return nights


def tonight(evening: Nights, folder: Path) -> Nights:
    return copied(evening, folder / "project", evening.source)


@pytest.fixture(scope="module")
def undisturbed(evening: Nights, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    nights = tonight(evening, tmp_path_factory.mktemp("undisturbed"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viewcast.report.nights_page.write_page", lambda root: None)
        outcome = nights.one(TONIGHT)
    assert (outcome["outcome"], outcome["gate"]["weeks"]) == ("served", 1)
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
    assert outcome["outcome"] == "served"
    assert left_by(nights) == undisturbed
    assert nights.one(TONIGHT)["code"] == 10


def test_a_killed_night_is_made_up_for_on_the_next_with_its_days(
    evening: Nights, tmp_path: Path
) -> None:
    nights = tonight(evening, tmp_path)
    killed(nights, TONIGHT, Moment("after", f"{NIGHT}.write", 2))
    outcome = nights.one("2018-03-09")
    assert (outcome["outcome"], outcome["added"]) == ("served", 2)
    assert [one["day"] for one in outcome["corrected"]] == ["2018-01-10"]


def test_a_night_that_has_decided_is_finished_with_its_own_days_before_the_next(
    evening: Nights, tmp_path: Path
) -> None:
    """So the ledger holds what served, for each of its nights."""
    nights = tonight(evening, tmp_path)
    killed(nights, TONIGHT, Moment("after", "viewcast.tracking.write.registry.Registry.serve"))
    outcome = nights.one("2018-03-09")
    assert (outcome["outcome"], outcome["added"]) == ("served", 1)
    assert [line["night"] for line in nights.outcomes[-2:]] == [TONIGHT, "2018-03-09"]
    served = [line.origin for line in nights.ledger if line.recipe == SERVED]
    assert served[-2:] == [date(2018, 3, 7), date(2018, 3, 8)]
    assert not night_path(nights.root, LIVE).exists()


def test_a_first_night_that_is_killed_in_its_backtest_goes_on_where_it_was(
    evening: Nights, tmp_path: Path, empty_store: Path, channel: pd.Series
) -> None:
    nights = started(tmp_path / "project", empty_store, Diary(channel))
    killed(nights, "2018-03-01", Moment("after", "viewcast.forecast.ledger.add", 20))
    lines = backtest_path(nights.root, LIVE).read_bytes()
    assert nights.one("2018-03-01")["code"] == 0
    whole = backtest_path(nights.root, LIVE).read_bytes()
    assert whole.startswith(lines)
    assert whole == backtest_path(evening.root, LIVE).read_bytes()
