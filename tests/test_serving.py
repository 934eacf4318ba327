"""What serves, behind MLflow's own server and by the command: the same forecast from both."""

import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from support.nights import Diary, Nights, started
from support.project import REPOSITORY
from support.servers import serving
from viewcast.base.errors import TrackingError
from viewcast.base.paths import LIVE, forecast_path
from viewcast.retraining.predict import Forecast, Predict, as_text, forecast, picture, store

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serving")]

HORIZON = 7


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, channel: pd.Series
) -> Nights:
    """A project after its first night, whose intervals have a coverage."""
    root = tmp_path_factory.mktemp("serving") / "project"
    nights = started(root, empty_store, Diary(channel))
    nights.overrides = ("forecast.backtest_days=40",)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viewcast.report.nights_page.write_page", lambda root: None)
        assert nights.one("2018-03-01")["outcome"] == "served"
    return nights


@pytest.fixture(scope="module")
def address(project: Nights) -> Iterator[str]:
    """`mlflow models serve` of whatever version is champion."""
    champion = ["models", "serve", "-m", "models:/viewcast@champion", "--env-manager", "local"]
    with serving(*champion, MLFLOW_TRACKING_URI=project.settings.tracking.uri) as address:
        yield address


def settings(project: Nights, days: int) -> Predict:
    return Predict(days, LIVE, "viewcast", project.settings.tracking)


def asked(project: Nights, days: int) -> Forecast:
    return forecast(settings(project, days), project.root, project.registry)


def history(project: Nights) -> list[list[Any]]:
    """The days as a request has them."""
    return [[f"{day:%Y-%m-%d}", views] for day, views in project.series.items()]


def post(address: str, rows: list[list[Any]], columns: str = "date views", **more: Any) -> Any:
    """What the server answers; raises HTTPError where it refuses."""
    table = {"dataframe_split": {"columns": columns.split(), "data": rows}}
    request = urllib.request.Request(
        f"{address}/invocations",
        json.dumps({**table, **more}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def refusal(address: str, rows: list[list[Any]], *columns: str, **more: Any) -> str:
    """Why the server refuses, as its message says; nothing else of weight is in the answer."""
    with pytest.raises(urllib.error.HTTPError) as raised:
        post(address, rows, *columns, **more)
    assert raised.value.code == 400
    answer = json.load(raised.value)
    assert "predictions" not in answer
    assert "stack_trace" not in answer
    return str(answer["message"])


def served(answer: Any) -> pd.DataFrame:
    frame = pd.DataFrame(answer["predictions"])
    return frame.assign(date=pd.to_datetime(frame["date"]))


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=0, atol=1e-9)


def test_the_server_forecasts_as_the_command_does_in_whatever_order_the_days_come(
    project: Nights, address: str
) -> None:
    rows = history(project)
    answer = served(post(address, rows, params={"days": 2}))
    same(answer, asked(project, 2).days)
    assert list(answer.columns) == ["date", "views", "low", "high"]
    assert ((answer["low"] < answer["views"]) & (answer["views"] < answer["high"])).all()
    shuffled = [rows[place] for place in np.random.default_rng(0).permutation(len(rows))]
    same(served(post(address, shuffled, params={"days": 2})), answer)


def test_a_request_without_days_gets_all_days_ahead(project: Nights, address: str) -> None:
    same(served(post(address, history(project))), asked(project, HORIZON).days)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: rows[:20] + rows[21:], "expected consecutive days; first missing day"),
        (
            lambda rows: rows[-5:],
            "expected at least 40, which ridge needs",
        ),
        (lambda rows: [*rows, ["2018-03-01", -3]], "found -3.0, expected a count of at least 0"),
        (lambda rows: [*rows, ["2018-03-01", None]], "expected a value (missing is not allowed)"),
        (lambda rows: [*rows, rows[-1]], "expected a value that occurs once"),
        (lambda rows: [["31.12.2016", 1], *rows], "found '31.12.2016', expected a date such as"),
        (lambda rows: [], "found no days, expected at least one"),
    ],
)
def test_a_history_that_cannot_be_read_is_refused_with_the_reason(
    project: Nights, address: str, change: Any, reason: str
) -> None:
    assert reason in refusal(address, change(history(project)))


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (HORIZON + 1, "this version forecasts 1 to 7 days ahead"),
        (0, "parameter 'days': found 0, expected at least 1"),
        (-1, "parameter 'days': found -1, expected at least 1"),
    ],
)
def test_days_that_cannot_be_forecast_are_refused_with_the_reason(
    project: Nights, address: str, days: int, reason: str
) -> None:
    assert reason in refusal(address, history(project), params={"days": days})


