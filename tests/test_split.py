"""The splits: every row in one of them at most, and nothing of the future in training."""

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from viewcast.base.errors import DataError
from viewcast.data.split import ByDate, ByLecture, ByTail, Span, known_split

ORDER = {"train": 0, "validation": 1, "test": 2}


def days_of(count: int, start: str = "2021-01-01") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=count, freq="D")


def spans(cuts: list[int]) -> dict[str, dict[str, str]]:
    """Train, validation and test from six day numbers, both ends of each included."""
    days = days_of(100)
    ends = [f"{days[cut]:%Y-%m-%d}" for cut in cuts]
    return {
        name: {"first": ends[2 * i], "last": ends[2 * i + 1]}
        for i, name in enumerate(("train", "validation", "test"))
    }


def by_date(**parts: dict[str, str]) -> ByDate:
    return ByDate(**{name: Span(**span) for name, span in parts.items()})


six_cuts = st.lists(st.integers(0, 99), min_size=6, max_size=6, unique=True).map(sorted)


# By date


@given(six_cuts)
def test_every_day_is_in_the_one_split_whose_span_holds_it(cuts: list[int]) -> None:
    labels = by_date(**spans(cuts)).label(days_of(100)).tolist()
    for day, label in enumerate(labels):
        holding = [
            name
            for i, name in enumerate(("train", "validation", "test"))
            if cuts[2 * i] <= day <= cuts[2 * i + 1]
        ]
        assert [label] == (holding or ["unused"])


@given(six_cuts)
def test_train_comes_before_validation_and_validation_before_the_test(cuts: list[int]) -> None:
    labels = by_date(**spans(cuts)).label(days_of(100))
    used = [ORDER[label] for label in labels if label != "unused"]
    assert used == sorted(used)


@given(st.lists(st.integers(0, 99), min_size=6, max_size=6))
def test_spans_that_share_a_day_are_refused(cuts: list[int]) -> None:
    pairs = [sorted(cuts[i : i + 2]) for i in (0, 2, 4)]
    taken = [set(range(low, high + 1)) for low, high in pairs]
    assume(sum(map(len, taken)) > len(set.union(*taken)))
    with pytest.raises(ValidationError, match="share days; a day may be in one only"):
        by_date(**spans([cut for pair in pairs for cut in pair]))


def test_spans_that_share_a_day_are_named() -> None:
    with pytest.raises(ValidationError, match="train and validation share days"):
        by_date(**spans([0, 50, 50, 60, 61, 70]))


def test_the_last_day_of_a_span_is_in_it() -> None:
    labels = by_date(**spans([0, 9, 10, 14, 15, 19])).label(days_of(20))
    assert labels.value_counts().to_dict() == {"train": 10, "validation": 5, "test": 5}
    assert labels.iloc[9] == "train"
    assert labels.iloc[10] == "validation"


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="first day 2021-02-01 is after the last day"):
        Span("2021-02-01", "2021-01-31")


@pytest.mark.parametrize("day", ["soon", "2021-02-30", ""])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(ValidationError):
        Span(day, "2021-12-31")


@pytest.mark.parametrize("last", ["2021", "2021-01", "2021-01-31 12:00"])
def test_anything_but_a_day_is_refused_or_means_one_day(last: str) -> None:
    # "2021-01" is the first of January to pandas' Timestamp and the whole month to its slices.
    try:
        split = by_date(
            train={"first": "2020-01-01", "last": last},
            validation={"first": "2021-02-01", "last": "2021-02-02"},
            test={"first": "2021-02-03", "last": "2021-02-04"},
        )
    except ValidationError:
        return
    labels = split.label(days_of(800, "2020-01-01"))
    assert labels.index[labels == "train"].max() == pd.Timestamp(last).normalize()


def test_training_on_days_after_the_validation_days_takes_more_than_a_coarse_date() -> None:
    # Were "2021-02" the first of February when spans are compared and the whole month when days
    # are labelled, days after the validation span would be trained on, without a word.
    try:
        split = by_date(
            train={"first": "2021-01-01", "last": "2021-02"},
            validation={"first": "2021-02-10", "last": "2021-02-12"},
            test={"first": "2021-03-01", "last": "2021-03-02"},
        )
    except ValidationError:
        return
    labels = split.label(days_of(70))
    last_trained = labels.index[labels == "train"].max()
    assert last_trained < labels.index[labels == "validation"].min()


