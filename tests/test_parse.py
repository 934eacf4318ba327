"""JSON and YAML of others: anything wrong with it is one kind of error, which callers refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import DataError
from viewcast.base.parse import UnreadableError, json_of, yaml_of
from viewcast.holdout.looks import parsed
from viewcast.tracking.images import images_in

DEEP = "[" * 100_000


@pytest.mark.parametrize("text", [DEEP, DEEP + "]" * 100_000, "{", b"\xff\xfe", "9" * 5000, ""])
def test_json_that_cannot_be_read_is_one_error(text: str | bytes) -> None:
    with pytest.raises(UnreadableError):
        json_of(text)


@pytest.mark.parametrize(
    "text", [DEEP, "a: [", "!!python/object:os.system {}", "a: 1\n b: 2", "\0"]
)
def test_yaml_that_cannot_be_read_is_one_error(text: str) -> None:
    with pytest.raises(UnreadableError):
        yaml_of(text)


@given(st.text())
def test_no_text_makes_another_error(text: str) -> None:
    for read in (json_of, yaml_of):
        try:
            read(text)
        except UnreadableError as error:
            assert str(error)


def test_callers_refuse_it_in_their_own_words() -> None:
    assert images_in(DEEP) == images_in("[1]") == images_in('{"a": 1}') == {}
    with pytest.raises(DataError, match=r"tag viewcast\.looks"):
        parsed(DEEP, "run")
