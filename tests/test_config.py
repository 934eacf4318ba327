"""The configuration: what composes, what is refused and how, and what identifies a run."""

from copy import deepcopy
from pathlib import Path

import pytest

from viewcast.base.cli import compose
from viewcast.base.errors import ConfigError
from viewcast.base.settings import Tracking, build, construct, digest
from viewcast.runs.plan import Pipeline
from viewcast.training.config import Config, parse

ROOT = Path(__file__).resolve().parents[1]
CONF = ROOT / "conf"
DESCENT = ("model=deep",)  # its trainer is gradient descent
SERVER = "http://127.0.0.1:5000"

# A model that each trainer serves, and the other way round.
SERVED = {
    "least_squares": "linear",
    "grid_search": "linear",
    "gradient_descent": "deep",
    "lookup": "memorizer",
    "through_origin": "proportional",
}


def options(group: str) -> list[str]:
    return sorted(file.stem for file in (CONF / group).glob("*.yaml"))


@pytest.fixture(autouse=True)
def tracking_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SERVER)


def config_of(*overrides: str) -> Config:
    return parse(compose(ROOT, overrides))


def refusal(*overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config_of(*overrides)
    return str(caught.value)


# What composes


def test_the_default_run_is_a_line_on_the_lectures_in_least_squares() -> None:
    config = config_of()
    assert config.data.name == "lectures"
    assert (config.model.name, config.trainer.name, config.loss.name) == (
        "linear",
        "least_squares",
        "mse",
    )


@pytest.mark.parametrize("data", options("data"))
@pytest.mark.parametrize("model", options("model"))
def test_every_model_goes_with_every_data_set(data: str, model: str) -> None:
    config = config_of(f"data={data}", f"model={model}")
    assert (config.data.name, config.model.name) == (data, model)
    assert config.model.kind in config.trainer.serves


@pytest.mark.parametrize("trainer", options("trainer"))
def test_every_trainer_goes_with_a_model_that_it_serves(trainer: str) -> None:
    config = config_of(f"model={SERVED[trainer]}", f"trainer={trainer}")
    assert config.trainer.name == trainer


@pytest.mark.parametrize("loss", options("loss"))
@pytest.mark.parametrize("data", options("data"))
def test_every_loss_goes_with_every_data_set(data: str, loss: str) -> None:
    assert config_of(f"data={data}", f"loss={loss}").loss.name == loss


@pytest.mark.parametrize(
    ("data", "loss"), [("lectures", "mse"), ("channel", "mae"), ("studio", "mae")]
)
def test_a_data_set_chooses_its_loss(data: str, loss: str) -> None:
    assert config_of(f"data={data}").loss.name == loss


@pytest.mark.parametrize("tracking", options("tracking"))
def test_every_way_of_tracking_composes(tracking: str) -> None:
    found = config_of(f"tracking={tracking}").tracking
    assert isinstance(found, Tracking)
    assert found.experiment == ("nightly" if tracking == "nightly" else "viewcast")


def test_the_server_is_the_one_of_the_environment() -> None:
    assert config_of("tracking=server").tracking.uri == SERVER


def test_a_server_that_the_environment_does_not_name_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert "MLFLOW_TRACKING_URI" in refusal("tracking=server")


@pytest.mark.parametrize("experiment", options("experiment"))
def test_every_experiment_composes_and_is_named_after_its_file(experiment: str) -> None:
    config = config_of(f"experiment={experiment}")
    assert config.name == experiment
    assert experiment.startswith(config.data.name)


@pytest.mark.parametrize("experiment", options("experiment"))
def test_every_published_figure_has_a_source(experiment: str) -> None:
    published = config_of(f"experiment={experiment}").published
    assert published is None or published.source


def test_an_override_is_stronger_than_an_experiment() -> None:
    config = config_of("experiment=lectures_descent", "trainer.lr=0.5", "seed=7")
    assert (config.trainer.lr, config.seed) == (0.5, 7)


def test_composing_leaves_no_key_of_hydra() -> None:
    assert set(compose(ROOT, [])) == {
        *("name", "data", "model", "trainer", "loss", "holdout", "tracking"),
        *("published", "seed", "threads", "device", "output"),
    }


def test_parsing_changes_nothing_in_what_it_is_given() -> None:
    composed = compose(ROOT, ["model=deep"])
    before = deepcopy(composed)
    parse(composed)
    assert composed == before


def test_only_the_main_run_is_compared_with_the_figures_of_the_data_set() -> None:
    main, named = config_of("data=channel"), config_of("data=channel", "name=mine")
    assert main.reference() is not None
    assert main.reference().validation == 0.58
    assert named.reference() is None


# Unknown, missing and impossible values


@pytest.mark.parametrize(
    ("override", "key", "allowed"),
    [
        ("+epoch=3", "epoch", "name, data, model"),
        ("+plain=3", "plain", "name, data, model"),
        ("+model.unit=3", "model.unit", "model.units, model.layers"),
        ("+trainer.learning_rate=3", "trainer.learning_rate", "trainer.lr"),
        ("+data.columns=3", "data.columns", "data.splits"),
        ("+loss.delta=3", "loss.delta", "none"),
        ("+holdout.share=0.25", "holdout.share", "holdout.hidden, holdout.release"),
    ],
)
def test_an_unknown_key_is_refused_with_those_there_are(
    override: str, key: str, allowed: str
) -> None:
    message = refusal(*DESCENT, override)
    assert f"unknown key {key};" in message
    assert allowed in message.partition("allowed: ")[2]


def test_an_unknown_key_of_the_tracking_is_refused() -> None:
    assert "tracking.user" in refusal("+tracking.user=me")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("trainer.lr=-1", "trainer.lr = -1: Input should be greater than 0"),
        ("trainer.lr=0", "trainer.lr = 0: Input should be greater than 0"),
        ("trainer.lr=nan", "trainer.lr = nan: Input should be a finite number"),
        ("trainer.lr=inf", "trainer.lr = inf: Input should be a finite number"),
        ("trainer.lr=fast", "trainer.lr = 'fast': Input should be a valid number"),
        ("trainer.epochs=0", "trainer.epochs = 0: Input should be greater than or equal to 1"),
        ("trainer.batch_size=0", "trainer.batch_size = 0: Input should be greater than"),
        ("trainer.batch_size=half", "trainer.batch_size = 'half': Input should be"),
        ("trainer.batch_size=half", "'full'"),
        ("trainer.momentum=1", "trainer.momentum = 1: Input should be less than 1"),
        ("trainer.momentum=-0.1", "trainer.momentum = -0.1: Input should be greater than"),
        ("trainer.beta2=1", "trainer.beta2 = 1: Input should be less than 1"),
        ("trainer.optimizer=lion", "trainer.optimizer = 'lion': Input should be 'sgd' or 'adam'"),
        ("trainer.precision=half", "Input should be 'float32' or 'float64'"),
        (
            "trainer.restore_best=first",
            "trainer.restore_best = 'first': Input should be a valid boolean",
        ),
        ("trainer.patience=0", "trainer.patience = 0: Input should be greater than or equal to 1"),
        (
            "trainer.divergence_factor=1",
            "trainer.divergence_factor = 1: Input should be greater than 1",
        ),
        ("trainer.weight_decay=-1", "trainer.weight_decay = -1: Input should be greater than or"),
        ("trainer.weight_decay=inf", "trainer.weight_decay = inf: Input should be a finite"),
        ("trainer.row_share=0", "trainer.row_share = 0: Input should be greater than 0"),
        ("trainer.row_share=1.1", "trainer.row_share = 1.1: Input should be less than or equal"),
        ("trainer.feature_share=0", "trainer.feature_share = 0: Input should be greater than 0"),
        ("trainer.feature_share=2", "trainer.feature_share = 2: Input should be less than or"),
        ("trainer.train_loss=before", "'before': Input should be 'after' or 'during'"),
        ("trainer.init=[a]", "trainer.init.0 = 'a': Input should be a valid number"),
        ("trainer.init=zero", "trainer.init = 'zero': Input should be"),
        ("trainer.init=[nan, 1]", "trainer.init.0 = nan: Input should be a finite number"),
        ("model.layers=0", "model.layers = 0: Input should be greater than or equal to 1"),
        ("model.units=0", "model.units = 0: Input should be greater than or equal to 1"),
        ("model.features=5", "model.features = 5: Input should be a valid"),
        ("seed=-1", "seed = -1: Input should be greater than or equal to 0"),
        ("seed=null", "seed = None: Input should be a valid integer"),
        ("seed=1.5", "seed = 1.5: Input should be a valid integer"),
        ("threads=0", "threads = 0: Input should be greater than or equal to 1"),
        ("data.block=0", "data.block = 0: Input should be greater than or equal to 1"),
        ("holdout.hidden=-0.1", "holdout.hidden = -0.1: Input should be greater than or equal"),
        ("holdout.hidden=1", "holdout.hidden = 1: Input should be less than 1"),
        ("holdout.hidden=nan", "holdout.hidden = nan: Input should be"),
        ("holdout.looks=0", "holdout.looks = 0: Input should be greater than or equal to 1"),
        ("holdout.looks=2.5", "holdout.looks = 2.5: Input should be a valid integer"),
        ("holdout.optimism=0", "holdout.optimism = 0: Input should be greater than 0"),
        ("holdout.optimism=inf", "holdout.optimism = inf: Input should be a finite number"),
        ("holdout.release=ladder", "holdout.release = 'ladder': expected null or a section"),
        ("tracking.flush_seconds=-1", "tracking.flush_seconds = -1: Input should be greater"),
        ("name=null", "name = None: Input should be a valid string"),
    ],
)
def test_an_impossible_value_is_refused_with_key_value_and_what_is_allowed(
    override: str, said: str
) -> None:
    assert said in refusal(*DESCENT, override)


