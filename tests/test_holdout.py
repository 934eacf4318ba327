"""The holdout's settings: a hidden holdout that every run scores and nobody is shown."""

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.project import Project
from viewcast.base.errors import DataError
from viewcast.base.paths import params_path
from viewcast.data import table
from viewcast.holdout.settings import divide
from viewcast.models import fitted
from viewcast.runs.experiments import run_experiments
from viewcast.runs.plan import read_params, write_params
from viewcast.training.rows import Rows, rows_of

YEAR = ("data=channel", "data.split=year")
HIDDEN = (*YEAR, "holdout=hidden")
shares = st.floats(0.05, 0.95)


def days_of(count: int) -> pd.DataFrame:
    days = pd.date_range("2020-01-01", periods=count, freq="D")
    return pd.DataFrame({"entity": "channel", "time": days})


def parts(count: int, share: float, block: int) -> list[tuple[str, int]]:
    """Runs of equal labels in order of time, and how long they are."""
    labels = divide(days_of(count), share, block)
    return [(label, len(list(rows))) for label, rows in groupby(labels)]


# The rule


def test_a_quarter_of_exchangeable_rows_is_every_fourth() -> None:
    labels = divide(days_of(12), 0.25, 1)
    shown = ["validation"]
    assert labels.tolist() == (shown * 2 + ["hidden"] + shown) * 3


def test_with_weekly_blocks_fortnights_are_hidden_between_gaps_of_a_week() -> None:
    assert parts(140, 0.25, 7) == [
        ("validation", 21), ("unused", 7), ("hidden", 14), ("unused", 7),
        ("validation", 42), ("unused", 7), ("hidden", 14), ("unused", 7),
        ("validation", 21),
    ]  # fmt: skip


def enough(share: float, block: int) -> int:
    """The fewest rows, by the refusal."""
    with pytest.raises(DataError) as caught:
        divide(days_of(1), share, block)
    return int(str(caught.value).partition("at least ")[2].partition(" ")[0])


