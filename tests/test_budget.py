"""The budget of a holdout: who spent it, when the next run is refused, and when it is not."""

import numpy as np
import pandas as pd
import pytest
from mlflow.entities import Dataset, DatasetInput, InputTag, Run

from support.onlookers import looked
from support.project import Project
from viewcast.base.errors import BudgetError, DataError
from viewcast.data.table import row_identities
from viewcast.tracking import budget, datasets
from viewcast.tracking.datasets import DIGITS, row_names, rows_by_holdout
from viewcast.training.rows import rows_of

LINE = ("model=linear",)
CHANNEL = ("data=channel", "model=linear")
ONE_MORE = "seed=77"  # another run, of equal rows


def channel(first: str, last: str) -> tuple[str, ...]:
    days = f"{{first: '{first}', last: '{last}'}}"
    return (*CHANNEL, f"data.splits.lecture.validation={days}")


def spend(project: Project, *overrides: str, epochs: int = 1, user: str | None = None) -> str:
    return looked(project, project.config(*overrides), epochs, user)


def begin(project: Project, *overrides: str) -> None:
    """What is done before training; a refusal is an error."""
    config = project.config(*overrides)
    project.prepare(config)
    budget.check(config, rows_of(config, project.root), config.identity())


def stored(project: Project) -> list[Run]:
    return list(project.client.search_runs(["0", "1"]))


def test_the_refusal_beyond_the_budget_names_who_spent_what_and_what_to_do(
    project: Project,
) -> None:
    spend(project, "model=deep", epochs=7, user="ann")
    spend(project, *LINE, user="bob")
    spend(project, *LINE, "seed=5", user="ann")
    before = {run.info.run_id for run in stored(project)}
    with pytest.raises(BudgetError) as refused:
        project.run(*LINE, ONE_MORE, "holdout.looks=9")
    said = str(refused.value)
    assert "the 5 validation rows of data=lectures (split within, holdout " in said
    assert "looks spent 9, allowed by holdout.looks 9" in said
    assert "spent by ann 8 in 2 runs, bob 1 in 1 run;" in said
    assert "set data.splits.within.validation in conf/data/lectures.yaml" in said
    assert said.endswith("or raise holdout.looks")
    assert {run.info.run_id for run in stored(project)} == before, "no run of the refused one"
    assert not project.output(project.config(*LINE, ONE_MORE)).exists()


def test_the_last_look_of_the_budget_may_be_had(project: Project) -> None:
    spend(project, *LINE)
    begin(project, *LINE, ONE_MORE, "holdout.looks=2")


def test_an_identical_run_is_never_refused(project: Project) -> None:
    first = project.run(*LINE)
    spend(project, *LINE, ONE_MORE)
    again = project.run(*LINE, "holdout.looks=1")
    assert again["val_loss"] == first["val_loss"]


def test_repetitions_spend_nothing(project: Project) -> None:
    for _ in range(3):
        spend(project, *LINE)
    begin(project, *LINE, ONE_MORE, "holdout.looks=2")


def test_looks_of_other_experiments_and_deleted_runs_are_spent_too(project: Project) -> None:
    elsewhere = spend(project, *LINE, "tracking.experiment=elsewhere")
    gone = spend(project, *LINE, "seed=5")
    project.client.delete_run(gone)
    project.client.delete_run(elsewhere)
    with pytest.raises(BudgetError, match="looks spent 2"):
        begin(project, *LINE, ONE_MORE, "holdout.looks=2")


def test_other_rows_are_not_spent(project: Project) -> None:
    spend(project, *LINE)
    begin(project, *LINE, "data.split=course", "holdout.looks=1")


def test_a_window_that_shares_a_single_day_is_spent_and_its_neighbour_is_not(
    project: Project,
) -> None:
    spend(project, *channel("2021-01-01", "2021-01-20"), user="ann")
    project.prepared.clear()
    later = (*channel("2021-01-20", "2021-02-14"), "holdout.looks=1")
    with pytest.raises(BudgetError, match="ann 1 in 1 run"):
        begin(project, *later)
    project.prepared.clear()
    begin(project, *channel("2021-01-21", "2021-02-14"), "holdout.looks=1")


