"""Views of MLflow's UI: what they show of which runs."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from support.shown_runs import candidates, cards, experiment, headings, run, trained
from viewcast.tracking.metric_names import read_name
from viewcast.tracking.views.catalogue import views_of
from viewcast.tracking.views.shown import Shown, ShownRun
from viewcast.tracking.views.view import View

BY_STATUS = "attributes.status = 'FINISHED'"
BY_MARK = "tags.`viewcast.compared` = 'true'"


def of(shown: Shown) -> dict[str, View]:
    return {view.key: view for view in views_of(shown)}


def keras(number: int, loss: float, status: str = "FINISHED") -> Any:
    return run(number, {"loss": loss / 2, "val_loss": loss, "lr": 0.1}, status=status)


def without_epochs(one: ShownRun) -> ShownRun:
    tags = {name: value for name, value in one.tags.items() if name != "viewcast.epochs"}
    return replace(one, tags=tags)


def test_each_split_has_its_curves_and_its_scores() -> None:
    runs = [trained(1, 3.0), trained(2, 2.0), trained(3, 5.0, "course"), trained(4, 4.0, "course")]
    keys = set(of(experiment([*runs, trained(5, 1.0, "swap")])))
    assert keys == {
        *("viewcast-curves-within", "viewcast-curves-course"),
        *("viewcast-scores-within", "viewcast-scores-course", "viewcast-differs"),
    }


def test_a_split_whose_runs_have_one_point_each_has_scores_and_no_curves() -> None:
    runs = [trained(1, 3.0), trained(2, 2.0)]
    direct = [without_epochs(trained(number, 1.0 * number, "course")) for number in (3, 4)]
    keys = set(of(experiment([*runs, *direct])))
    assert "viewcast-scores-course" in keys
    assert {key for key in keys if "curves" in key} == {"viewcast-curves-within"}


def test_curves_are_those_of_training_and_validation_on_a_logarithmic_scale() -> None:
    view = of(experiment([trained(1, 3.0), trained(2, 2.0)]))["viewcast-curves-within"]
    both, alone = cards(view, "LINE")
    assert both["selectedMetricKeys"] == ["train_loss", "val_loss"]
    assert alone["selectedMetricKeys"] == ["val_loss"]
    assert both["scaleType"] == alone["scaleType"] == "log"
    assert view.state["runsHiddenMode"] == "FIRST_20_RUNS"
    assert (view.state["orderByKey"], view.state["orderByAsc"]) == (
        "metrics.`model_val_loss`",
        True,
    )
    assert "minutes²" in headings(view)[0]


def test_only_runs_that_are_marked_as_comparable_are_shown() -> None:
    runs = [trained(1, 3.0), trained(2, 2.0), trained(3, 1e9, compared="false")]
    for view in views_of(experiment(runs)):
        assert view.state["searchFilter"].startswith(BY_MARK)
        assert headings(view)[0].startswith("2 runs")


def test_two_runs_that_may_not_be_compared_make_no_view() -> None:
    runs = [trained(1, 3.0), trained(2, 1e9, compared="false")]
    assert views_of(experiment(runs)) == []


def test_without_marks_a_run_must_have_finished() -> None:
    view = of(experiment([keras(1, 3.0), keras(2, 2.0), keras(3, 1.0, "FAILED")], {}))[
        "viewcast-scores"
    ]
    assert view.state["searchFilter"] == BY_STATUS
    assert headings(view)[0].startswith("2 runs")


@pytest.mark.parametrize(
    ("diverged", "filter_of_it"),
    [(1e9, "metrics.`val_loss` < 2000"), (math.inf, "metrics.`val_loss` < 2000")],
)
def test_without_marks_a_run_that_diverged_sets_no_scale(
    diverged: float, filter_of_it: str
) -> None:
    runs = [keras(1, 1.0), keras(2, 2.0), keras(3, 3.0), keras(4, diverged)]
    runs.sort(key=lambda each: -each.metrics["val_loss"])
    view = of(experiment([*runs, keras(5, 1.5)], {}, ["loss", "val_loss"]))["viewcast-curves"]
    assert filter_of_it in view.state["searchFilter"]
    assert headings(view)[0].startswith("4 runs")


def test_a_figure_that_is_no_number_is_kept_out_by_what_mlflow_stores_for_it() -> None:
    runs = [keras(1, 1.0), keras(2, 2.0), keras(3, math.nan)]
    view = of(experiment(runs, {}))["viewcast-scores"]
    assert view.state["searchFilter"] == f"{BY_STATUS} AND metrics.`val_loss` > 0"


def test_a_loss_far_above_the_others_leaves_them_room_and_is_counted() -> None:
    runs = [trained(number, float(number)) for number in (1, 2, 3)]
    view = of(experiment([*runs, trained(4, 400.0)]))["viewcast-scores-within"]
    assert view.state["searchFilter"].endswith("metrics.`model_val_loss` < 60")
    assert "3 runs (1 more far above)" in headings(view)[0]


def test_expected_stands_beside_shown_where_it_is_known() -> None:
    first = trained(1, 3.0)
    expected = replace(first, metrics={**first.metrics, "val_loss_expected": 3.3})
    view = of(experiment([expected, trained(2, 2.0)]))["viewcast-scores-within"]
    assert [card["metricKey"] for card in cards(view, "BAR")] == [
        *("model_val_loss", "val_loss_expected"),
    ]
    without = of(experiment([first, trained(2, 2.0)]))["viewcast-scores-within"]
    assert [card["metricKey"] for card in cards(without, "BAR")] == ["model_val_loss"]


def test_expected_that_no_longer_holds_is_no_bar() -> None:
    runs = [trained(1, 3.0), trained(2, 2.0)]
    gone = [replace(one, metrics={**one.metrics, "val_loss_expected": math.nan}) for one in runs]
    view = of(experiment(gone))["viewcast-scores-within"]
    assert [card["metricKey"] for card in cards(view, "BAR")] == ["model_val_loss"]


def test_the_expected_loss_is_no_score_to_choose_runs_by() -> None:
    assert read_name("val_loss_expected").technical


def test_more_than_a_hundred_runs_are_drawn_at_random_and_it_is_said() -> None:
    views = of(experiment(candidates(200)))
    for key in ("viewcast-scores-year", "viewcast-sweep-aaaaaaaa"):
        assert views[key].state["orderByKey"] == "tags.`viewcast.identity`"
        assert headings(views[key])[0].startswith("100 of 200, at random")
    assert cards(views["viewcast-scores-year"], "BAR") == []
    assert views["viewcast-curves-year"].state["orderByKey"] == "metrics.`model_val_loss`"
    assert headings(views["viewcast-curves-year"])[0].startswith("20 best of 200 runs")


def test_other_people_s_runs_are_drawn_by_their_random_identity() -> None:
    runs = [keras(number, 1 + number / 1000) for number in range(200)]
    view = of(experiment(runs, {}))["viewcast-scores"]
    assert (view.state["orderByKey"], view.state["orderByAsc"]) == ("attributes.run_id", True)


def test_a_sweep_shows_what_varies_in_it_the_logarithm_for_the_number() -> None:
    view = of(experiment(candidates(20)))["viewcast-sweep-aaaaaaaa"]
    assert cards(view, "PARALLEL")[0]["selectedParams"] == ["model.units", "trainer.lr.log10"]
    contour = cards(view, "CONTOUR")[0]
    assert contour["xaxis"] == {"key": "trainer.lr.log10", "type": "PARAM"}
    assert contour["zaxis"] == {"key": "model_val_loss", "type": "METRIC"}
    assert cards(view, "SCATTER") == []
    assert view.state["searchFilter"].endswith(f"tags.`mlflow.parentRunId` = '{'a' * 32}'")


def test_the_true_loss_is_drawn_only_where_it_is_known() -> None:
    known = [replace(one, metrics={**one.metrics, "val_loss_true": 1.0}) for one in candidates(20)]
    view = of(experiment(known))["viewcast-sweep-aaaaaaaa"]
    assert cards(view, "SCATTER")[0]["yaxis"] == {"key": "val_loss_true", "type": "METRIC"}


def test_of_many_sweeps_the_newest_five_have_a_view() -> None:
    newest_first = [one for number in range(7) for one in candidates(6, parent=f"{number}" * 32)]
    sweeps = [key for key in of(experiment(newest_first)) if key.startswith("viewcast-sweep")]
    assert sweeps == [f"viewcast-sweep-{number}" + f"{number}" * 7 for number in range(5)]


def test_the_folds_of_a_run_are_no_sweep() -> None:
    folds = [
        run(
            number, {"val_rmse": 1 + number / 9}, {"mlflow.parentRunId": "a"}, {"fold": str(number)}
        )
        for number in range(1, 7)
    ]
    assert set(of(experiment(folds, {}, ()))) == {"viewcast-scores", "viewcast-differs"}


def test_what_differs_is_shown_of_the_best_runs_of_the_largest_split() -> None:
    runs = [trained(number, float(number)) for number in range(1, 13)]
    view = of(experiment([*runs, trained(20, 1.0, "course"), trained(21, 2.0, "course")]))[
        "viewcast-differs"
    ]
    table = cards(view, "DIFFERENCE")[0]
    assert table["showDifferencesOnly"]
    assert table["compareGroups"] == ["Parameters", "Model metrics"]
    assert "= 'within'" in view.state["searchFilter"]
    assert headings(view)[0].startswith("10 best of 12 runs")
    assert view.state["runsHiddenMode"] == "FIRST_10_RUNS"


def test_metrics_without_a_chart_are_folded_away() -> None:
    for view in views_of(experiment([trained(1, 3.0), trained(2, 2.0)])):
        last = view.state["compareRunSections"][-1]
        assert (last["name"], last["display"]) == ("Model metrics", False)
        assert view.state["isAccordionReordered"]


def test_views_are_ordered_by_number_the_table_last() -> None:
    audited = replace(trained(1, 3.0), tags={**trained(1, 3.0).tags, "viewcast.verdict": "fine"})
    names = [view.name for view in views_of(experiment([audited, trained(2, 2.0)]))]
    assert [name.split()[0] for name in names] == ["1", "2", "4", "table"]


@pytest.mark.parametrize(
    ("metrics", "train", "validation", "down"),
    [
        ({"loss": 0.1, "val_loss": 0.2, "val_accuracy": 0.9}, "loss", "val_loss", True),
        ({"train_rmse": 1.0, "valid_rmse": 2.0}, "train_rmse", "valid_rmse", True),
        ({"validation_0-rmse": 1.0, "validation_1-rmse": 2.0}, None, "validation_1-rmse", True),
        ({"training_accuracy": 0.9, "accuracy": 0.8}, "training_accuracy", "accuracy", False),
        ({"eval/loss": 1.0, "train/loss": 0.5, "epoch": 3.0}, "train/loss", "eval/loss", True),
        (
            {"train_loss_step": 0.3, "train_loss_epoch": 0.2, "val_loss": 0.4},
            *("train_loss_epoch", "val_loss", True),
        ),
        ({"accuracy_score": 0.5}, None, "accuracy_score", False),
    ],
)
def test_the_metrics_of_any_tool_are_found_by_their_names(
    metrics: dict[str, float], train: str | None, validation: str, down: bool
) -> None:
    view = of(experiment([run(1, metrics), run(2, metrics)], {}, ()))["viewcast-scores"]
    assert [card["metricKey"] for card in cards(view, "BAR")] == [validation]
    assert [card["xaxis"]["key"] for card in cards(view, "SCATTER")] == ([train] if train else [])
    assert view.state["orderByAsc"] is down


def test_the_metric_that_an_audit_found_is_meant() -> None:
    metrics = {"val_loss": 0.2, "val_f1": 0.9}
    told = {"viewcast.audit.00c0ffee": json.dumps({"metric": "val_f1"})}
    view = of(experiment([run(1, metrics), run(2, metrics)], told, ()))["viewcast-scores"]
    assert cards(view, "BAR")[0]["metricKey"] == "val_f1"


def test_a_metric_whose_name_says_nothing_is_shown_once_an_audit_knows_it() -> None:
    runs = [run(number, {"value": number / 9}) for number in (1, 2)]
    told = {"viewcast.audit.unknown": json.dumps({"metric": "value", "more_is_better": True})}
    view = of(experiment(runs, told, ()))["viewcast-scores"]
    assert cards(view, "BAR")[0]["metricKey"] == "value"
    assert view.state["orderByAsc"] is False


def test_scores_are_drawn_on_a_linear_scale() -> None:
    runs = [run(number, {"train_accuracy": 0.9, "val_accuracy": 0.8}) for number in (1, 2)]
    shown = experiment(runs, {}, ("train_accuracy", "val_accuracy"))
    assert cards(of(shown)["viewcast-curves"], "LINE")[0]["scaleType"] == "linear"


@pytest.mark.parametrize("metrics", [{}, {"lr": 0.1}, {"train_loss": 1.0}, {"val_loss": math.nan}])
def test_runs_that_tell_no_score_make_no_view(metrics: dict[str, float]) -> None:
    assert views_of(experiment([run(1, metrics), run(2, metrics)], {}, ())) == []


def test_runs_of_ours_that_have_no_model_are_no_candidates() -> None:
    night = {"champion_loss": 1.0, "val_loss": 2.0}
    assert views_of(experiment([run(1, night), run(2, night)])) == []


def test_an_experiment_without_runs_makes_no_view() -> None:
    assert views_of(experiment([], {}, ())) == []
