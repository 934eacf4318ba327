"""Which MLflow experiment a run belongs to: one for each data set and unit.

``<base>-<data>`` holds the runs that people compare one by one, ``<base>-<data>-<part>`` hundreds
that would bury them: the candidates of sweeps (``search``), the submissions of an attack
(``leaderboard``), the nights (``nights``). ``base`` is ``tracking.experiment``. A run in another
unit than the experiment has gets ``<base>-<data>-<loss>``, so that no chart mixes two units.
"""

from mlflow import MlflowClient

from viewcast.base.settings import Tracking
from viewcast.training.config import Config

SEARCH, LEADERBOARD, NIGHTS = "search", "leaderboard", "nights"


def experiment_of(client: MlflowClient, config: Config, part: str = "") -> str:
    """The id of the experiment that a run belongs to, created on first use.

    A new one gets the tags DATA, LABEL, LOSS, UNIT, where they hold PART and NIGHTLY, and a
    description that says its unit.
    """
    raise NotImplementedError


def project_experiments(client: MlflowClient, tracking: Tracking) -> list[str]:
    """The ids of the experiments of a project, without those of its nights.

    Also the one experiment ``tracking.experiment`` that versions before 0.3 logged everything to.
    """
    raise NotImplementedError
