"""JSON in which one value is another, is gone, or comes twice."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from fuzz import evil

ODD: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 0.5, 1e308, 2**64, float("nan"), float("-inf"), "", "x", "1"),
    *("é", "\ud7ff", "x" * 5_000, "../../x", [], {}, [1.0], [[1.0]], {"a": 1}, 1_700_000_000_000),
)
DEEP = (b"[" * 100_000, b'{"a":' * 100_000)
Path = tuple[Any, ...]


def places(value: Any, here: Path = ()) -> Iterator[Path]:
    """Where each value lies, from the outermost one on."""
    yield here
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*here, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value[:20]):
            yield from places(inner, (*here, number))


@st.composite
def changed(draw: st.DrawFn, value: Any) -> tuple[Any, str]:
    """A JSON value with one other value in it, and which; the given one stays as it is."""
    whole = json.loads(json.dumps(value))
    known = list(places(whole))
    where = known[evil.place(draw(evil.shares), len(known))]
    how = draw(st.sampled_from(("odd", "odd", "odd", "gone", "renamed", "copied", "negated")))
    if not where:
        return draw(st.sampled_from(ODD)), "all of it"
    inner = whole
    for key in where[:-1]:
        inner = inner[key]
    last = where[-1]
    if how == "gone":
        del inner[last]
    elif how == "renamed" and isinstance(inner, dict):
        inner[draw(st.sampled_from(evil.WORDS))] = inner.pop(last)
    elif how == "copied" and isinstance(inner, list):
        inner.insert(last, inner[last])
    elif how == "negated" and isinstance(inner[last], int | float):
        inner[last] = not inner[last] if isinstance(inner[last], bool) else -inner[last]
    else:
        inner[last] = draw(st.sampled_from(ODD))
    return whole, f"{how} {'.'.join(map(str, where))[:60]}"


def text(value: Any) -> bytes:
    """As a file holds it."""
    return json.dumps(value).encode()
