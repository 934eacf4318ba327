"""What identifies a run and a prepared table: whatever changes a result, and nothing else."""

from typing import Any

import pytest

from support.configurations import SERVER, changed, composed, config_of, options
from viewcast.base.settings import digest
from viewcast.training.config import parse


@pytest.fixture(autouse=True)
def tracking_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SERVER)


def identity(key: str, value: Any) -> str:
    return parse(changed(composed("model=deep"), key, value)).identity()


def unchanged() -> str:
    return config_of("model=deep").identity()


PUBLISHED = {"train": 1, "validation": 2, "source": "somewhere"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tracking.uri", "sqlite:///elsewhere.db"),
        ("tracking.experiment", "another"),
        ("tracking.flush_seconds", 9),
        ("output", "build/elsewhere"),
        ("holdout.looks", 100),
        ("holdout.optimism", 0.1),
        ("published", PUBLISHED),
    ],
)
def test_the_identity_does_not_depend_on_what_changes_no_result(key: str, value: Any) -> None:
    assert identity(key, value) == unchanged()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", 1),
        ("data.split", "course"),
        ("model.units", 99),
        ("model.features", ["words"]),
        ("trainer.lr", 0.5),
        ("trainer.init", [1.0, 2.0]),
        ("trainer.shuffle", False),
        ("trainer.weight_decay", 0.1),
        ("trainer.row_share", 0.5),
        ("trainer.feature_share", 0.5),
        ("trainer.train_loss", "during"),
        ("holdout.hidden", 0.25),
    ],
)
def test_the_identity_depends_on_whatever_changes_the_result(key: str, value: Any) -> None:
    assert identity(key, value) != unchanged()


THREADS_COUNT = [("model=linear",), ("model=deep", "trainer.precision=float64")]
THREADS_COUNT += [("model=deep", "trainer.engine=torch"), ("model=deep", "device=cuda")]


@pytest.mark.parametrize("overrides", THREADS_COUNT)
def test_threads_count_where_a_library_sums(overrides: tuple[str, ...]) -> None:
    assert config_of(*overrides, "threads=2").identity() != config_of(*overrides).identity()


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_threads_do_not_count_where_the_compiled_engine_trains(device: str) -> None:
    overrides = ("model=deep", f"device={device}")
    assert config_of(*overrides, "threads=2").identity() == config_of(*overrides).identity()


@pytest.mark.parametrize("override", ["loss=mae", "data=channel"])
def test_the_identity_depends_on_the_choices(override: str) -> None:
    assert config_of("model=deep", override).identity() != unchanged()


def test_a_release_filter_is_part_of_the_identity() -> None:
    identities = {config_of(f"holdout={holdout}").identity() for holdout in options("holdout")}
    assert len(identities) == len(options("holdout"))
    ladder = composed("holdout=ladder")
    steps = {parse(changed(ladder, "holdout.release.z", z)).identity() for z in (1, 2)}
    assert len(steps) == 2


def test_the_identity_is_sixteen_hexadecimal_digits_and_does_not_depend_on_the_order_of_keys() -> (
    None
):
    plain = composed()
    name = parse(plain).identity()
    assert len(name) == 16
    assert int(name, 16) >= 0
    assert parse(dict(reversed(plain.items()))).identity() == name


def test_a_digest_tells_kinds_of_values_apart() -> None:
    values = [None, 0, "0", [], {}, [0], {"a": 0}, {"a": [0]}, "ä"]
    assert len({digest(value) for value in values}) == len(values)


@pytest.mark.parametrize(
    "override",
    ["model=deep", "seed=7", "data.split=course", "loss=mae", "data.block=3", "data.label=mine"],
)
def test_the_prepared_table_does_not_depend_on_how_it_is_used(override: str) -> None:
    assert config_of(override).preparation() == config_of().preparation()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("data.name", "mine"),
        ("data.raw", "elsewhere"),
        ("data.unit", "views"),
        ("data.lags", 7),
        ("data.scale", 1),
        ("data.country", "DE"),
        ("data.splits.lecture.test.last", "2021-03-30"),
    ],
)
def test_the_prepared_table_depends_on_whatever_goes_into_it(key: str, value: Any) -> None:
    channel = composed("data=channel")
    assert parse(changed(channel, key, value)).preparation() != parse(channel).preparation()


def test_the_prepared_table_of_an_export_depends_on_its_metric() -> None:
    views = composed("data=studio")
    likes = changed(views, "data.metric", "likes")
    assert parse(likes).preparation() != parse(views).preparation()
