"""What a stage depends on is derived from its imports: dvc.yaml lists it all, and nothing else."""

import pytest

from support import dependencies
from support.dependencies import SOURCE, covers, declared, imports, script, stages

PIPELINES = {"dvc.yaml": dependencies.plans, "pipelines/nightly/dvc.yaml": dependencies.nightly}
STAGES = [(file, name) for file in PIPELINES for name in stages(file)]


@pytest.mark.parametrize(("file", "name"), STAGES)
def test_a_stage_depends_on_every_module_that_it_can_import(file: str, name: str) -> None:
    stage = stages(file)[name]
    lists = declared(stage, SOURCE)
    needed = imports(str(script(stage)), PIPELINES[file]().get(name, {}))
    missing = {path for path in needed if not any(covers(one, path) for one in lists)}
    assert missing == set(), f"{file}: add these, or folders that hold them, to the stage {name}"


@pytest.mark.parametrize(("file", "name"), STAGES)
def test_a_stage_depends_on_no_room_that_it_never_imports_from(file: str, name: str) -> None:
    stage = stages(file)[name]
    needed = imports(str(script(stage)), PIPELINES[file]().get(name, {}))
    idle = {one for one in declared(stage, SOURCE) if not any(covers(one, path) for path in needed)}
    assert idle == set(), f"{file}: take these out of the stage {name}"