@pytest.mark.parametrize("override", ["data.lags=0", "data.scale=0", "data.block=0"])
def test_an_impossible_channel_is_refused(override: str) -> None:
    key, _, value = override.partition("=")
    assert f"{key} = {value}: Input should be greater than" in refusal("data=channel", override)


@pytest.mark.parametrize(
    "key",
    [
        *("name", "data", "model", "trainer", "loss", "holdout", "tracking"),
        *("published", "seed", "threads", "device", "output"),
    ],
)
def test_a_missing_key_is_refused_since_nothing_has_a_default(key: str) -> None:
    composed = compose(ROOT, [])
    del composed[key]
    with pytest.raises(ConfigError, match=f"{key} is missing; it has no default"):
        parse(composed)


@pytest.mark.parametrize("key", ["trainer.lr", "model.units", "data.unit", "tracking.uri"])
def test_a_missing_key_of_a_section_is_refused_by_its_full_name(key: str) -> None:
    assert f"{key} is missing; it has no default" in refusal(*DESCENT, f"~{key}")


def test_every_wrong_value_is_told_at_once() -> None:
    message = refusal(*DESCENT, "trainer.lr=-1", "trainer.epochs=0")
    assert "trainer.lr = -1" in message
    assert "trainer.epochs = 0" in message


