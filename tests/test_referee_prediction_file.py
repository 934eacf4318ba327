"""A file of predictions is read as it is, or refused in a sentence that shows nothing of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from viewcast.referee.answers import RefusedError
from viewcast.referee.prediction_file import read_predictions

FRAME = pd.DataFrame({"day": ["2021-01-01", "2021-01-02"], "prediction": [1.5, 2.25]})


def test_a_table_keeps_its_keys_and_its_predictions(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "p.parquet")
    FRAME.to_csv(tmp_path / "p.csv", index=False)
    for name in ("p.parquet", "p.csv"):
        read = read_predictions(tmp_path / name)
        assert isinstance(read, pd.DataFrame)
        assert read.to_dict("list") == FRAME.to_dict("list")


def test_numbers_of_a_csv_are_read_bit_by_bit(tmp_path: Path) -> None:
    numbers = np.random.default_rng(1).normal(size=1000) * 1e5
    pd.DataFrame({"prediction": numbers}).to_csv(tmp_path / "p.csv", index=False)
    read = read_predictions(tmp_path / "p.csv")
    assert isinstance(read, pd.DataFrame)
    assert read["prediction"].to_numpy().tobytes() == numbers.tobytes()


def test_an_array_keeps_its_shape_and_its_bits(tmp_path: Path) -> None:
    array = np.array([[0.1, 0.9], [1 / 3, 2 / 3]])
    np.save(tmp_path / "p.npy", array)
    read = read_predictions(tmp_path / "p.npy")
    assert isinstance(read, np.ndarray)
    assert read.shape == (2, 2)
    assert read.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("p.pkl", b"secret", r"p\.pkl: found the ending '\.pkl'; expected \.parquet, \.csv, \.npy"),
        ("p", b"secret", "p: found no ending; expected"),
        ("p.parquet", b"secret", r"p\.parquet: cannot be read as Parquet \(ArrowInvalid\)"),
        ("p.npy", b"secret", "cannot be read as array of NumPy"),
        ("p.npy", b"", "cannot be read as array of NumPy"),
        ("p.csv", b'"secret', "cannot be read as CSV"),
        ("p.csv", b"prediction\n", "holds no row"),
        ("p.csv", b"", "cannot be read as CSV"),
        ("p.csv", b"\xff\xfe\x00", "cannot be read as CSV"),
    ],
)
def test_another_file_is_refused_and_nothing_of_it_is_shown(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RefusedError, match=told) as refused:
        read_predictions(tmp_path / name)
    assert "secret" not in str(refused.value)


def test_a_pickled_array_is_not_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(RefusedError, match="cannot be read as array of NumPy"):
        read_predictions(tmp_path / "p.npy")


def test_a_single_number_is_no_prediction_of_rows(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.float64(3))
    with pytest.raises(RefusedError, match="cannot be read as array of NumPy"):
        read_predictions(tmp_path / "p.npy")


def test_a_path_that_leads_nowhere_and_a_folder_are_told(tmp_path: Path) -> None:
    (tmp_path / "f.csv").mkdir()
    with pytest.raises(RefusedError, match=r"f\.csv: is a folder"):
        read_predictions(tmp_path / "f.csv")
    with pytest.raises(RefusedError, match=r"none\.csv: does not exist"):
        read_predictions(tmp_path / "none.csv")
