"""A view of MLflow's UI as it is stored: its fields, its size, its key and its address."""

import base64
import json
import zlib
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from support.shown_runs import candidates, cards, experiment, trained
from viewcast.tracking.views.catalogue import views_of
from viewcast.tracking.views.shown import Shown
from viewcast.tracking.views.state import equals
from viewcast.tracking.views.view import View, address, is_ours, key_of

# What the UI before MLflow 3.16 reads of a page; it stops where one of these is missing.
FIELDS = {
    *("searchFilter", "orderByKey", "orderByAsc", "startTime", "lifecycleFilter"),
    *("datasetsFilter", "modelVersionFilter", "selectedColumns", "columnOrder", "columnWidths"),
    *("runsExpanded", "runsPinned", "runsHidden", "runsVisibilityMap", "runsHiddenMode"),
    *("viewMaximized", "runListHidden", "isAccordionReordered", "groupBy", "groupsExpanded"),
    *("autoRefreshEnabled", "useGroupedValuesInCharts", "hideEmptyCharts"),
    *("globalLineChartConfig", "chartsSearchFilter"),
}


def of(shown: Shown) -> dict[str, View]:
    return {view.key: view for view in views_of(shown)}


def every_view() -> list[View]:
    first = trained(1, 3.0)
    audited = replace(first, tags={**first.tags, "viewcast.verdict": "fine"})
    known = [
        replace(one, metrics={**one.metrics, "val_loss_true": 1.0, "val_loss_expected": 1.0})
        for one in candidates(200)
    ]
    shown = experiment([audited, trained(2, 2.0), *known])
    return views_of(replace(shown, images=frozenset({"pictures/curves"})))


def test_a_view_has_every_field_both_for_newer_and_for_older_pages() -> None:
    views = every_view()
    assert {view.name.split()[0] for view in views} == {"1", "2", "3", "4", "6", "table"}
    for view in views:
        fields = json.loads(view.text(0))
        state = json.loads(zlib.decompress(base64.b64decode(fields["state"].split(";")[1])))
        assert set(state) >= FIELDS
        assert state == {name: fields[name] for name in state}
        assert {"name", "createdAt", "updatedAt"} <= set(fields)


def test_a_view_fits_into_a_tag_of_older_servers_too() -> None:
    assert max(len(view.text(0)) for view in every_view()) <= 5000


def test_of_hundreds_of_images_a_view_shows_a_few_and_fits_into_a_tag() -> None:
    many = frozenset(f"epoch {number} of a long run" for number in range(300))
    view = of(replace(experiment([trained(1, 3.0)]), images=many))["viewcast-pictures"]
    assert len(cards(view, "IMAGE")) == 12
    assert len(view.text(0)) < 20_000


def test_views_are_the_same_text_each_time_and_no_two_charts_share_an_identity() -> None:
    first, again = every_view(), every_view()
    assert [view.text(1) for view in first] == [view.text(1) for view in again]
    charts = [card["uuid"] for view in first for card in view.state.get("compareRunCharts", [])]
    assert len(set(charts)) == len(charts)


def test_each_chart_lies_in_a_section_of_its_view() -> None:
    for view in every_view():
        sections = {part["uuid"] for part in view.state.get("compareRunSections", [])}
        assert {card["metricSectionId"] for card in view.state.get("compareRunCharts", [])} <= (
            sections
        )


def test_the_menu_lists_views_in_their_order() -> None:
    view = every_view()[0]
    made = [json.loads(view.text(place))["createdAt"] for place in range(4)]
    assert made == sorted(made, reverse=True)  # the newest stands first


def test_an_address_opens_charts_and_the_table_opens_as_a_table() -> None:
    charts = address("http://127.0.0.1:5000/", "7", "viewcast-differs")
    assert charts == (
        "http://127.0.0.1:5000/#/experiments/7/runs?workflowType=machine_learning"
        "&compareRunsMode=CHART&viewStateShareKey=viewcast-differs"
    )
    assert address("", "7", "viewcast") == (
        "#/experiments/7/runs?workflowType=machine_learning&viewStateShareKey=viewcast"
    )
    assert address("", "7").endswith("compareRunsMode=CHART")


@given(st.lists(st.text(), unique=True, min_size=2, max_size=2))
@settings(max_examples=50, deadline=None)
def test_keys_of_two_splits_differ_and_can_stand_in_an_address(names: list[str]) -> None:
    keys = {key_of("curves", name) for name in names}
    assert len(keys) == 2
    assert all(
        set(key) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
        for key in keys
    )


def test_a_quote_in_the_name_of_a_split_ends_no_filter() -> None:
    assert equals("viewcast.split", "O'Neil \\") == "tags.`viewcast.split` LIKE 'O_Neil _'"


def test_a_view_that_a_person_has_saved_anew_is_not_ours() -> None:
    view = every_view()[0]
    saved = json.dumps({"name": "mine", "createdAt": 1, "updatedAt": 2, "state": "{}"})
    assert is_ours(view.tag, view.text(0))
    assert not is_ours(view.tag, saved)
    assert not is_ours("mlflow.sharedViewState.viewcasting", view.text(0))
    assert not is_ours("mlflow.sharedViewState.0123abc", view.text(0))
    former = json.dumps({"orderByKey": "tags.`viewcast.rank`", "selectedColumns": []})
    assert is_ours("mlflow.sharedViewState.viewcast", former)
