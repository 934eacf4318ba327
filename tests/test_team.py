"""A team's services on machines of their own, with the very commands of deploy/compose."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from mlflow import MlflowClient

from support.composed_team import Process, Team, copied
from support.namespaces import network
from support.nights import SMALL
from support.postgres_server import Postgres, postgres
from support.project import Project
from support.servers import STARTED
from viewcast.base.files import entries
from viewcast.base.paths import LIVE, audit_path, night_path, nights_log_path

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("team")]

PLACES = {
    **{"mlflow": "mlflow", "night": "night", "audit": "night"},
    **{"scheduler": "sweep", "worker": "sweep", "sweep": "sweep"},
}
NIGHT = ("retrain.today=2018-03-01", *SMALL)
SWEEP = ("model=deep", "data=channel", "sweep.seed=range(4)", "trainer.epochs=2", "model.units=4")
CANDIDATES = [f"sweep-000{number}" for number in range(4)]
TRIES = 3


@pytest.fixture
def team(tmp_path: Path) -> Iterator[tuple[Team, Postgres]]:
    """The machines, none of whose services runs yet, and their database."""
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    pytest.importorskip("psycopg", reason="the extra server is not installed")
    image = copied(tmp_path / "image")
    project = Project(image)
    project.prepare(project.config("data=channel"))
    with network("mlflow", "night", "sweep") as net, postgres() as database:
        known = dict.fromkeys(("youtube", "notify"), "")
        known |= {name: secrets.token_hex(8) for name in ("mlflow_password", "mlflow_key")}
        known["postgres_password"] = database.environment["PGPASSWORD"]
        reached = {"PGHOST": str(database.folder)}  # by a socket, not by its name
        reached["VIEWCAST_CACHE"] = os.environ["VIEWCAST_CACHE"]  # the kernel is compiled there
        made = Team(net, tmp_path, image, known, reached, PLACES)
        try:
            yield made, database
        finally:
            made.end()


def server(team: Team) -> Process:
    made = team.start("mlflow")
    made.says(STARTED)
    return made


def until(true: Callable[[], bool], seconds: float = 300) -> None:
    """Wait until something holds; fails where it does not."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, true
        time.sleep(0.05)


def night(process: Process) -> int:
    """The exit code of the night that the service has begun with; the service waits on."""
    return int(process.says("ended with exit code").split()[-1])


def again_until_done(start: Callable[[], Process], code: Callable[[Process], int]) -> None:
    """What an operator does where a service has failed with the server."""
    for _ in range(TRIES):
        process = start()
        ended, _ = code(process), process.end()
        if ended == 0:
            return
    pytest.fail("".join(process.said))


def audited(team: Team) -> dict[str, Any]:
    process = team.start("audit", "draws=60")
    assert process.ended() == 0, "".join(process.said)
    content = team.volume("reports") / audit_path(Path()).relative_to("reports")
    found: dict[str, Any] = json.loads(content.read_text())
    return found


def in_volume(team: Team, path: Path) -> Path:
    return team.volume(path.parts[0]).joinpath(*path.parts[1:])


def test_a_night_and_a_sweep_lose_nothing_with_a_server_that_is_killed_in_their_middle(
    team: tuple[Team, Postgres],
) -> None:
    machines, database = team
    mlflow = server(machines)
    for name in ("scheduler", "worker"):
        machines.start(name)
    begun, sweep = machines.start("night", *NIGHT), machines.start("sweep", *SWEEP)
    until(in_volume(machines, night_path(Path(), LIVE)).exists)
    mlflow.end(SIGKILL)
    server(machines)
    if night(begun) != 0:
        begun.end()
        again_until_done(lambda: machines.start("night", *NIGHT), night)
    if sweep.ended() != 0:
        again_until_done(lambda: machines.start("sweep", *SWEEP), Process.ended)
    (channel,) = audited(machines)["audits"]
    assert sorted(run["name"] for run in channel["runs"]) == CANDIDATES
    outcomes = entries(in_volume(machines, nights_log_path(Path(), LIVE)))
    assert [line["serves"] for line in outcomes if line["outcome"] == "served"] == [1]
    client = MlflowClient(database.uri)
    champion = client.get_model_version_by_alias("viewcast", "champion")
    assert int(champion.version) == 1
    runs = [
        run
        for experiment in client.search_experiments()
        for run in client.search_runs([experiment.experiment_id], "status = 'FINISHED'")
    ]
    names = [run.info.run_name for run in runs]
    assert sorted(name for name in names if name.startswith("sweep-")) == CANDIDATES
    assert champion.run_id in {run.info.run_id for run in runs}
    files = machines.volume("artifacts")
    assert list(files.rglob("forecaster.json")), "files pass through the server to its volume"
