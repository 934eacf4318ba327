"""What the stages of a pipeline declare in dvc.yaml, and what follows from their imports."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import yaml
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from support.clone import REPOSITORY
from support.configurations import composed
from viewcast.base import provenance
from viewcast.base.cli import compose
from viewcast.demo.settings import planned
from viewcast.runs.plan import Pipeline, plan

Plain = Mapping[str, Any]
SOURCE = "src/viewcast/"
GROUPS = ("data", "model", "trainer", "loss", "holdout")
DEMO = ("demo", "demo_search", "demo_leaderboard", "simulator")


def stages(file: str) -> dict[str, Plain]:
    """The stages of a dvc.yaml, by name, as they are written there."""
    return dict(yaml.safe_load((REPOSITORY / file).read_text())["stages"])


def declared(stage: Plain, under: str) -> set[str]:
    """The files and folders below ``under`` that a stage depends on."""
    return {dependency for dependency in stage["deps"] if str(dependency).startswith(under)}


def covers(dependency: str, file: str) -> bool:
    return file == dependency or file.startswith(f"{dependency}/")


def imports(script: str, plans: Plain) -> set[str]:
    """The files of viewcast that a script can import with the classes that its plans name.

    Empty ``__init__`` files are left out: they decide nothing. A package of figures counts with all
    its modules: they are found when they are drawn (``viewcast.report.figures.gallery``).
    """
    wanted = {*provenance.imported(REPOSITORY / script), *targets(plans)}
    wanted |= {module for name in wanted if name.endswith(".figures") for module in modules(name)}
    found = provenance.reachable(*(name for name in wanted if name.startswith("viewcast")))
    files = {file.relative_to(REPOSITORY).as_posix() for file in found.values()}
    return {file for file in files if not file.endswith("__init__.py")}


def modules(package: str) -> Iterator[str]:
    """The modules of a package of viewcast."""
    folder = REPOSITORY / "src" / package.replace(".", "/")
    return (f"{package}.{info.name}" for info in iter_modules([str(folder)]))


def targets(plain: Any) -> Iterator[str]:
    """The modules of all classes that a mapping names by ``_target_``."""
    if isinstance(plain, Mapping):
        for key, value in plain.items():
            if key == "_target_":
                yield value.rpartition(".")[0]
            else:
                yield from targets(value)


@cache
def plans() -> dict[str, Any]:
    """What is composed for the stages of dvc.yaml, and what they may be given instead."""
    pipeline = compose(REPOSITORY, [], "pipeline")
    runs = plan(Pipeline(**pipeline), REPOSITORY, lambda overrides: composed(*overrides))
    demo = planned(pipeline["datasets"], *(compose(REPOSITORY, [], part) for part in DEMO))
    choices = {group: options(group) for group in GROUPS}
    return {
        "prepare": options("data"),
        "train": {**choices, "planned": runs["main"]},
        "experiments": {**choices, "planned": runs["experiments"]},
        "demo": {**choices, "planned": demo},
        "compose": {**choices, "planned": {**runs, "demo": demo}},
    }


def options(group: str) -> dict[str, Any]:
    """What the files of a group of conf/ say: any of them may be chosen."""
    files = (REPOSITORY / "conf" / group).glob("*.yaml")
    return {file.stem: yaml.safe_load(file.read_text()) for file in files}


def conf_files(config_name: str, *overrides: str) -> set[str]:
    """The files of conf/ that are composed, but for those of Hydra itself."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        told = hydra_compose(config_name, list(overrides), return_hydra_config=True)
    choices = told.hydra.runtime.choices.items()
    named = {
        f"conf/{group}/{choice}.yaml"
        for group, choice in choices
        if choice is not None and not group.startswith("hydra")
    }
    return named | {f"conf/{config_name}.yaml"}


def script(stage: Plain) -> Path:
    """The script that a stage runs."""
    return Path(str(stage["cmd"]).split()[1])
