"""`make ui` after `make run`, with crowds of runs, sixty nights and a referee in the store, too."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mlflow import MlflowClient

from support import kept, told_nights
from support.clone import Clone
from support.many_runs import many_runs
from support.refereed import closing_of, plan_on, submissions
from support.servers import free_port, started
from viewcast.report.nights_record import parsed
from viewcast.retraining.nights_points import points
from viewcast.tracking.write.history_run import HistoryRun
from viewcast.tracking.write.refereed import RefereeRuns

CROWDS = (50, 1000)
NIGHTS = 60
OF_NIGHTS = {
    "viewcast.data": "live", "viewcast.label": "live channel (made up)", "viewcast.loss": "mae",
    "viewcast.unit": "views", "viewcast.part": "nights", "viewcast.nightly": "true",
}  # fmt: skip


@dataclass(frozen=True)
class Link:
    """An address that was printed, and what it opens. ``key``: of a view, "" without one."""

    address: str
    experiment: str
    key: str


@dataclass(frozen=True)
class Ui:
    """MLflow's UI. ``printed``: by `make ui` until the UI answered; ``crowds``: the experiments of
    so many runs; ``nights``: the experiment of the nights.
    """

    client: MlflowClient
    printed: str
    crowds: Mapping[int, str]
    nights: str

    @property
    def links(self) -> list[Link]:
        """What was printed, in this order."""
        addresses = re.findall(r"^ *(http\S+/#/experiments/\S+)$", self.printed, re.MULTILINE)
        return [_link(address) for address in addresses]

    def views(self, kind: str) -> list[Link]:
        """The links to views whose key begins so."""
        return [link for link in self.links if link.key.startswith(kind)]


@contextmanager
def making_ui(done: Clone, folder: Path) -> Iterator[Ui]:
    """`make ui` in a copy of a clone, for as long as the context lasts."""
    clone = done.copy(folder)
    database = clone.root / "mlflow" / "mlflow.db"
    client = MlflowClient(f"sqlite:///{database}")
    crowds = {count: many_runs(client, database, count) for count in CROWDS}
    nights = _nights(client, folder)
    referee = RefereeRuns(client.tracking_uri, "referee", (folder / "referee").as_uri())
    referee.closing(closing_of(plan_on(), submissions(9)))
    command = clone.making("ui", f"PORT={free_port()}")
    with started(command, clone.environment, clone.root) as lines:
        yield Ui(client, "".join(lines), crowds, nights)


def _nights(client: MlflowClient, folder: Path) -> str:
    """An experiment with the run that goes on from night to night."""
    experiment: str = client.create_experiment(
        "viewcast-live-nights", (folder / "nights").as_uri(), OF_NIGHTS
    )
    run = HistoryRun.of(client, experiment, "viewcast", {"viewcast.unit": "views"})
    record = parsed(told_nights.record(NIGHTS))
    run.add(points(record, kept.ledger(NIGHTS), kept.views(kept.INSTALLED + NIGHTS)))
    client.log_image(run.run_id, np.zeros((40, 60, 3), np.uint8), key="came_true", step=0)
    return experiment


def _link(address: str) -> Link:
    experiment = re.search(r"/experiments/(\d+)/", address)
    key = re.search(r"viewStateShareKey=([^&]+)", address)
    assert experiment is not None, address
    return Link(address, experiment[1], key[1] if key else "")
