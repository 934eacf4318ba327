"""Who is new in a panel: which moments train, validate and test, and what none of them is told."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.panels import panel_of, random_panel, task_of
from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct
from viewcast.data.panel.held_out import PanelSplit, folds
from viewcast.data.panel.moments import Extent, Moments
from viewcast.data.panel.panel import Clock, Panel
from viewcast.data.panel.task import Task

KEYS: dict[str, Any] = {
    **{"cluster": "entity", "folds": 3, "validation": (0,), "test": (1,), "seed": 1},
    **{"validation_spans": 1, "test_spans": 1},
}


def split_of(new: str, task: Task | None = None, **changed: Any) -> PanelSplit:
    split: PanelSplit = construct(
        PanelSplit, {**KEYS, "task": task or task_of(), "new": new, **changed}, "split"
    )
    return split


def rows_of(panel: Panel, split: PanelSplit) -> pd.DataFrame:
    """Each row with its label and its days: ``first`` .. ``asked`` - 1 given, to ``last`` asked."""
    extent = Extent.of(panel)
    moments = Moments.of(panel, split.task, extent)
    asked = moments.first_asked()
    return pd.DataFrame(
        {
            "video": moments.video,
            "asked": asked,
            "first": asked - split.task.window,
            "last": asked + split.task.horizon - 1,
            "label": split.label(moments, extent),
        }
    )


def days(rows: pd.DataFrame, begin: str) -> set[tuple[int, int]]:
    """The days from ``begin`` to the last one asked, each with its video."""
    return {
        (video, day)
        for video, first, last in zip(rows["video"], rows[begin], rows["last"], strict=True)
        for day in range(first, last + 1)
    }


# What holds for any panel

SPLITS = st.builds(
    split_of,
    st.sampled_from(["videos", "days", "both"]),
    st.builds(task_of, step=st.sampled_from([1, 2]), window=st.integers(1, 8)),
    validation_spans=st.integers(1, 3),
    test_spans=st.integers(1, 3),
)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["age", "calendar"]), SPLITS)
def test_no_open_row_knows_a_day_that_the_test_asks_and_none_that_trains_one_of_validation(
    seed: int, clock: Clock, split: PanelSplit
) -> None:
    rows = rows_of(random_panel(seed, 5, 30, clock), split)
    of = {label: rows[rows["label"] == label] for label in ("train", "validation", "test")}
    tested, validated = days(of["test"], "asked"), days(of["validation"], "asked")
    assert not tested & days(of["train"], "first")
    assert not tested & days(of["validation"], "first")
    assert not validated & days(of["train"], "first")
    if split.new != "days":
        videos = [set(part["video"]) for part in of.values()]
        assert not videos[0] & (videos[1] | videos[2])
        assert not videos[1] & videos[2]
    if split.new != "videos" and clock == "calendar":  # nor what other videos had on these days
        seen = [{day for _, day in days(part, "asked")} for part in of.values()]
        assert not seen[0] & (seen[1] | seen[2])
        assert not seen[1] & seen[2]


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3]))
def test_moments_of_a_calendar_lie_on_the_same_days_whenever_a_video_ends(
    seed: int, step: int
) -> None:
    panel, task = random_panel(seed, 4, 30, "calendar"), task_of(step=step, horizon=6)
    asked = Moments.of(panel, task, Extent.of(panel)).first_asked()
    assert len(set(asked % step)) <= 1


# Known answers


def test_days_of_each_video_are_split_from_its_end_and_what_asks_days_of_two_is_unused() -> None:
    rows = rows_of(panel_of({"a": range(16), "b": range(13)}), split_of("days"))
    labels = [rows.loc[rows["video"] == video, "label"].tolist() for video in (0, 1)]
    assert labels[0] == [*["train"] * 4, "unused", "validation", "unused", "test"]
    assert labels[1] == ["train", "unused", "validation", "unused", "test"]


def test_a_video_that_ended_before_the_last_days_of_a_calendar_has_no_test() -> None:
    panel = panel_of({"a": range(20), "b": range(14)}, "calendar", {"a": 100, "b": 100})
    rows = rows_of(panel, split_of("days"))
    assert set(rows.loc[rows["video"] == 0, "label"]) == {"train", "validation", "test", "unused"}
    assert set(rows.loc[rows["video"] == 1, "label"]) == {"train"}


def test_new_videos_are_asked_at_every_moment_or_at_the_newest_horizons() -> None:
    panel = panel_of({f"v{place}": range(13) for place in range(12)})
    every = rows_of(panel, split_of("videos", validation_spans=None, test_spans=None))
    newest = rows_of(panel, split_of("videos"))
    for label in ("validation", "test"):
        counts = every.loc[every["label"] == label, "video"].value_counts()
        assert set(counts) == {5}
        asked = newest.loc[newest["label"] == label, "asked"]
        assert len(asked) == len(counts)
        assert set(asked) == {12}
    trains = every["label"] == "train"
    pd.testing.assert_series_equal(newest["label"] == "train", trains)


def test_both_new_leaves_out_early_days_of_new_videos_and_late_days_of_known_ones() -> None:
    panel = panel_of({f"v{place}": range(14) for place in range(12)})
    rows, of_fold = rows_of(panel, split_of("both")), folds(panel, 3, 1)
    fold = of_fold[rows["video"]]
    assert set(rows.loc[fold == 0, "label"]) == {"validation", "unused"}
    assert rows.loc[(fold == 1) & (rows["label"] == "test"), "asked"].unique().tolist() == [13]
    assert rows.loc[(fold == 2) & (rows["label"] == "train"), "last"].max() == 10


def test_videos_of_few_views_train_and_are_not_tested_below_the_least() -> None:
    panel = panel_of({"a": [10] * 16, "b": [9] * 16})
    task = task_of(least_views=10, least_views_train=9.5)
    rows = rows_of(panel, split_of("days", task))
    assert set(rows.loc[rows["video"] == 0, "label"]) == {"train", "validation", "test", "unused"}
    assert set(rows.loc[rows["video"] == 1, "label"]) == {"unused"}
    either = split_of("days", task_of(least_views=10))
    rows = rows_of(panel, either)
    assert set(rows.loc[rows["video"] == 1, "label"]) == {"train", "unused"}


def test_a_missing_day_takes_the_rows_that_hold_it_and_no_others() -> None:
    views = np.arange(20, dtype=float)
    views[10] = np.nan
    whole, rows = (rows_of(panel_of({"a": v}), split_of("days")) for v in (range(20), views))
    missing = 11  # its age
    holds = (whole["first"] <= missing) & (missing <= whole["last"])
    assert rows["asked"].tolist() == whole.loc[~holds, "asked"].tolist()


def test_the_first_days_are_those_of_videos_that_are_seen_from_their_first_day_on() -> None:
    task, split = task_of(moments="start"), {"validation_spans": None, "test_spans": None}
    series = {"a": range(12), "b": range(12)}
    on_calendar = panel_of(series, "calendar", {"a": 100, "b": 103})  # a may be older than that
    of_age = panel_of(series, "age", {"a": 1, "b": 4})
    assert rows_of(on_calendar, split_of("videos", task, **split))["asked"].tolist() == [110]
    assert rows_of(of_age, split_of("videos", task, **split))["asked"].tolist() == [8]


def test_the_newest_moment_is_the_day_after_the_last_one() -> None:
    panel = panel_of({"a": range(9), "b": range(3), "c": [*range(8), np.nan]})
    newest = Moments.newest(panel, task_of(), Extent.of(panel))
    assert (newest.video.tolist(), newest.first_asked().tolist()) == ([0], [10])


def test_a_video_that_is_gone_from_a_calendar_has_no_next_day() -> None:
    panel = panel_of({"a": range(9), "b": range(9)}, "calendar", {"a": 100, "b": 101})
    newest = Moments.newest(panel, task_of(), Extent.of(panel))
    assert (newest.video.tolist(), newest.first_asked().tolist()) == ([1], [110])


def test_of_a_task_of_first_days_those_are_newest_whose_horizon_has_not_passed() -> None:
    panel = panel_of({"a": range(9), "b": range(8), "c": range(6)})
    newest = Moments.newest(panel, task_of(moments="start"), Extent.of(panel))
    assert (newest.video.tolist(), newest.first_asked().tolist()) == ([1], [8])


@pytest.mark.parametrize("new", ["videos", "days", "both"])
def test_the_fewest_days_of_a_video_give_one_row_that_trains(new: str) -> None:
    split = split_of(new)
    names = [f"v{place}" for place in range(12)]
    fewest, fewer = (
        rows_of(panel_of(dict.fromkeys(names, range(split.min_days - less))), split)
        for less in (0, 1)
    )
    trains = fewest.loc[fewest["label"] == "train", "video"].value_counts()
    assert set(trains) == {1}
    assert "train" not in set(fewer["label"])


# Folds


def test_folds_depend_on_the_name_and_the_seed_alone() -> None:
    names = [f"v{place}" for place in range(50)]
    panel = panel_of(dict.fromkeys(names, (1,)))
    backwards = panel_of(dict.fromkeys([*names[::-1], "new"], (1,)))
    assert folds(panel, 5, 1).tolist() == folds(backwards, 5, 1)[49::-1].tolist()
    assert folds(panel, 5, 1).tolist() != folds(panel, 5, 2).tolist()
    assert folds(panel, 5, 1)[:5].tolist() == [4, 4, 4, 1, 0]


# Refusals


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"validation": (3,)}, "fold 3 is none of 0 to 2"),
        ({"validation": (1,)}, "validation and test share a fold"),
        ({"validation": (0, 2)}, "or leave none to train"),
        ({"validation": ()}, "new=videos: validation and test each need a fold"),
        ({"new": "days", "test_spans": None}, "new=days: validation_spans and test_spans are num"),
        ({"task": task_of(moments="start")}, "validation_spans and test_spans are null"),
        ({"task": task_of(moments="start"), "new": "days"}, "has no later days: new=videos"),
        ({"test_spans": 0}, "split.test_spans = 0"),
        ({"moments": 3}, "unknown key split.moments"),
    ],
)
def test_a_split_that_cannot_be_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace(".", r"\.")):
        split_of(**{"new": "videos", **changed})


def test_a_step_that_misses_the_days_that_are_held_out_is_refused() -> None:
    with pytest.raises(ValueError, match="step = 2 does not divide horizon = 7"):
        task_of(horizon=7, step=2)
