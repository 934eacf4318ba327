"""Which experiment of MLflow a run belongs to, what it is called there, and what charts compare."""

import pytest

from support.project import Project
from support.sweeps import children, swept
from viewcast.base.errors import TrackingError
from viewcast.base.settings import Tracking
from viewcast.tracking.experiments import (
    LEADERBOARD,
    NIGHTS,
    SEARCH,
    connect_project,
    experiment_of,
    project_experiments,
    run_name,
)
from viewcast.tracking.store import connect, experiments
from viewcast.tracking.subject import Subject
from viewcast.tracking.write import sweep_recorder

MINUTES, HOURS = "data.unit=minutes", "data.unit=hours"


def made(project: Project, *overrides: str, part: str = "") -> str:
    """The name of the experiment that such a run belongs to; it is there afterwards."""
    config = project.config(*overrides)
    client = connect(config.tracking)
    return str(client.get_experiment(experiment_of(client, config, part)).name)


def names(project: Project) -> set[str]:
    return {each.name for each in experiments(project.client)} - {"Default"}


# Experiments


def test_each_data_set_has_an_experiment_that_says_what_it_holds(project: Project) -> None:
    assert made(project, "data=lectures") == "viewcast-lectures"
    assert made(project, "data=channel") == "viewcast-channel"
    tags = project.client.get_experiment_by_name("viewcast-lectures").tags
    assert {key: tags[f"viewcast.{key}"] for key in ("data", "label", "loss", "unit")} == {
        "data": "lectures",
        "label": "lectures",
        "loss": "mse",
        "unit": "minutes²",
    }
    assert "viewcast.part" not in tags
    assert "viewcast.nightly" not in tags


def test_hundreds_of_runs_have_an_experiment_of_their_own(project: Project) -> None:
    for part in (SEARCH, LEADERBOARD):
        assert made(project, "data=channel", part=part) == f"viewcast-channel-{part}"
        tags = project.client.get_experiment_by_name(f"viewcast-channel-{part}").tags
        assert tags["viewcast.part"] == part


def test_runs_in_one_unit_share_an_experiment_and_those_in_another_do_not(
    project: Project,
) -> None:
    assert made(project, MINUTES, "loss=mse") == made(project, MINUTES, "loss=mse", "seed=7")
    assert made(project, MINUTES, "loss=mae") == "viewcast-lectures-mae"
    assert made(project, MINUTES, "loss=mae", part=SEARCH) == "viewcast-lectures-search"
    assert made(project, HOURS, "loss=mae") == "viewcast-lectures-mae-hours"
    assert made(project, MINUTES, "loss=mae") == "viewcast-lectures-mae"
    units = {
        (each.tags["viewcast.loss"], each.tags["viewcast.unit"])
        for each in experiments(project.client)
        if each.name != "Default"
    }
    assert units == {("mse", "minutes²"), ("mae", "minutes"), ("mae", "hours")}


def test_an_experiment_of_the_same_name_that_somebody_else_made_is_left_alone(
    project: Project,
) -> None:
    theirs = project.client.create_experiment("viewcast-lectures")
    assert made(project, "data=lectures") == "viewcast-lectures-mse"
    assert project.client.get_experiment(theirs).tags.keys().isdisjoint({"viewcast.data"})


def test_a_deleted_experiment_is_refused_with_the_command_that_brings_it_back(
    project: Project,
) -> None:
    client, experiment = project.experiment()
    client.delete_experiment(experiment)
    with pytest.raises(TrackingError, match=f"`mlflow experiments restore -x {experiment}`"):
        project.experiment()


def test_reaching_a_store_makes_no_experiment(project: Project) -> None:
    connect(project.config().tracking)
    assert names(project) == set()


def test_artifacts_go_where_the_configuration_says(project: Project) -> None:
    client, experiment = project.experiment()
    place = client.get_experiment(experiment).artifact_location
    assert place == (project.root / "mlflow" / "artifacts").as_uri()


# The experiments of a project


def test_a_project_has_its_experiments_of_today_and_of_former_versions_without_its_nights(
    project: Project,
) -> None:
    expected = {made(project, "data=lectures"), made(project, "data=channel", part=SEARCH)}
    tracking = project.config().tracking
    channel = Subject("live", "my channel", "mae", "views", tracking, nightly=True)
    nights = experiment_of(project.client, channel, NIGHTS)
    assert project.client.get_experiment(nights).name == "viewcast-live-nights"
    for name in ("viewcast", "viewcast-search", "viewcasts", "nightly", "other-viewcast"):
        project.client.create_experiment(name)
    ids = project_experiments(project.client, tracking)
    found = {project.client.get_experiment(each).name for each in ids}
    assert found == expected | {"viewcast", "viewcast-search"}


