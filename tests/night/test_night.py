"""What a night does and says, night after night, with the real store and the real recipes."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from support.nights import Nights
from viewcast.base import files
from viewcast.base.paths import LIVE, habits_path, night_lock_path, nights_log_path
from viewcast.data.sources.source import with_left_out
from viewcast.forecast.history import History
from viewcast.forecast.ledger import COMBINATION, SERVED
from viewcast.forecast.recipe import Arrays, FittedRecipe
from viewcast.report import nights_record
from viewcast.retraining.gate import Decision
from viewcast.retraining.reigns import crown, reigns

pytestmark = pytest.mark.xdist_group("night")  # one first night serves all

START = "2018-03-01"


def test_the_combination_serves_from_the_first_night_on(first_night: Nights) -> None:
    (outcome,) = first_night.outcomes
    assert (outcome["code"], outcome["serves"], outcome["version"]) == (0, 1, 1)
    assert (outcome["newest"], outcome["added"]) == ("2018-02-28", 424)
    champion = first_night.registry.champion()
    assert champion is not None
    assert champion.tags["viewcast.members"] == "rhythm, ridge"
    assert champion.tags["viewcast.trained_to"] == "2018-02-28"
    assert champion.tags["viewcast.data_hash"] != "none"
    forecast = first_night.registry.forecaster(1).ahead(first_night.series, 7)
    assert (forecast["low"] < forecast["views"]).all()
    assert (forecast["views"] < forecast["high"]).all()


def test_every_forecast_is_kept_and_the_combination_is_the_mean_of_logs(
    first_night: Nights,
) -> None:
    kept = {line.recipe: line for line in first_night.ledger}
    assert [*kept] == ["seasonal_naive", "mean7", "rhythm", "ridge", COMBINATION, SERVED]
    assert {line.origin for line in kept.values()} == {date(2018, 2, 28)}
    members = np.log1p([kept["rhythm"].views, kept["ridge"].views])
    np.testing.assert_allclose(np.log1p(kept[COMBINATION].views), members.mean(axis=0))
    assert kept[SERVED].views == kept[COMBINATION].views
    ahead = first_night.registry.forecaster(1).ahead(first_night.series, 7)
    np.testing.assert_allclose(kept[SERVED].views, ahead["views"])
    np.testing.assert_allclose(kept[SERVED].low, ahead["low"])  # type: ignore[arg-type]
    assert kept[SERVED].version == 1


def test_the_record_says_what_is_ahead_and_what_came_true(second: Nights) -> None:
    second.one("2018-03-02")
    record = nights_record.read(second.root)
    assert record is not None
    assert (record.version, record.newest, record.claim) == (2, date(2018, 3, 1), True)
    assert [ahead.day for ahead in record.days] == [
        date(2018, 3, 1) + timedelta(days=day) for day in range(1, 8)
    ]
    kept = next(line for line in second.ledger if line.recipe == SERVED)
    newest = record.past[-1]
    assert (newest.day, newest.views) == (date(2018, 3, 1), second.series["2018-03-01"])
    assert (newest.forecast, newest.backtest) == (kept.views[0], False)
    assert record.past[-2].backtest
    assert {row.name for row in record.recipes} == {
        "seasonal_naive", "mean7", "rhythm", "ridge", COMBINATION,
    }  # fmt: skip
    assert [night.code for night in record.nights] == [0, 0]


def test_the_night_s_run_holds_all_of_it(first_night: Nights) -> None:
    (outcome,) = first_night.outcomes
    run = MlflowClient(first_night.settings.tracking.uri).get_run(outcome["run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.metrics["days_added"] == 424
    assert run.data.metrics["champion_version"] == 1
    assert run.data.metrics["exit_code"] == 0
    assert run.data.tags["viewcast.outcome"] == "served"


def test_nothing_new_changes_nothing(second: Nights) -> None:
    before = {f: f.read_bytes() for f in second.root.rglob("*") if f.is_file()}
    outcome = second.one(START)
    assert (outcome["outcome"], outcome["code"]) == ("nothing new", 10)
    after = {f: f.read_bytes() for f in second.root.rglob("*") if f.is_file()}
    changed = {file for file in after if before.get(file) != after[file]}
    assert changed <= {nights_log_path(second.root, LIVE), night_lock_path(second.root, LIVE)}
    assert set(before) <= set(after)


def test_a_night_without_news_waits_for_what_may_come_and_refuses_what_is_wrong(
    second: Nights,
) -> None:
    second.source.answer = lambda days: with_left_out(days, ["b.zip is not complete yet"], [])
    outcome = second.one(START)
    assert outcome["code"] == 10
    assert outcome["reason"].endswith("and corrects none; b.zip is not complete yet")
    second.source.answer = lambda days: with_left_out(days, [], ["c.zip is another channel's"])
    outcome = second.one(START)
    assert outcome["code"] == 20
    assert outcome["reason"].startswith("c.zip is another channel's")
    assert second.quarantined() == ["c.zip is another channel's"]
    assert second.one("2018-03-02")["added"] == 1  # news are not held up


def test_each_night_has_its_version_and_each_week_is_judged_once(second: Nights) -> None:
    outcomes = [second.one(f"2018-03-{day:02}") for day in (2, 7, 8, 9)]
    assert [(outcome["code"], outcome["serves"]) for outcome in outcomes] == [
        (0, 2), (0, 3), (0, 4), (0, 5),
    ]  # fmt: skip
    weeks = [outcome["gate"]["weeks"] for outcome in outcomes]
    assert weeks == [0, 0, 1, 1]  # the week after 28 February, once it is known
    trained_to = [
        version.tags["viewcast.trained_to"][-2:] for version in second.registry.versions()
    ]
    assert trained_to == ["28", "01", "06", "07", "08"]
    origins = [line.origin.day for line in second.ledger if line.recipe == SERVED]
    assert origins == [28, 1, 6, 7, 8]
    record = nights_record.read(second.root)
    assert record is not None
    assert [week.last for week in record.evidence] == [date(2018, 3, 7)]


def test_a_promoted_recipe_serves_and_the_code_says_so(
    second: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The evidence is a matter of other tests: here it is there at once."""
    decided = Decision("ridge", "ridge is better: made up", date(2018, 2, 28))

    def at_once(found: Any) -> Decision:
        return decided if found.champion == COMBINATION else Decision(None, "made up", None)

    monkeypatch.setattr("viewcast.retraining.judging.decide", at_once)
    outcome = second.one("2018-03-02")
    assert (outcome["outcome"], outcome["code"]) == ("promoted", 13)
    assert outcome["gate"]["promoted"] == "ridge"
    champion = second.registry.champion()
    assert champion is not None
    assert champion.tags["viewcast.members"] == "ridge"
    assert second.one("2018-03-03")["code"] == 0
    assert [reign.recipe for reign in reigns(second.root, LIVE)] == [COMBINATION, "ridge"]
    kept = {line.recipe: line for line in second.ledger if line.origin == date(2018, 3, 2)}
    assert kept[SERVED].views == kept["ridge"].views
    assert set(kept) >= {COMBINATION, "rhythm"}


