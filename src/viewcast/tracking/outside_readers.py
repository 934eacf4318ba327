"""Which runs of a store were shown scores of a referee's rows: a referee asks when it is closed.

It knows its rows, so that it finds every set that shares some of them: by the identity of the set,
and by the rows that the profile of a dataset names (``viewcast.tracking.datasets``). The store
itself is not told which rows the referee has: the hash of a row gives away its target.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pandas as pd
from mlflow import MlflowClient

from viewcast.assessment.wording import few
from viewcast.base.errors import DataError
from viewcast.data.table import holdout
from viewcast.holdout.looks import Look, distinct
from viewcast.tracking.datasets import row_names, rows_by_holdout
from viewcast.tracking.look_tags import look_of
from viewcast.tracking.referee_runs import is_refereed
from viewcast.tracking.store import all_experiments, all_runs
from viewcast.tracking.tags import HOLDOUT

NAMED = 3  # users


@dataclass(frozen=True)
class OutsideReader:
    """A run that was shown ``scores`` of so many of the ``rows`` of a referee outside of it."""

    run_id: str
    name: str
    user: str
    scores: int
    rows: int


def outside_readers(client: MlflowClient, rows: pd.DataFrame) -> list[OutsideReader]:
    """The runs, of any experiment and deleted or not, that were shown scores of some of these rows
    outside of a referee, by time; repetitions are one.

    ``rows``: entity, time, target.
    """
    known = all_runs(client, all_experiments(client), f"tags.`{HOLDOUT}` LIKE '%'", deleted=True)
    runs = {run.info.run_id: run for run in known if not is_refereed(run)}
    names = set(row_names(rows))
    shared = {
        other: len(names & others) for other, others in rows_by_holdout(runs.values()).items()
    }
    shared[holdout(rows)] = len(rows)
    looks: list[Look] = []
    for run in runs.values():
        with suppress(DataError):  # of somebody's run whose tags are damaged
            look = look_of(run, client)
            if look is not None and look.scores and shared.get(look.holdout or ""):
                looks.append(look)
    return [
        OutsideReader(
            look.run_id,
            str(runs[look.run_id].info.run_name),
            look.user,
            look.scores,
            shared[str(look.holdout)],
        )
        for look in distinct(looks)
    ]


def sentence_on(readers: Sequence[OutsideReader], submitters: Collection[str]) -> str:
    """What a closed referee says of them; ``submitters``: its own."""
    users = list(dict.fromkeys(reader.user for reader in readers))
    whose = ", ".join(users[:NAMED]) + (" and others" if len(users) > NAMED else "")
    runs = "1 run" if len(readers) == 1 else f"{len(readers):,} runs"
    same = [user for user in users if user in submitters]
    also = f"; {same[0]} submitted here as well" if same else ""
    return (
        f"{runs} of {whose} ({few([reader.name for reader in readers])}) had been shown scores of "
        f"{max(reader.rows for reader in readers):,} of these rows before the end{also}: what was "
        "tuned to them gains more here than on new rows"
    )
