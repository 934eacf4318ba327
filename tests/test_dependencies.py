"""What a stage depends on is derived from its imports: dvc.yaml lists it all, and nothing else."""

import pytest

from support.dependencies import (
    SOURCE,
    conf_files,
    covers,
    declared,
    imports,
    plans,
    script,
    stages,
)

pytestmark = pytest.mark.xdist_group("plan")  # Hydra takes eight seconds for it, once

STAGES = stages("dvc.yaml")


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_every_module_that_it_can_import(name: str) -> None:
    lists = declared(STAGES[name], SOURCE)
    needed = imports(str(script(STAGES[name])), plans().get(name, {}))
    missing = {path for path in needed if not any(covers(one, path) for one in lists)}
    assert missing == set(), f"dvc.yaml: add these, or folders that hold them, to the stage {name}"


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_depends_on_no_room_that_it_never_imports_from(name: str) -> None:
    lists = declared(STAGES[name], SOURCE)
    needed = imports(str(script(STAGES[name])), plans().get(name, {}))
    idle = {one for one in lists if not any(covers(one, path) for path in needed)}
    assert idle == set(), f"dvc.yaml: take these out of the stage {name}"


def test_a_stage_of_the_pipeline_depends_on_conf_or_on_its_file_of_parameters() -> None:
    by_params = {name for name, stage in STAGES.items() if declared(stage, "build/params/")}
    by_conf = {name for name, stage in STAGES.items() if declared(stage, "conf")}
    assert set(STAGES) == by_params | by_conf


def test_the_audit_depends_on_every_file_that_it_composes() -> None:
    lists = declared(STAGES["audit"], "conf/")
    assert {f for f in conf_files("audit") if not any(covers(one, f) for one in lists)} == set()