def test_patience_without_the_best_epoch_is_refused() -> None:
    message = refusal(*DESCENT, "trainer.restore_best=false")
    assert message == "trainer.patience stops after the best epoch: it needs restore_best = true"


def test_a_grid_needs_two_points() -> None:
    message = refusal("trainer=grid_search", "trainer.w.points=1")
    assert "trainer.w.points = 1: Input should be greater than or equal to 2" in message


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("value", ["inf", "nan"])
def test_a_grid_has_finite_ends(end: str, value: str) -> None:
    message = refusal("trainer=grid_search", f"trainer.w.{end}={value}")
    assert f"trainer.w.{end} = {value}: Input should be a finite number" in message


def test_a_grid_from_high_to_low_is_refused() -> None:
    assert "trainer.w" in refusal("trainer=grid_search", "trainer.w.low=5")


def test_a_memory_of_test_rows_is_refused() -> None:
    message = refusal("model=memorizer", "model.remembers=[train, test]")
    assert "model.remembers.1 = 'test': Input should be 'train' or 'validation'" in message


def test_an_unknown_split_is_refused_with_those_there_are() -> None:
    message = refusal("data.split=corse")
    assert message == "data.split = corse is not one of data.splits; allowed: within, course, swap"


def test_lectures_in_two_splits_are_refused_by_name() -> None:
    message = refusal("data.splits.within.validation=[ML2021/1]")
    assert "data.splits.within" in message
    assert "lectures ['ML2021/1']" in message
    assert "a lecture may be in one" in message


