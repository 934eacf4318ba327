"""Referees as they tell MLflow of themselves, without a folder: plan, submissions, verdict."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from viewcast.data.row_keys import keys_of
from viewcast.data.table import holdout
from viewcast.referee.answers import Verdict
from viewcast.referee.record import Closing, Raw, Submitted
from viewcast.referee.terms import Plan, Terms

BEGAN = 1_764_000_000_000  # milliseconds since 1970: 2025-11-24
DAYS = pd.Series(
    np.random.default_rng(5).normal(100, 10, 120).round(2),
    index=pd.date_range("2025-01-01", periods=120),
)  # targets
VERDICT = Verdict(0.12, 0.05, 0.19, 0.14, 2)


def rows_of(targets: pd.Series) -> pd.DataFrame:
    """Entity, time, row and target of rows that their days name."""
    keys = keys_of(targets.index.to_frame(name="time", index=False), time="time")
    return keys.assign(target=targets.to_numpy())


def plan_on(targets: pd.Series = DAYS, name: str = "gate", **terms: object) -> Plan:
    """The plan of a referee of these targets, which their days name."""
    count = len(targets)
    return Plan(
        name,
        holdout(rows_of(targets)),
        count,
        "mae",
        False,
        None,
        count - 30,
        30,
        Terms(budget=20, **terms),
    )


def submissions(
    count: int, accepted: Sequence[int] = (1, 3), submitters: Sequence[str] = ("ann", "agent")
) -> list[Submitted]:
    """So many, one a second, of submitters in turn; ``accepted``: their numbers."""
    return [
        Submitted(
            number=number,
            digest=f"{number:016x}",
            accepted=number in accepted,
            left=20 - number,
            submitter=submitters[number % len(submitters)],
            time=BEGAN + 1000 * number,
        )
        for number in range(1, count + 1)
    ]


def closing_of(
    plan: Plan,
    told: Sequence[Submitted],
    verdict: Verdict = VERDICT,
    deviations: Sequence[str] = ("the budget was not used up: 9 of 20 answers were given",),
) -> Closing:
    """What a closed referee tells."""
    return Closing(
        plan=plan,
        verdict=verdict,
        submissions=tuple(told),
        told=(),
        raw=Raw(0.31, 5, 8),
        deviations=tuple(deviations),
        closed=BEGAN + 60_000,
        closed_by="ann",
    )
