"""A referee is started once, from rows that can judge, in a folder that is its own."""

import stat
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from support.referees import (
    BUDGET,
    DAYS,
    started,
    table,
)
from viewcast.base.errors import ConfigError, DataError
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.terms import Terms


@pytest.mark.parametrize(
    ("settings", "terms", "told"),
    [
        ({}, Terms(budget=13), "budget = 13: the plan of .* has 12"),
        ({}, Terms(budget=12, false=2), r"false = 2\.0: the plan of .* has 1\.0"),
        ({"name": "mine"}, None, "name = 'mine': the plan of .* has 'valid'"),
        ({"cluster": "time"}, None, "cluster = 'time': the plan of .* has None"),
    ],
)
def test_a_plan_never_changes(
    tmp_path: Path, settings: dict[str, str], terms: Terms | None, told: str
) -> None:
    started(tmp_path).stop()
    plan = (tmp_path / "referee/plan.json").read_bytes()
    with pytest.raises(ConfigError, match=told):
        started(tmp_path, terms, **settings)
    assert (tmp_path / "referee/plan.json").read_bytes() == plan
    started(tmp_path).stop()


def test_a_table_that_changed_is_another_plan(tmp_path: Path) -> None:
    started(tmp_path).stop()
    path = tmp_path / "valid.parquet"
    table().to_csv(tmp_path / "valid.csv", index=False)
    with RefereeFolder.start(
        tmp_path / "referee", tmp_path / "valid.csv", "y", "mae", Terms(budget=BUDGET), time="day"
    ) as referee:
        assert referee.plan.source == "valid.parquet"  # the same rows from another file
    for changed, key in [(table()[::-1], "order"), (table().assign(y=table()["y"] + 1), "holdout")]:
        changed.to_parquet(path)
        with pytest.raises(ConfigError, match=f"{key} = .*: the plan of"):
            started(tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"metric": "mea"}, "loss = mea: unknown"),
        ({"target": "Y"}, "column 'Y' is missing"),
        ({"target": "name"}, "found targets such as 'a', expected numbers"),
        ({"cluster": "day"}, "cluster = day: unknown; allowed: entity, time, both"),
        ({"rows": "few.parquet"}, "20 rows: a referee needs 100 or more"),
    ],
)
def test_what_cannot_be_refereed_is_refused_before_anything_is_written(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    table().assign(name="a").to_parquet(tmp_path / "valid.parquet")
    table()[:20].to_parquet(tmp_path / "few.parquet")
    given = {"rows": "valid.parquet", "target": "y", "metric": "mae", **change}
    given["rows"] = tmp_path / given["rows"]
    with pytest.raises((ConfigError, DataError), match=told):
        RefereeFolder.start(tmp_path / "new/referee", terms=Terms(), **given)
    assert not (tmp_path / "new").exists()


def test_a_folder_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "referee"
    folder.mkdir()
    folder.chmod(0o755)  # also where the user's umask would not let it be so
    for name in ("mine.txt", "rows.parquet"):
        (folder / name).write_text("mine")
        with pytest.raises(ConfigError, match=f"holds .*{name}.*which no referee made"):
            started(tmp_path)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755
        assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(name, "mine")]
        (folder / name).unlink()
    started(tmp_path).stop()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConfigError, match="is no folder"):
        RefereeFolder.start(
            tmp_path / "file", tmp_path / "valid.parquet", "y", "mae", Terms(), time="day"
        )


def test_rows_of_a_panel_are_clustered_and_too_few_series_refused(tmp_path: Path) -> None:
    panel = pd.DataFrame(
        {"shop": np.repeat(np.arange(40), 10), "day": np.tile(DAYS[:10], 40), "y": 0.0}
    )
    panel["y"] = np.random.default_rng(1).normal(size=400)
    panel.to_parquet(tmp_path / "valid.parquet")
    with started(tmp_path, entity="shop") as referee:
        assert referee.plan.cluster == "entity"
        assert referee.submit(panel.assign(prediction=0.0), "a").accepted
    panel[panel["shop"] < 12].to_parquet(tmp_path / "few.parquet")
    with pytest.raises(DataError, match="12 entities share 10 of 10 times"):
        RefereeFolder.start(
            tmp_path / "few", tmp_path / "few.parquet", "y", "mae", Terms(),
            time="day", entity="shop",
        )  # fmt: skip
