"""Predictions as they travel: they arrive as they were sent, anything else is refused."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.served_referees import N, long_texts, parquet
from viewcast.referee.answers import RefusedError
from viewcast.referee.wire_format import packed, unpacked

PLAIN = {"prediction": np.zeros(N)}


@pytest.mark.parametrize(
    "given",
    [
        np.linspace(0, 1, N),
        np.random.default_rng(1).dirichlet([1.0, 1.0, 1.0], N),
        np.resize(np.array(["yes", "no"], dtype=object), N),
        np.arange(N),
        pd.DataFrame({"day": pd.date_range("2024-01-01", periods=N), "prediction": 1.5}),
    ],
    ids=["numbers", "chances", "labels", "counts", "frame"],
)
def test_predictions_arrive_as_they_were_sent(given: Any) -> None:
    found: Any = unpacked(packed(given), N)
    if isinstance(found, pd.DataFrame) and not isinstance(given, pd.DataFrame):
        found = found["prediction"].to_numpy()
    if isinstance(given, pd.DataFrame):
        pd.testing.assert_frame_equal(found, given, check_dtype=False)
    else:
        assert np.array_equal(found, given)
        assert found.dtype.kind in (given.dtype.kind, "O")


@pytest.mark.parametrize(
    "given",
    [[[[1.0]]], pd.DataFrame({"a": [1, "b"]}), pd.DataFrame({"a": [object()]})],
    ids=["three axes", "mixed", "an object"],
)
def test_what_cannot_be_sent_is_refused_here(given: Any) -> None:
    with pytest.raises(RefusedError, match=r"predictions"):
        packed(given)


TABLES: dict[str, Callable[[], bytes]] = {
    "found 121 rows, expected 120": lambda: parquet({"prediction": np.zeros(N + 1)}),
    "found 1,000,000 rows": lambda: parquet({"prediction": np.zeros(10**6)}),
    "found 2,001 columns": lambda: parquet({f"c{i}": np.zeros(N) for i in range(2_001)}),
    "column 'id': holds long texts": long_texts,
    "by ZSTD, expected Snappy or none": lambda: parquet(PLAIN, compression="zstd"),
    "by GZIP, expected Snappy or none": lambda: parquet(PLAIN, compression="gzip"),
    "found list.*, expected numbers": lambda: parquet({"prediction": [[1.0]] * N}),
    "found struct.*, expected numbers": lambda: parquet({"prediction": [{"a": 1.0}] * N}),
    "found binary, expected numbers": lambda: parquet({"prediction": [b"pickled"] * N}),
    "found null, expected numbers": lambda: parquet({"prediction": pa.nulls(N)}),
    "a column occurs twice": lambda: parquet(pa.table([np.zeros(N)] * 2, ["a", "a"])),
    "column 'a.b': has a dot": lambda: parquet({"a": np.zeros(N), "a.b": ["text"] * N}),
    "cannot be read": lambda: packed(np.zeros(N))[:-20],
    "the Parquet table cannot be read": lambda: b"PAR1",
}


@pytest.mark.parametrize("words", TABLES)
def test_a_table_that_is_no_predictions_is_refused_in_words(words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        unpacked(TABLES[words](), N)


def test_a_table_that_unpacks_to_too_much_is_refused_before_a_column_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("viewcast.referee.wire_format.MEMORY", 1_000)
    monkeypatch.setattr(pq.ParquetFile, "read", lambda *_, **__: pytest.fail("read"))
    with pytest.raises(RefusedError, match="unpacks to more than"):
        unpacked(packed(np.random.default_rng(0).random(N)), N)
    with pytest.raises(RefusedError, match="bytes with compressed columns"):
        unpacked(parquet(PLAIN, compression="snappy"), N)


def listed(values: Any) -> bytes:
    return json.dumps({"predictions": values}).encode()


TEXTS: dict[str, tuple[bytes, str]] = {
    "deep": (b"[" * 100_000, "too many lists"),
    "deeper than it is long": (b'{"predictions": ' + b"[" * 1_500, "neither Parquet nor JSON"),
    "nothing": (b"", "neither Parquet nor JSON"),
    "no text": (b"\xff\xfe", "neither Parquet nor JSON"),
    "null": (b"null", "expected {"),
    "more": (b'{"predictions": [], "more": 1}', "expected {"),
    "no list": (listed(None), "found no list"),
    "short": (listed([1.0]), "found 1 values, expected 120"),
    "missing": (listed([1.0] * (N - 1) + [None]), "expected numbers alone"),
    "mixed": (listed([1.0] * (N - 1) + ["a"]), "expected numbers alone"),
    "long": (listed([1.0] * (N - 1) + [10**400]), "expected numbers alone"),
    "ragged": (listed([[1.0, 2.0]] * (N - 1) + [[1.0]]), "not of one length"),
    "empty lists": (listed([[]] * N), "not of one length"),
    "a short column": (b'{"columns": {"prediction": [[1, 2]]}}', "found 1 values"),
    "a wide column": (json.dumps({"columns": {"a": [[1, 2]] * N}}).encode(), "expected {"),
    "no column": (b'{"columns": {}}', "expected {"),
    "much": (b"[" + b" " * 2**24, "bytes of JSON"),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_json_that_is_no_predictions_is_refused_in_words(kind: str) -> None:
    body, words = TEXTS[kind]
    with pytest.raises(RefusedError, match=words):
        unpacked(body, N)
