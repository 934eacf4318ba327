"""Several series at the same times: refused where standard errors take rows as one series."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from support.clone import REPOSITORY
from support.project import Project
from viewcast.base.errors import DataError
from viewcast.data import sealed
from viewcast.holdout.panels import panel, refuse_panel
from viewcast.runs.run import run
from viewcast.scoring.scores import score

DAYS = pd.date_range("2021-01-01", periods=50)


def rows(entities: int, times: "pd.Index | list[int]") -> pd.DataFrame:
    """One row per entity and time, in order of time."""
    names = [f"channel {i}" for i in range(entities)]
    table = pd.DataFrame([(name, time) for time in times for name in names])
    return table.set_axis(["entity", "time"], axis=1)


def test_two_thousand_series_that_share_a_day_effect_are_refused() -> None:
    keys = rows(2000, DAYS)
    rng = np.random.default_rng(3)
    day = rng.normal(size=len(DAYS))
    losses = 10 + np.repeat(day, 2000) + 3 * rng.normal(size=len(keys))
    as_one_series = score(losses, 1)
    true_error = float(np.sqrt((1 + 9 / 2000) / len(DAYS)))
    assert as_one_series is not None and as_one_series.error is not None
    assert true_error > 13 * as_one_series.error
    with pytest.raises(
        DataError,
        match=r"the validation rows: 2,000 entities share 50 of 50 times \(at 2021-01-01: channel "
        r"0 and channel 1 and 1,998 more\).*say which rows are alike",
    ):
        refuse_panel(keys, 1, "the validation rows")


def test_days_as_text_are_days() -> None:
    keys = rows(2, DAYS)
    assert panel(keys.assign(time=keys["time"].astype(str))) is not None


def test_one_series_is_no_panel() -> None:
    assert panel(rows(1, DAYS), 7) is None


def test_series_that_follow_each_other_are_no_panel() -> None:
    late = rows(1, DAYS + pd.Timedelta(days=50)).assign(entity="late")
    assert panel(pd.concat([rows(1, DAYS), late]), 7) is None


def test_lectures_of_several_courses_have_numbers_and_no_time_in_common() -> None:
    keys = rows(3, [1, 2, 3, 4])
    assert panel(keys) is None
    assert panel(keys.assign(time=keys["time"].astype(str))) is None


def test_series_that_share_numbers_are_a_panel_if_rows_depend_on_neighbours() -> None:
    assert panel(rows(3, [1, 2, 3, 4]), 2) is not None


def test_rows_that_name_no_entity_or_no_time_are_taken_as_one_series() -> None:
    keys = rows(2, DAYS)
    assert panel(keys[["time"]]) is None
    assert panel(keys[["entity"]]) is None


def test_a_run_on_several_series_at_the_same_days_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    project = Project(tmp_path)
    config = project.config("data=channel", "model=linear")
    whole = config.data.prepare(REPOSITORY)
    other = whole.assign(entity="other channel", row="other " + whole["row"].astype(str))
    both = pd.concat([whole, other], ignore_index=True)
    sealed.write(both, config.data.feature_lookback, tmp_path, "channel", config.preparation())
    with pytest.raises(
        DataError, match="data=channel, split=lecture: train rows: 2 entities share"
    ):
        run(config, tmp_path, project.output(config))
    assert not (tmp_path / "mlflow").exists()
    assert not project.output(config).exists()
