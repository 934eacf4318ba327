"""Schedulers and workers of Dask on Kubernetes, on Slurm, and by SSH.

``kubernetes.yaml`` was checked against the definitions of dask-kubernetes 2026.3, whose package is
not installed here.
"""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from support.deployed import DEPLOY, text

Pod = dict[str, Any]


def cluster() -> dict[str, Any]:
    (found,) = (one for one in documents() if one["kind"] == "DaskCluster")
    return dict(found["spec"])


def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text("dask/kubernetes.yaml")))


def container(part: str) -> Pod:
    (only,) = cluster()[part]["spec"]["containers"]
    return dict(only)


def slurm() -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load(text("dask/slurm.yaml"))
    return settings


def option(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1]


def program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_scheduler_and_workers_are_of_one_image_with_the_port_that_sweeps_name() -> None:
    assert container("worker")["image"] == container("scheduler")["image"]
    ports = {port["name"]: port["containerPort"] for port in container("scheduler")["ports"]}
    service = cluster()["scheduler"]["service"]
    assert {port["name"]: port["port"] for port in service["ports"]} == ports
    assert ports["tcp-comm"] == 8786
    assert service["selector"]["dask.org/cluster-name"] == "viewcast"


def test_the_autoscaler_is_of_this_cluster_and_in_its_limits() -> None:
    (scaler,) = (one["spec"] for one in documents() if one["kind"] == "DaskAutoscaler")
    names = {one["metadata"]["name"] for one in documents()}
    assert names == {scaler["cluster"]} == {"viewcast"}
    assert 1 <= scaler["minimum"] <= cluster()["worker"]["replicas"] <= scaler["maximum"]


@pytest.mark.parametrize("part", ["worker", "scheduler"])
def test_pods_run_without_rights_and_write_only_to_a_volume(part: str) -> None:
    pod, only = cluster()[part]["spec"], container(part)
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["automountServiceAccountToken"] is False
    assert only["securityContext"]["readOnlyRootFilesystem"]
    assert only["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in only["volumeMounts"]} == volumes
    assert "memory" in only["resources"]["limits"]


def test_everywhere_a_worker_has_one_thread_and_is_lost_after_a_minute_of_silence() -> None:
    assert option(container("worker")["args"], "--nthreads") == "1"
    assert slurm()["jobqueue"]["slurm"]["cores"] == slurm()["jobqueue"]["slurm"]["processes"]
    assert "--nthreads 1" in text("dask/ssh.sh")
    variable = "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL"
    assert {"name": variable, "value": "60s"} in container("scheduler")["env"]
    assert f"export {variable}=60s" in text("dask/ssh.sh")
    assert slurm()["distributed"]["scheduler"]["worker-ttl"] == "60s"


def test_a_worker_on_slurm_ends_before_its_job_does() -> None:
    settings = slurm()["jobqueue"]["slurm"]
    hours, minutes, _ = map(int, settings["walltime"].split(":"))
    lifetime, stagger = (
        int(option(settings["worker-extra-args"], name).removesuffix("m"))
        for name in ("--lifetime", "--lifetime-stagger")
    )
    assert lifetime + stagger < 60 * hours + minutes


def test_the_settings_for_slurm_are_those_that_dask_jobqueue_knows() -> None:
    jobqueue = import_module("dask_jobqueue")
    known = yaml.safe_load((Path(jobqueue.__file__).parent / "jobqueue.yaml").read_text())
    assert set(slurm()["jobqueue"]["slurm"]) <= set(known["jobqueue"]["slurm"])


def test_the_program_for_slurm_asks_for_as_many_workers_as_it_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, int] = {}

    class SLURMCluster:
        scheduler_address = "tcp://10.0.0.1:8786"

        def __enter__(self) -> "SLURMCluster":
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def adapt(self, **limits: int) -> None:
            asked.update(limits)

    monkeypatch.setitem(sys.modules, "dask_jobqueue", SimpleNamespace(SLURMCluster=SLURMCluster))
    monkeypatch.setattr(sys, "argv", ["slurm.py", "12"])
    monkeypatch.setattr("threading.Event.wait", lambda self: None)
    exec(compile(text("dask/slurm.py"), "slurm.py", "exec"), {"__name__": "__main__"})
    assert asked == {"minimum": 0, "maximum": 12}
    assert capsys.readouterr().out == "engine=dask engine.scheduler=tcp://10.0.0.1:8786\n"


def test_the_script_for_ssh_starts_a_worker_on_each_machine_that_answers(tmp_path: Path) -> None:
    project, programs = tmp_path / "project", tmp_path / "programs"
    program(project / ".venv/bin/dask", f'echo "$*" >>{tmp_path}/scheduler')
    program(programs / "ssh", f'case "$*" in *beta*) exit 255;; esac; echo "$*" >>{tmp_path}/ssh')
    script = project / "deploy/dask/ssh.sh"
    script.parent.mkdir(parents=True)
    script.write_text((DEPLOY / "dask/ssh.sh").read_text())
    done = subprocess.run(
        ["bash", str(script), "10.0.0.1", "alpha", "beta", "gamma"],
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "engine=dask engine.scheduler=tcp://10.0.0.1:8786" in done.stdout
    assert done.stderr == "ssh.sh: beta has ended; the others go on\n"
    started = (tmp_path / "ssh").read_text().splitlines()
    assert sorted(line.split(" cd ")[0].split()[-1] for line in started) == ["alpha", "gamma"]
    expected = f"cd '{project}' && OMP_NUM_THREADS=1 .venv/bin/dask worker tcp://10.0.0.1:8786"
    assert all(expected in line for line in started)
    assert (tmp_path / "scheduler").read_text().startswith("scheduler --host 10.0.0.1 --port 8786")
