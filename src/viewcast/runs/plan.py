"""The plan of the pipeline: every run of it, composed and checked before the first one starts.

Each DVC stage depends on a file of its own under ``build/params``: ``prepare/<data>``,
``train/<data>/<model>``, ``experiments`` and ``demo``. The section ``tracking`` is left out,
because it decides no result. Budgets of looks decide none either: those of experiments lie in the
file ``budget``, so that a larger budget trains nothing again. The file ``batch`` holds what the
runs of one ``dvc repro`` have in common.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.errors import ConfigError
from viewcast.base.files import write
from viewcast.base.paths import params_path
from viewcast.base.plugins import named_class
from viewcast.base.settings import Tracking, digest
from viewcast.data.preparation import PREPARATION
from viewcast.training.config import BUDGET, parse, without_budget
from viewcast.training.run_code import OF_EVERY_RUN

Compose = Callable[[Sequence[str]], dict[str, Any]]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Pipeline:
    """``conf/pipeline.yaml``: data sets, models with a stage of their own, baselines.

    ``datasets``: names of files in ``conf/data``. ``models``: models that have a stage for each
    data set. ``baselines``: models that run in the experiments stage for each data set.
    ``workers``: processes of that stage that train at the same time; their number changes no
    result.
    """

    datasets: list[str]
    models: list[str]
    baselines: list[str]
    workers: Annotated[int, Field(ge=1)]
    tracking: Tracking


def plan(pipeline: Pipeline, root: Path, compose: Compose) -> dict[str, Any]:
    """Compose and check every run; refuses (ConfigError) the first with a wrong setting.

    ``compose`` makes the mapping of a run from Hydra overrides.
    """
    composed: dict[str, Any] = {"data": {}, "main": {}, "experiments": {}}

    def checked(*overrides: str) -> dict[str, Any]:
        run = compose(overrides)
        try:
            parse(run)
        except ConfigError as error:
            raise ConfigError(f"{' '.join(overrides)}: {error}") from error
        run.pop("tracking")
        return run

    for data in pipeline.datasets:
        composed["main"][data] = {m: checked(f"data={data}", f"model={m}") for m in pipeline.models}
        section = next(iter(composed["main"][data].values()))["data"]
        composed["data"][data] = {k: v for k, v in section.items() if k in PREPARATION}
        for model in pipeline.baselines:
            if not _suits(model, section):
                continue
            name = f"{data}_{model}"
            composed["experiments"][name] = checked(
                f"data={data}", f"model={model}", f"name={name}"
            )
    for file in sorted((root / "conf" / "experiment").glob("*.yaml")):
        run = checked(f"experiment={file.stem}")
        if run["name"] != file.stem:
            raise ConfigError(f"{file.name}: name = {run['name']}; expected the file's name")
        if run["data"]["name"] in pipeline.datasets:
            composed["experiments"][file.stem] = run
    return composed


def _suits(model: str, data: Mapping[str, Any]) -> bool:
    """Whether a baseline has a meaning for a data set."""
    if model == "seasonal_naive":
        return "seasonal" in data["features"]  # no season, no seasonal forecast
    # A row of a panel is a video at one of many moments: nobody would remember it by its name.
    return not (model.startswith("memorizer") and "reader" in data)


def write_params(runs: dict[str, Any], root: Path) -> None:
    """Store the plan in one file for each stage, and the budgets in another."""
    experiments: dict[str, dict[str, Any]] = runs["experiments"]
    main = {
        (data, model): run
        for data, of_data in runs["main"].items()
        for model, run in of_data.items()
    }
    files: dict[tuple[str, ...], Any] = {
        **{("prepare", data): section for data, section in runs["data"].items()},
        **{("train", *key): without_budget(run) for key, run in main.items()},
        ("experiments",): {name: without_budget(run) for name, run in experiments.items()},
        ("budget",): {
            name: {key: run["holdout"][key] for key in BUDGET} for name, run in experiments.items()
        },
        ("demo",): runs["demo"],
        ("batch",): {"plan": digest(runs), "modules": _modules(runs)},
    }
    # The YAML code in C takes a tenth of the second that the one in Python takes.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    for part, content in files.items():
        text = yaml.dump(content, Dumper=dumper, sort_keys=True, allow_unicode=True)
        write(params_path(root, *part), text, sync=False)


def _modules(runs: dict[str, Any]) -> list[str]:
    """The modules that training imports first: those of every run, and of the classes named."""
    own = {named_class(name, "_target_").__module__ for name in _targets(runs)}
    return sorted(own.union(OF_EVERY_RUN))


def _targets(plain: Mapping[str, Any]) -> Iterator[str]:
    """The classes that train and score; those of data decide only the prepared table."""
    for key, value in plain.items():
        if key == "_target_":
            yield value
        elif isinstance(value, Mapping) and key != "data":
            yield from _targets(value)


def read_params(root: Path, *part: str) -> dict[str, Any]:
    """Read the parameters of a stage; those of experiments with their budgets."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    params: dict[str, Any] = yaml.load(params_path(root, *part).read_text("utf-8"), Loader=loader)
    if part == ("experiments",):
        for name, budget in read_params(root, "budget").items():
            params[name]["holdout"] |= budget
    return params
