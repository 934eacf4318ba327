"""Every file of conf/ composes into a valid run, and every experiment runs: none rots unnoticed."""

import json
import re
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import IO

import pytest
from hydra.errors import HydraException
from omegaconf import OmegaConf

from support.configurations import SERVER, changed, composed, config_of, options
from support.project import REPOSITORY, Project
from viewcast.base.cli import compose, composing, hydra_words
from viewcast.base.errors import ConfigError
from viewcast.base.settings import Tracking, build, construct
from viewcast.runs.plan import Pipeline
from viewcast.training.config import Config, parse


@pytest.fixture(autouse=True)
def tracking_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", SERVER)


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Project:
    """One project for all runs: the data are prepared once."""
    root = tmp_path_factory.mktemp("project")
    (root / "mlflow").mkdir()
    shutil.copy(empty_store, root / "mlflow" / "mlflow.db")
    return Project(root)


# One composed case for each file


def test_the_default_run_is_a_line_on_the_lectures_in_least_squares() -> None:
    config = config_of()
    assert config.data.name == "lectures"
    assert (config.model.name, config.trainer.name) == ("linear", "least_squares")
    assert config.loss.name == "mse"


def test_many_configurations_of_one_moment_are_those_composed_alone_and_no_file_is_read_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = (
        [],
        ["data=channel", "model=deep", "data.block=3"],
        [],
        ["experiment=channel_boosted"],
    )
    alone = [compose(REPOSITORY, overrides) for overrides in chosen]
    read: list[str] = []
    load = OmegaConf.load

    def noted(file: IO[str]) -> object:
        read.append(file.name)
        return load(file)

    monkeypatch.setattr(OmegaConf, "load", noted)
    with composing(REPOSITORY) as composed_together:
        assert [composed_together(overrides) for overrides in chosen] == alone
    assert len(read) > 10
    assert len(set(read)) == len(read)


@pytest.mark.parametrize("data", [name for name in options("data") if name != "live"])
def test_a_data_set_composes_and_chooses_its_loss(data: str) -> None:
    config = config_of(f"data={data}")
    assert config.data.name == data
    chosen = {"lectures": "mse", "videos": "log_smape"}
    assert config.loss.name == chosen.get(data, "mae")


@pytest.mark.parametrize("model", options("model"))
def test_a_model_composes_and_chooses_a_trainer_that_can_train_it(model: str) -> None:
    config = config_of(f"model={model}")
    assert config.model.name == model
    assert config.model.kind in config.trainer.serves


@pytest.mark.parametrize("trainer", options("trainer"))
def test_a_trainer_composes_with_a_model_that_it_serves(trainer: str) -> None:
    serves = build(composed(f"trainer={trainer}")["trainer"], "trainer").serves
    kinds = {name: config_of(f"model={name}").model.kind for name in options("model")}
    model = next(name for name, kind in kinds.items() if kind in serves)
    assert config_of(f"model={model}", f"trainer={trainer}").trainer.name == trainer


@pytest.mark.parametrize("loss", options("loss"))
def test_a_loss_composes_with_a_data_set_that_chooses_another(loss: str) -> None:
    data = "channel" if loss == "mse" else "lectures"
    assert config_of(f"data={data}", f"loss={loss}").loss.name == loss


@pytest.mark.parametrize("holdout", options("holdout"))
def test_a_holdout_composes_with_a_model_that_is_trained_at_once(holdout: str) -> None:
    assert config_of(f"holdout={holdout}").holdout.hidden in (0, 0.25)


@pytest.mark.parametrize("tracking", options("tracking"))
def test_a_way_of_tracking_composes(tracking: str) -> None:
    section = config_of(f"tracking={tracking}").tracking
    assert isinstance(section, Tracking)
    assert section.experiment == "viewcast"


# Every experiment, every model


def shorter(config: Config) -> Config:
    """The same run with two epochs, where it is trained by gradient descent."""
    if config.trainer.name != "gradient_descent":
        return config
    return parse(changed(config.plain, "trainer.epochs", 2))


@pytest.mark.parametrize("name", options("experiment"))
def test_an_experiment_runs_under_its_name_and_leaves_a_result(
    shared_project: Project, name: str
) -> None:
    config = shared_project.config(f"experiment={name}")
    assert config.name == name
    assert name.startswith(config.data.name)
    assert config.published is None or config.published.source
    config = shorter(config)
    result = shared_project.run_config(config)
    folder = shared_project.output(config)
    run_id = result.pop("run_id")
    assert json.loads((folder / "result.json").read_text()) == result
    assert shared_project.recorded(run_id).data.tags["viewcast.key"] == result["key"]
    assert result["status"] == "finished"
    assert result["experiment"] == name
    assert result["train_loss"] >= 0


