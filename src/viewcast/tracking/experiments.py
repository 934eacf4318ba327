"""Which MLflow experiment a run belongs to: one for each data set and unit.

``<base>-<data>`` holds the runs that people compare one by one, ``<base>-<data>-<part>`` hundreds
that would bury them: the candidates of sweeps (``search``), the submissions of an attack
(``leaderboard``), the nights (``nights``). ``base`` is ``tracking.experiment``. A run in another
unit than the experiment has gets ``<base>-<data>-<loss>``, so that no chart mixes two units.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow import MlflowClient
from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException

from viewcast.base.errors import TrackingError
from viewcast.base.settings import Tracking
from viewcast.tracking.answers import unanswered
from viewcast.tracking.store import KIND, connect_to, experiments, unknown
from viewcast.tracking.subject import Subject
from viewcast.tracking.tags import DATA, LABEL, LOSS, NIGHTLY, PART, UNIT

if TYPE_CHECKING:
    from viewcast.training.config import Config

SEARCH, LEADERBOARD, NIGHTS = "search", "leaderboard", "nights"
REFEREES = "referees"  # the part of an experiment that a referee has made for its record


def experiment_of(client: MlflowClient, config: "Config | Subject", part: str = "") -> str:
    """The id of the experiment that a run belongs to, created on first use.

    A new one gets the tags DATA, LABEL, LOSS and UNIT; PART where it is a part, and NIGHTLY where
    nights log to it. Raises TrackingError where a person has deleted the experiment.
    """
    subject = config if isinstance(config, Subject) else Subject.of(config)
    wanted = _tags(subject, part)
    for name in _names(subject, part):
        known = client.get_experiment_by_name(name)
        if known is None:
            return _created(client, name, subject, part)
        if all(known.tags.get(tag) == wanted[tag] for tag in (DATA, LOSS, UNIT)):
            if known.lifecycle_stage == "deleted":
                raise TrackingError(
                    f"experiment {name} is deleted, and its name is taken; bring it back by "
                    f"`mlflow experiments restore -x {known.experiment_id}`, or choose another "
                    "tracking.experiment"
                )
            return str(known.experiment_id)
    raise TrackingError(
        f"experiment {name} is not of data={subject.data} in {wanted[UNIT]}; rename it in "
        "MLflow, or choose another tracking.experiment"
    )


def project_experiments(client: MlflowClient, tracking: Tracking) -> list[str]:
    """The ids of the experiments of a project, without those of its nights.

    Also the one experiment ``tracking.experiment`` that versions before 0.3 logged everything to.
    """
    return _of_project(experiments(client), tracking.experiment)


def made_by_viewcast(client: MlflowClient, ids: Sequence[str]) -> set[str]:
    """Those of the experiments that hold one data set in one unit, as ``experiment_of`` made them.

    All others are other people's, or from a version before 0.3.
    """
    return {each for each in ids if DATA in client.get_experiment(each).tags}


def connect_project(uri: str, base: str) -> tuple[MlflowClient, list[str]]:
    """A client and the ids of the experiments of the project ``base``; nothing is created.

    Raises what ``viewcast.tracking.store.connect_existing`` raises.
    """
    client = connect_to(uri)
    known = experiments(client)
    ids = _of_project(known, base)
    if not ids:
        raise unknown(uri, base, known)
    return client, ids


def _of_project(known: Sequence[Experiment], base: str) -> list[str]:
    return [
        str(each.experiment_id)
        for each in known
        if f"{each.name}-".startswith(f"{base}-") and each.tags.get(NIGHTLY) != "true"
    ]


def run_name(config: "Config") -> str:
    """The name of a run beside others of its data set: of its configuration, else of its model."""
    name = config.model.name if config.name == "main" else config.name
    return name.removeprefix(f"{config.data.name}_")


def _names(subject: Subject, part: str) -> Iterator[str]:
    """The names that an experiment may have, the shortest first."""
    end = f"-{part}" if part else ""
    whole = f"{subject.tracking.experiment}-{subject.data}"
    yield f"{whole}{end}"
    yield f"{whole}-{subject.loss}{end}"
    yield f"{whole}-{subject.loss}-{subject.unit.replace(' ', '_')}{end}"


def _created(client: MlflowClient, name: str, subject: Subject, part: str) -> str:
    artifacts = subject.tracking.artifacts
    place = None if artifacts is None else Path(artifacts).as_uri()
    made = create(client, name, place, _tags(subject, part))
    return experiment_of(client, subject, part) if made is None else made


def create(
    client: MlflowClient, name: str, artifacts: str | None, tags: dict[str, str]
) -> str | None:
    """The id of a new experiment; None where another client has made it in the meantime.

    ``artifacts``: where those of its runs lie (uri), by default where MLflow puts them.
    """
    try:
        return str(client.create_experiment(name, artifacts, tags))
    except MlflowException as error:
        if unanswered(error):
            raise
        # Another client was faster if it is there now, in whatever words the store says so.
        if client.get_experiment_by_name(name) is None:
            raise
        return None


def _tags(subject: Subject, part: str) -> dict[str, str]:
    return {
        **KIND,
        DATA: subject.data,
        LABEL: subject.label,
        LOSS: subject.loss,
        UNIT: subject.unit,
        **({PART: part} if part else {}),
        **({NIGHTLY: "true"} if subject.nightly else {}),
    }
