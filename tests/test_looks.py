"""Looks: what counts, what counts once, in which rounds, and on which rows."""

from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import DataError
from viewcast.holdout.looks import (
    REPORT,
    Look,
    Use,
    by_row,
    distinct,
    early_stop,
    parsed,
    rounds,
    written,
)


def look(run_id: str, start: int = 0, end: int | None = 1, **changed: object) -> Look:
    made = Look(
        run_id=run_id,
        key=f"key of {run_id}",
        uses=(REPORT,),
        holdout="days",
        batch_id=f"batch_id of {run_id}",
        start=start,
        end=end,
        user="ann",
        status="FINISHED",
    )
    return replace(made, **changed)  # type: ignore[arg-type]


# Uses as text

uses_of = st.builds(
    Use,
    st.sampled_from(["report", "early_stop", "select", "gate", "test"]),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)


@given(st.lists(uses_of, max_size=4))
def test_uses_are_read_as_they_were_written(some: list[Use]) -> None:
    assert parsed(written(some), "run") == tuple(some)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "3",
        '{"purpose": "report"}',
        '[{"purpose": "curiosity", "scores": 1, "among": 1}]',
        '[{"purpose": "report", "scores": -1, "among": 1}]',
        '[{"purpose": "report", "scores": 1.5, "among": 1}]',
        '[{"purpose": "report", "scores": true, "among": 1}]',
        '[{"purpose": "report", "scores": 1, "among": 1, "by": "ann"}]',
    ],
)
def test_a_tag_that_says_no_uses_is_refused_with_its_run(text: str) -> None:
    with pytest.raises(DataError, match=r"run 4711: tag viewcast.looks = .*early_stop, select"):
        parsed(text, "4711")


# What counts once


@given(
    keys=st.lists(st.integers(0, 5), min_size=1, max_size=20),
    order=st.randoms(use_true_random=False),
)
def test_repetitions_count_once_in_whatever_order_they_are_read(
    keys: list[int], order: object
) -> None:
    made = [look(f"run {i}", start=i, end=i + 1, key=f"{k}") for i, k in enumerate(keys)]
    found = distinct(made)
    assert sorted(one.key for one in found) == sorted({f"{k}" for k in keys})
    shuffled = list(made)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert distinct(shuffled) == found
    assert distinct(found) == found


def test_a_killed_run_and_the_one_that_went_on_are_one_look_of_all_epochs() -> None:
    killed = look("a", 10, 20, key="k", uses=(early_stop(60),), status="KILLED", batch_id="first")
    went_on = look("b", 30, 40, key="k", uses=(early_stop(120),), batch_id="second")
    (found,) = distinct([went_on, killed])
    assert (found.run_id, found.scores, found.status) == ("b", 120, "FINISHED")
    assert (found.start, found.batch_id, found.end) == (10, "first", 40)


def test_the_finished_run_stands_for_one_that_was_killed_later() -> None:
    finished = look("a", 10, 20, key="k")
    killed = look("b", 30, None, key="k", status="RUNNING")
    assert distinct([killed, finished]) == [finished]


# Waves


def test_a_batch_is_one_round_though_its_runs_come_one_after_another() -> None:
    made = [look(f"{i}", start=10 * i, end=10 * i + 9, batch_id="sweep") for i in range(5)]
    assert [len(part) for part in rounds(made)] == [5]


def test_runs_one_after_another_by_hand_are_a_wave_each() -> None:
    made = [look(f"{i}", start=10 * i, end=10 * i + 9) for i in range(5)]
    found = rounds(made[::-1])
    assert [[one.run_id for one in part] for part in found] == [["0"], ["1"], ["2"], ["3"], ["4"]]


def test_runs_that_began_before_any_had_ended_are_one_wave() -> None:
    made = [look("a", 0, 100), look("b", 10, 60), look("c", 59, 70), look("d", 60, 90)]
    assert [[one.run_id for one in part] for part in rounds(made)] == [["a", "b", "c"], ["d"]]


def test_a_run_that_goes_on_has_revealed_nothing_yet() -> None:
    assert len(rounds([look("a", 0, None), look("b", 1000, 1001)])) == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 20), st.sampled_from("abcdef")), max_size=15
    )
)
def test_rounds_divide_the_looks_and_keep_batches_whole(made: list[tuple[int, int, str]]) -> None:
    some = [
        look(f"{i}", start, start + lasted, batch_id=batch_id)
        for i, (start, lasted, batch_id) in enumerate(made)
    ]
    found = rounds(some)
    assert sorted(one.run_id for part in found for one in part) == sorted(o.run_id for o in some)
    batches = [{one.batch_id for one in part} for part in found]
    assert sum(map(len, batches)) == len({one.batch_id for one in some})
    for former, part in pairwise(found):
        assert min(one.start for one in part) >= min(one.end or 0 for one in former)


# Rows


def days(first: int, last: int, target: float = 1.0) -> pd.DataFrame:
    times = pd.date_range("2021-01-01", periods=31)[first - 1 : last]
    shown = times.strftime("%Y-%m-%d")
    return pd.DataFrame({"entity": "channel", "time": times, "row": shown, "target": target})


def test_windows_that_overlap_share_rows() -> None:
    rows = {"early": days(1, 10), "late": days(6, 15)}
    some = [
        look("a", holdout="early"),
        look("b", holdout="late", uses=(early_stop(120),)),
        look("again", holdout="late", uses=(early_stop(120),), key="key of b"),
        look("parent", holdout="late", uses=(Use("select", 0, 2),)),
        look("elsewhere", holdout="other days"),
    ]
    found = by_row(rows, some).set_index("row")
    assert found.columns.tolist() == ["entity", "time", "runs", "scores"]
    assert len(found) == 15
    assert found.loc["2021-01-01", ["runs", "scores"]].tolist() == [1, 1]
    assert found.loc["2021-01-06", ["runs", "scores"]].tolist() == [2, 121]
    assert found.loc["2021-01-11", ["runs", "scores"]].tolist() == [1, 120]


def test_a_day_whose_target_was_corrected_is_another_row() -> None:
    rows = {"before": days(1, 3), "after": days(1, 3, target=2.0)}
    found = by_row(rows, [look("a", holdout="before"), look("b", holdout="after")])
    assert found["runs"].tolist() == [1] * 6


def test_without_holdouts_no_row_was_looked_at() -> None:
    assert by_row({}, [look("a")]).empty