@given(share=shares, block=st.integers(2, 9), more=st.integers(0, 500))
def test_a_gap_of_a_block_lies_between_shown_and_hidden_rows(
    share: float, block: int, more: int
) -> None:
    found = parts(enough(share, block) + more, share, block)
    between = [label for label, _ in found]
    assert between[0] == between[-1] == "validation"
    assert between[1::2] == ["unused"] * (len(found) // 2)
    assert all(length == block for label, length in found if label == "unused")
    assert all(length >= 2 * block for label, length in found if label == "hidden")


@given(share=shares, block=st.integers(1, 9), more=st.integers(0, 500))
def test_the_hidden_rows_are_their_share_of_the_rows_in_use_to_one_row_per_block(
    share: float, block: int, more: int
) -> None:
    labels = divide(days_of(enough(share, block) + more), share, block)
    blocks = sum(label == "hidden" for label, _ in groupby(labels))
    in_use = int((labels != "unused").sum())
    assert blocks >= 2
    assert abs((labels == "hidden").sum() - share * in_use) <= blocks + 1


@given(share=shares, block=st.integers(1, 9))
def test_one_row_less_than_enough_is_refused_and_enough_is_not(share: float, block: int) -> None:
    count = enough(share, block)
    divide(days_of(count), share, block)
    with pytest.raises(DataError) as caught:
        divide(days_of(count - 1), share, block)
    message = str(caught.value)
    assert message.startswith(f"holdout.hidden = {share:g}: found {count - 1} validation rows")
    assert "holdout.hidden=0" in message


@given(st.randoms(use_true_random=False))
def test_the_hidden_rows_depend_on_time_alone(random: Any) -> None:
    rows = days_of(150)
    order = list(range(150))
    random.shuffle(order)
    shuffled = rows.iloc[order].set_index(pd.Index([f"r{place}" for place in order]))
    labels = divide(shuffled, 0.25, 3)
    expected = divide(rows, 0.25, 3)
    assert {int(key[1:]): label for key, label in labels.items()} == expected.to_dict()


# The rows of a run


@pytest.fixture
def rows(project: Project) -> Rows:
    config = project.config(*HIDDEN)
    project.prepare(config)
    return rows_of(config, project.root)


def test_without_hidden_rows_every_validation_row_is_shown(project: Project) -> None:
    config = project.config(*YEAR)
    project.prepare(config)
    rows = rows_of(config, project.root)
    assert (len(rows.validation), len(rows.hidden)) == (366, 0)


def test_shown_and_hidden_rows_are_validation_rows_and_a_week_apart(
    project: Project, rows: Rows
) -> None:
    whole = rows_of(project.config(*YEAR), project.root).validation
    shown, hidden = set(rows.validation["row"]), set(rows.hidden["row"])
    assert shown | hidden < set(whole["row"])
    away = np.abs(
        rows.validation["time"].to_numpy()[:, None] - rows.hidden["time"].to_numpy()[None, :]
    )
    assert away.min() == np.timedelta64(8, "D")
    assert len(hidden) / len(shown | hidden) == pytest.approx(0.25, abs=0.02)


def test_every_run_has_the_same_hidden_rows_whatever_its_features_and_seed(
    project: Project, rows: Rows
) -> None:
    other = rows_of(project.config(*HIDDEN, "model=augmented", "seed=5"), project.root)
    assert other.hidden["row"].tolist() == rows.hidden["row"].tolist()
    assert table.holdout(other.validation) == table.holdout(rows.validation)


def test_a_feature_that_is_missing_somewhere_moves_no_row_into_or_out_of_the_hidden_rows(
    project: Project,
) -> None:
    swap = ("data=lectures", "data.split=swap", "holdout=hidden", "model.features=[pages]")
    config = project.config(*swap)
    project.prepare(config)
    path = project.root / "build" / "prepared" / "lectures.parquet"
    full = rows_of(config, project.root)
    whole = table.read(path, config.preparation(), "lectures")
    lost = full.validation["row"][0], full.hidden["row"][0]
    table.write(
        whole.assign(pages=whole["pages"].mask(whole["row"].isin(lost))),
        path,
        config.preparation(),
    )
    rest = rows_of(config, project.root)
    assert rest.validation["row"].tolist() == full.validation["row"].tolist()[1:]
    assert rest.hidden["row"].tolist() == full.hidden["row"].tolist()[1:]
    assert any("hidden rows left out: pages unknown" in said for said in rest.left_out)


def test_too_few_validation_rows_for_hidden_rows_are_refused_and_leave_no_run(
    project: Project,
) -> None:
    with pytest.raises(DataError, match="found 5 validation rows, expected at least 8"):
        project.run("data=lectures", "holdout=hidden")
    assert project.experiments() == []


# What a run leaves


@pytest.fixture
def finished(project: Project) -> tuple[dict[str, Any], Path]:
    result = project.run(*HIDDEN)
    return result, project.output(project.config(*HIDDEN))


def test_the_hidden_losses_are_those_of_the_model_on_the_hidden_rows(
    project: Project, finished: tuple[dict[str, Any], Path]
) -> None:
    _, folder = finished
    rows = rows_of(project.config(*HIDDEN), project.root)
    stored = pd.read_parquet(folder / "sealed" / "hidden_holdout.parquet")
    assert stored.columns.tolist() == ["entity", "time", "row", "loss"]
    assert stored["row"].tolist() == rows.hidden["row"].tolist()
    predicted = fitted.load(folder / "model").predict(rows.hidden)
    np.testing.assert_allclose(stored["loss"], np.abs(predicted - rows.hidden["target"]))


def test_the_hidden_rows_are_in_no_prediction_and_no_figure(
    project: Project, finished: tuple[dict[str, Any], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    result, folder = finished
    hidden_holdout = pd.read_parquet(folder / "sealed" / "hidden_holdout.parquet")
    predicted = pd.read_parquet(folder / "predictions.parquet")
    validation = predicted[predicted["split"] == "validation"]
    assert not set(hidden_holdout["row"]) & set(predicted["row"])
    assert result["val_loss"] == pytest.approx(validation["loss"].mean())
    run = project.recorded(result["run_id"])
    said = json.dumps([result, run.data.metrics, run.data.tags, capsys.readouterr().out])
    assert f"{hidden_holdout['loss'].mean():.6g}" not in said
    assert run.data.tags["viewcast.holdout"] == table.holdout(
        rows_of(project.config(*HIDDEN), project.root).validation
    )


def test_other_targets_of_the_hidden_rows_change_nothing_that_is_shown(project: Project) -> None:
    config = project.config(*HIDDEN, "model=naive")
    shown = ["train_loss", "val_loss", "val_error", "holdout"]
    before = project.run(*HIDDEN, "model=naive")
    hidden = rows_of(config, project.root).hidden["row"]
    path = project.root / "build" / "prepared" / "channel.parquet"
    whole = table.read(path, config.preparation(), "channel")
    other = whole["target"].where(~whole["row"].isin(hidden), 1000.0)
    table.write(whole.assign(target=other), path, config.preparation())
    after = project.run(*HIDDEN, "model=naive")
    assert [after[key] for key in shown] == [before[key] for key in shown]


def test_the_hidden_losses_are_an_artifact_of_their_own(
    project: Project, finished: tuple[dict[str, Any], Path]
) -> None:
    result, folder = finished
    (stored,) = project.client.list_artifacts(result["run_id"], "sealed")
    assert stored.path == "sealed/hidden_holdout.parquet"
    copied = project.client.download_artifacts(result["run_id"], stored.path)
    assert Path(copied).read_bytes() == (folder / "sealed" / "hidden_holdout.parquet").read_bytes()


def test_a_run_without_hidden_rows_leaves_nothing_sealed(project: Project) -> None:
    result = project.run("data=lectures")
    assert not (project.output(project.config("data=lectures")) / "sealed").exists()
    assert project.client.list_artifacts(result["run_id"], "sealed") == []


# The budget, which decides no result


def test_a_larger_budget_changes_nothing_that_a_stage_depends_on(tmp_path: Path) -> None:
    def plan(looks: int | None) -> dict[str, Any]:
        run = {"name": "a", "holdout": {"hidden": 0, "looks": looks, "optimism": None}}
        main = {"lectures": {"linear": run}}
        return {"data": {}, "main": main, "experiments": {"a": run}, "demo": {}}

    watched = []
    for looks in (None, 50):
        root = tmp_path / str(looks)
        write_params(plan(looks), root)
        assert read_params(root, "experiments")["a"]["holdout"]["looks"] == looks
        parts = (("experiments",), ("train", "lectures", "linear"))
        watched.append([params_path(root, *part).read_text() for part in parts])
    assert watched[0] == watched[1]


def test_a_larger_budget_trains_nothing_again(project: Project) -> None:
    plan = project.plain("model=naive", "name=lectures_naive")
    tracking = plan.pop("tracking")
    project.prepare(project.config())
    outcomes = []
    for looks in (10, 20):
        budgeted = {**plan, "holdout": {**plan["holdout"], "looks": looks}}
        outcomes.append(run_experiments({"lectures_naive": budgeted}, tracking, project.root))
    assert outcomes == [{"lectures_naive": "finished"}, {"lectures_naive": "kept"}]