def test_a_project_that_a_store_does_not_know_is_refused_with_what_it_knows(
    project: Project,
) -> None:
    made(project, "data=lectures")
    with pytest.raises(Exception, match=r"experiment = mine: unknown .* viewcast-lectures"):
        connect_project(project.config().tracking.uri, "mine")


def test_a_run_of_another_base_belongs_to_another_project(project: Project) -> None:
    assert made(project, "tracking.experiment=mine") == "mine-lectures"
    assert project.experiments() == []
    mine = Tracking(project.config().tracking.uri, None, "mine", 1.0)
    assert len(project_experiments(project.client, mine)) == 1


# Names


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        (["data=lectures", "model=deep"], "deep"),
        (["experiment=lectures_descent_100"], "descent_100"),
        (["experiment=channel_leaderboard_base"], "leaderboard_base"),
        (["data=channel", "model=naive", "name=channel_naive"], "naive"),
        (["data=channel", "name=lectures_like"], "lectures_like"),
    ],
)
def test_a_run_is_called_as_its_configuration_is_without_the_data_set(
    project: Project, overrides: list[str], name: str
) -> None:
    assert run_name(project.config(*overrides)) == name


# What a run says of itself


def test_parameters_are_those_by_which_runs_of_a_data_set_differ(project: Project) -> None:
    params = project.recorded(project.run("model=linear")["run_id"]).data.params
    assert params == {
        "loss.name": "mse",
        "model.features": "linear",
        "model.name": "linear",
        "seed": "2021",
        "trainer.name": "least_squares",
    }


def test_charts_compare_what_has_ended_well_and_no_memorizer(project: Project) -> None:
    compared = {
        name: project.recorded(project.run(*overrides)["run_id"]).data.tags["viewcast.compared"]
        for name, overrides in {
            "fine": ["experiment=lectures_course"],
            "naive": ["model=naive"],
            "diverged": ["experiment=lectures_descent_diverges"],
            "remembers": ["model=memorizer"],
            "remembers all": ["model=memorizer_leak"],
        }.items()
    }
    assert compared == {
        "fine": "true",
        "naive": "true",
        "diverged": "false",
        "remembers": "false",
        "remembers all": "false",
    }


# Sweeps


def test_a_candidate_is_short_and_tells_what_was_swept_on_the_scale_it_was_swept_on(
    project: Project,
) -> None:
    drawn = "++sweep.lr={low: 0.001, high: 0.1, log: true}"
    even = "++sweep.feature_share={low: 0.5, high: 1}"
    folder, results, everyone = swept(
        project, "search.method=random", "search.trials=3", drawn, even, "trainer.epochs=2"
    )
    parent = sweep_recorder.record(results, everyone, folder, project.root)
    runs = children(project, parent)
    assert {run.info.run_name for run in runs} == {f"sweep-000{number}" for number in range(3)}
    for run in runs:
        swept_keys = {"trainer.lr", "trainer.lr.log10", "trainer.feature_share"}
        assert run.data.params.keys() == swept_keys
        value, log = (float(run.data.params[key]) for key in ("trainer.lr", "trainer.lr.log10"))
        assert 10**log == pytest.approx(value, rel=1e-4)
    experiment = project.client.get_experiment(runs[0].info.experiment_id)
    assert experiment.name == "viewcast-lectures-search"
    assert project.recorded(parent).info.experiment_id == experiment.experiment_id


def test_charts_compare_no_candidate_that_diverged_and_no_parent_of_candidates(
    project: Project,
) -> None:
    wild = ("trainer.optimizer=sgd", "trainer.momentum=0", "trainer.epochs=20")
    folder, results, everyone = swept(project, *wild, "++sweep.lr=[0.001,1000]")
    parent = sweep_recorder.record(results, everyone, folder, project.root)
    told = {
        run.data.tags["viewcast.candidate"]: run.data.tags["viewcast.compared"]
        for run in children(project, parent)
    }
    assert told == {"0": "true", "1": "false"}
    assert project.recorded(parent).data.tags["viewcast.compared"] == "false"
