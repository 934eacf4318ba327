"""Features of a panel: relative to a video's own level, and never of its own future."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.panels import panel_of, random_panel, task_of
from viewcast.data.panel.features import MOST_CATEGORIES, Known, Measured, measured, slug
from viewcast.data.panel.moments import Extent, Moments
from viewcast.data.panel.panel import Clock, Panel
from viewcast.data.panel.task import Task

ASKED = ["each", "sum", "total"]


def of(panel: Panel, task: Task) -> tuple[Moments, Measured]:
    moments = Moments.of(panel, task, Extent.of(panel))
    return moments, measured(moments, Known.of(panel))


def row(panel: Panel, task: Task, place: int = 0) -> dict[str, float]:
    """The features, the level and the targets of one row, by name."""
    _, found = of(panel, task)
    targets = {f"target_{day + 1}": float(y[place]) for day, y in enumerate(found.targets)}
    cells = dict(zip(found.names, found.features[:, place].tolist(), strict=True))
    return {**cells, **targets, "level": float(found.level[place])}


@settings(max_examples=40)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["age", "calendar"]),
    st.sampled_from(ASKED),
    st.sampled_from(["sliding", "start"]),
)
def test_no_feature_depends_on_a_view_of_the_first_asked_day_or_later(
    seed: int, clock: Clock, asked: str, moments: str
) -> None:
    panel, task = random_panel(seed, 4, 25, clock), task_of(asked=asked, moments=moments)
    rows, before = of(panel, task)
    if not len(rows):
        return
    place = seed % len(rows)
    video, begin = int(rows.video[place]), int(rows.begin()[place])
    views = panel.views.copy()
    views[begin : panel.starts[video + 1]] += 777
    if clock == "calendar":  # nor on what other videos have on that day or later
        day = np.concatenate([np.arange(days) for days in panel.days]) + np.repeat(
            panel.videos["first"].to_numpy(), panel.days
        )
        views[day >= rows.first_asked()[place]] += 1
    _, after = of(Panel(panel.videos, views, panel.starts, clock), task)
    assert after.features[:, place].tobytes() == before.features[:, place].tobytes()
    assert after.level[place] == before.level[place]
    assert (after.targets[:, place] != before.targets[:, place]).all()


@given(st.integers(0, 2**32 - 1), st.sampled_from(ASKED))
def test_views_are_the_level_and_the_target_together(seed: int, asked: str) -> None:
    panel, task = random_panel(seed, 3, 20, "age"), task_of(asked=asked)
    moments, found = of(panel, task)
    begin = moments.begin()
    came = panel.views[begin[:, None] + np.arange(2)].T.astype(float)
    if asked != "each":
        came = came.sum(axis=0, keepdims=True)
    if asked == "total":
        came += [panel.views[b - 7 : b].sum() for b in begin]
    np.testing.assert_allclose(np.expm1(found.targets + found.level), came, rtol=1e-12, atol=1e-12)


def test_a_video_of_a_thousand_times_the_views_has_the_same_features_but_its_size() -> None:
    days = np.array([9, 3, 4, 8, 6, 7, 5, 2, 1], float) * 1e6
    small, large = (row(panel_of({"a": days * k}), task_of()) for k in (1, 1000))
    differing = {name for name in small if not math.isclose(small[name], large[name], abs_tol=1e-5)}
    assert differing == {"size", "level"}


def test_lags_count_back_from_the_day_before_the_first_asked() -> None:
    found = row(panel_of({"a": [0, 10, 20, 30, 40, 50, 60, 70, 80]}), task_of())
    level = math.log1p(30)
    assert (found["level"], found["size"]) == pytest.approx((level, level))
    lags = [found[f"lag_{lag}"] for lag in range(1, 8)]
    expected = [math.log1p(views) - level for views in (60, 50, 40, 30, 20, 10, 0)]
    assert lags == pytest.approx(expected, abs=1e-6)
    assert found["median_7"] == pytest.approx(math.log1p(30) - level, abs=1e-6)
    assert (found["since_peak"], found["zeros"]) == (0, pytest.approx(1 / 7))
    assert found["age"] == pytest.approx(math.log1p(8))


@pytest.mark.parametrize(
    ("asked", "last_day", "last_week"), [("each", 60, 30), ("sum", 120, 60), ("total", 330, 270)]
)
def test_naive_features_are_forecasts_of_what_is_asked(
    asked: str, last_day: float, last_week: float
) -> None:
    found = row(panel_of({"a": [0, 10, 20, 30, 40, 50, 60, 70, 80]}), task_of(asked=asked))
    views = [math.expm1(found[name] + found["level"]) for name in ("last_day", "last_week")]
    assert views == pytest.approx([last_day, last_week], rel=1e-5)


def test_the_same_weekday_is_that_of_the_last_week_even_nine_days_ahead() -> None:
    found = row(panel_of({"a": [1, 2, 3, 4, 5, 6, 7, *range(9)]}), task_of(horizon=9))
    same = [math.expm1(found[f"same_day_{day}"] + found["level"]) for day in range(1, 10)]
    assert same == pytest.approx([1, 2, 3, 4, 5, 6, 7, 1, 2], rel=1e-5)


def test_a_weekday_of_twice_its_week_has_a_factor_and_the_others_are_alike() -> None:
    weeks = [999, 1999, 999, 999, 999, 999, 999] * 2
    found = row(panel_of({"a": [*weeks, *weeks[:7]]}), task_of(window=14, horizon=7))
    factors = [found[f"weekday_{day}"] for day in range(1, 8)]
    twice = math.log(2) * 6 / 7
    assert factors == pytest.approx([-math.log(2) / 7, twice, *[-math.log(2) / 7] * 5], abs=1e-6)


def test_a_window_shorter_than_a_week_has_no_weekdays_and_its_own_mean_as_level() -> None:
    found = row(panel_of({"a": [3, 5, 7, 1]}), task_of(window=2, horizon=2))
    assert found["level"] == pytest.approx(math.log1p(4))
    assert not [name for name in found if name.startswith(("weekday", "same_day", "median"))]


def test_categories_and_numbers_of_a_video_are_features_by_name() -> None:
    known = {"category": ["Film & Animation", "NA"], "duration": [99, 9], "words": ["a", "b"]}
    panel = panel_of({"a": range(9), "b": range(9)}, **known)
    first, second = row(panel, task_of(), 0), row(panel, task_of(), 1)
    assert (first["category_film_animation"], first["category_na"]) == (1, 0)
    assert (second["category_film_animation"], second["category_na"]) == (0, 1)
    assert first["video_duration"] == pytest.approx(math.log(100))
    assert not [name for name in first if "words" in name or "first" in name]


def test_of_very_many_categories_the_most_frequent_have_columns() -> None:
    names = [f"c{place:03d}" for place in range(MOST_CATEGORIES + 5)]
    series = {f"v{place}": [1] for place in range(len(names) + 1)}
    found = Known.of(panel_of(series, category=[*names, "c054"])).categories
    assert len(found) == MOST_CATEGORIES
    assert "category_c054" in found
    assert "category_c049" not in found


def test_the_weekday_of_a_calendar_is_that_of_the_first_asked_day() -> None:
    monday = 18_631  # 2021-01-04
    panel = panel_of({"a": range(10)}, "calendar", {"a": monday})
    shown = [
        [name for name in ("tue", "wed", "sun") if row(panel, task_of(), place)[name]]
        for place in range(2)
    ]
    assert shown == [[], ["tue"]]


def test_a_part_of_a_panel_has_the_very_features_that_the_whole_has() -> None:
    panel, task = random_panel(5, 6, 30, "calendar"), task_of(window=8)
    extent, known = Extent.of(panel), Known.of(panel)
    whole = measured(Moments.of(panel, task, extent), known)
    parts = [measured(Moments.of(part, task, extent), known) for part in panel.parts(2)]
    assert all(part.names == whole.names for part in parts)
    together = np.concatenate([part.features for part in parts], axis=1)
    assert together.tobytes() == np.ascontiguousarray(whole.features).tobytes()


@pytest.mark.parametrize(
    ("name", "column"), [("Film & Animation", "film_animation"), ("--", "none"), ("Ä1_b", "ä1_b")]
)
def test_a_name_becomes_a_part_of_a_column(name: str, column: str) -> None:
    assert slug(name) == column
