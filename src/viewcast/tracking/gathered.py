"""What was read of an experiment for an audit, and where the audit writes its figures to."""

from dataclasses import dataclass, field

from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.assessment.refereed import Refereed
from viewcast.assessment.study import Opened, Study
from viewcast.tracking.run_keys import key_of


@dataclass(frozen=True, eq=False)
class Gathered:
    """An experiment: its studies, the openings of sealed tests, its runs by their id, its referees.

    ``experiment_ids``: of the experiment and of those that belong to it.
    """

    client: MlflowClient
    experiment_ids: list[str]
    experiment: str
    studies: list[Study]
    opened: list[Opened]
    runs: dict[str, Run]
    refereed: list[Refereed] = field(default_factory=list)

    @property
    def keys(self) -> dict[str, str]:
        """The key of each run that has one, by its id."""
        keys = {run_id: key_of(run) for run_id, run in self.runs.items()}
        return {run_id: key for run_id, key in keys.items() if key is not None}
