import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.cli import compose
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.paths import nights_log_path
from viewcast.base.settings import construct
from viewcast.retraining import outcome
from viewcast.retraining.healthcheck import HealthCheck, Outcome, StaleError, check_health, read
from viewcast.retraining.outcome import CODES, Ending

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2021, 3, 31, 12, tzinfo=UTC)
GOOD: list[Ending] = ["served", "promoted", "nothing new"]
BAD: list[Ending] = ["failed", "kept", "refused", "unreachable"]


def line(**changed: Any) -> dict[str, Any]:
    """A line of the log: the one that the command writes, with a known time."""
    written = outcome.ended("nothing new", "no new day", date(2021, 3, 31), 0.0)
    return {**written, "finished": "2021-03-31T03:20:00+00:00", **changed}


def log(folder: Path, *lines: Any, end: str = "\n") -> Path:
    path = folder / "outcomes.jsonl"
    text = (one if isinstance(one, str) else json.dumps(one) for one in lines)
    path.write_text("\n".join(text) + end, encoding="utf-8")
    return path


def night(ending: Ending, age: float) -> Outcome:
    finished = NOW - timedelta(hours=age)
    return Outcome(finished, ending, CODES[ending], finished.date(), f"because of {ending}")


def stale(*outcomes: Outcome, hours: float = 36) -> str:
    with pytest.raises(StaleError) as caught:
        check_health(outcomes, hours, NOW)
    return str(caught.value)


@pytest.mark.parametrize("ending", GOOD)
def test_a_recent_night_that_ended_well_is_reported_in_one_sentence(ending: Ending) -> None:
    assert check_health([night("failed", 60), night(ending, 8.5)], 36, NOW) == (
        f"last outcome, of the night 2021-03-31, 8.5 hours ago: {ending} "
        f"(exit code {CODES[ending]}): because of {ending}"
    )


def test_without_any_outcome_the_health_check_fails() -> None:
    assert "no night has ended yet; expected one in 36 hours" in stale()


def test_an_outcome_may_be_as_old_as_the_hours_say_and_no_older() -> None:
    assert "36.0 hours ago" in check_health([night("promoted", 36)], 36, NOW)
    assert "nothing has ended for more than 36 hours" in stale(night("promoted", 36.01))


def test_many_good_nights_do_not_excuse_the_silence_after_them() -> None:
    assert "48.0 hours ago: served" in stale(night("promoted", 72), night("served", 48))


@pytest.mark.parametrize("ending", BAD)
def test_one_bad_night_is_no_alarm_but_none_good_for_long_is(ending: Ending) -> None:
    assert f"{ending} (exit code" in check_health(
        [night("promoted", 30), night(ending, 6)], 36, NOW
    )
    told = stale(night("promoted", 37), night(ending, 30), night(ending, 6))
    assert "no night has been good for more than 36 hours: the last good one is 37.0 hours" in told
    assert f"because of {ending}" in told


def test_before_the_first_good_night_the_first_night_counts() -> None:
    assert "refused" in check_health([night("refused", 30), night("refused", 6)], 36, NOW)
    assert "none was ever good" in stale(night("refused", 40), night("refused", 6))


def test_a_night_that_hangs_is_noticed_though_others_find_it_at_work() -> None:
    assert "nothing has ended for more than" in stale(night("promoted", 50), night("locked", 2))


def test_the_newest_is_the_latest_by_time_wherever_it_stands() -> None:
    nights = [night("unreachable", 6), night("promoted", 30)]
    assert check_health(nights, 36, NOW) == check_health(nights[::-1], 36, NOW)
    assert "unreachable" in check_health(nights, 36, NOW)


def test_an_outcome_from_the_future_is_refused_but_a_clock_may_be_a_little_ahead() -> None:
    assert "0.0 hours ago" in check_health([night("promoted", -0.5)], 36, NOW)
    with pytest.raises(DataError, match="expected a time in the past; correct the clock"):
        check_health([night("promoted", 50), night("promoted", -24)], 36, NOW)


@given(
    st.lists(
        st.builds(night, st.sampled_from(GOOD + BAD), st.floats(0, 100, allow_nan=False)),
        min_size=1,
    ),
    st.floats(1, 100),
    st.floats(0, 100),
)
def test_more_hours_never_raise_an_alarm_that_fewer_do_not(
    nights: list[Outcome], hours: float, more: float
) -> None:
    def alarm(limit: float) -> bool:
        try:
            check_health(nights, limit, NOW)
        except StaleError:
            return True
        return False

    assert alarm(hours) or not alarm(hours + more)


