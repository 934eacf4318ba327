"""The plan of the pipeline: which runs its data sets bring."""

from functools import cache

import pytest
import yaml

from support.configurations import composed, options
from support.project import REPOSITORY
from viewcast.runs.plan import Pipeline, plan
from viewcast.training.config import parse

pytestmark = pytest.mark.xdist_group("plan")  # Hydra takes eight seconds for it, once

TRACKING = {"uri": "x", "artifacts": None, "experiment": "viewcast", "flush_seconds": 1}
PIPELINE = yaml.safe_load((REPOSITORY / "conf" / "pipeline.yaml").read_text())


@cache
def planned(*datasets: str) -> dict[str, dict[str, object]]:
    names = {key: PIPELINE[key] for key in ("models", "baselines", "workers")}
    pipeline = Pipeline(datasets=list(datasets), tracking=TRACKING, **names)
    return plan(pipeline, REPOSITORY, lambda overrides: composed(*overrides))


def test_the_plan_holds_every_run_of_its_data_sets_and_no_address() -> None:
    runs = planned("lectures")
    assert set(runs["main"]["lectures"]) == {"linear", "augmented", "deep"}
    of_lectures = {name for name in options("experiment") if name.startswith("lectures")}
    assert of_lectures <= set(runs["experiments"])
    assert not any(name.startswith("channel") for name in runs["experiments"])
    assert str(REPOSITORY) not in yaml.safe_dump(runs)
    for run in runs["experiments"].values():
        assert "tracking" not in run


def test_lectures_have_no_seasonal_forecast() -> None:
    assert "lectures_seasonal_naive" not in planned("lectures")["experiments"]


def test_what_is_planned_for_a_studio_export_is_valid() -> None:
    for run in planned("studio")["main"]["studio"].values():
        parse({**run, "tracking": TRACKING})
