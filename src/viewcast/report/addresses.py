"""Where to look after a run: the report, and the experiments of the project in MLflow's UI."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from viewcast.base.errors import TrackingError
from viewcast.base.masked import without_login
from viewcast.base.paths import page_path
from viewcast.base.settings import Tracking
from viewcast.tracking.experiments import project_experiments
from viewcast.tracking.store import answering, connect_to
from viewcast.tracking.tags import DATA, LABEL, PART
from viewcast.tracking.views.view import runs_address

MOST = 3
LOCAL = "http://127.0.0.1:5000"  # where `make ui` starts the UI of a store without a server


@dataclass(frozen=True)
class Address:
    """What is seen, and where: a path or an address."""

    what: str
    where: str


def addresses(root: Path, tracking: Tracking, datasets: Sequence[str]) -> list[Address]:
    """The report and two experiments: those of data sets in their order, then their parts.

    Where the store is gone or gives no answer, the report alone.
    """
    report = page_path(root)
    found = [Address("report", str(report.relative_to(root)))] if report.is_file() else []
    server = without_login(tracking.uri) if tracking.uri.startswith("http") else LOCAL
    try:
        client = connect_to(tracking.uri)
        with answering(tracking):
            known = [client.get_experiment(each) for each in project_experiments(client, tracking)]
    except TrackingError:
        return found
    ours = [each for each in known if each.tags.get(DATA) in datasets]
    ours.sort(key=lambda e: (PART in e.tags, datasets.index(e.tags[DATA]), len(e.name)))
    pages = [
        Address(
            " ".join((each.tags.get(LABEL, each.tags[DATA]), each.tags.get(PART, ""))).rstrip(),
            runs_address(server, str(each.experiment_id)),
        )
        for each in ours
    ]
    return [*found, *pages][:MOST]
