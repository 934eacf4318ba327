"""A key or a choice that comes, goes or changes its name must show up here, as a visible diff."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from viewcast.base.cli import compose

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"
SERVER = "http://127.0.0.1:5000"


def options(group: str) -> list[str]:
    return sorted(file.stem for file in (CONF / group).glob("*.yaml"))


@pytest.fixture(autouse=True)
def tracking_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SERVER)


def flat(value: Any, prefix: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{prefix}.{key}" if prefix else key)
    else:
        yield prefix


PROGRAMS: dict[str, list[str]] = {
    "pipeline": [],
    "simulator": [],
    "audit": [],
    "bring": ["which.source=x"],
    "open_test": ["run=x"],
    "challenger": [],
    "predict": [],
    "retrain": ["source=studio", "source.folder=x"],
    "rollback": [],
    "watch": [],
    "story": [],
    "demo_search": [],
    "demo_leaderboard": [],
    "sweep": [],
}


def public_keys() -> list[str]:
    runs = [compose(ROOT, [f"data={data}"]) for data in options("data")]
    runs += [compose(ROOT, [f"model={model}"]) for model in options("model")]
    runs += [compose(ROOT, [f"trainer={trainer}"]) for trainer in options("trainer")]
    runs += [compose(ROOT, [f"loss={loss}"]) for loss in options("loss")]
    runs += [compose(ROOT, [f"holdout={holdout}"]) for holdout in options("holdout")]
    runs += [compose(ROOT, [f"tracking={tracking}"]) for tracking in options("tracking")]
    run_keys = {key for run in runs for key in flat(run, "")}
    keys = set(run_keys)
    for name, overrides in PROGRAMS.items():
        of_program = compose(ROOT, overrides, name)
        own = set(flat(of_program, "")) - run_keys
        keys |= {f"{name}: {key}" for key in own}
    for source in options("source"):
        folder = ["source.folder=x"] if source == "studio" else []
        of_source = compose(ROOT, [f"source={source}", *folder], "retrain")["source"]
        keys |= {f"retrain: {key}" for key in flat(of_source, "source")}
    return sorted(keys)


PUBLIC_KEYS = [
    "audit: draws",
    "audit: least",
    "audit: metric",
    "audit: reference",
    "audit: tolerance",
    "audit: which.experiment",
    "audit: which.holdout",
    "audit: worn_out",
    "audit: write",
    "bring: which.source",
    "challenger: ahead",
    "challenger: level",
    "challenger: models",
    "challenger: weeks",
    "data._target_",
    "data.block",
    "data.column",
    "data.country",
    "data.features.augmented",
    "data.features.deep",
    "data.features.linear",
    "data.features.naive",
    "data.features.proportional",
    "data.features.rhythm",
    "data.features.seasonal",
    "data.label",
    "data.lags",
    "data.name",
    "data.published",
    "data.published.deep.source",
    "data.published.deep.train",
    "data.published.deep.validation",
    "data.published.linear.source",
    "data.published.linear.train",
    "data.published.linear.validation",
    "data.raw",
    "data.scale",
    "data.split",
    "data.splits.course.test",
    "data.splits.course.train",
    "data.splits.course.validation",
    "data.splits.leaderboard.test.first",
    "data.splits.leaderboard.test.last",
    "data.splits.leaderboard.train.first",
    "data.splits.leaderboard.train.last",
    "data.splits.leaderboard.validation.first",
    "data.splits.leaderboard.validation.last",
    "data.splits.lecture.test.first",
    "data.splits.lecture.test.last",
    "data.splits.lecture.train.first",
    "data.splits.lecture.train.last",
    "data.splits.lecture.validation.first",
    "data.splits.lecture.validation.last",
    "data.splits.newest.test",
    "data.splits.newest.validation",
    "data.splits.nightly.train",
    "data.splits.nightly.validation",
    "data.splits.swap.test",
    "data.splits.swap.train",
    "data.splits.swap.validation",
    "data.splits.within.test",
    "data.splits.within.train",
    "data.splits.within.validation",
    "data.splits.year.test.first",
    "data.splits.year.test.last",
    "data.splits.year.train.first",
    "data.splits.year.train.last",
    "data.splits.year.validation.first",
    "data.splits.year.validation.last",
    "data.unit",
    "device",
    "holdout.looks",
    "holdout.optimism",
    "holdout.release",
    "holdout.release._target_",
    "holdout.release.budget",
    "holdout.release.length",
    "holdout.release.name",
    "holdout.release.scale",
    "holdout.release.seed",
    "holdout.release.threshold",
    "holdout.release.z",
    "holdout.hidden",
    "loss._target_",
    "model._target_",
    "model.features",
    "model.layers",
    "model.name",
    "model.remembers",
    "model.units",
    "name",
    "open_test: reason",
    "open_test: run",
    "output",
    "pipeline: baselines",
    "pipeline: datasets",
    "pipeline: models",
    "pipeline: workers",
    "predict: days",
    "published",
    "retrain: check.drift",
    "retrain: check.oldest",
    "retrain: check.recent",
    "retrain: check.refuse_drift",
    "retrain: fresh.first",
    "retrain: fresh.least",
    "retrain: judge.age",
    "retrain: judge.level",
    "retrain: judge.margin",
    "retrain: retrain.lookback",
    "retrain: retrain.name",
    "retrain: retrain.nights",
    "retrain: retrain.settle",
    "retrain: retrain.today",
    "retrain: source._target_",
    "retrain: source.channel",
    "retrain: source.column",
    "retrain: source.credentials",
    "retrain: source.endpoint",
    "retrain: source.first",
    "retrain: source.folder",
    "retrain: source.label",
    "retrain: source.metrics",
    "retrain: source.name",
    "retrain: source.page",
    "retrain: source.parameters",
    "retrain: source.retries",
    "retrain: source.timezone",
    "rollback: reason",
    "seed",
    "simulator: end",
    "simulator: file",
    "simulator: simulator.eve_dip",
    "simulator: simulator.eve_width",
    "simulator: simulator.growth",
    "simulator: simulator.holiday_dip",
    "simulator: simulator.level",
    "simulator: simulator.memory_high",
    "simulator: simulator.memory_low",
    "simulator: simulator.noise",
    "simulator: simulator.start",
    "simulator: simulator.tail",
    "simulator: simulator.term_lift",
    "simulator: simulator.term_ramp",
    "simulator: simulator.terms",
    "simulator: simulator.weekday",
    "story: attack.seed",
    "story: attack.size",
    "story: attack.submissions",
    "story: simulations.seed",
    "story: simulations.simulations",
    "demo_search: search.batch",
    "demo_search: search.method",
    "demo_search: search.seed",
    "demo_search: search.trials",
    "demo_search: search.workers",
    "demo_search: sweep.feature_share.high",
    "demo_search: sweep.feature_share.low",
    "demo_search: sweep.lr.high",
    "demo_search: sweep.lr.log",
    "demo_search: sweep.lr.low",
    "demo_search: sweep.row_share",
    "demo_search: sweep.seed",
    "demo_search: sweep.units",
    "demo_search: sweep.weight_decay.high",
    "demo_search: sweep.weight_decay.log",
    "demo_search: sweep.weight_decay.low",
    "sweep: search.batch",
    "sweep: search.method",
    "sweep: search.seed",
    "sweep: search.trials",
    "sweep: search.workers",
    "sweep: sweep",
    "threads",
    "tracking.artifacts",
    "tracking.experiment",
    "tracking.flush_seconds",
    "tracking.uri",
    "trainer._target_",
    "trainer.b.high",
    "trainer.b.low",
    "trainer.b.points",
    "trainer.batch_size",
    "trainer.beta2",
    "trainer.checkpoint_seconds",
    "trainer.epochs",
    "trainer.divergence_factor",
    "trainer.feature_share",
    "trainer.restore_best",
    "trainer.keep_path",
    "trainer.lr",
    "trainer.momentum",
    "trainer.name",
    "trainer.optimizer",
    "trainer.patience",
    "trainer.precision",
    "trainer.row_share",
    "trainer.shuffle",
    "trainer.standardise",
    "trainer.init",
    "trainer.train_loss",
    "trainer.w.high",
    "trainer.w.low",
    "trainer.w.points",
    "trainer.weight_decay",
    "watch: hours",
    "watch: log",
]


def test_the_public_keys_are_these() -> None:
    assert public_keys() == PUBLIC_KEYS


def test_the_public_choices_are_these() -> None:
    groups = ("data", "model", "trainer", "loss", "holdout", "tracking", "source")
    assert {group: options(group) for group in groups} == {
        "data": ["channel", "lectures", "live", "studio"],
        "model": [
            *(
                "augmented",
                "deep",
                "memorizer",
                "memorizer_leak",
                "linear",
                "naive",
                "proportional",
                "rhythm",
            ),
            "seasonal_naive",
        ],
        "trainer": ["grid_search", "least_squares", "gradient_descent", "lookup", "through_origin"],
        "loss": ["mae", "mse"],
        "holdout": ["ladder", "open", "hidden_holdout", "thresholdout"],
        "tracking": ["nightly", "server", "sqlite"],
        "source": ["simulator", "studio", "youtube"],
    }