def test_days_in_two_splits_are_refused_and_nothing_else_is_told() -> None:
    message = refusal("data=channel", "data.splits.lecture.validation.first=2020-12-31")
    assert message.startswith("data.splits.lecture = ")
    assert "train and validation share days; a day may be in one only" in message
    assert "ByTail" not in message, "this is a split by date"


def test_a_tail_of_no_days_is_refused_and_nothing_else_is_told() -> None:
    message = refusal("data=studio", "data.splits.newest.test=0")
    assert message == "data.splits.newest.test = 0: Input should be greater than or equal to 1"


# The class that a section names


@pytest.mark.parametrize(
    "target",
    [
        "viewcast.models.linear.Liner",
        "viewcast.models.nowhere.Linear",
        "nowhere.Linear",
        "Linear",
        "not a name",
        "",
    ],
)
def test_a_class_that_is_none_is_refused_by_name(target: str) -> None:
    message = refusal(f"model._target_='{target}'")
    assert f"model._target_ = {target}: no such class" in message


@pytest.mark.parametrize(
    "target",
    [
        "viewcast.models.linear",
        "viewcast.models.network.forward",
        "builtins.dict",
        "viewcast.base.errors.ConfigError",
    ],
)
def test_what_is_no_class_of_settings_is_refused_by_name(target: str) -> None:
    assert f"model._target_ = {target}" in refusal(f"model._target_={target}")


def test_a_section_without_a_class_is_refused() -> None:
    assert "model._target_ is missing" in refusal("~model._target_")


def test_a_class_of_another_section_is_refused() -> None:
    message = refusal(
        "model=linear",
        "trainer._target_=viewcast.models.linear.Linear",
        "+trainer.features=linear",
    )
    assert "trainer._target_" in message


def test_a_class_of_ones_own_is_built_from_its_name() -> None:
    section = {"_target_": "viewcast.models.deep:Deep", "name": "d", "features": "deep"}
    made = build({**section, "units": 3, "layers": 2}, "model")
    assert made.hidden == (3, 3)


def test_a_section_is_not_changed_by_building_it() -> None:
    section = {"_target_": "viewcast.scoring.loss.MSE"}
    build(section, "loss")
    assert section == {"_target_": "viewcast.scoring.loss.MSE"}


def test_the_program_that_brings_data_composes() -> None:
    composed = compose(ROOT, ["which.source=export.zip"], "import_export")
    assert composed["which"]["source"] == "export.zip"
    assert build(composed["data"], "data").name == "studio"


def test_the_pipeline_is_checked_as_a_run_is() -> None:
    given = compose(ROOT, [], "pipeline")
    assert construct(Pipeline, given, "pipeline").datasets[:2] == ["lectures", "channel"]
    with pytest.raises(ConfigError, match=r"unknown key pipeline\.dataset;"):
        construct(Pipeline, {**given, "dataset": []}, "pipeline")


# Contradictions


@pytest.mark.parametrize(
    ("model", "trainer"),
    [
        ("deep", "least_squares"),
        ("deep", "grid_search"),
        ("deep", "lookup"),
        ("linear", "lookup"),
        ("memorizer", "least_squares"),
        ("naive", "gradient_descent"),
        ("seasonal_naive", "grid_search"),
    ],
)
def test_a_trainer_that_cannot_train_the_model_is_refused(model: str, trainer: str) -> None:
    message = refusal(f"model={model}", f"trainer={trainer}")
    assert f"trainer = {trainer} cannot train model = {model}" in message
    assert "it serves models of kind" in message


RELEASES = ("ladder", "thresholdout")


@pytest.mark.parametrize("release", RELEASES)
def test_a_filter_of_scores_contradicts_training_that_looks_at_every_epoch(release: str) -> None:
    message = refusal(*DESCENT, f"holdout={release}")
    assert message.startswith(
        f"holdout.release = {release} contradicts trainer.restore_best = true, which looks at the raw"
    )
    last = config_of(
        *DESCENT, f"holdout={release}", "trainer.restore_best=false", "trainer.patience=null"
    )
    assert last.holdout.release.name == release