@pytest.mark.parametrize("model", options("model"))
def test_a_model_runs_on_the_channel(shared_project: Project, model: str) -> None:
    config = shared_project.config("data=channel", f"model={model}")
    result = shared_project.run_config(shorter(config))
    assert result["status"] == "finished"
    assert result["val_error"] >= 0
    assert result["holdout"] is not None


def test_the_memorising_functions_have_the_losses_of_the_lecture(shared_project: Project) -> None:
    memorizer, memorizer_leak, naive = (
        shared_project.run("data=channel", f"model={model}")
        for model in ("memorizer", "memorizer_leak", "naive")
    )
    assert (memorizer["train_loss"], memorizer_leak["train_loss"]) == (0, 0)
    assert memorizer_leak["val_loss"] == 0
    assert memorizer["val_loss"] > naive["val_loss"]


# What composing and parsing do


def test_an_override_is_stronger_than_an_experiment() -> None:
    config = config_of("experiment=lectures_descent", "trainer.lr=0.5", "seed=7")
    assert (config.trainer.lr, config.seed) == (0.5, 7)


def test_composing_leaves_the_fields_of_a_run_and_no_key_of_hydra() -> None:
    fields = set(Config.__dataclass_fields__) - {"plain"}
    assert set(composed("data=videos")) == fields
    assert set(composed()) == fields - {"measure"}  # without one, it is no part of the identity


def test_parsing_changes_nothing_in_what_it_is_given() -> None:
    plain = composed("model=deep")
    before = deepcopy(plain)
    parse(plain)
    assert plain == before


def test_the_server_is_the_one_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_of("tracking=server").tracking.uri == SERVER
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with pytest.raises(ConfigError, match="MLFLOW_TRACKING_URI"):
        compose(REPOSITORY, ["tracking=server"])


def test_only_the_main_run_is_compared_with_the_figures_of_the_data_set() -> None:
    reference = config_of("data=channel").reference()
    assert reference is not None
    assert reference.validation == 0.58
    assert config_of("data=channel", "name=mine").reference() is None


def test_a_class_of_ones_own_is_built_from_its_name() -> None:
    section = {"_target_": "viewcast.models.deep:Deep", "name": "d", "features": "deep"}
    model = build({**section, "units": 3, "layers": 2}, "model")
    assert model.hidden == (3, 3)


def test_a_section_is_not_changed_by_building_it() -> None:
    section = {"_target_": "viewcast.scoring.loss.MSE"}
    build(section, "loss")
    assert section == {"_target_": "viewcast.scoring.loss.MSE"}


def test_the_import_of_an_export_composes() -> None:
    plain = composed("which.source=export.zip", config_name="import_export")
    assert plain["which"]["source"] == "export.zip"
    assert build(plain["data"], "data").name == "studio"


def test_the_pipeline_is_read_as_typed_settings() -> None:
    pipeline = construct(Pipeline, composed(config_name="pipeline"), "pipeline")
    assert pipeline.datasets[:2] == ["lectures", "channel"]


def test_the_ladder_takes_rows_as_dependent_as_the_data_set_says() -> None:
    assert config_of("data=channel", "holdout=ladder").holdout.release.length == 7
    assert config_of("data=lectures", "holdout=ladder").holdout.release.length == 1


# Words that a script is called with


@pytest.mark.parametrize(
    ("words", "config", "told"),
    [
        (["model=dep"], "config", "Could not find 'model/dep'; Available options in 'model': aug"),
        (["trainer.lr=[1"], "config", "'trainer.lr=[1' cannot be read; expected key=value"),
        (["dayz=3"], "predict", "unknown key dayz; allowed: tracking, days"),
    ],
)
def test_words_that_hydra_refuses_are_told_in_one_line(
    words: list[str], config: str, told: str
) -> None:
    with pytest.raises(HydraException) as caught:
        compose(REPOSITORY, words, config)
    said = hydra_words(caught.value)
    assert told in said
    assert "\n" not in said and "search path" not in said


def test_a_key_that_must_be_given_is_asked_for_by_its_name() -> None:
    with pytest.raises(ConfigError, match=r"run is missing; expected .* as run=\.\.\."):
        compose(REPOSITORY, [], "open_test")


SCRIPT = """
from viewcast.base.cli import stage


@stage(__file__)
def main(config, root):
    print("seed", config["seed"])


main()
"""


def test_a_mode_of_hydra_that_conf_sets_is_the_one_that_runs(tmp_path: Path) -> None:
    for place, text in {
        "conf/config.yaml": "seed: 0\nhydra: {mode: MULTIRUN, sweeper: {params: {seed: '1,2'}}}\n",
        "pipelines/script.py": SCRIPT,
    }.items():
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).write_text(text)
    script = [sys.executable, str(tmp_path / "pipelines" / "script.py")]
    ran = subprocess.run(script, capture_output=True, text=True, check=True)
    assert re.findall(r"^seed \d", ran.stdout, re.MULTILINE) == ["seed 1", "seed 2"]
