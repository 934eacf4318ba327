"""The plan of a pipeline: every run it consists of, composed before the first one starts.

The composed file is what DVC watches, key by key: ``data.<data>`` (what preparation depends on),
``main.<data>.<model>`` (what a train stage depends on) and ``study.<experiment>``. Where runs are
tracked is left out: it decides no result. Nor does a budget of looks: that of an experiment lies
apart, in ``budget.<experiment>``, so that a larger one trains nothing again.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from ruamel.yaml import YAML

from viewcast.base.errors import ConfigError
from viewcast.base.files import replacing, write
from viewcast.base.settings import Tracking
from viewcast.data.preparation import PREPARATION
from viewcast.training.config import BUDGET, parse, without_budget

Compose = Callable[[Sequence[str]], dict[str, Any]]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Pipeline:
    """``conf/pipeline.yaml``: data sets, models with a stage of their own, baselines.

    ``workers``: processes of the study that train at the same time, which changes no result.
    """

    datasets: list[str]
    models: list[str]
    baselines: list[str]
    workers: Annotated[int, Field(ge=1)]
    tracking: Tracking


def plan(pipeline: Pipeline, root: Path, compose: Compose) -> dict[str, Any]:
    """Compose and check every run; refuses (ConfigError) the first that cannot be right.

    ``compose`` makes a mapping of Hydra overrides.
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
            if model == "seasonal_naive" and "seasonal" not in section["features"]:
                continue  # no season, no seasonal forecast
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


def write_params(runs: dict[str, Any], path: Path) -> None:
    """Store the plan where DVC watches it, budgets apart."""
    study: dict[str, dict[str, Any]] = runs["experiments"]
    apart = {
        **runs,
        "main": {
            data: {model: without_budget(run) for model, run in of_data.items()}
            for data, of_data in runs["main"].items()
        },
        "experiments": {name: without_budget(run) for name, run in study.items()},
        "budget": {name: {k: run["holdout"][k] for k in BUDGET} for name, run in study.items()},
    }
    # The YAML code in C takes a tenth of the second that the one in Python takes.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    write(path, yaml.dump(apart, Dumper=dumper, sort_keys=True, allow_unicode=True))


def read_params(path: Path) -> dict[str, Any]:
    """Read a plan back, its experiments with their budgets."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    runs: dict[str, Any] = yaml.load(path.read_text(), Loader=loader)
    for name, budget in runs.pop("budget").items():
        runs["experiments"][name]["holdout"] |= budget
    return runs


def add_dataset(root: Path, data: str) -> None:
    """Name a data set in ``conf/pipeline.yaml``, keeping the file's comments; once is enough."""
    path = root / "conf" / "pipeline.yaml"
    keeping_comments = YAML()
    pipeline = keeping_comments.load(path)
    if data not in pipeline["datasets"]:
        pipeline["datasets"].append(data)
        with replacing(path) as partial:
            keeping_comments.dump(pipeline, partial)
