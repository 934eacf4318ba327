"""The key of a run: what files name it by, so that the same work leaves the same files."""

import json
from dataclasses import replace
from pathlib import Path

from support.project import Project
from viewcast.assessment.settings import AuditSettings
from viewcast.base.paths import audit_path
from viewcast.runs.audit import audit_experiment
from viewcast.tracking.run_keys import by_key, key_of


def test_a_run_that_is_repeated_keeps_its_key_and_leaves_the_same_bytes(project: Project) -> None:
    one, first = project.run("model=linear"), left_by(project)
    two, second = project.run("model=linear"), left_by(project)
    assert one["run_id"] != two["run_id"]
    assert one["key"] == two["key"]
    assert first == second


def test_another_setting_gives_another_key(project: Project) -> None:
    assert project.run("model=naive")["key"] != project.run("model=linear")["key"]


def test_of_runs_with_one_key_the_newest_that_has_finished_stands_for_it(project: Project) -> None:
    first = project.run("model=naive")
    second = project.run("model=naive")
    broken = project.client.create_run(
        project.experiments()[0], tags={"viewcast.key": first["key"]}
    )
    project.client.set_terminated(broken.info.run_id, "FAILED")
    assert by_key(project.runs())[first["key"]].info.run_id == second["run_id"]


def test_runs_of_other_tools_have_no_key(project: Project) -> None:
    client, experiment = project.experiment("model=naive")
    run = client.create_run(experiment)
    assert key_of(client.get_run(run.info.run_id)) is None
    assert by_key(project.runs()) == {}


def test_the_audit_of_a_project_names_runs_by_keys_and_any_other_by_ids(project: Project) -> None:
    run = project.run("model=linear")
    settings = AuditSettings(project.config().tracking, draws=50, write=False)
    (result,) = audit_experiment(settings, project.root)
    assert [each.run_id for each in result.runs] == [run["run_id"]]
    assert named_in(audit_path(project.root)) == [run["key"]]
    audit_experiment(replace(settings, output="build/other.json"), project.root)
    assert named_in(project.root / "build" / "other.json") == [run["run_id"]]


def left_by(project: Project) -> dict[str, bytes]:
    """The files of the one folder of a run, by their names."""
    (folder,) = (file.parent for file in (project.root / "build" / "runs").glob("*/result.json"))
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def named_in(file: Path) -> list[str]:
    (audit,) = json.loads(file.read_text())["audits"]
    return [run["run_id"] for run in audit["runs"]]