@pytest.mark.parametrize("model", ["linear", "naive", "memorizer"])
@pytest.mark.parametrize("holdout", options("holdout"))
def test_every_holdout_goes_with_models_that_are_trained_at_once(holdout: str, model: str) -> None:
    assert config_of(f"holdout={holdout}", f"model={model}").holdout.hidden in (0, 0.25)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("viewcast.holdout.release.Stairs", "no such class"),
        ("viewcast.selection.candidates", "no class of settings"),
        ("viewcast.scoring.loss.MSE", "no release"),
    ],
)
def test_a_filter_that_is_none_is_refused_by_name(target: str, said: str) -> None:
    message = refusal(f"holdout.release={{_target_: {target}}}")
    assert f"holdout.release._target_ = {target}: {said}" in message


def test_wrong_settings_of_a_filter_are_refused_by_their_full_key() -> None:
    assert "holdout.release.z = -1: Input should be greater than or equal to 0" in refusal(
        "holdout=ladder", "holdout.release.z=-1"
    )
    assert "unknown key holdout.release.steps; allowed: holdout.release.name" in refusal(
        "holdout=ladder", "+holdout.release.steps=3"
    )
    assert "holdout.release.z is missing" in refusal("holdout=ladder", "~holdout.release.z")


def test_the_ladder_takes_rows_as_dependent_as_the_data_set_says() -> None:
    assert config_of("data=channel", "holdout=ladder").holdout.release.length == 7
    assert config_of("data=lectures", "holdout=ladder").holdout.release.length == 1


def test_a_filter_of_scores_is_part_of_the_identity() -> None:
    identities = {config_of(f"holdout={holdout}").identity() for holdout in options("holdout")}
    assert len(identities) == len(options("holdout"))
    one, other = (config_of("holdout=ladder", f"holdout.release.z={z}").identity() for z in (1, 2))
    assert one != other


# What identifies a run


def identity(*overrides: str) -> str:
    return config_of(*DESCENT, *overrides).identity()


@pytest.mark.parametrize(
    "override",
    [
        "tracking=server",
        "tracking.uri=sqlite:///elsewhere.db",
        "tracking.experiment=another",
        "tracking.flush_seconds=9",
        "output=build/elsewhere",
        "holdout.looks=100",
        "holdout.optimism=0.1",
        "published={train: 1, validation: 2, source: somewhere}",
    ],
)
def test_the_identity_does_not_depend_on_what_changes_no_result(override: str) -> None:
    assert identity(override) == identity()


@pytest.mark.parametrize(
    "override",
    [
        "seed=1",
        "threads=2",
        "loss=mae",
        "data=channel",
        "data.split=course",
        "model.units=99",
        "model.features=[words]",
        "trainer.lr=0.5",
        "trainer.init=[1.0, 2.0]",
        "trainer.shuffle=false",
        "trainer.weight_decay=0.1",
        "trainer.row_share=0.5",
        "trainer.feature_share=0.5",
        "trainer.train_loss=during",
        "holdout.hidden=0.25",
    ],
)
def test_the_identity_depends_on_whatever_changes_the_result(override: str) -> None:
    assert identity(override) != identity()


def test_the_identity_is_sixteen_hexadecimal_digits_and_the_same_each_time() -> None:
    assert identity() == identity()
    assert len(identity()) == 16
    assert int(identity(), 16) >= 0


def test_the_identity_does_not_depend_on_the_order_of_keys() -> None:
    composed = compose(ROOT, [])
    backwards = dict(reversed(composed.items()))
    assert parse(backwards).identity() == parse(composed).identity()


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
    "override",
    [
        "data.name=mine",
        "data.raw=elsewhere",
        "data.unit=views",
        "data.lags=7",
        "data.scale=1",
        "data.country=DE",
        "data.splits.lecture.test.last=2021-03-30",
    ],
)
def test_the_prepared_table_depends_on_whatever_goes_into_it(override: str) -> None:
    assert config_of("data=channel", override).preparation() != (
        config_of("data=channel").preparation()
    )


def test_the_prepared_table_of_an_export_depends_on_its_column() -> None:
    views, likes = config_of("data=studio"), config_of("data=studio", "data.column=Likes")
    assert views.preparation() != likes.preparation()
