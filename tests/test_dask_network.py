"""A sweep on a scheduler and three workers, each on a machine of its own, and what they survive."""

from pathlib import Path

import pytest

from support.dask_cluster import DRIVER, PART, PORT, SCHEDULER, cluster, drive
from support.namespaces import network
from support.processes import KILLED, exit_code
from support.project import Project
from support.sweeps import composed, swept
from viewcast.sweep import cohorts

TWELVE_PARTS = ("++sweep.batch_size=[4,8]", "++sweep.seed='range(96)'", "++sweep.units=[3]")


def tables(folder: Path) -> dict[str, bytes]:
    names = ("tables", "sealed")
    return {path.name: path.read_bytes() for name in names for path in (folder / name).iterdir()}


def test_a_sweep_survives_its_driver_a_killed_worker_and_one_that_is_cut_off(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.setattr(cohorts, "LARGEST", PART)
    here, *_ = swept(project, *TWELVE_PARTS)
    other, log = Project(tmp_path / "other", project.prepared), tmp_path / "log"
    log.mkdir()
    (other.root / "build").mkdir(parents=True)
    (project.root / "build" / "prepared").rename(other.root / "build" / "prepared")
    with network(SCHEDULER, DRIVER, "killed", "cut", "kept") as net, cluster(net, tmp_path):
        where = f"engine.scheduler=tcp://{net.address(SCHEDULER)}:{PORT}"
        plain = composed(other, *TWELVE_PARTS, "engine=dask", where)
        assert exit_code(drive, net, other.root, plain, log, "driver killed") == KILLED
        folder = other.root / "build" / "sweeps" / here.name
        assert len(list((folder / "parts").glob("*/tables"))) == 2
        assert exit_code(drive, net, other.root, plain, log, "workers lost") == 0
    assert tables(folder) == tables(here)
    begun = {
        name: (log / f"workers lost: {name}").read_text().splitlines()
        for name in ("killed", "cut", "kept")
    }
    assert len(begun["kept"]) == len(set(begun["kept"])) == 12 - 2
    assert begun["killed"], "it was killed while it trained a part"
    assert begun["cut"], "it was cut off while it trained a part"
    assert {*begun["killed"], *begun["cut"]} < set(begun["kept"])  # done again
