"""What a stage depends on is derived from its imports: dvc.yaml lists it all, and nothing else."""

import pytest

from support import dependencies
from support.dependencies import SOURCE, conf_files, covers, declared, imports, script, stages

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


def test_a_stage_of_the_pipeline_depends_on_conf_or_on_its_file_of_parameters() -> None:
    whole = stages("dvc.yaml")
    by_params = {name for name, stage in whole.items() if declared(stage, "build/params/")}
    by_conf = {name for name, stage in whole.items() if declared(stage, "conf")}
    assert set(whole) == by_params | by_conf


def test_the_audit_depends_on_every_file_that_it_composes() -> None:
    lists = declared(stages("dvc.yaml")["audit"], "conf/")
    assert {f for f in conf_files("audit") if not any(covers(one, f) for one in lists)} == set()


@pytest.mark.parametrize("model", dependencies.NIGHTLY_MODELS)
@pytest.mark.parametrize("name", ["train", "challenger"])
def test_a_nightly_stage_depends_on_every_file_that_decides_its_run(name: str, model: str) -> None:
    lists = declared(stages("pipelines/nightly/dvc.yaml")[name], "conf/")
    lists = {dependency.replace("${item.model}", model) for dependency in lists}
    composed = conf_files("config", "data=live", f"model={model}", "tracking=nightly")
    # Where runs are tracked decides no result.
    deciding = {file for file in composed if not file.startswith("conf/tracking/")}
    assert {f for f in deciding if not any(covers(one, f) for one in lists)} == set()
