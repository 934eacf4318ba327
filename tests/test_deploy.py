"""What all files of deploy/ have in common; systemd and cron."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.deployed import (
    AS_IT_SHOULD,
    DEPLOY,
    HOME,
    RETRIED,
    ROOT,
    called,
    every_file,
    job_line,
    project,
    recipes,
    resources,
    run,
    text,
    unit,
    workflow,
)
from viewcast.base.cli import compose
from viewcast.retraining.outcome import CODES
from viewcast.retraining.settings import Settings

UNITS = sorted((DEPLOY / "systemd").iterdir())


def commands() -> list[str]:
    """Every call of a pipeline, in one line each."""
    found = []
    for path in every_file():
        whole = path.read_text(encoding="utf-8").replace("\\\n", " ")
        whole = whole.replace('", "', " ").replace('"]', " ")
        found += re.findall(r"python (pipelines/\w+\.py(?: +[a-z.]+=[^\s`'\"|>]+)*)", whole)
    return found


def test_every_command_that_is_called_exists_and_its_settings_compose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    known = {" ".join(command.split()) for command in commands()}
    scripts = {command.split()[0] for command in known}
    names = ("approve", "audit", "healthcheck", "retrain", "sweep")
    assert scripts == {f"pipelines/{name}.py" for name in names}
    for command in known:
        script, *overrides = command.split()
        assert (ROOT / script).is_file()
        config = compose(ROOT, overrides, Path(script).stem)
        if script == "pipelines/retrain.py":
            assert Settings.parse(config).tracking.experiment == "viewcast"


@pytest.mark.parametrize("path", every_file(), ids=lambda path: path.name)
def test_every_path_that_is_named_is_there_or_is_written_by_the_nights(path: Path) -> None:
    written = {"nights/live", "nights/live/quarantine", "nights/live/outcomes.jsonl", "mlflow",
               "build/slurm", "build/sweeps",
               "mlflow/artifacts", "mlflow/mlflow.db"}  # fmt: skip
    pattern = r"(?<![\w/.-])((?:conf|pipelines|deploy|data|nights|build|mlflow)/[\w./-]*\w)"
    for found in re.findall(pattern, path.read_text(encoding="utf-8")):
        assert found in written or (ROOT / found).exists(), found


def test_the_environment_is_made_by_a_target_that_make_knows() -> None:
    targets = {match for path in every_file() for match in re.findall(r"\bmake (?:-C \S+ )?(data)",
               path.read_text(encoding="utf-8"))}  # fmt: skip
    assert targets == {"data"}
    assert re.search(r"^data: ", (ROOT / "Makefile").read_text(), re.MULTILINE)


def minutes() -> dict[str, int]:
    hours = r'"(\d+) \d+ \* \* \*"'
    calendar = unit("viewcast-retrain.timer")["OnCalendar"][0]
    times = {
        "timer": calendar.split()[1].split(":")[1],
        "crontab": job_line().split()[0],
        "kubernetes": resources()["CronJob"]["spec"]["schedule"].split()[0],
        "github": workflow()["on"]["schedule"][0]["cron"].split()[0],
    }
    for name, recipe in recipes().items():
        (times[name],) = re.findall(hours, recipe)
    return {name: int(minute) for name, minute in times.items()}


def test_no_night_starts_at_a_minute_that_many_jobs_use() -> None:
    assert len(minutes()) == 7
    assert all(minute % 5 for minute in minutes().values())


def test_wherever_a_zone_can_be_named_it_is_the_one_that_the_source_counts_days_in() -> None:
    zone = compose(ROOT, ["source=youtube"], "retrain")["source"]["timezone"]
    assert unit("viewcast-retrain.timer")["OnCalendar"] == [f"*-*-* 03:17:00 {zone}"]
    assert f"\nCRON_TZ={zone}\n" in text("crontab")
    assert resources()["CronJob"]["spec"]["timeZone"] == zone
    assert all(f'="{zone}"' in recipe for recipe in recipes().values())


def test_the_table_of_exit_codes_is_that_of_the_command() -> None:
    rows = re.findall(r"^\| (\d+) \| ([a-z ]+) \|", text("README.md"), re.MULTILINE)
    assert {outcome: int(code) for code, outcome in rows} == CODES
    success = re.findall(r"^\| (\d+) \|.*\| success \|$", text("README.md"), re.MULTILINE)
    assert set(map(int, success)) == AS_IT_SHOULD


def test_every_folder_and_file_is_named_in_the_readme() -> None:
    tops = {path.relative_to(DEPLOY).parts[0] for path in every_file()}
    assert all(f"`{top}" in text("README.md") for top in tops - {"README.md"})


def test_every_variable_that_is_set_is_explained() -> None:
    for name in ("YOUTUBE_CREDENTIALS", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME"):
        assert f"`{name}`" in text("README.md")
    assert "YOUTUBE_CREDENTIALS" in (ROOT / "conf/source/youtube.yaml").read_text()


# systemd


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is absent")
def test_systemd_finds_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    for path in UNITS:
        rendered = path.read_text().replace(f"{HOME}/.venv/bin/python", shutil.which("sh") or "")
        rendered = rendered.replace("/usr/bin/logger", shutil.which("sh") or "")
        (tmp_path / path.name).write_text(rendered)
    verify = ["systemd-analyze", "verify", *(str(tmp_path / path.name) for path in UNITS)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_service_calls_the_command_and_nothing_else() -> None:
    service = unit("viewcast-retrain.service")
    assert service["WorkingDirectory"] == service["ReadWritePaths"] == [HOME]
    assert service["ExecStart"] == [
        f"{HOME}/.venv/bin/python pipelines/retrain.py source=youtube"
    ]  # fmt: skip
    assert service["Type"] == ["oneshot"] and service["KillMode"] == ["control-group"]


def test_the_service_knows_every_exit_code() -> None:
    service = unit("viewcast-retrain.service")
    (good,), (final,) = service["SuccessExitStatus"], service["RestartPreventExitStatus"]
    assert {0, *map(int, good.split())} == AS_IT_SHOULD
    retried = set(CODES.values()) - AS_IT_SHOULD - set(map(int, final.split()))
    assert retried == RETRIED


def test_the_retries_of_one_night_come_to_an_end_before_the_next() -> None:
    service = unit("viewcast-retrain.service")
    hours = {
        key: float(re.sub(r"\D", "", service[key][0])) / (60 if "min" in service[key][0] else 1)
        for key in ("TimeoutStartSec", "TimeoutStopSec", "RestartSec", "StartLimitIntervalSec")
    }
    one = hours["TimeoutStartSec"] + hours["TimeoutStopSec"] + hours["RestartSec"]
    assert int(service["StartLimitBurst"][0]) * one < hours["StartLimitIntervalSec"] < 24


def test_a_failed_night_starts_a_unit_that_exists() -> None:
    (told,) = unit("viewcast-retrain.service")["OnFailure"]
    assert told.replace("%n", "") in {path.name for path in UNITS}


def test_the_timer_makes_up_for_a_night_that_was_missed() -> None:
    timer = unit("viewcast-retrain.timer")
    assert timer["Persistent"] == ["true"]
    assert timer["WantedBy"] == ["timers.target"]


# cron


@pytest.mark.parametrize("code", sorted(CODES.values()))
def test_cron_logs_every_night_and_mails_only_what_went_wrong(tmp_path: Path, code: int) -> None:
    folder = project(tmp_path)
    logs = folder / "logs"
    logs.mkdir()
    script = job_line().split(maxsplit=5)[5]
    script = script.replace(HOME, str(folder)).replace("/var/log/viewcast", str(logs))
    done = run(script, folder, code=code)
    assert called(folder) == "pipelines/retrain.py source=youtube"
    assert (logs / "retrain.log").read_text() == "one night\n"
    assert done.stdout == ("" if code in AS_IT_SHOULD else "one night\n")
    assert done.stderr == ""


def test_cron_gets_one_line_without_percent_signs_which_it_takes_for_line_ends() -> None:
    assert "%" not in job_line()
    assert "flock" not in job_line()
