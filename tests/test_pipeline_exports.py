"""An export of YouTube Studio becomes a data set of the pipeline, in a clone."""

import json
from pathlib import Path

import pandas as pd
import pytest

from support.clone import Clone, stages_run, summary

pytestmark = pytest.mark.slow


@pytest.fixture
def mine(pristine_clone: tuple[Clone, str], tmp_path: Path) -> Clone:
    """A copy of that clone, to change."""
    return pristine_clone[0].copy(tmp_path)


def test_a_real_german_studio_export_is_run_alone_under_the_name_that_it_is_given(
    mine: Clone, shared: Path
) -> None:
    before = (mine.root / "data.dvc").read_text()
    export = shared / "data" / "studio" / "weima-2020-german"
    output = mine.make("run", f"SOURCE={export}", "NAME=Weima")
    assert "366 days, 2020-01-01 to 2020-12-31; column 'Aufrufe', read as views" in output
    assert "Only weima: `make run DATA=all` brings the lectures back." in output
    assert (mine.root / "data.dvc").read_text() != before
    ran = stages_run(output)
    assert {"prepare@weima", "train@weima-deep"} <= set(ran)
    assert not any("lectures" in stage or "channel" in stage for stage in ran)
    rows = {row["model"]: row for row in summary(mine)}
    assert set(rows) >= {
        "linear",
        "augmented",
        "deep",
        "naive",
        "seasonal_naive",
        "memorizer",
        "memorizer_leak",
    }
    assert {(row["data"], row["unit"]) for row in rows.values()} == {("weima", "views")}
    predicted = pd.read_parquet(mine.root / "build/train/weima/linear/predictions.parquet")
    assert (predicted["split"] == "validation").sum() == 45
    night = json.loads((mine.root / "reports" / "retraining.json").read_text())
    assert (night["channel"], night["newest"]) == ("weima", "2020-12-31")


def test_a_refused_export_leaves_data_and_pipeline_as_they_were(
    mine: Clone, tmp_path: Path
) -> None:
    """An export of 28 days, which YouTube Studio makes unless it is told otherwise."""
    export = tmp_path / "export"
    export.mkdir()
    days = pd.date_range("2021-01-01", periods=28).strftime("%Y-%m-%d")
    (export / "Totals.csv").write_text("\n".join(["Date,Views", *(f"{day},5" for day in days), ""]))
    output = mine.sh("python", "pipelines/import_export.py", f"source='{export}'", status=1)
    assert "found 28 days, expected at least 147 to train, validate and test on" in output
    assert mine.sh("git", "status", "--porcelain", "conf", "data.dvc") == ""
    assert not (mine.root / "data" / "export").exists()
