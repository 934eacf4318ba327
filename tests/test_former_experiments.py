"""Versions before 0.3 logged every data set to one experiment: the same runs, the same figures."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.simulated_store import SimulatedStore, days
from viewcast.assessment.result import AuditResult
from viewcast.assessment.settings import AuditSettings
from viewcast.base.settings import Tracking
from viewcast.runs.audit import audit_experiment
from viewcast.tracking.tags import COMPARED

pytestmark = pytest.mark.xdist_group("former experiments")  # what is costly is made once for all

LECTURES = {"viewcast.data": "lectures", "viewcast.label": "lectures", "viewcast.loss": "mse",
            "viewcast.unit": "minutes²", "viewcast.split": "course"}  # fmt: skip
CHANNEL = {"viewcast.data": "channel", "viewcast.label": "channel (simulated)",
           "viewcast.loss": "mae", "viewcast.unit": "views"}  # fmt: skip
ROWS = 40
DRAWS = 60


class Shaped:
    """A store with runs of two data sets and a sweep, under the experiments and names that
    ``former`` versions gave them or that are given today.
    """

    def __init__(self, root: Path, empty: Path, former: bool) -> None:
        root.mkdir()
        self.store, self.former = SimulatedStore.at(root, empty), former
        rng = np.random.default_rng(12)
        self.into("lectures", "", LECTURES)
        for model, level in (("linear", 2.0), ("naive", 4.0)):
            self.run(f"lectures_{model}", rng.gamma(level, 1.0, 7), "1ec", model, LECTURES)
        self.into("channel", "", CHANNEL)
        for model in ("linear", "deep", "naive"):
            self.run(f"channel_{model}", rng.gamma(2.0, 1.0, ROWS), "c4a", model, CHANNEL)
        self.run("channel_wild", np.full(ROWS, 1e9), "c4a", "deep", CHANNEL)
        self.into("channel", "search", CHANNEL)
        self.store.sweep(rng.gamma(2.0, 1.0, (4, ROWS)), days(ROWS), holdout="c4a")

    def into(self, data: str, part: str, about: dict[str, str]) -> None:
        """The experiment that the next runs are logged to."""
        end = f"-{part}" if part else ""
        name, tags = (f"viewcast{end}", {}) if self.former else (f"viewcast-{data}{end}", about)
        client = self.store.client
        known = client.get_experiment_by_name(name)
        place = (self.store.root / "artifacts").as_uri()
        self.store.experiment = (
            known.experiment_id if known else client.create_experiment(name, place, tags)
        )

    def run(self, name: str, losses: Any, holdout: str, model: str, about: dict[str, str]) -> None:
        tags = {**about, "viewcast.experiment": name}
        params = {"name": name, "data.name": about["viewcast.data"], "threads": "1"}
        own = (tags, params) if self.former else ({**tags, COMPARED: "true"}, {})
        self.store.run(
            self.named(name), losses, holdout=holdout, model=model, tags=own[0], params=own[1]
        )

    def named(self, name: str) -> str:
        return name if self.former else name.partition("_")[2]

    def audited(self) -> dict[str, AuditResult]:
        """By holdout, as `make audit` finds it."""
        settings = AuditSettings(
            tracking=Tracking(self.store.uri, None, "viewcast", 1.0), draws=DRAWS
        )
        return {one.holdout: one for one in audit_experiment(settings, self.store.root)}

    def tags(self, experiment: str) -> dict[str, str]:
        return dict(self.store.client.get_experiment_by_name(experiment).tags)

    def compared(self) -> dict[str, str | None]:
        """Whether charts compare a run, by its name without the data set."""
        ids = [each.experiment_id for each in self.store.client.search_experiments()]
        runs = self.store.client.search_runs(ids)
        return {short(run.info.run_name): run.data.tags.get(COMPARED) for run in runs}


def short(text: str) -> str:
    return text.replace("lectures_", "").replace("channel_", "")


def figures(result: AuditResult) -> dict[str, Any]:
    """What is found, with runs by their short names in place of their ids."""
    names = {run.run_id: short(run.name) for run in result.runs}
    text = short(json.dumps(asdict(result)))
    for run_id, name in names.items():
        text = text.replace(run_id, name)
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> tuple[Shaped, Shaped]:
    """The same runs in a store of former versions and in one of today."""
    root = tmp_path_factory.mktemp("shapes")
    return Shaped(root / "former", empty_store, True), Shaped(root / "today", empty_store, False)


@pytest.fixture(scope="module")
def audits(shapes: tuple[Shaped, Shaped]) -> list[dict[str, AuditResult]]:
    return [shaped.audited() for shaped in shapes]


def test_a_former_store_and_one_of_today_have_the_same_figures(
    audits: list[dict[str, AuditResult]],
) -> None:
    former, today = audits
    assert former.keys() == today.keys() == {"1ec", "c4a"}
    for holdout, result in former.items():
        assert figures(result) == figures(today[holdout])
    assert len(today["c4a"].compared) == 4 + 4  # the runs and the candidates of the sweep


def test_nights_are_no_part_of_the_audit_of_the_project(tmp_path: Path, empty_store: Path) -> None:
    shaped = Shaped(tmp_path / "today", empty_store, False)
    shaped.into("live", "", {**CHANNEL, "viewcast.nightly": "true"})
    shaped.run("channel_linear", np.ones(9), "n19h7", "linear", CHANNEL)
    assert shaped.audited().keys() == {"1ec", "c4a"}


def test_an_experiment_tells_the_results_of_the_runs_that_it_holds(
    shapes: tuple[Shaped, Shaped], audits: list[dict[str, AuditResult]]
) -> None:
    _, today = shapes
    held = {
        name: {tag for tag in today.tags(name) if tag.startswith("viewcast.audit.")}
        for name in ("viewcast-lectures", "viewcast-channel", "viewcast-channel-search")
    }
    lectures, channel = {"viewcast.audit.1ec"}, {"viewcast.audit.c4a"}
    assert list(held.values()) == [lectures, channel, channel]
    assert "viewcast.optimism.c4a" in today.tags("viewcast-channel-search")


def test_an_audit_tells_of_former_runs_which_ones_charts_compare_and_of_ours_they_know(
    shapes: tuple[Shaped, Shaped], audits: list[dict[str, AuditResult]]
) -> None:
    former, today = (shaped.compared() for shaped in shapes)
    assert {former[name] for name in ("linear", "deep", "naive", "search-0003")} == {"true"}
    assert former["wild"] == "false"
    assert (today["wild"], today["search-0003"]) == ("true", None)  # as they were made here
