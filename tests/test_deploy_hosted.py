"""The nightly job where nobody owns the machine: Kubernetes and GitHub."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.deployed import (
    AS_IT_SHOULD,
    DEPLOY,
    HOME,
    RETRIED,
    ROOT,
    called,
    program,
    project,
    resources,
    run,
    step,
    text,
    workflow,
)
from viewcast.base import files
from viewcast.base.cli import compose
from viewcast.base.paths import nights_log_path
from viewcast.retraining.branch import Branch
from viewcast.retraining.outcome import CODES

# Kubernetes: its JSON schema comes only in packages of 100 MB, so what matters is spelt out here.


@pytest.mark.parametrize("code", [*sorted(CODES.values()), 137])
def test_the_container_ends_with_0_after_every_night_as_it_should_be(
    tmp_path: Path, code: int
) -> None:
    folder = project(tmp_path)
    (container,) = resources()["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"][
        "containers"
    ]
    assert container["command"] == ["/bin/sh", "-c"] and container["workingDir"] == HOME
    (script,) = container["args"]
    assert run(script, folder, code=code).returncode == (0 if code in AS_IT_SHOULD else code)
    assert called(folder).startswith("pipelines/retrain.py source=youtube ")


def test_the_cron_job_has_these_settings_and_no_others() -> None:
    spec = resources()["CronJob"]["spec"]
    assert resources()["CronJob"]["apiVersion"] == "batch/v1"
    assert set(spec) == {
        "concurrencyPolicy", "failedJobsHistoryLimit", "jobTemplate", "schedule",
        "startingDeadlineSeconds", "successfulJobsHistoryLimit", "timeZone",
    }  # fmt: skip
    job = spec["jobTemplate"]["spec"]
    assert set(job) == {"activeDeadlineSeconds", "backoffLimit", "podFailurePolicy", "template"}
    assert spec["concurrencyPolicy"] == "Forbid"
    # A late start must be over before the next one is due.
    assert spec["startingDeadlineSeconds"] + job["activeDeadlineSeconds"] < 24 * 3600


def test_a_pod_is_tried_again_only_where_that_may_help() -> None:
    job = resources()["CronJob"]["spec"]["jobTemplate"]["spec"]
    ignored, final = job["podFailurePolicy"]["rules"]
    assert (ignored["action"], ignored["onPodConditions"][0]["type"]) == (
        "Ignore",
        "DisruptionTarget",
    )
    assert (final["action"], final["onExitCodes"]["operator"]) == ("FailJob", "In")
    retried = set(CODES.values()) - AS_IT_SHOULD - set(final["onExitCodes"]["values"])
    assert retried == RETRIED and 0 < job["backoffLimit"] <= 3
    pod = job["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    assert final["onExitCodes"]["containerName"] == pod["containers"][0]["name"]


@pytest.mark.parametrize("kind", ["CronJob", "Job"])
def test_pods_run_without_rights_and_write_only_to_volumes_that_are_declared(kind: str) -> None:
    spec = resources()[kind]["spec"]
    pod = spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]) == {"requests", "limits"}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(volumes) == set(mounts)
    claim = volumes["project"]["persistentVolumeClaim"]["claimName"]
    assert claim == resources()["PersistentVolumeClaim"]["metadata"]["name"]
    assert mounts["project"] == container["workingDir"] == HOME
    # Python and pip, git, make and DVC write to these; a user without a name needs LOGNAME.
    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    assert environment["HOME"] in mounts.values() and "LOGNAME" in environment
    assert "/var/tmp" in mounts.values()


def test_both_pods_use_one_image_since_the_environment_is_bound_to_its_python() -> None:
    images = set(re.findall(r"image: (\S+)", text("kubernetes/cronjob.yaml")))
    assert images == set(re.findall(r"image: (\S+)", text("kubernetes/setup.yaml")))
    assert images == {"python:3.11-bookworm"}


# GitHub


def test_the_workflow_keeps_to_the_schema_of_github() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows",
         str(DEPLOY / "github" / "retrain.yml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_night_on_github_is_alone_is_never_cancelled_and_cannot_hang() -> None:
    concurrency = workflow()["concurrency"]
    assert concurrency["group"] and concurrency["cancel-in-progress"] is False
    assert 0 < workflow()["jobs"]["retrain"]["timeout-minutes"] < 360
    assert set(workflow()["on"]) == {"workflow_dispatch", "schedule"}


def test_the_workflow_has_no_right_but_to_push_and_keeps_the_token_from_the_night() -> None:
    job = workflow()["jobs"]["retrain"]
    assert workflow()["permissions"] == {} and job["permissions"] == {"contents": "write"}
    checkout = job["steps"][0]["with"]
    assert checkout == {"fetch-depth": 0, "persist-credentials": False}
    assert [one.get("name") for one in job["steps"] if "token" in str(one.get("env"))] == [
        "keep what it brought"
    ]


def test_actions_are_pinned_to_commits_and_no_expression_is_pasted_into_a_script() -> None:
    steps = workflow()["jobs"]["retrain"]["steps"]
    used = [one["uses"] for one in steps if "uses" in one]
    assert used and all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", one) for one in used)
    assert not any("${{" in one["run"] for one in steps if "run" in one)


def test_the_workflow_takes_the_python_that_the_project_asks_for() -> None:
    (python,) = (
        one["with"]["python-version"]
        for one in workflow()["jobs"]["retrain"]["steps"]
        if "python-version" in one.get("with", {})
    )
    assert f'requires-python = ">={python}"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("code", sorted(CODES.values()))
def test_the_step_of_the_night_fails_where_the_night_did(tmp_path: Path, code: int) -> None:
    folder = project(tmp_path)
    credentials, output = folder / "youtube.json", folder / "output"
    given = {
        "YOUTUBE_CREDENTIALS": str(credentials),
        "YOUTUBE_CREDENTIALS_JSON": "{}",
        "GITHUB_OUTPUT": str(output),
    }
    script = "set -eo pipefail\n" + step("id", "night")["run"]  # what GitHub puts before it
    done = run(script, folder, "bash", code, **given)
    assert done.returncode == (0 if code in AS_IT_SHOULD else code)
    assert output.read_text() == f"code={code}\n"
    assert not credentials.exists()
    assert (
        called(folder) == "pipelines/retrain.py source=youtube tracking=server retrain.git=commit"
    )


def test_a_failed_health_check_fails_the_job_but_only_after_the_night() -> None:
    steps = workflow()["jobs"]["retrain"]["steps"]
    asked = step("id", "watch")
    assert asked["continue-on-error"] is True and "pipelines/healthcheck.py" in asked["run"]
    last = steps[-1]
    assert steps.index(asked) < steps.index(step("id", "night")) < steps.index(last)
    assert last["if"] == "always() && steps.watch.outcome == 'failure'"
    assert subprocess.run(["bash", "-ec", last["run"]], check=False).returncode == 1


def git(where: Path, *arguments: str) -> str:
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = subprocess.run(
        ["git", "-C", str(where), *who, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


NIGHT = "pipelines/retrain.py"
OUTCOMES = "nights/live/outcomes.jsonl"


def checked_out(folder: Path) -> Path:
    """A project as the workflow checks it out, after one night on another runner."""
    clone, origin = project(folder), folder / "origin.git"
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git(clone, "init", "--quiet", "--initial-branch=main")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "code")
    git(clone, "remote", "add", "origin", str(origin))
    keep(clone, "before")
    git(clone, "push", "--quiet", "origin", "main", "nights")
    git(clone, "branch", "-D", "nights")
    return clone


def keep(clone: Path, line: str) -> None:
    """What a night commits."""
    files.write(clone / OUTCOMES, f"{line}\n")
    Branch(clone, "live", "nights").commit(line)


def bash(script: str, clone: Path, **environment: str) -> str:
    """Run a step as GitHub does; what it has printed."""
    done = run("set -eo pipefail\n" + script, clone, "bash", **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_health_of_the_last_nights_is_read_from_their_branch(tmp_path: Path) -> None:
    clone, watch = checked_out(tmp_path), step("id", "watch")
    known = {"KEPT": watch["env"]["KEPT"], "OUTCOMES": str(tmp_path / "outcomes.jsonl")}
    bash(watch["run"], clone, **known)
    assert called(clone) == f"pipelines/healthcheck.py outcomes={known['OUTCOMES']}"
    assert (tmp_path / "outcomes.jsonl").read_text() == "before\n"
    git(clone, "update-ref", "-d", "refs/remotes/origin/nights")
    assert bash(watch["run"], clone, **known) == "no night has ended yet\n"


def test_what_a_night_brought_is_pushed_to_its_branch_and_nowhere_else(tmp_path: Path) -> None:
    clone, programs = checked_out(tmp_path), tmp_path / "programs"
    programs.mkdir()
    program(programs / "gh", 'echo "gh $*" >>"$CALLED"')
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    script = step("name", "keep what it brought")["run"]
    bash(script, clone, PATH=path)
    assert not (clone / "called").exists()  # the night was refused before it had a branch
    keep(clone, "after")
    bash(script, clone, PATH=path)
    assert called(clone) == "gh auth setup-git"
    assert git(clone, "show", f"origin/nights:{OUTCOMES}") == "after\n"
    assert git(clone, "ls-tree", "-r", "--name-only", "origin/main") == ""


def test_the_workflow_names_the_branch_that_nights_commit_to_by_default() -> None:
    branch = compose(ROOT, [], "retrain")["retrain"]["branch"]
    assert f"refs/heads/{branch}:refs/heads/{branch}" in step("name", "keep what it brought")["run"]
    kept = nights_log_path(Path(), "live").as_posix()
    assert step("id", "watch")["env"]["KEPT"] == f"refs/remotes/origin/{branch}:{kept}"