def test_data_without_training_days_are_refused() -> None:
    with pytest.raises(DataError, match="training split"):
        by_date(**spans([0, 9, 10, 14, 15, 19])).label(days_of(5, "2021-01-12"))


# By tail


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 30))
def test_the_newest_days_are_the_test_and_those_before_validate(
    validation: int, test: int, train: int
) -> None:
    labels = ByTail(validation, test).label(days_of(train + validation + test)).tolist()
    assert labels == ["train"] * train + ["validation"] * validation + ["test"] * test


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 40))
def test_too_few_days_for_the_tail_are_refused(validation: int, test: int, count: int) -> None:
    assume(count <= validation + test)
    with pytest.raises(DataError) as caught:
        ByTail(validation, test).label(days_of(count))
    message = str(caught.value)
    assert f"found {count} days" in message
    assert f"more than {validation} for validation and {test} for the test" in message
    assert "data.splits" in message


@pytest.mark.parametrize(("validation", "test"), [(0, 1), (1, 0), (-1, 5), (1, -1)])
def test_a_tail_without_days_is_refused(validation: int, test: int) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        ByTail(validation, test)


# By lecture


lectures = st.lists(st.sampled_from([f"ML2021/{i}" for i in range(12)]), unique=True, min_size=3)


@given(lectures, st.data())
def test_every_lecture_is_in_the_split_that_names_it(rows: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(1, len(rows)))
    second = data.draw(st.integers(first, len(rows)))
    split = ByLecture(rows[:first], rows[first:second], rows[second:])
    everything = pd.Series([f"ML2021/{i}" for i in range(12)])
    for row, label in zip(everything, split.label(everything), strict=True):
        expected = next(
            (name for name in ORDER if row in getattr(split, name)),
            "unused",
        )
        assert label == expected


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        (["ML2021/1", "ML2021/2"], ["ML2021/2"], []),
        (["ML2021/2"], ["ML2021/1"], ["ML2021/2"]),
        (["ML2021/1"], ["ML2021/2"], ["ML2021/2"]),
    ],
)
def test_a_lecture_in_two_splits_is_refused_by_name(
    train: list[str], validation: list[str], test: list[str]
) -> None:
    with pytest.raises(ValidationError, match=r"lectures \['ML2021/2'\] .* may be in one"):
        ByLecture(train, validation, test)


def test_a_lecture_twice_in_one_split_is_not_reported_as_in_two() -> None:
    with pytest.raises(ValidationError) as caught:
        ByLecture(["ML2021/1", "ML2021/1"], [], [])
    assert "in two splits" not in str(caught.value)


@pytest.mark.parametrize("name", ["train", "validation", "test"])
def test_a_lecture_that_is_not_in_the_data_is_refused_by_name(name: str) -> None:
    parts = {"train": ["ML2021/1"], "validation": ["ML2021/2"], "test": ["ML2021/3"]}
    split = ByLecture(**{**parts, name: [*parts[name], "ML2021/99"]})
    with pytest.raises(DataError, match=r"\['ML2021/99'\] are not in the data") as caught:
        split.label(pd.Series(["ML2021/1", "ML2021/2", "ML2021/3"]))
    assert f"data.splits.{name}" in str(caught.value)


def test_a_split_without_training_lectures_is_refused() -> None:
    with pytest.raises(DataError, match="training split"):
        ByLecture([], ["ML2021/1"], []).label(pd.Series(["ML2021/1"]))


def test_labels_follow_the_index_of_the_rows() -> None:
    rows = pd.Series(["ML2021/1", "ML2021/2"], index=[7, 3])
    assert ByLecture(["ML2021/2"], ["ML2021/1"], []).label(rows).to_dict() == {
        7: "validation",
        3: "train",
    }


# The choice among splits


def test_a_split_that_is_not_configured_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"split = corse .* allowed: course, swap"):
        known_split("corse", {"course": 1, "swap": 2})
