"""A test has one name in every process of a run, at any time; xdist refuses to start otherwise."""

import time

import pytest


@pytest.mark.parametrize("content", [b"%.6f" % time.time(), b""])
@pytest.mark.parametrize("text", [f"{time.time():.6f}".zfill(200), "short"])
def test_bytes_and_long_texts_do_not_name_a_test(
    content: bytes, text: str, request: pytest.FixtureRequest
) -> None:
    named = request.node.name.partition("[")[2]
    assert named.startswith("short-content" if text == "short" else "text-content")


def test_the_name_of_a_test_is_one_line(request: pytest.FixtureRequest) -> None:
    names = [item.nodeid for item in request.session.items]
    assert [name[:100] for name in names if not name.isprintable()] == []
    assert [name[:100] for name in names if len(name) > 400] == []