def test_the_server_takes_and_gives_the_columns_that_the_registry_states(
    project: Nights, address: str
) -> None:
    mlflow.set_tracking_uri(project.settings.tracking.uri)
    signature = mlflow.models.get_model_info("models:/viewcast@champion").signature
    kinds = {"string": str, "double": float}
    told_, given = signature.inputs.to_dict(), signature.outputs.to_dict()
    assert [(one["name"], one["type"]) for one in told_] == [
        ("date", "string"),
        ("views", "double"),
    ]
    for row in post(address, history(project))["predictions"]:
        assert {key: type(value) for key, value in row.items()} == {
            column["name"]: kinds[column["type"]] for column in given
        }
    (days,) = signature.params.to_dict()
    assert (days["name"], days["default"]) == ("days", HORIZON)
    example = mlflow.pyfunc.load_model("models:/viewcast@champion").input_example
    assert len(post(address, example.to_numpy().tolist())["predictions"]) == HORIZON
    wrong = refusal(address, history(project), "date visits")
    assert "Model is missing inputs ['views']" in wrong


def test_the_command_writes_the_table_and_the_picture_and_prints_both(project: Nights) -> None:
    for part in ("conf", "pipelines"):
        shutil.copytree(REPOSITORY / part, project.root / part)
    command = [sys.executable, str(project.root / "pipelines" / "predict.py"), "days=3"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = asked(project, 3)
    *lines, files = done.stdout.splitlines()
    assert lines == as_text(found)
    assert files.split() == ["reports/forecast.csv,", "reports/forecast.png"]
    table = pd.read_csv(forecast_path(project.root), parse_dates=["date"])
    pd.testing.assert_frame_equal(table, found.days, check_dtype=False, rtol=0, atol=0.051)
    with Image.open(project.root / "reports" / "forecast.png") as image:
        assert image.format == "PNG"
    left = {file.name for file in (project.root / "reports").iterdir()}
    assert not {name for name in left if "partial" in name}


def test_the_forecast_is_printed_with_the_coverage_of_its_intervals(project: Nights) -> None:
    found = asked(project, 3)
    first, *days, total, last = as_text(found)
    assert first.startswith("diary (simulated): views a day by version 1: rhythm, ridge")
    assert first.endswith("(90% between)")
    assert [line.split()[1] for line in days] == ["2018-03-01", "2018-03-02", "2018-03-03"]
    assert total.startswith("  3 days together ")
    assert found.coverage is not None
    share = f"{100 * found.coverage.covered:.1f}"
    assert f"such intervals covered {share}" in last
    assert f"% of {found.coverage.count} days, each forecast the day before" in last


def test_a_forecast_without_intervals_is_printed_drawn_and_stored(
    project: Nights, tmp_path: Path
) -> None:
    found = asked(project, 3)
    days = found.days.assign(low=np.nan, high=np.nan)
    bare = replace(found, days=days, total=(np.nan, 9.0, np.nan), level=None, coverage=None)
    assert as_text(bare)[-1] == "  no intervals: too few errors of forecasts are known yet"
    assert "between" not in "".join(as_text(bare))
    assert store(bare, tmp_path).read_text().splitlines()[1].endswith(",,")
    assert picture(bare, tmp_path).is_file()


def test_without_a_champion_there_is_no_forecast_but_the_way_to_one(
    tmp_path: Path, empty_store: Path, channel: pd.Series
) -> None:
    nights = started(tmp_path / "project", empty_store, Diary(channel))
    with pytest.raises(TrackingError, match=r"has no champion in sqlite.*`make retrain`"):
        asked(nights, 3)