def test_a_promotion_is_written_once(tmp_path: Path) -> None:
    decision = Decision("ridge", "made up", date(2018, 3, 7))
    for _ in range(2):
        crown(tmp_path, LIVE, date(2018, 3, 8), COMBINATION, decision)
    assert [reign.recipe for reign in reigns(tmp_path, LIVE)] == [COMBINATION, "ridge"]


def test_a_confirmed_habit_makes_a_new_version_of_the_same_days(second: Nights) -> None:
    files.write(habits_path(second.root, LIVE), "- {since: 2018-02-20, why: a test}\n")
    outcome = second.one(START)
    assert (outcome["code"], outcome["added"], outcome["serves"]) == (0, 0, 2)
    assert [habit.why for habit in second.registry.forecaster(2).habits] == ["a test"]
    assert len(second.ledger) == 6  # what was kept stays kept
    assert second.one(START)["code"] == 10


def test_another_channel_has_its_own_folder_model_and_experiment(
    second: Nights, channel: pd.Series
) -> None:
    second.overrides = ("retrain.channel=german",)
    outcome = second.one(START)
    assert (outcome["code"], outcome["version"]) == (0, 1)
    assert (second.root / "nights" / "german" / "ledger.jsonl").is_file()
    client = second.registry.client
    assert client.get_model_version_by_alias("viewcast-german", "champion").version == 1
    assert client.get_experiment_by_name("viewcast-german-nights") is not None
    assert len(second.outcomes) == 1  # of the other channel


def test_a_recipe_that_joins_is_backtested_first(second: Nights) -> None:
    second.overrides = ("+recipes.flat._target_=viewcast.forecast.naive.MeanOfWeek",)
    assert second.one("2018-03-02")["code"] == 0
    record = nights_record.read(second.root)
    assert record is not None
    rows = {row.name: row for row in record.recipes}
    assert rows["flat"].backtest_weeks == rows["mean7"].backtest_weeks >= 26
    assert abs(rows["flat"].mase - rows["mean7"].mase) < 0.1


@dataclass(frozen=True)
class Broken:
    """A recipe of somebody who has made a mistake."""

    min_days: ClassVar[int] = 1

    def fit(self, history: History, horizon: int) -> FittedRecipe:
        raise IndexError("of a day that is not there")

    def restored(self, arrays: Arrays, horizon: int) -> FittedRecipe:
        raise AssertionError("it was never fitted")


def test_a_recipe_that_breaks_is_left_out_and_said(second: Nights) -> None:
    second.overrides = ("+recipes.mine._target_=night.test_night.Broken",)
    outcome = second.one("2018-03-02")
    assert (outcome["code"], outcome["serves"]) == (0, 2)
    record = nights_record.read(second.root)
    assert record is not None
    assert any("IndexError: of a day that is not there" in remark for remark in record.remarks)
