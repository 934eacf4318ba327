"""What a night does and says, night after night, with the real store and the real models."""

import errno
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient

from support.nights import Diary, InProcess, Nights, composed, copied, started, unchanged
from support.project import REPOSITORY
from viewcast.base import files
from viewcast.base.cli import compose
from viewcast.base.errors import ConfigError, SourceError, TrackingError
from viewcast.base.paths import journal_path, lock_path
from viewcast.base.settings import Tracking
from viewcast.retraining.data_versioning import set_stage_environment
from viewcast.retraining.lock import held
from viewcast.retraining.outcome import CODES
from viewcast.retraining.promotion import roll_back
from viewcast.retraining.settings import Settings
from viewcast.tracking.used_days import spent_to
from viewcast.tracking.write.night_run import NightRun
from viewcast.training.config import parse

pytestmark = pytest.mark.xdist_group("night")  # one first night serves all

START = "2018-03-01"


@pytest.fixture(autouse=True)
def no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is drawn by other tests: it would take half of a night here."""
    monkeypatch.setattr("viewcast.report.champions_page.write_page", lambda root: None)


@pytest.fixture
def nights(tmp_path: Path, empty_store: Path, channel: pd.Series) -> Nights:
    return started(tmp_path / "project", empty_store, Diary(channel))


@pytest.fixture(scope="module")
def begun(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, channel: pd.Series
) -> Nights:
    """A project after its first night, to be copied."""
    nights = started(tmp_path_factory.mktemp("begun") / "project", empty_store, Diary(channel))
    assert nights.one(START)["outcome"] == "promoted"
    return nights


@pytest.fixture
def second(begun: Nights, tmp_path: Path, channel: pd.Series) -> Nights:
    """A copy of a project after its first night."""
    return copied(begun, tmp_path / "project", Diary(channel))


def test_the_first_night_leaves_a_champion_with_an_expected_loss_from_fresh_days(
    begun: Nights,
) -> None:
    (outcome,) = begun.outcomes
    assert (outcome["outcome"], outcome["code"], outcome["champion"]) == ("promoted", 0, 1)
    assert outcome["newest"] == "2018-02-28"
    assert outcome["gate"]["first"] == "2018-02-15"
    assert outcome["gate"]["days"] == outcome["gate"]["promised"]["days"] == 14
    (line,) = begun.promotions
    assert (line["version"], line["previous"], line["why"]) == (1, None, "first")
    assert line["trained_to"] == "2018-02-14"
    assert {"who", "when", "reason", "promised", "commit", "data"} <= set(line)
    assert line["promised"]["low"] < line["promised"]["mean"] < line["promised"]["high"]


def test_the_version_carries_what_it_comes_from(begun: Nights) -> None:
    champion = begun.registry.champion()
    assert champion is not None
    tags = champion.tags
    data = yaml.safe_load((begun.root / "data.dvc").read_text())["outs"][0]["md5"]
    assert tags["viewcast.data_hash"] == data
    assert tags["viewcast.trained_to"] == "2018-02-14"
    assert tags["viewcast.why"] == "first"
    assert float(tags["viewcast.promised_low"]) < float(tags["viewcast.promised_mean"])
    assert "simulated" in tags["viewcast.label"]
    forecaster = begun.registry.forecaster(champion.number)
    forecast = forecaster.ahead(begun.series, 3)
    assert (forecast["low"] <= forecast["views"]).all()
    assert (forecast["views"] <= forecast["high"]).all()


def test_the_night_s_run_holds_all_of_it_and_the_look_at_the_fresh_days(begun: Nights) -> None:
    (outcome,) = begun.outcomes
    run = MlflowClient(begun.settings.tracking.uri).get_run(outcome["run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.tags["viewcast.looks"] == '[{"purpose": "gate", "scores": 1, "among": 2}]'
    assert run.data.metrics["challenger_loss"] == outcome["gate"]["challenger_loss"]
    assert run.data.metrics["days_added"] == 424
    (used,) = run.inputs.dataset_inputs
    assert [tag.value for tag in used.tags] == ["gate"]
    assert spent_to(MlflowClient(begun.settings.tracking.uri)) == date(2018, 2, 28)


def test_a_champion_that_an_earlier_release_registered_still_forecasts(second: Nights) -> None:
    """The code that MLflow stored beside it imports modules that have moved since."""
    champion = second.registry.forecaster(1)
    (code,) = (second.root / "mlflow").rglob("served_forecaster.py")
    code.write_text("from viewcast.errors import DataError\n")
    pd.testing.assert_series_equal(
        second.registry.forecaster(1).follow(second.series), champion.follow(second.series)
    )


def test_nothing_new_changes_nothing(second: Nights) -> None:
    before = {f: f.read_bytes() for f in second.root.rglob("*") if f.is_file()}
    outcome = second.one(START)
    assert (outcome["outcome"], outcome["code"]) == ("nothing new", 10)
    after = {f: f.read_bytes() for f in second.root.rglob("*") if f.is_file()}
    log = second.root / "registry" / "outcomes.jsonl"
    changed = {file for file in after if before.get(file) != after[file]}
    assert changed <= {log, lock_path(second.root)}
    assert set(before) <= set(after)


def test_fresh_days_are_gathered_and_then_evaluated_once(second: Nights) -> None:
    outcomes = second.on("2018-03-02", 9)
    assert [outcome["code"] for outcome in outcomes[:6]] == [12] * 6
    assert outcomes[6]["outcome"] in ("promoted", "not better")
    assert [outcome["code"] for outcome in outcomes[7:]] == [12, 12]
    gate = outcomes[6]["gate"]
    assert (gate["first"], gate["last"], gate["days"]) == ("2018-03-01", "2018-03-07", 7)
    assert [outcome["fresh_days"] for outcome in outcomes] == [1, 2, 3, 4, 5, 6, 7, 1, 2]
    # The challenger that waits is one version; after its judgement there is another.
    assert [outcome["challenger"] for outcome in outcomes] == [2] * 7 + [3] * 2
    trained_to = [version.tags["viewcast.trained_to"] for version in second.registry.versions()]
    assert trained_to == ["2018-02-14", "2018-02-28", "2018-03-07"]
    # One curve over all nights: each night is promised, and realised once its day is known.
    days = [f"2018-03-{day:02}" for day in range(1, 11)]
    assert [day for day, _ in second.curve["promised_loss"]] == days
    assert [day for day, _ in second.curve["realised_loss"]] == days[:-1]
    reigns = [1.0] * 7 + [float(outcome["champion"]) for outcome in outcomes[6:]]
    assert [version for _, version in second.curve["champion_version"]] == reigns


def test_a_history_that_began_before_its_run_is_drawn_from_its_beginning(second: Nights) -> None:
    """As in a store of a version without such runs."""
    client = second.registry.client
    (run,) = client.search_runs(
        [second.experiment("-nights").experiment_id], "tags.`viewcast.history` = 'true'"
    )
    client.delete_run(run.info.run_id)
    second.one("2018-03-03")
    days = ["2018-03-01", "2018-03-02", "2018-03-03"]
    assert [day for day, _ in second.curve["champion_version"]] == days


def test_the_night_leaves_a_view_and_says_what_the_champion_promised(begun: Nights) -> None:
    nights, trained = begun.experiment("-nights"), begun.experiment()
    assert "mlflow.sharedViewState.viewcast-nights" in nights.tags
    for experiment in (nights, trained):
        assert experiment.tags["viewcast.verdict"].startswith("Version 1 promised to lose ")
        first, *_ = experiment.tags["mlflow.note.content"].splitlines()
        assert first.startswith("**Version 1 promised to lose ")
    assert "viewStateShareKey=viewcast-nights" in nights.tags["mlflow.note.content"]


def test_a_day_that_another_run_validated_on_is_not_fresh(second: Nights) -> None:
    second.one("2018-03-02")
    config = parse(composed(["data=live", "model=linear", "tracking=nightly"]))
    rows = pd.DataFrame(
        {"entity": "live", "time": pd.to_datetime(["2018-03-05"]), "target": [1.0], "row": ["x"]}
    )
    NightRun(config, second.root, "2018-03-06", None).record_look(rows, 1, 0)
    outcomes = second.on("2018-03-06", 2)
    assert [outcome["fresh_days"] for outcome in outcomes] == [0, 1]
    assert [outcome["outcome"] for outcome in outcomes] == ["days spent"] * 2


def test_a_correction_is_reported_and_trained_on(second: Nights) -> None:
    second.source.changed["2018-01-10"] = 77.0
    outcome = second.one(START)
    assert outcome["code"] == 12
    assert (outcome["added"], outcome["fresh_days"]) == (0, 0)
    (correction,) = outcome["corrected"]
    assert (correction["day"], correction["after"]) == ("2018-01-10", 77.0)
    assert second.series["2018-01-10"] == 77
    assert outcome["challenger"] == 2


def shrunk(delivery: pd.DataFrame) -> pd.DataFrame:
    return delivery.assign(views=delivery["views"].where(delivery.index != "2018-02-20", 0.0))


def holed(delivery: pd.DataFrame) -> pd.DataFrame:
    return delivery.drop(pd.Timestamp("2018-02-20"))


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
    assert "quarantined: data/quarantine/2018-03-02-" in outcome["reason"]
    champion = second.registry.champion()
    assert champion is not None
    assert champion.number == 1
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
    with held(lock_path(second.root)):
        outcome = second.one("2018-03-02")
    assert (outcome["outcome"], outcome["code"]) == ("locked", 40)
    assert len(second.outcomes) == 1
    assert second.one("2018-03-02")["code"] == 12


def test_a_tracking_server_that_is_down_ends_the_night_before_anything_is_written(
    second: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    before = second.series
    second.uri = "http://127.0.0.1:9"
    outcome = second.one("2018-03-02")
    assert outcome["code"] == 1
    assert "tracking.uri = http://127.0.0.1:9: cannot be used" in outcome["reason"]
    assert second.series.equals(before)
    assert not journal_path(second.root).exists()
    second.uri = None
    assert second.one("2018-03-02")["code"] == 12


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_full_disk_ends_the_night_and_the_next_makes_up_for_it(
    second: Nights, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """Written, in this order: the staged series, data/live/daily.csv, data/live/fresh.json."""
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
    assert "No space left on device" in outcome["reason"]
    assert len(second.series) in (len(before), len(before) + 1)
    champion = second.registry.champion()
    assert champion is not None
    assert champion.number == 1
    outcome = second.one("2018-03-02")
    assert (outcome["code"], outcome["added"], outcome["fresh_days"]) == (12, 1, 1)


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


@dataclass
class Diverging(InProcess):
    """The first model is a network whose descent leaves the finite numbers."""

    models: tuple[str, ...] = ("deep", "linear")

    def config(self, name: str) -> Any:
        wild = ["trainer.lr=1e6", "trainer.optimizer=sgd"] if name == "deep" else []
        return parse(composed(["data=live", f"model={name}", "tracking=nightly", *wild]))


@dataclass
class Hopeless(Diverging):
    models: tuple[str, ...] = ("deep",)


def test_a_model_that_diverges_is_no_candidate(second: Nights) -> None:
    second.versioning = Diverging
    outcome = second.one("2018-03-02")
    assert outcome["code"] == 12
    assert second.registry.version(outcome["challenger"]).tags["viewcast.model"] == "linear"


def test_where_every_model_diverges_the_champion_stays_and_no_day_is_spent(second: Nights) -> None:
    second.versioning = Hopeless
    outcome = second.one("2018-03-02")
    assert (outcome["outcome"], outcome["code"]) == ("not better", 11)
    assert "no challenger: deep: diverged" in outcome["reason"]
    second.versioning = InProcess
    assert second.one("2018-03-03")["fresh_days"] == 2


def test_a_challenger_that_is_not_worse_replaces_an_old_champion_until_a_rollback(
    second: Nights,
) -> None:
    second.overrides = ("promotion.max_champion_age=1", "promotion.non_inferiority_margin=0.9")
    outcome = second.on("2018-03-02", 7)[-1]
    assert (outcome["outcome"], outcome["gate"]["why"]) == ("promoted", "refresh")
    assert outcome["champion"] == 2
    assert [line["previous"] for line in second.promotions] == [None, 1]

    line = roll_back(second.registry, second.root, "it forecast nonsense")

    assert (line["version"], line["previous"]) == (1, 2)
    champion = second.registry.champion()
    assert champion is not None
    assert champion.number == 1
    assert second.promotions[-1]["reason"] == "it forecast nonsense"
    with pytest.raises(TrackingError, match="version 1 of viewcast is the first champion"):
        roll_back(second.registry, second.root, None)


def test_rollback_without_champion_is_refused(nights: Nights) -> None:
    with pytest.raises(TrackingError, match="has no champion; `make retrain` makes one"):
        roll_back(nights.registry, nights.root, None)


def test_a_challenger_that_is_much_better_is_promoted(
    tmp_path: Path, empty_store: Path, channel: pd.Series
) -> None:
    """To a channel that suddenly brings ten times as many views, the champion does not fit."""
    changed = channel.copy()
    changed["2018-03-01":] = np.rint(changed["2018-03-01":] * 10)
    nights = started(tmp_path / "project", empty_store, Diary(changed))
    nights.one("2018-03-01")
    outcomes = nights.on("2018-03-02", 7)
    assert outcomes[-1]["outcome"] == "promoted"
    assert outcomes[-1]["gate"]["why"] == "better"
    assert outcomes[-1]["gate"]["difference"]["high"] < 0
    assert any(outcome["drifted"] for outcome in outcomes)


def test_every_exit_code_is_another() -> None:
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("retrain.nights=2", "retrain.nights = 2 needs retrain.today"),
        ("retrain.today=soon", "retrain.today = 'soon'"),
        ("fresh.evaluation_days=2", "fresh.evaluation_days = 2"),
        ("promotion.confidence_level=2", "promotion.confidence_level = 2"),
        ("source.timezone=Mars", "expected a time zone such as"),
        ("retrain.model_name='a/b'", "retrain.model_name"),
    ],
)
def test_impossible_settings_are_refused_with_their_key(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Settings.parse(compose(REPOSITORY, [override], "retrain"))


def test_the_store_s_address_reaches_the_stages_by_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in (
        "VIEWCAST_LIVE",
        "VIEWCAST_BATCH_ID",
        "VIEWCAST_TRACKING_URI",
        "VIEWCAST_EXPERIMENT",
    ):
        monkeypatch.setenv(name, "former")
    set_stage_environment("a channel", "night-1", Tracking("http://127.0.0.1:5", None, "mine", 1.0))
    outcome = compose(REPOSITORY, ["data=live", "tracking=nightly"])
    assert outcome["tracking"]["uri"] == "http://127.0.0.1:5"
    assert outcome["tracking"]["experiment"] == "mine"
    assert outcome["data"]["label"] == "a channel"