def test_runs_without_validation_rows_have_no_budget(project: Project) -> None:
    spend(project, *LINE)
    begin(project, "experiment=lectures_course_words", "holdout.looks=1")


# Optimism, as an audit found it


def with_optimism(project: Project, found: str) -> None:
    run = project.recorded(spend(project, *LINE))
    holdout = run.data.tags["viewcast.holdout"]
    experiment = run.info.experiment_id
    project.client.set_experiment_tag(experiment, f"viewcast.optimism.{holdout}", found)


def test_a_run_is_refused_where_the_last_audit_found_too_much_optimism(project: Project) -> None:
    with_optimism(project, "123.456")
    with pytest.raises(BudgetError) as refused:
        begin(project, *LINE, ONE_MORE, "holdout.optimism=100")
    said = (
        "optimism at the last audit 123.5 minutes², allowed by holdout.optimism 100; looks spent 1"
    )
    assert said in str(refused.value)


def test_the_most_that_an_audit_found_on_the_rows_counts_in_whatever_experiment(
    project: Project,
) -> None:
    with_optimism(project, "99.9")
    (run,) = project.runs()
    search = project.client.create_experiment("viewcast-lectures-search")
    tag = f"viewcast.optimism.{run.data.tags['viewcast.holdout']}"
    project.client.set_experiment_tag(search, tag, "100.1")
    with pytest.raises(BudgetError, match=r"optimism at the last audit 100\.1 minutes²"):
        begin(project, *LINE, ONE_MORE, "holdout.optimism=100")


@pytest.mark.parametrize("found", ["99.9", "-3", "0"])
def test_a_smaller_optimism_is_no_obstacle(project: Project, found: str) -> None:
    with_optimism(project, found)
    begin(project, *LINE, ONE_MORE, "holdout.optimism=100")


def test_before_the_first_audit_optimism_is_no_obstacle(project: Project) -> None:
    spend(project, *LINE)
    begin(project, *LINE, ONE_MORE, "holdout.optimism=0.001")


@pytest.mark.parametrize("text", ["much", "nan", ""])
def test_an_unreadable_optimism_is_refused_with_its_tag(project: Project, text: str) -> None:
    with_optimism(project, text)
    with pytest.raises(DataError, match=r"viewcast\.optimism\..* expected a number; audit anew"):
        begin(project, *LINE, ONE_MORE, "holdout.optimism=100")


# Rows named in the profile


def test_rows_are_named_by_the_first_digits_of_their_hash(project: Project) -> None:
    run = project.recorded(spend(project, *LINE))
    validation = rows_of(project.config(*LINE), project.root).validation
    (named,) = rows_by_holdout([run]).values()
    assert named == {identity[:DIGITS] for identity in row_identities(validation)}
    assert len(named) == len(validation)


def test_of_too_many_rows_only_their_number_and_span_are_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = pd.DataFrame({"entity": "e", "time": range(9), "target": np.arange(9.0)})
    about = {"num_rows": 9, "first": "0", "last": "8"}
    assert datasets.profile(rows, named=True) == {**about, "rows": row_names(rows)}
    monkeypatch.setattr(datasets, "NAMED", 8)
    assert datasets.profile(rows, named=True) == about


@pytest.mark.parametrize("profile", ["", "text", "[1]", '{"rows": 3}', '{"num_rows": 3}'])
def test_a_profile_of_somebody_else_names_no_rows(project: Project, profile: str) -> None:
    client, experiment = project.experiment()
    run_id = client.create_run(experiment).info.run_id
    theirs = Dataset("theirs", "d1ge57", "local", "file", profile=profile or None)
    context = InputTag("mlflow.data.context", "validation")
    client.log_inputs(run_id, datasets=[DatasetInput(theirs, [context])])
    assert rows_by_holdout([client.get_run(run_id)]) == {"d1ge57": set()}
