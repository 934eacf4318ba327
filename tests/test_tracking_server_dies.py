"""Nights whose store is a tracking server: all of it by HTTP, and a server that dies again and
again.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.mortal_server import MortalServers, Request
from support.night_results import left_by
from support.nights import Diary, Nights, started
from support.servers import serving
from viewcast.base.paths import LIVE, night_path
from viewcast.tracking.tags import NOTE

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tracking_server")]

TONIGHT = "2018-03-08"
# One night, each time it is run again until the server dies: what the server still does, and what
# it does without anybody hearing of it.
DEATHS = [
    Request("GET", "/experiments/search", 1, done=False),  # whether the store answers
    Request("POST", "/experiments/search", 1, done=False),  # after the refit
    Request("POST", "/runs/create", 1, done=False),  # of the night
    Request("POST", "/logged-models", 1, done=False),  # of the version
    Request("PUT", "/forecaster.json", 1, done=True),
    Request("POST", "/model-versions/create", 1, done=False),
    Request("POST", "/model-versions/create", 1, done=True),
    Request("GET", "/forecaster/forecaster.json", 1, done=False),  # of the version that serves
    Request("POST", "/registered-models/alias", 1, done=False),
    Request("POST", "/registered-models/alias", 1, done=True),
    Request("POST", "/runs/log-batch", 1, done=True),
    Request("POST", "/runs/update", 2, done=True),  # the end of the night
]


@pytest.fixture(scope="module", autouse=True)
def impatient() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viewcast.report.nights_page.write_page", lambda root: None)
        patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        # Where a server of these tests does not answer it hangs up, and nobody waits for it. One
        # that others keep from its work answers late: a night would ask another question first.
        patch.setattr("viewcast.tracking.reachable.SECONDS", 60.0)
        patch.setattr("viewcast.tracking.patience.FIRST_SECONDS", 60.0)
        yield


@pytest.fixture(scope="module")
def by_http(
    tmp_path_factory: pytest.TempPathFactory, empty_store: Path, channel: pd.Series
) -> Iterator[tuple[Nights, Path, dict[str, Any]]]:
    """A project after two nights with `mlflow server`, a copy of it after the first, and what the
    second left.
    """
    root = tmp_path_factory.mktemp("http") / "project"
    nights = started(root, empty_store, Diary(channel))
    store = ["--backend-store-uri", f"sqlite:///{root}/mlflow/mlflow.db"]
    files = ["--artifacts-destination", f"{root}/mlflow/artifacts"]
    quick = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with serving("server", *store, *files, "--workers", "1", **quick) as address:
        nights.uri = address
        nights.one("2018-03-01")
        evening = root.with_name("evening")
        shutil.copytree(root, evening)
        nights.one(TONIGHT)
        yield nights, evening, left_by(nights)


def test_nights_work_by_http(by_http: tuple[Nights, Path, dict[str, Any]]) -> None:
    nights, *_ = by_http
    first, second, *_ = nights.outcomes
    assert (first["outcome"], first["serves"]) == ("served", 1)
    assert (second["outcome"], second["serves"]) == ("served", 2)
    stored = nights.root / "mlflow" / "artifacts"
    assert {file.name for file in stored.rglob("*")} >= {"forecaster.json"}
    location = nights.registry.client.get_run(second["run_id"]).info.artifact_uri
    assert location.startswith("mlflow-artifacts:/"), "the server keeps the files, not this project"


def test_a_night_by_http_says_nothing_on_standard_output(
    by_http: tuple[Nights, Path, dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    """Which is for its line of JSON, and where MLflow tells of runs that ended on a server."""
    nights, *_ = by_http
    assert nights.one("2018-03-09")["outcome"] == "served"
    assert capfd.readouterr().out == ""


def without_failures(left: dict[str, Any]) -> dict[str, Any]:
    """But for the lines that tell of them, and the note, which counts them."""
    record = left["record"]
    nights = [line for line in record["nights"] if line["outcome"] != "failed"]
    return {
        **left,
        "outcomes": [line for line in left["outcomes"] if line["outcome"] != "failed"],
        "record": {**record, "nights": nights},
        "nights show": {tag: text for tag, text in left["nights show"].items() if tag != NOTE},
    }


def test_a_server_that_dies_again_and_again_costs_nothing_but_another_run_of_the_night(
    by_http: tuple[Nights, Path, dict[str, Any]], channel: pd.Series
) -> None:
    _, root, undisturbed = by_http
    nights = Nights(root, Diary(channel))
    known = nights.series
    with MortalServers() as servers:
        port = 0
        for death in DEATHS:
            nights.uri = servers.start(root / "mlflow", death, port)
            port = int(nights.uri.rsplit(":", 1)[1])
            outcome = nights.one(TONIGHT)
            assert (outcome["outcome"], outcome["code"]) == ("failed", 1), (
                f"{death}: {outcome['reason']}"
            )
            assert f"127.0.0.1:{port}" in outcome["reason"].replace("', port=", ":"), death
            assert nights.series[known.index].equals(known)
            assert night_path(root, LIVE).is_file() == (death != DEATHS[0]), death
        nights.uri = servers.start(root / "mlflow", None, port)
        outcome = nights.one(TONIGHT)
        assert outcome["outcome"] == "served"
        assert without_failures(left_by(nights)) == without_failures(undisturbed)
        assert nights.one(TONIGHT)["outcome"] == "nothing new"
