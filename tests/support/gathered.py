"""What is gathered of a simulated store."""

from typing import Any

from support.simulated_store import SimulatedStore
from viewcast.assessment.study import Scored, Study
from viewcast.tracking.read.gather import gather
from viewcast.tracking.read.settings import ReadSettings


def gathered(store: SimulatedStore, **asked: Any) -> list[Study]:
    return gather(store.uri, "study", ReadSettings(**asked)).studies


def only(store: SimulatedStore, **asked: Any) -> Study:
    (study,) = gathered(store, **asked)
    return study


def named(study: Study, name: str) -> Scored:
    (found,) = [run for run in study.runs if run.facts.name == name]
    return found
