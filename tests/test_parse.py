"""JSON, YAML and arrays of others: whatever is wrong is one kind of error, which callers refuse."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.base.errors import DataError
from viewcast.base.parse import UnreadableError, array_of, json_of, yaml_of
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


def npy(**header: object) -> bytes:
    """A file of an array with another header."""
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        content, {"descr": "<f8", "fortran_order": False, "shape": (3,), **header}
    )
    return content.getvalue() + np.arange(3.0).tobytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1,2,3",
        npy()[:40],
        npy().replace(b"}", b"("),
        npy(descr="no"),
        npy(descr="|O"),
        npy(shape=(10**15,)),
        npy(descr="<U2").replace(bytes(8), b"a\0@\0" * 2),
    ],
)
def test_an_array_that_cannot_be_read_is_one_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(npy())
    assert array_of(tmp_path / "a.npy").tolist() == [0, 1, 2]
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(UnreadableError):
        array_of(tmp_path / "a.npy")


def test_several_arrays_in_one_file_are_no_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", np.zeros(3))
    with pytest.raises(UnreadableError, match="several arrays"):
        array_of(tmp_path / "a.npz")


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
