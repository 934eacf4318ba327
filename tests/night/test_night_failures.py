"""Nights that cannot be done end with a sentence and a code, and the next makes up for them."""

import errno
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.nights import Nights
from support.project import REPOSITORY
from viewcast.base import files
from viewcast.base.cli import compose
from viewcast.base.errors import ConfigError, SourceError
from viewcast.base.paths import LIVE, night_lock_path, night_path
from viewcast.retraining.lock import held
from viewcast.retraining.outcome import CODES
from viewcast.retraining.settings import Settings

pytestmark = pytest.mark.xdist_group("night")  # one first night serves all

START = "2018-03-01"


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
