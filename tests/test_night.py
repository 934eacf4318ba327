"""What a night does and says, night after night, with the real store and the real recipes."""

import errno
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from support.nights import Diary, Nights, copied, started, unchanged
from support.project import REPOSITORY
from viewcast.base import files
from viewcast.base.cli import compose
from viewcast.base.errors import ConfigError, SourceError, TrackingError
from viewcast.base.paths import LIVE, habits_path, night_lock_path, night_path, nights_log_path
from viewcast.data import live
from viewcast.data.sources.source import with_left_out
from viewcast.forecast.history import History
from viewcast.forecast.ledger import COMBINATION, SERVED
from viewcast.forecast.recipe import Arrays, FittedRecipe
from viewcast.report import nights_record
from viewcast.retraining.by_hand import approve, roll_back
from viewcast.retraining.gate import Decision
from viewcast.retraining.guard import Guarded
from viewcast.retraining.lock import held
from viewcast.retraining.outcome import CODES
from viewcast.retraining.reigns import crown, reigns
from viewcast.retraining.settings import Settings

pytestmark = pytest.mark.xdist_group("night")  # one first night serves all

START = "2018-03-01"


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is drawn by other tests: it would take half of a night here."""
    monkeypatch.setattr("viewcast.report.nights_page.write_page", lambda root: None)


@pytest.fixture
def nights(tmp_path: Path, empty_store: Path, channel: pd.Series) -> Nights:
    return started(tmp_path / "project", empty_store, Diary(channel))


@pytest.fixture(scope="module")
def begun(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, channel: pd.Series
) -> Nights:
    """A project after its first night, to be copied."""
    nights = started(tmp_path_factory.mktemp("begun") / "project", empty_store, Diary(channel))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viewcast.report.nights_page.write_page", lambda root: None)
        assert nights.one(START)["outcome"] == "served"
    return nights


@pytest.fixture
def second(begun: Nights, tmp_path: Path, channel: pd.Series) -> Nights:
    """A copy of a project after its first night."""
    return copied(begun, tmp_path / "project", Diary(channel))


def test_the_combination_serves_from_the_first_night_on(begun: Nights) -> None:
    (outcome,) = begun.outcomes
    assert (outcome["code"], outcome["serves"], outcome["version"]) == (0, 1, 1)
    assert (outcome["newest"], outcome["added"]) == ("2018-02-28", 424)
    champion = begun.registry.champion()
    assert champion is not None
    assert champion.tags["viewcast.members"] == "rhythm, ridge"
    assert champion.tags["viewcast.trained_to"] == "2018-02-28"
    assert champion.tags["viewcast.data_hash"] != "none"
    forecast = begun.registry.forecaster(1).ahead(begun.series, 7)
    assert (forecast["low"] < forecast["views"]).all()
    assert (forecast["views"] < forecast["high"]).all()


def test_every_forecast_is_kept_and_the_combination_is_the_mean_of_logs(begun: Nights) -> None:
    kept = {line.recipe: line for line in begun.ledger}
    assert [*kept] == ["seasonal_naive", "mean7", "rhythm", "ridge", COMBINATION, SERVED]
    assert {line.origin for line in kept.values()} == {date(2018, 2, 28)}
    members = np.log1p([kept["rhythm"].views, kept["ridge"].views])
    np.testing.assert_allclose(np.log1p(kept[COMBINATION].views), members.mean(axis=0))
    assert kept[SERVED].views == kept[COMBINATION].views
    ahead = begun.registry.forecaster(1).ahead(begun.series, 7)
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


def test_the_night_s_run_holds_all_of_it(begun: Nights) -> None:
    (outcome,) = begun.outcomes
    run = MlflowClient(begun.settings.tracking.uri).get_run(outcome["run_id"])
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


def test_the_guard_keeps_last_night_s_version_and_the_code_says_so(
    second: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stopped = Guarded(False, "it forecasts nonsense")
        patch.setattr("viewcast.retraining.night_steps.guard", lambda *_: stopped)
        outcome = second.one("2018-03-02")
    assert (outcome["outcome"], outcome["code"], outcome["serves"]) == ("kept", 11, 1)
    assert "version 1 stays: the guard stopped version 2: it forecasts" in outcome["reason"]
    kept = {line.recipe: line for line in second.ledger if line.origin == date(2018, 3, 1)}
    assert (kept[SERVED].version, kept[COMBINATION].version) == (1, 2)
    assert second.one("2018-03-03")["serves"] == 3


def test_a_version_waits_for_approval_and_a_rollback_takes_it_back(second: Nights) -> None:
    second.overrides = ("retrain.approve=manual",)
    outcome = second.one("2018-03-02")
    assert (outcome["code"], outcome["serves"], outcome["version"]) == (0, 1, 2)
    assert "version 2 waits for approval" in outcome["reason"]
    registry = second.registry
    assert approve(registry, second.root, LIVE, None)["version"] == 2
    assert registry.champion() == registry.version(2)
    with pytest.raises(TrackingError, match="no version that waits"):
        approve(registry, second.root, LIVE, None)
    assert roll_back(registry, second.root, LIVE, "a test")["version"] == 1
    assert registry.champion() == registry.version(1)
    with pytest.raises(TrackingError, match="oldest that has served"):
        roll_back(registry, second.root, LIVE, None)
    assert [line["kind"] for line in second.promotions] == ["approval", "rollback"]
    assert [reign.recipe for reign in reigns(second.root, LIVE)] == [COMBINATION]


def test_old_versions_are_pruned_but_never_what_serves(second: Nights) -> None:
    second.overrides = ("retrain.keep_versions=2", "retrain.approve=manual")
    second.on("2018-03-02", 3)
    numbers = [version.number for version in second.registry.versions()]
    assert numbers == [1, 3, 4]  # 1 serves
    models = second.root / "mlflow" / "artifacts" / "models"
    assert len([*models.glob("*/artifacts/artifacts/forecaster/forecaster.json")]) == 3


def test_a_version_of_somebody_else_and_one_under_any_alias_are_never_pruned(
    second: Nights,
) -> None:
    """``retrain.model_name`` may name a model that others keep versions of, too."""
    client, (first,) = second.registry.client, second.registry.versions()
    source = client.get_model_version("viewcast", str(first.number)).source
    theirs = client.create_model_version("viewcast", source)
    second.one("2018-03-02")
    client.set_registered_model_alias("viewcast", "shown", "3")
    second.overrides = ("retrain.keep_versions=2",)
    second.on("2018-03-03", 4)
    numbers = [version.number for version in second.registry.versions()]
    assert numbers == [int(theirs.version), 3, 6, 7]


def test_a_version_that_cannot_be_read_is_no_hindrance(second: Nights) -> None:
    """It is of an earlier release, or its files are gone."""
    for file in (second.root / "mlflow").rglob("forecaster.json"):
        file.write_text("{}")
    with pytest.raises(TrackingError, match="its files cannot be read"):
        second.registry.forecaster(1)
    assert second.one("2018-03-02")["serves"] == 2


def test_a_version_forecasts_though_the_code_that_was_stored_with_it_has_moved(
    second: Nights,
) -> None:
    former = second.registry.forecaster(1).ahead(second.series, 3)
    (code,) = (second.root / "mlflow").rglob("served_forecaster.py")
    code.write_text("from viewcast.errors import DataError\n")
    again = second.registry.forecaster(1).ahead(second.series, 3)
    pd.testing.assert_frame_equal(former, again)


def test_a_confirmed_habit_makes_a_new_version_of_the_same_days(second: Nights) -> None:
    files.write(habits_path(second.root, LIVE), "- {since: 2018-02-20, why: a test}\n")
    outcome = second.one(START)
    assert (outcome["code"], outcome["added"], outcome["serves"]) == (0, 0, 2)
    assert [habit.why for habit in second.registry.forecaster(2).habits] == ["a test"]
    assert len(second.ledger) == 6  # what was kept stays kept
    assert second.one(START)["code"] == 10


def test_a_correction_is_reported_and_fitted_on(second: Nights) -> None:
    second.source.changed["2018-01-10"] = 77.0
    outcome = second.one(START)
    assert (outcome["code"], outcome["added"], outcome["version"]) == (0, 0, 2)
    (correction,) = outcome["corrected"]
    assert (correction["day"], correction["after"]) == ("2018-01-10", 77.0)
    assert second.series["2018-01-10"] == 77


def test_a_bridged_day_is_told(second: Nights) -> None:
    second.source.changed["2018-03-01"] = None
    outcome = second.one("2018-03-03")
    assert outcome["code"] == 0
    assert "1 missing day was bridged" in outcome["remarks"][0]
    record = nights_record.read(second.root)
    assert record is not None
    assert any("1 missing day was bridged" in remark for remark in record.remarks)
    assert live.BRIDGED in live.read(second.root / "nights" / LIVE / "days")


@pytest.mark.parametrize("views", [0.0, -5.0, None])
def test_a_day_that_the_source_has_lost_keeps_its_views_and_is_told(
    second: Nights, views: float | None
) -> None:
    """A removed video leaves a day below 0 for as long as it is in the source."""
    before = second.series
    second.source.changed["2018-02-20"] = views
    for day in ("2018-03-02", "2018-03-03"):
        assert second.one(day)["added"] == 1
    assert second.series["2018-02-20"] == before["2018-02-20"]
    record = nights_record.read(second.root)
    assert record is not None
    assert any("has lost the views of 2018-02-20" in remark for remark in record.remarks)


def test_days_that_are_not_settled_are_neither_fitted_nor_scored(second: Nights) -> None:
    second.source.settle_days = 3
    assert second.one("2018-03-02")["code"] == 10
    assert second.one("2018-03-05")["newest"] == "2018-03-01"
    second.overrides = ("retrain.settle=0",)
    assert second.one("2018-03-05")["newest"] == "2018-03-04"


@pytest.mark.parametrize(
    ("days", "members", "claim"), [(5, "rhythm", False), (20, "rhythm", True), (60, "rhythm", True)]
)
def test_a_short_history_is_served_and_says_by_what(
    nights: Nights, days: int, members: str, claim: bool
) -> None:
    nights.source.days = nights.source.days.iloc[:days]
    outcome = nights.one(nights.source.days.index[-1].date() + timedelta(days=1))
    assert outcome["code"] == 0, outcome["reason"]
    champion, record = nights.registry.champion(), nights_record.read(nights.root)
    assert champion is not None and record is not None
    assert champion.tags["viewcast.members"] == members
    assert (record.claim, f"{days} days are known" in record.served) == (claim, True)


LOST = pd.date_range("2018-02-18", periods=4)  # one more than check.max_lost_days


def shrunk(delivery: pd.DataFrame) -> pd.DataFrame:
    return delivery.assign(views=delivery["views"].where(~delivery.index.isin(LOST), 0.0))


def holed(delivery: pd.DataFrame) -> pd.DataFrame:
    return delivery.drop(LOST)


def broken(delivery: pd.DataFrame) -> pd.DataFrame:
    return delivery.assign(views=-delivery["views"])


def headless(delivery: pd.DataFrame) -> pd.DataFrame:
    return delivery.rename(columns={"views": "likes"})


@pytest.mark.parametrize("answer", [shrunk, holed, broken, headless])
def test_refused_days_are_quarantined_and_the_champion_stays(second: Nights, answer: Any) -> None:
    before = second.series
    second.source.answer = answer
    outcome = second.one("2018-03-02")
    assert (outcome["outcome"], outcome["code"]) == ("refused", 20)
    pd.testing.assert_series_equal(second.series, before)
    (reason,) = second.quarantined()
    assert outcome["reason"].startswith(reason)
    assert "quarantined: nights/live/quarantine/2018-03-02-" in outcome["reason"]
    champion = second.registry.champion()
    assert champion is not None
    assert champion.number == 1


def test_the_night_after_refused_days_brings_them_all(second: Nights) -> None:
    second.source.answer = holed
    assert second.one("2018-03-02")["code"] == 20
    second.source.answer = unchanged
    assert second.one("2018-03-03")["added"] == 2


def test_a_source_that_has_stopped_is_refused_though_it_answers(second: Nights) -> None:
    second.source.days = second.source.days[:"2018-02-28"]
    assert second.one("2018-03-07")["code"] == 10
    outcome = second.one("2018-03-08")
    assert outcome["code"] == 20
    assert "the newest day 2018-02-28 is 8 days old" in outcome["reason"]


def test_a_source_that_is_not_there_ends_the_night(second: Nights) -> None:
    def away(delivery: pd.DataFrame) -> pd.DataFrame:
        raise SourceError("no connection")

    second.source.answer = away
    outcome = second.one("2018-03-02")
    assert (outcome["outcome"], outcome["code"], outcome["reason"]) == (
        "unreachable",
        30,
        "no connection",
    )


def test_only_one_of_two_is_at_work(second: Nights) -> None:
    with held(night_lock_path(second.root, LIVE)):
        outcome = second.one("2018-03-02")
    assert (outcome["outcome"], outcome["code"]) == ("locked", 40)
    assert len(second.outcomes) == 1
    assert second.one("2018-03-02")["code"] == 0


def test_a_tracking_server_that_is_down_ends_the_night_before_anything_is_written(
    second: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    before = second.series
    second.uri = "http://127.0.0.1:9"
    outcome = second.one("2018-03-02")
    assert outcome["code"] == 1
    assert "tracking.uri = http://127.0.0.1:9: nobody listens" in outcome["reason"]
    assert second.series.equals(before)
    assert not night_path(second.root, LIVE).exists()
    second.uri = None
    assert second.one("2018-03-02")["code"] == 0


@pytest.mark.parametrize("place", [1, 2])
def test_a_full_disk_ends_the_night_and_the_next_makes_up_for_it(
    second: Nights, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """Written, in this order: the staged series, days/daily.csv."""
    before, writes = second.series, 0

    def full(path: Path, text: str) -> None:
        nonlocal writes
        writes += 1
        if writes == place:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        files.write(path, text)

    with monkeypatch.context() as patch:
        patch.setattr("viewcast.retraining.night.write", full)
        outcome = second.one("2018-03-02")
    assert (outcome["outcome"], outcome["code"]) == ("failed", 1)
    assert "no space is left on the disk" in outcome["reason"]
    assert len(second.series) == len(before)
    champion = second.registry.champion()
    assert champion is not None
    assert champion.number == 1
    outcome = second.one("2018-03-02")
    assert (outcome["code"], outcome["added"]) == (0, 1)


def test_a_disk_too_full_for_the_log_still_gives_the_outcome(
    second: Nights, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, entry: dict[str, Any]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("viewcast.retraining.night.append", full)
    monkeypatch.setattr("viewcast.retraining.retrain.append", full)
    outcome = second.one(START)
    assert (outcome["outcome"], outcome["code"]) == ("failed", 1)
    assert "outcomes.jsonl: not written" in capsys.readouterr().err


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


def test_every_exit_code_is_another() -> None:
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("retrain.nights=2", "retrain.nights = 2 needs retrain.today"),
        ("retrain.today=soon", "retrain.today = 'soon'"),
        ("retrain.approve=never", "retrain.approve = 'never'"),
        ("retrain.channel='a/b'", "retrain.channel"),
        ("source.timezone=Mars", "expected a time zone such as"),
        ("retrain.model_name='a/b'", "retrain.model_name"),
        ("forecast.combination=[ridge,prophet]", "prophet is no recipe of this night"),
        ("gate.alpha=2", "gate.alpha = 2"),
        ("+recipes.ridge.depth=3", "unknown key recipes.ridge.depth"),
    ],
)
def test_impossible_settings_are_refused_with_their_key(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Settings.parse(compose(REPOSITORY, [override], "retrain"))


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
    second.overrides = ("+recipes.mine._target_=test_night.Broken",)
    outcome = second.one("2018-03-02")
    assert (outcome["code"], outcome["serves"]) == (0, 2)
    record = nights_record.read(second.root)
    assert record is not None
    assert any("IndexError: of a day that is not there" in remark for remark in record.remarks)
