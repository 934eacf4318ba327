"""The live series and its rolling windows."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.nights import composed
from viewcast.base.errors import DataError
from viewcast.data import live, sealed
from viewcast.data.split import Rolling
from viewcast.training.config import parse


def series(days: int, first: str = "2020-01-01") -> pd.DataFrame:
    index = pd.date_range(first, periods=days, name="date")
    return pd.DataFrame({"views": [float(100 + day) for day in range(days)]}, index=index)


def stored(folder: Path, days: pd.DataFrame, fresh: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / live.DAILY).write_text(live.as_csv(days))
    (folder / live.FRESH).write_text(live.as_fresh(pd.Timestamp(fresh).date()))
    return folder


def test_a_stored_series_is_read_back_as_it_was(tmp_path: Path) -> None:
    days = series(40).assign(minutes=0.1234567890123456, likes=[*([3.0] * 39), float("nan")])
    found = live.read(stored(tmp_path, days, "2020-02-01"))
    pd.testing.assert_frame_equal(found, days, check_freq=False, check_index_type=False)
    assert (
        (tmp_path / live.DAILY).read_text().startswith("date,views,minutes,likes\n2020-01-01,100,")
    )


@given(st.integers(1, 60), st.integers(1, 30), st.integers(40, 99))
def test_windows_end_where_the_fresh_days_begin(train: int, validation: int, fresh: int) -> None:
    days = pd.date_range("2020-01-01", periods=100)
    split = Rolling(train, validation).label(days, days[fresh])
    assert (split.iloc[fresh:] == "test").all()
    assert (split.iloc[fresh - validation : fresh] == "validation").all()
    assert (split == "validation").sum() == validation
    assert (split == "train").sum() == min(train, fresh - validation)
    before = split.iloc[: fresh - validation]
    assert before.iloc[-1] == "train"
    assert before.eq("train").astype(int).diff().abs().sum() <= 1


def test_a_fresh_day_that_has_not_come_yet_leaves_no_test_rows() -> None:
    days = pd.date_range("2020-01-01", periods=50)
    assert "test" not in set(Rolling(20, 10).label(days, days[-1] + pd.Timedelta(days=1)))


def test_too_short_a_history_is_refused() -> None:
    days = pd.date_range("2020-01-01", periods=30)
    with pytest.raises(DataError, match=r"found 10 days with a full window .* more than 10"):
        Rolling(20, 10).label(days, days[10])


def test_only_fresh_days_that_come_in_change_nothing_that_models_read(tmp_path: Path) -> None:
    config = parse(composed(["data=live", "model=linear"]))
    tables = []
    for known in (200, 203):
        stored(tmp_path / "data" / "live", series(known), "2020-07-01")
        tables.append(sealed.seal(config.data.prepare(tmp_path), config.data.feature_lookback))
    (before, former), (after, now) = tables
    pd.testing.assert_frame_equal(before, after)
    assert len(now) == len(former) + 3
    assert (former["time"] >= "2020-07-01").all()


@pytest.mark.parametrize("text", ["", "{}", '{"from": 3}', '{"from": "March"}'])
def test_a_file_without_the_fresh_day_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / live.FRESH).write_text(text)
    with pytest.raises(DataError, match=r"fresh\.json: expected .* `make retrain` writes it"):
        live.fresh_from(tmp_path)


def test_a_series_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no live series yet; `make retrain` makes one"):
        live.read(tmp_path)


def test_the_level_by_weekday_is_the_mean_of_the_week_before_on_that_weekday(
    tmp_path: Path,
) -> None:
    config = parse(composed(["data=live", "model=linear"]))
    stored(tmp_path / "data" / "live", series(60), "2020-02-25")
    table = config.data.prepare(tmp_path).set_index("time")
    names = [f"level_{day}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")]
    day = pd.Timestamp("2020-02-05")  # a Wednesday, the 36th day
    assert table.loc[day, names].tolist() == [0, 0, 131, 0, 0, 0, 0]
    assert (
        table[names].sum(axis=1) == table[[f"lag_{lag}" for lag in range(1, 8)]].mean(axis=1)
    ).all()