def test_a_log_is_read_line_by_line(tmp_path: Path) -> None:
    later = line(finished="2021-04-01T05:20:00+02:00", outcome="refused", code=20)
    first, second = read(log(tmp_path, line(), later))
    assert first == Outcome(
        datetime(2021, 3, 31, 3, 20, tzinfo=UTC), "nothing new", 10, date(2021, 3, 31), "no new day"
    )
    assert second.finished == datetime(2021, 4, 1, 3, 20, tzinfo=UTC)


def test_without_a_log_or_with_an_empty_one_there_are_no_outcomes(tmp_path: Path) -> None:
    assert read(tmp_path / "none.jsonl") == []
    assert read(log(tmp_path, end="")) == []


def test_a_last_line_is_ignored_wherever_a_crash_tore_it(tmp_path: Path) -> None:
    whole = json.dumps(line(reason="größer"), ensure_ascii=False).encode()
    path = log(tmp_path, line())
    before = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(before + whole[:cut])
        assert len(read(path)) == 1
    path.write_bytes(before + whole)
    assert [one.reason for one in read(path)] == ["no new day", "größer"]


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ('{"code": 1', r"which is no JSON"),
        ("", r"which is no JSON"),
        ("[1]", r"no finished, outcome, code, night, reason"),
        ({"code": 0, "outcome": "promoted"}, r"no finished, night, reason"),
        (line(code=7), r"code 7, which is none of 0, 1, 10, 11, 13, 20, 30, 40"),
        (line(code=True), r"code True"),
        (line(code="0"), r"code '0'"),
        (line(finished="yesterday"), r"a time that is not one of ISO 8601"),
        (line(finished=None), r"a time that is not one of ISO 8601"),
        (line(night="31.03.2021"), r"a time that is not one of ISO 8601"),
        (line(finished="2021-03-31T03:20:00"), r"without its offset from UTC"),
    ],
)
def test_a_broken_line_before_the_last_is_refused_by_its_number(
    tmp_path: Path, broken: Any, told: str
) -> None:
    with pytest.raises(DataError, match=rf"outcomes\.jsonl, line 2: found .*{told}.*restore"):
        read(log(tmp_path, line(), broken, line()))


def test_the_settings_are_a_day_and_a_half_and_the_log_of_the_project() -> None:
    settings: HealthCheck = construct(HealthCheck, compose(ROOT, [], "healthcheck"), "")
    assert settings == HealthCheck(max_age_hours=36, channel="live", outcomes=None)
    assert settings.path(ROOT) == nights_log_path(ROOT, "live")
    assert (
        HealthCheck(max_age_hours=1, channel="live", outcomes="build/other.jsonl").path(ROOT)
        == ROOT / "build" / "other.jsonl"
    )


@pytest.mark.parametrize("hours", [0, -1, float("inf"), float("nan"), "soon"])
def test_hours_that_no_outcome_could_exceed_are_refused(hours: Any) -> None:
    with pytest.raises(ConfigError, match="max_age_hours = "):
        construct(HealthCheck, {"max_age_hours": hours, "channel": "live", "outcomes": None}, "")


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "pipelines/healthcheck.py", *arguments]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_exits_0_with_one_sentence_and_1_with_the_reason(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    path = log(tmp_path, line(finished=now.isoformat(timespec="seconds"), reason="two\n  lines"))
    well = command(f"outcomes={path}")
    assert (well.returncode, well.stderr) == (0, "")
    assert well.stdout.count("\n") == 1 and well.stdout.endswith("(exit code 10): two lines\n")
    log(tmp_path, line(finished=(now - timedelta(hours=49)).isoformat()))
    late = command(f"outcomes={path}", "max_age_hours=48")
    assert (late.returncode, late.stdout) == (1, "")
    assert late.stderr.startswith(
        "healthcheck.py: nothing has ended for more than 48 hours; last out"
    )


def test_the_healthcheck_imports_neither_torch_nor_mlflow() -> None:
    code = (
        "import runpy, sys; runpy.run_path('pipelines/healthcheck.py');"
        "print({'torch', 'mlflow'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
