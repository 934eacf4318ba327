"""Referees in MLflow, beside runs that read their rows, and the audit of both."""

import mlflow
import numpy as np
import pandas as pd

import viewcast
from support.mlflow_store import Store
from support.refereed import DAYS, closing_of, plan_on, submissions
from viewcast.referee.answers import Verdict
from viewcast.tracking.write.refereed import RefereeRuns

PLAN = plan_on()
PRICE = "gain 0.120 mae [0.050, 0.190] from 30 hidden rows; the raw loop would have claimed 0.310"


def closed(store: Store, verdict: Verdict | None = None, **more: object) -> None:
    own = {} if verdict is None else {"verdict": verdict}
    closing = closing_of(PLAN, submissions(9, **more), **own)
    RefereeRuns(str(store.client.tracking_uri), "others").closing(closing)


def logged(store: Store, targets: pd.Series = DAYS, user: str = "bob", name: str = "tuned") -> None:
    """A run that was shown the score of these rows."""
    rng = np.random.default_rng(len(name))
    with store.run():
        mlflow.set_tags({"mlflow.user": user, "mlflow.runName": name})
        viewcast.log_rows(targets, targets + rng.normal(0, 9, len(targets)), metric="mae")


def audited(**settings: object) -> viewcast.Audit:
    return viewcast.audit(experiment="others", draws=50, **settings)
